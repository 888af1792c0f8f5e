"""Character cards of every kind, as they should be and as they are in the wild; and persona.toml."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.mind.lore import Lorebook, LoreEntry
from avatar_bridge.core.mind.persona import Brief, Persona
from avatar_bridge.errors import PersonaError
from avatar_bridge.wire.character_card import card_document, card_json, read_card
from avatar_bridge.wire.persona_toml import parse_persona, persona_toml
from avatar_bridge.wire.png_text import png_texts, with_png_text

DATA: dict[str, Any] = {
    "name": "Mira",
    "description": "{{char}} keeps a lighthouse.",
    "personality": "calm",
    "scenario": "a storm",
    "first_mes": "Hello, {{user}}.",
    "mes_example": "<START>\n{{user}}: Hi\n{{char}}: Hi.\n<START>\n{{char}}: Rain.",
    "creator_notes": "never told",
    "system_prompt": "{{original}} Be brief.",
    "post_history_instructions": "Stay calm.",
    "alternate_greetings": ["Ahoy."],
    "tags": ["sea"],
    "creator": "me",
    "character_version": "1",
    "extensions": {"other/program": {"kept": [1, None, "x"]}},
    "character_book": {
        "name": "world",
        "extensions": {"a": 1},
        "scan_depth": 3,
        "token_budget": 200,
        "recursive_scanning": True,
        "entries": [
            {
                "keys": ["dragon"],
                "content": "@@depth 2\n@@@unknown\nDragons are real.",
                "extensions": {"position": 4},
                "enabled": True,
                "insertion_order": 5,
                "id": "seven",
                "position": "before_char",
                "case_sensitive": None,
            }
        ],
    },
}
V2 = {"spec": "chara_card_v2", "spec_version": "2.0", "data": DATA}
V3 = {
    "spec": "chara_card_v3",
    "spec_version": "3.1",
    "data": {
        **DATA,
        "nickname": "Mi",
        "group_only_greetings": [],
        "assets": [
            {"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"},
            {"type": "emotion", "uri": "http://169.254.169.254/latest", "name": "happy", "ext": "png"},
        ],
    },
}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*texts: tuple[str, bytes]) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    body = b"".join(chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + value) for keyword, value in texts)
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def packed(document: object) -> bytes:
    return base64.b64encode(json.dumps(document).encode())


def charx(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def read(document: object) -> Any:
    return read_card(json.dumps(document).encode(), source="card.json")


def refused(data: bytes) -> str:
    with pytest.raises(PersonaError) as caught:
        read_card(data, source="card.png")
    assert "card.png" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(V2).encode(),
        json.dumps(V2).encode("utf-8-sig"),
        json.dumps(V2).encode("utf-16"),
        json.dumps(V2).encode("utf-16-le"),
        png(("chara", packed(V2))),
        png(("Chara", packed(V2))),
        png(("chara", packed(V2).rstrip(b"="))),
        png(("chara", b"\n".join(packed(V2)[at : at + 76] for at in range(0, len(packed(V2)), 76)))),
        charx(("card.json", json.dumps(V2).encode()), ("assets/icon/a.png", b"x")),
    ],
)
def test_a_card_in_every_wrapping(data: bytes) -> None:
    card = read_card(data, source="card")
    persona = card.persona
    assert (persona.name, persona.called, persona.scenario) == ("Mira", "Mira", "a storm")
    assert persona.greetings == ("Hello, {{user}}.", "Ahoy.")
    assert persona.examples == ("{{user}}: Hi\n{{char}}: Hi.", "{{char}}: Rain.")
    assert persona.after == "Stay calm."
    assert persona.lore.depth == 3
    assert persona.lore.recursive
    assert persona.lore.entries == (LoreEntry("Dragons are real.", ("dragon",), order=5.0, place="before"),)
    brief = Brief(persona, user="Ben")
    assert "Mira keeps a lighthouse." in brief.system
    assert "never told" not in brief.system + brief.after


def test_the_third_version_wins_and_has_a_nickname() -> None:
    card = read_card(png(("chara", packed(V2)), ("CCV3", packed(V3))), source="card.png")
    assert (card.version, card.persona.called) == ("3.1", "Mi")
    assert card.assets[1].name == "happy"
    assert any("not fetched" in note.message for note in card.notes)


def test_the_first_version() -> None:
    card = read(
        {"name": "Ada", "description": "d", "first_mes": "Hi", "mes_example": "", "personality": "", "scenario": ""}
    )
    assert (card.version, card.persona.name, card.persona.greetings) == ("1.0", "Ada", ("Hi",))


def test_wrong_types_are_put_right_or_left_out_and_told() -> None:
    card = read(
        {
            "spec": "chara_card_v2",
            "spec_version": 2.0,
            "data": {
                "name": 7,
                "description": ["a", "b"],
                "personality": {"not": "text"},
                "alternate_greetings": None,
                "tags": None,
                "extensions": None,
                "character_book": {
                    "scan_depth": "2",
                    "token_budget": "many",
                    "recursive_scanning": "false",
                    "entries": {
                        "0": {"keys": "cat", "content": "A", "insertion_order": "3", "enabled": 1, "id": 1},
                        "1": {"keys": None, "content": None},
                        "2": {"keys": [1, None, {"x": 1}], "content": "B", "constant": "maybe", "extensions": []},
                        "3": "nonsense",
                    },
                },
            },
        }
    )
    persona = card.persona
    assert (persona.name, persona.description, persona.personality) == ("7", "a\nb", "")
    assert persona.lore.depth == 2
    assert [(each.text, each.keys, each.order) for each in persona.lore.entries] == [
        ("A", ("cat",), 3.0),
        ("B", ("1",), 100.0),
    ]
    told = "\n".join(note.message for note in card.notes)
    assert "personality: expected a text, got an object" in told
    assert "token_budget: expected a number, got a text" in told
    assert "entries[2].keys[2]: expected a text" in told


def test_wrong_encodings_are_read_and_told() -> None:
    data = json.dumps({**V2, "data": {**DATA, "name": "Zoé"}}, ensure_ascii=False).encode("latin-1")
    card = read_card(data, source="card.json")
    assert card.persona.name == "Zoé"
    assert "Windows-1252" in card.notes[0].message
    assert read({"name": "a\x1b[31m\u202eb\ud800", "description": "x\r\ny\0"}).persona.name == "a[31mb\ufffd"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "expected a character card in JSON"),
        (b"[1]", "expected a JSON object {…}, got a list"),
        (b'{"a": 1}', "a name and a description, got 'a'"),
        (b'{"spec": "lorebook_v3", "data": {}}', "a lorebook alone"),
        (b'{"name": ' * 5000, "more than 64 levels"),
        (b'{"a": ' + b"[" * 100_000, "more than 64 levels"),
        (b'{"name": 1' + b"1" * 5000 + b"}", "cannot be read"),
        (b"{" + b" " * (9 << 20), "expected at most"),
        (b"\xff\xd8\xff\xe0", "this picture is of another kind"),
        (png(), "holds no character"),
        (png(("parameters", b"x")), "it holds parameters"),
        (png(("chara", b"!!!!")), "not base64"),
        (png(("chara", packed([]))), "got a list"),
        (png(("chara", packed(V2)))[:-30], "cut"),
        (png(("chara", packed(V2))).replace(b"chara\0eyJ", b"chara\0eyK"), "wrong checksum"),
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 1 << 31) + b"tEXt" + b"abcdef", "only"),
        (b"PK\3\4 nothing", "table of contents"),
        (charx(("other.json", b"{}")), "expected card.json"),
        (charx(("../card.json", b"{}")), "points out of it"),
        (charx(("C:/card.json", b"{}")), "points out of it"),
        (charx(("card.json", b"{" + b" " * (4 << 20))), "zip bomb"),
        (charx(*((f"{n}", b"") for n in range(2001))), "at most 2000 files"),
        (charx(("card.json", json.dumps(V2).encode()))[:-30], "table of contents"),
    ],
)
def test_what_is_no_card_is_refused_in_words(data: bytes, says: str) -> None:
    assert says in refused(data)


def test_a_locked_file_and_a_link_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("card.json", b"{}")
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "is a link" in refused(out.getvalue())
    data = bytearray(charx(("card.json", json.dumps(V2).encode())))
    data[data.find(b"PK\1\2") + 8] |= 1
    assert "locked by a password" in refused(bytes(data))


def read_or_fault(data: bytes) -> str:
    try:
        return f"x: {read_card(data, source='x').version}"
    except PersonaError as error:
        return str(error)


def test_compressed_texts_are_passed_over() -> None:
    bomb = chunk(b"zTXt", b"chara\0\0" + zlib.compress(b"0" * (1 << 20)))
    data = png(("chara", packed(V2)))
    assert read_card(data[:33] + bomb + data[33:], source="x").persona.name == "Mira"


def test_megabytes_of_lore_are_read_and_never_told() -> None:
    entries = [{"keys": ["all"], "content": "lore " * 200, "use_regex": True} for _ in range(5001)]
    card = read({**V2, "data": {**DATA, "character_book": {"entries": entries}}})
    assert len(card.persona.lore.entries) == 5000
    assert any("5001 entries, of which 5000" in note.message for note in card.notes)
    brief = Brief(card.persona)
    assert len(brief.system) + len(brief.lore(["all"])) < 10_000


def test_scripts_are_text() -> None:
    card = read({**V2, "data": {**DATA, "first_mes": "<script>alert(1)</script>Hi"}})
    assert any("never run" in note.message for note in card.notes)


@pytest.mark.parametrize("document", [V2, V3])
def test_an_export_keeps_what_is_not_understood(document: dict[str, Any]) -> None:
    persona, kept = parse_persona(persona_toml(read(document).persona, read(document).document), source="p")
    assert persona == read(document).persona
    back = json.loads(card_json(persona, kept))
    assert back["spec"] == document["spec"]
    assert back["spec_version"] == document["spec_version"]
    for key, value in document["data"].items():
        if key not in ("mes_example", "character_book"):
            assert back["data"][key] == value, key
    entry = back["data"]["character_book"]["entries"][0]
    assert entry["id"] == "seven"
    assert entry["content"].startswith("@@depth 2")
    assert entry["extensions"] == {"position": 4}
    assert back["data"]["character_book"]["name"] == "world"
    assert read_card(card_json(persona, kept).encode(), source="x").persona == persona


def test_a_persona_of_one_s_own_becomes_a_card_of_the_third_version() -> None:
    persona = Persona("Ada", description="d", lore=Lorebook((LoreEntry("t", ("k",), whole_words=False),)))
    document = card_document(persona)
    assert document["spec"] == "chara_card_v3"
    assert document["data"]["group_only_greetings"] == []
    assert read(document).persona == persona


def test_a_png_gets_its_text_in_place_of_the_old_one() -> None:
    data = with_png_text(png(("chara", b"old"), ("other", b"x")), {"Chara": b"new"}, source="x")
    assert png_texts(data, source="x") == {"other": b"x", "chara": b"new"}
    assert data.endswith(chunk(b"IEND", b""))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "description",
                    "data",
                    "spec",
                    "character_book",
                    "entries",
                    "keys",
                    "content",
                    "assets",
                    "extensions",
                    "scan_depth",
                    "alternate_greetings",
                    "first_mes",
                    "insertion_order",
                    "enabled",
                    "uri",
                    "0",
                ]
            ),
            inner,
            max_size=8,
        )
    ),
    max_leaves=30,
)


@given(JSON)
def test_any_json_is_a_card_or_refused(document: object) -> None:
    try:
        card = read(document)
    except PersonaError:
        return
    assert card.persona.name
    text = card_json(card.persona, card.document)
    text.encode()
    again = read_card(text.encode(), source="again").persona
    assert again.name == card.persona.name
    persona, kept = parse_persona(persona_toml(card.persona, card.document), source="p")
    assert persona == card.persona
    assert kept is not None
    Brief(persona).lore(["0 name"])


@given(st.binary(max_size=200), st.integers(0, 3))
def test_any_bytes_are_refused_in_words(data: bytes, kind: int) -> None:
    heads = (b"", b"\x89PNG\r\n\x1a\n", b"PK\3\4", b"{")
    assert read_or_fault(heads[kind] + data).startswith("x:")


@given(st.data())
def test_a_damaged_card_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([png(("chara", packed(V2))), charx(("card.json", packed(V2)))])))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert read_or_fault(bytes(whole)).startswith("x:")


# persona.toml


def fault(text: str) -> str:
    with pytest.raises(PersonaError) as caught:
        parse_persona(text, source="persona.toml")
    return str(caught.value)


def test_faults_name_line_and_key() -> None:
    assert "persona.toml, line 2: descripton: this key is not known" in fault('name = "A"\ndescripton = "x"')
    assert "did you mean 'description'?" in fault('name = "A"\ndescripton = "x"')
    assert "name: this key is missing" in fault("")
    assert "line 1: name: expected a valid string, got 5" in fault("name = 5")
    lore = 'name = "A"\n[[lore]]\ntext = "a"\n\n[[lore]]\ntext = "b"\nkey = ["x"]\n'
    assert "persona.toml, line 7: lore.1.key: this key is not known" in fault(lore)
    assert "did you mean 'keys'?" in fault(lore)
    assert "line 4: lorebook.depth: " in fault('name = "A"\n\n[lorebook]\ndepth = "x"')
    assert "line 1: this is not valid TOML" in fault("name = \nuser = 1")
    assert "card.kept" in fault('name = "A"\n[card]\nkept = "[1]"')


TEXTS = st.text(max_size=40)


@given(
    st.builds(
        Persona,
        name=st.text(min_size=1, max_size=20),
        description=TEXTS,
        greetings=st.lists(TEXTS, max_size=3).map(tuple),
        lore=st.builds(
            Lorebook,
            st.lists(
                st.builds(LoreEntry, text=st.text(min_size=1), keys=st.lists(TEXTS).map(tuple), order=st.floats(-9, 9))
            ).map(tuple),
            depth=st.integers(0, 100),
        ),
    )
)
def test_what_is_written_is_read_again(persona: Persona) -> None:
    assert parse_persona(persona_toml(persona), source="p") == (persona, None)
