"""`bridge.toml`: every key has a default, and every mistake names file, key, what was expected and what came."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.errors import SettingsError, UsageError
from avatar_bridge.settings import Settings, default_path, override, parse_settings, read_settings


def fault(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, source="bridge.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[voice]\nsped = 2",
            "bridge.toml: voice.sped: this key is not known; expected one of align, engine, fallback, key, loudness, ",
        ),
        ("[voice]\nsped = 2", "did you mean 'speed'?"),
        ("[voic]\nspeed = 2", "bridge.toml: voic: this key is not known; expected one of characters, drivers, "),
        ("[voic]\nspeed = 2", "did you mean 'voice'?"),
        (
            "[drivers.vts]\nurll = 'x'",
            "drivers.vts.urll: this key is not known; expected one of driver, enabled, lead, ",
        ),
        ("[drivers.vts]\nurll = 'x'", "did you mean 'url'?"),
        ("[voice]\nspeed = 9.0", "bridge.toml: voice.speed: expected less than or equal to 3, got 9.0"),
        ("[voice]\nspeed = 'fast'", "voice.speed: expected a valid number"),
        ("[voice]\nspeed = 'fast'", "got 'fast'"),
        ("[motion]\nliveliness = -1", "motion.liveliness: expected greater than or equal to 0, got -1"),
        ("[motion]\ncalm = 'very'", "motion.calm: expected a valid boolean"),
        ("[drivers.vts]\nlead = 3", "drivers.vts.lead: expected less than or equal to 2, got 3"),
        ("drivers = 3", "drivers: expected a valid dictionary, got 3"),
        ("[voice", "bridge.toml: this is not valid TOML: "),
        ("a = 1\na = 2", "Cannot overwrite a value"),
    ],
)
def test_a_mistake_names_file_key_expected_and_got(text: str, expected: str) -> None:
    message = fault(text)
    assert expected in message, message


def test_all_mistakes_are_told_at_once() -> None:
    assert len(fault("[voice]\nspeed = 9\npich = 1\n[motion]\nseed = 'x'").splitlines()) == 3


def test_an_empty_file_is_the_defaults() -> None:
    chosen = parse_settings("", source="x")
    assert chosen == Settings()
    assert (chosen.voice.engine, chosen.sound.speaker, list(chosen.drivers)) == ("auto", "auto", ["vts"])


def test_a_table_of_drivers_stands_for_all_of_them() -> None:
    assert list(parse_settings("[drivers.other]\ndriver = 'vts'", source="x").drivers) == ["other"]
    assert parse_settings("[drivers]", source="x").drivers == {}


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no settings file at .*none\.toml; name an existing one"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path)


def test_a_file_that_is_not_utf8_says_where(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_bytes("map = 'é'".encode("latin-1"))
    with pytest.raises(SettingsError, match="expected UTF-8 text; byte 7 is not: save the file as UTF-8"):
        read_settings(path)


def test_a_mark_that_an_editor_put_before_the_text_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text("[voice]\r\nspeed = 2.0\r\n", encoding="utf-8-sig", newline="")
    assert read_settings(path).voice.speed == 2.0


def test_the_file_here_comes_before_the_users_and_none_is_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "config"
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *_, **__: str(own))
    assert read_settings() == Settings()
    assert default_path() == own / "bridge.toml"
    own.mkdir()
    (own / "bridge.toml").write_text("[motion]\nseed = 1", encoding="utf-8")
    assert read_settings().motion.seed == 1
    Path("bridge.toml").write_text("[motion]\nseed = 2", encoding="utf-8")
    assert read_settings().motion.seed == 2


def test_an_option_lies_over_the_file_and_none_changes_nothing() -> None:
    base = parse_settings("[voice]\nspeed = 2.0\n[drivers.vts]\nlead = 0.1", source="x")
    changed = override(base, {"voice.engine": "tone", "voice.speed": None, "drivers.vts.url": "ws://x"})
    assert (changed.voice.engine, changed.voice.speed) == ("tone", 2.0)
    assert (changed.drivers["vts"].url, changed.drivers["vts"].lead) == ("ws://x", 0.1)
    assert base.voice.engine == "auto"
    added = override(base, {"drivers.second.driver": "vts"})
    assert list(added.drivers) == ["vts", "second"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"voice.speed": 9.0}, "option: voice.speed: expected less than or equal to 3, got 9.0"),
        ({"voice.sped": 1.0}, "did you mean 'speed'?"),
        ({"trace": 3}, "option: trace: "),
    ],
)
def test_a_wrong_option_is_told_like_a_wrong_key(changes: dict[str, object], expected: str) -> None:
    with pytest.raises(SettingsError, match=r"option: ") as caught:
        override(Settings(), changes)
    assert expected in str(caught.value)


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from("[]voice.speed=\"'\n 1290-#{}true,"), max_size=60))
def test_any_text_gives_settings_or_a_clear_error(text: str) -> None:
    try:
        chosen = parse_settings(text, source="mine.toml")
    except UsageError as error:
        lines = str(error).splitlines()
    else:
        lines = []
        assert chosen == Settings.model_validate(tomllib.loads(text))
    assert all(line.startswith("mine.toml: ") for line in lines)


def test_a_device_is_a_name_or_a_number() -> None:
    assert parse_settings("[sound]\ndevice = 3\n", source="x").sound.device == 3
    assert parse_settings('[sound]\ndevice = "Speakers"\n', source="x").sound.device == "Speakers"
    assert override(Settings(), {"sound.device": "3"}).sound.device == 3


def settled(text: str, *, pages: bool) -> tuple[str, str]:
    chosen = parse_settings(text, source="bridge.toml").settled(pages=pages)
    return chosen.sound.speaker, chosen.motion.map


@pytest.mark.parametrize(
    ("text", "pages", "speaker", "motion_map"),
    [
        ("", False, "local", "any_vts_model"),
        ("", True, "overlay", "any_vts_model"),
        ("[drivers.overlay]", True, "overlay", "mascot"),
        ("[drivers.overlay]\nenabled = false", True, "overlay", "any_vts_model"),
        ('[drivers.scene]\ndriver = "overlay"', True, "overlay", "mascot"),
        ("[drivers.vmc]", False, "local", "mascot"),
        ("[drivers.vts]\n[drivers.warudo]", False, "local", "mascot"),
        ("[drivers.vnyan]", False, "local", "mascot"),
        ("[drivers.game]", False, "local", "mascot"),
        ("[drivers.vts]\n[drivers.obs]\n[drivers.nizima]\n[drivers.vrchat]", False, "local", "any_vts_model"),
        ("[drivers.vmc]\nenabled = false", False, "local", "any_vts_model"),
        ('sound.speaker = "none"\nmotion.map = "mine.toml"\n[drivers.overlay]', True, "none", "mine.toml"),
    ],
)
def test_auto_is_settled_by_what_there_is(text: str, pages: bool, speaker: str, motion_map: str) -> None:
    assert settled(text, pages=pages) == (speaker, motion_map)


def test_settings_know_their_folder_through_every_change(tmp_path: Path) -> None:
    place = tmp_path / "shows" / "mine.toml"
    place.parent.mkdir()
    place.write_text("[voice]\nspeed = 1.5\n", encoding="utf-8")
    settings = read_settings(place)
    assert settings.folder == place.parent
    assert override(settings, {"web.port": 0}).settled(pages=True).folder == place.parent
    assert settings.model_copy(update={"drivers": {}}).folder == place.parent
    assert settings == parse_settings("[voice]\nspeed = 1.5\n", source="x"), "the same wherever it is said"
    assert settings != Settings()
    assert Settings().folder == default_path().parent


def test_files_beside_the_settings_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside, elsewhere, home = tmp_path / "Meine Möwe", tmp_path / "elsewhere", tmp_path / "home"
    for folder in (beside / "clips", elsewhere, home, elsewhere / "mascot"):
        folder.mkdir(parents=True)
    for path in (beside / "my map.toml", beside / "Möwe.vrm", home / "core.js"):
        path.touch()
    text = '[motion]\nmap = "my map.toml"\n[web]\navatar = "Möwe.vrm"\nclips = "clips"\nlive2d_core = "~/core.js"\n'
    (beside / "bridge.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(Path, "home", lambda: home)
    found = read_settings(beside / "bridge.toml")
    assert found.motion.map == str(beside / "my map.toml")
    assert (found.web.avatar, found.web.clips) == (str(beside / "Möwe.vrm"), beside / "clips")
    assert found.web.live2d_core == home / "core.js"
    assert found.folder == beside


def test_names_and_files_that_are_elsewhere_stay_as_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[motion]\nmap = "any_vts_model"\n[web]\navatar = "mascot"\nclips = "not there"\n'
    (tmp_path / "bridge.toml").write_text(text, encoding="utf-8")
    for folder in ("here", "mascot", "any_vts_model"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    found = read_settings(tmp_path / "bridge.toml")
    assert (found.motion.map, found.web.avatar) == ("any_vts_model", "mascot")
    assert (found.web.clips, found.web.live2d_core) == (Path("not there"), None)


def test_a_character_is_as_the_main_one_but_for_what_it_says() -> None:
    text = '[voice]\nengine = "tone"\n[motion]\nmap = "mascot"\n[characters.anna]\nscript = { dialect = "airi" }\n'
    chosen = parse_settings(text + "[characters.ben.voice]\nspeed = 1.2", source="x")
    anna, ben = chosen.of("anna"), chosen.of("ben")
    assert (anna.voice.engine, anna.script.dialect, anna.motion.map) == ("tone", "airi", "mascot")
    assert (ben.voice.engine, ben.voice.speed, ben.script.dialect) == ("auto", 1.2, "auto")
    assert (anna.sound.speaker, list(anna.drivers), anna.characters) == ("game", ["game"], {})
    assert len({chosen.motion.seed, anna.motion.seed, ben.motion.seed}) == 3, "they would blink at once"
    assert chosen.gaming
    assert not Settings().gaming
    with pytest.raises(SettingsError, match="did you mean 'anna'"):
        chosen.of("ana")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[characters.anna]\nvoic = {}",
            "characters.anna.voic: this key is not known; expected one of drivers, mind, motion, ",
        ),
        ("[characters.anna.voice]\nspedd = 1", "did you mean 'speed'?"),
        ("[characters.anna.drivers.game]\nurll = 1", "did you mean 'url'?"),
        ("[characters.anna.drivers.overlay]", "the overlay shows and plays the main character alone, not 'anna'"),
        ('[characters.anna.sound]\nspeaker = "overlay"', "main character alone"),
        ("[characters.Anna]\n[characters.an-na]", "'Anna' and 'an-na' are one name"),
        ('[characters."a.b"]', "without a dot, got 'a.b'"),
    ],
)
def test_a_mistake_in_a_character_is_told(text: str, expected: str) -> None:
    message = fault(text)
    assert expected in message, message


def test_a_characters_map_lies_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "anna.toml").write_text("", encoding="utf-8")
    (tmp_path / "bridge.toml").write_text('[characters.anna.motion]\nmap = "anna.toml"', encoding="utf-8")
    found = read_settings(tmp_path / "bridge.toml")
    assert found.of("anna").motion.map == str(tmp_path / "anna.toml")
