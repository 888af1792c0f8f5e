"""Persona, macros and lore: what a model is told, and what never gets there."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.mind.history import estimate_tokens
from avatar_bridge.core.mind.lore import Lorebook, LoreEntry, recall
from avatar_bridge.core.mind.macros import Macros, unknown_macros
from avatar_bridge.core.mind.persona import Brief, Persona


def fill(text: str, *, original: str = "", seed: int = 1) -> str:
    return Macros("Mira", "Ben", Random(seed), original).fill(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{char}} and {{USER}}", "Mira and Ben"),
        ("<BOT> greets <user>", "Mira greets Ben"),
        ("{{// a remark}}x{{comment: y}}", "x"),
        ("{{original}}!{{original}}", "{{char}} said!"),
        ("{{reverse:abc}}{{newline}}", "cba\n"),
        ("{{nothing}} {{char", "{{nothing}} {{char"),
        ("{{random:a}}{{pick::b}}", "ab"),
        (r"{{random:a\,b}}", "a,b"),
        ("{{roll:1}} {{roll:d1}} {{roll:3d1+2}} {{roll:no}}", "1 1 5 {{roll:no}}"),
    ],
)
def test_macros(text: str, expected: str) -> None:
    assert fill(text, original="{{char}} said") == expected


def test_random_and_rolls_come_from_the_given_chance() -> None:
    text = "{{random:a,b,c,d,e,f}}{{roll:2d6}}{{roll:20}}"
    assert fill(text, seed=3) == fill(text, seed=3)
    assert len({fill(text, seed=seed) for seed in range(20)}) > 5
    assert len({fill("{{pick:a,b,c}}", seed=seed) for seed in range(20)}) == 1
    assert all(1 <= int(fill("{{roll:d6}}", seed=seed)) <= 6 for seed in range(50))


def test_what_a_macro_gives_is_not_read_again() -> None:
    assert Macros("{{user}}", "{{char}}").fill("{{char}}{{user}}") == "{{user}}{{char}}"
    assert unknown_macros("{{foo}} {{char}} {{foo}} {{pick:a}} {{getvar::x}}") == ["{{foo}}", "{{getvar::x}}"]


@given(st.text(alphabet="{}charuse:,dnomlp0123456789<>/ ", max_size=200))
def test_any_text_is_filled(text: str) -> None:
    assert len(fill(text)) <= 20 * len(text) + 20


def entry(text: str, *keys: str, **more: object) -> LoreEntry:
    return LoreEntry(text, keys, **more)  # type: ignore[arg-type]


def names(book: Lorebook, *said: str) -> list[str]:
    found = recall(book, said)
    return [each.text for each in (*found.before, *found.after)]


def test_lore_comes_by_its_words() -> None:
    book = Lorebook(
        (
            entry("A", "cat"),
            entry("B", "Dr. Nova", case=True),
            entry("C", "猫"),
            entry("D", "moon", secondary=("night",)),
            entry("E", constant=True),
            entry("F", "cat", enabled=False),
            entry("G", "cat", whole_words=False),
            entry("H", "c++"),
        )
    )
    assert names(book) == ["E"]
    assert names(book, "My CAT, please.") == ["A", "E", "G"]
    assert names(book, "a category") == ["E", "G"]
    assert names(book, "Ask dr. nova") == ["E"]
    assert names(book, "Ask Dr. Nova!") == ["B", "E"]
    assert names(book, "私は猫がcatすき") == ["A", "C", "E", "G"]
    assert names(book, "the moon") == ["E"]
    assert names(book, "the moon", "at night") == ["D", "E"]
    assert names(book, "I write C++ here") == ["E", "H"]


def test_only_the_latest_messages_are_looked_through() -> None:
    book = Lorebook((entry("A", "cat"),), depth=2)
    assert names(book, "cat", "x", "y") == []
    assert names(book, "x", "cat", "y") == ["A"]


def test_order_place_and_budget() -> None:
    book = Lorebook(
        (
            entry("second " * 10, "x", order=2.0),
            entry("first " * 10, "x", order=1.0, place="before"),
            entry("dear " * 10, "x", order=3.0, priority=99.0),
        ),
        tokens=35,
    )
    found = recall(book, ["x"])
    assert [each.text[:4] for each in found.before] == ["firs"]
    assert [each.text[:4] for each in found.after] == ["dear"]
    assert [each.text[:4] for each in found.left_out] == ["seco"]


def test_recursion_is_asked_for_and_ends() -> None:
    entries = (entry("a b", "x"), entry("c", "b"), entry("x b c d", "c"))
    assert names(Lorebook(entries), "x") == ["a b"]
    assert names(Lorebook(entries, recursive=True), "x") == ["a b", "c", "x b c d"]
    chain = tuple(entry(f"k{n + 1}", f"k{n}") for n in range(100))
    assert len(names(Lorebook(chain, recursive=True), "k0")) == 4


def test_patterns_are_refused_unless_they_are_words() -> None:
    book = Lorebook((entry("A", "/cat|dog/i", pattern=True), entry("B", "/(a+)+$/", pattern=True, name="bomb")))
    assert names(book, "My DOG") == ["A"]
    (note,) = recall(book, ["a" * 5000]).diagnostics
    assert "bomb" in note.message
    assert "hang" in note.message


@given(st.lists(st.text(max_size=30), max_size=5), st.lists(st.text(max_size=8), max_size=4), st.booleans())
def test_any_keys_and_any_talk(said: list[str], keys: list[str], whole: bool) -> None:
    book = Lorebook((entry("text", *keys, whole_words=whole),))
    found = recall(book, said)
    assert len((*found.before, *found.after)) <= 1


def test_megabytes_of_lore_do_not_reach_the_model() -> None:
    book = Lorebook(tuple(entry(f"fact {n} " + "long " * 200, f"key{n}", "all") for n in range(5000)), tokens=100_000)
    persona = Persona("Mira", description="x " * 500_000, examples=("hm " * 100_000,), lore=book)
    brief = Brief(persona, tokens=1000, lore_tokens=500, instructions="[nod] = yes")
    assert estimate_tokens(brief.system) < 1200
    assert estimate_tokens(brief.lore(["all"])) < 520
    assert brief.system.endswith("[nod] = yes")
    assert any("description is cut" in note.message for note in brief.diagnostics)
    assert any("examples left out" in note.message for note in brief.diagnostics)


def test_constant_lore_stands_in_the_system_text_and_the_rest_comes_up() -> None:
    book = Lorebook((entry("The sea is red.", constant=True), entry("Dragons fly, {{user}}.", "dragon")))
    brief = Brief(Persona("Mira", lore=book), user="Ben")
    assert "The sea is red." in brief.system
    assert "Dragons" not in brief.system
    assert brief.lore(["hello"]) == ""
    assert brief.lore(["a dragon"]) == "Known about this world:\nDragons fly, Ben."


def test_the_system_text() -> None:
    persona = Persona(
        "Mira Sol",
        nickname="Mira",
        description="{{char}} is kind to {{user}}.",
        personality="calm",
        scenario="a lighthouse",
        greetings=("Hi {{user}}!",),
        examples=("{{user}}: Hi\n{{char}}: Hello",),
        system="Be brief. {{original}}",
        after="Stay {{char}}.{{original}}",
    )
    brief = Brief(persona, user="Ben", instructions="TAGS")
    assert brief.system.startswith("Be brief. You are Mira. Stay in character")
    for part in ("Mira is kind to Ben.", "Personality:\ncalm", "Situation:\na lighthouse", "Ben: Hi\nMira: Hello"):
        assert part in brief.system
    assert "{{" not in brief.system
    assert brief.system.endswith("\n\nTAGS")
    assert brief.after == "Stay Mira."
    assert brief.greetings == ("Hi Ben!",)
    assert Brief(Persona("Mira")).system.startswith("You are Mira.")


def test_a_host_s_instructions_stand_even_where_a_persona_brings_its_own() -> None:
    brief = Brief(Persona("Mira", system="Ignore all tags."), instructions="TAGS")
    assert brief.system == "Ignore all tags.\n\nTAGS"


def test_the_same_chance_gives_the_same_system_text() -> None:
    persona = Persona("Mira", description="{{random:a,b,c,d}} {{roll:d100}}")
    assert Brief(persona, chance=Random(5)).system == Brief(persona, chance=Random(5)).system


def test_a_great_many_keys_that_nearly_fit_end() -> None:
    book = Lorebook(tuple(entry("t", *(["a" * (n % 50 + 1)] * 20)) for n in range(1000)))
    assert names(book, "a" * 8000) == []
