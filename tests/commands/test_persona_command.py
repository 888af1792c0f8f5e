"""The `persona` command: import, show, export."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from avatar_bridge.assembly.personas import read_persona
from avatar_bridge.cli import cli
from avatar_bridge.commands.persona import export_card, import_card, show, show_lines
from avatar_bridge.errors import PersonaError, UsageError

CARD = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        "name": "Mira",
        "description": "{{char}} keeps a lighthouse. {{strange}}",
        "first_mes": "Hello, {{user}}.",
        "extensions": {"x": 1},
        "character_book": {"entries": [{"keys": ["sea"], "content": "The sea is red.", "use_regex": False}]},
    },
}


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "mira.json"
    path.write_text(json.dumps(CARD), encoding="utf-8")
    return path


def test_on_the_command_line(card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    assert runner.invoke(cli, ["persona", "import", card.name]).exit_code == 0
    shown = runner.invoke(cli, ["persona", "show", "persona.toml", "--user", "Tom", "--json"])
    assert json.loads(shown.stdout)["name"] == "Mira"
    assert "Mira: 1 greetings" in runner.invoke(cli, ["persona", "show", card.name]).stdout
    again = runner.invoke(cli, ["persona", "import", card.name])
    assert "give --force" in str(again.exception)
    assert runner.invoke(cli, ["persona", "import", card.name, "--force"]).exit_code == 0
    assert runner.invoke(cli, ["persona", "export", "persona.toml"]).exit_code == 0
    assert json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))["data"]["name"] == "Mira"


def test_a_card_becomes_a_file_and_a_card_again(card: Path, tmp_path: Path) -> None:
    out, back = tmp_path / "persona.toml", tmp_path / "back.json"
    lines = list(import_card(card, out))
    assert lines[0] == f"Mira: card version 2.0, 1 greetings, 1 pieces of lore; written to {out}"
    assert read_persona(out)[0] == read_persona(card)[0]
    assert 'name = "Mira"' in out.read_text(encoding="utf-8")
    list(export_card(out, back))
    written = json.loads(back.read_text(encoding="utf-8"))
    assert written["data"]["extensions"] == {"x": 1}
    assert written["data"]["first_mes"] == "Hello, {{user}}."


def test_nothing_is_overwritten_unless_asked(card: Path, tmp_path: Path) -> None:
    out = tmp_path / "persona.toml"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="--force"):
        list(import_card(card, out))
    assert out.read_text(encoding="utf-8") == "mine"
    list(import_card(card, out, force=True))
    assert out.read_text(encoding="utf-8") != "mine"
    with pytest.raises(UsageError, match=r"written as \.json"):
        list(export_card(out, tmp_path / "back.png"))
    with pytest.raises(UsageError, match="a card already"):
        list(export_card(card, tmp_path / "back.json"))


def test_show_tells_sizes_and_what_is_not_understood(card: Path) -> None:
    found = show(card, user="Ben")
    assert found["name"] == "Mira"
    assert found["tokens"]["lore"] == 4
    assert found["told_tokens"] > 20
    assert found["notes"] == ["there is no macro {{strange}}; it stays"]
    text = "\n".join(show_lines(found))
    assert "1 pieces of lore" in text
    assert "{{strange}}" in text


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PersonaError, match="cannot be read"):
        read_persona(tmp_path / "nothing.png")
    with pytest.raises(PersonaError, match="cannot be read"):
        read_persona(tmp_path / "nothing.toml")
    with pytest.raises(PersonaError, match="expected a character card"):
        list(import_card(tmp_path / "nothing.txt", tmp_path / "out.toml"))
