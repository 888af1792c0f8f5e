from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from avatar_bridge.backoff import Backoff
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.drivers.vts import VTubeStudioDriver
from avatar_bridge.drivers.vts_discovery import Search
from avatar_bridge.drivers.vts_folders import find_model_file, model_folders
from avatar_bridge.drivers.vts_latency import Latency
from avatar_bridge.drivers.vts_token import TokenFile, default_token_path
from avatar_bridge.errors import WorldError


def test_a_token_is_kept_for_its_owner_and_its_plugin(tmp_path: Path) -> None:
    path = tmp_path / "new" / "token.json"
    tokens = TokenFile(path, "Avatar Bridge")
    assert tokens.read() is None
    tokens.write("secret")
    tokens.write("newer")
    assert tokens.read() == "newer"
    assert TokenFile(path, "Another").read() is None
    assert [file.name for file in path.parent.iterdir()] == ["token.json"]
    if os.name != "nt":
        assert path.stat().st_mode & 0o777 == 0o600
    tokens.forget()
    tokens.forget()
    assert tokens.read() is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"plugin":"Avatar Bridge"}', '{"plugin":"Avatar Bridge","token":3}'])
def test_a_damaged_token_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "token.json"
    path.write_text(text, encoding="utf-8")
    assert TokenFile(path, "Avatar Bridge").read() is None


def test_a_failed_write_leaves_the_old_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = TokenFile(tmp_path / "token.json", "Avatar Bridge")
    tokens.write("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorldError, match="the disk is full"):
        tokens.write("new")
    assert tokens.read() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["token.json"]


def test_the_default_token_lies_in_the_users_own_folder() -> None:
    assert default_token_path().is_absolute()


def library(root: Path, app: str = "VTube Studio") -> Path:
    folder = root / "steamapps" / "common" / app / "VTube Studio_Data" / "StreamingAssets" / "Live2DModels"
    folder.mkdir(parents=True)
    return folder


def put(folder: Path, name: str, model_id: str) -> None:
    (folder / name).mkdir()
    text = json.dumps({"ModelID": model_id, "Name": name, "ParameterSettings": []})
    (folder / name / f"{name}.vtube.json").write_text("\ufeff" + text, encoding="utf-8")


def test_model_files_are_found_in_every_steam_library(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "Games Library"
    steam = home / ".local" / "share" / "Steam"
    first, second = library(steam), library(other)
    listing = f'"libraryfolders"\n{{\n "0" {{ "path"\t\t"{steam}" }}\n "1" {{ "path" "{other}" }}\n}}'
    (steam / "steamapps" / "libraryfolders.vdf").write_text(listing, encoding="utf-8")
    folders = model_folders("linux", home, {})
    assert folders == [first, second]
    put(first, "akari", "id1")
    put(second, "重音テト", "id2")
    (second / "broken").mkdir()
    (second / "broken" / "broken.vtube.json").write_text("id2 {", encoding="utf-8")
    found = find_model_file("id2", "重音テト.vtube.json", folders)
    assert found is not None
    assert found.name == "重音テト"
    assert find_model_file("id3", "akari.vtube.json", folders) is None


def test_windows_and_macos_libraries(tmp_path: Path) -> None:
    windows = library(tmp_path / "Steam")
    assert model_folders("win32", tmp_path, {"ProgramFiles(x86)": str(tmp_path)}) == [windows]
    app = tmp_path / "Library" / "Application Support" / "Steam" / "steamapps" / "common" / "VTube Studio"
    models = app / "VTubeStudio.app" / "Contents" / "Resources" / "Data" / "StreamingAssets" / "Live2DModels"
    models.mkdir(parents=True)
    assert model_folders("darwin", tmp_path, {}) == [models]


def test_the_lead_is_the_way_there_and_half_a_frame() -> None:
    latency = Latency()
    assert latency.round_trip is None
    assert latency.window == 2
    assert latency.lead(60.0) == 0.02
    for trip in (0.016, 0.002, 0.010):
        latency.add(trip)
    assert latency.round_trip == 0.002
    assert latency.lead(60.0) == pytest.approx(0.001 + 0.5 / 60)
    assert latency.lead(0.0) <= 0.15
    for echo in (0.0006, 0.0004, 0.0009):
        latency.echo(echo)
    assert latency.lead(60.0) == pytest.approx(0.0002 + 0.5 / 60)
    latency = Latency()
    for _ in range(200):
        latency.add(0.9)
    assert latency.window == 4
    assert latency.lead(60.0) == 0.15


def test_the_backoff_doubles_after_its_patience_and_starts_anew() -> None:
    backoff = Backoff(lambda: 0.0)
    assert [backoff.next() for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    backoff.reset()
    assert backoff.next() == 0.5
    patient = Backoff(lambda: 0.0, patience=4.0)
    assert [patient.next() for _ in range(5)] == [0.5, 1.0, 1.5, 1.5, 8.0]
    assert Backoff(lambda: 1.0).next() == pytest.approx(0.4)


@pytest.mark.parametrize("url", [None, "ws://127.0.0.1:8001", "ws://localhost:8001", "ws://[::1]:8001"])
def test_an_app_on_this_machine_is_looked_for_every_second_and_a_half_however_long_it_was_gone(
    url: str | None, vts_map: MotionMap
) -> None:
    driver = VTubeStudioDriver(motion_map=vts_map, url=url, jitter=lambda: 0.0)
    assert max(driver._search._backoff.next() for _ in range(200)) == 1.5
    far = VTubeStudioDriver(motion_map=vts_map, url="ws://studio.lan:8001", jitter=lambda: 0.0)
    assert max(far._search._backoff.next() for _ in range(200)) == 8.0
    VTubeStudioDriver(motion_map=vts_map, url="ws://[nowhere")


def search(url: str | None) -> Search:
    return Search(url, title=None, port=None, backoff=Backoff(lambda: 0.0), now=lambda: 0.0)


def test_addresses_to_try() -> None:
    assert search(None).urls() == ["ws://127.0.0.1:8001", "ws://localhost:8001"]
    assert search("ws://localhost:9000").urls() == ["ws://127.0.0.1:9000", "ws://localhost:9000"]
    assert search("ws://studio.lan:9000").urls() == ["ws://studio.lan:9000"]


def test_a_hotkey_takes_what_its_answer_took_less_the_lead_and_the_way_back() -> None:
    latency = Latency()
    latency.echo(0.004)
    assert latency.delay(60.0) == 0.0
    for trip in (0.030, 0.032, 0.300):
        latency.executed(trip)
    assert latency.delay(60.0) == pytest.approx(0.032 - 0.002 - latency.lead(60.0))
    for _ in range(8):
        latency.executed(0.001)
    assert latency.delay(60.0) == 0.0
