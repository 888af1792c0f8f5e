"""The VMC example does what its page says: its script is performed to its own receiver."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from udp_peers import free_port

FOLDER = Path(__file__).parents[1] / "examples" / "vmc"


def test_the_two_terminals_of_the_page(tmp_path: Path) -> None:
    here = tmp_path / "vmc"
    shutil.copytree(FOLDER, here)
    port = free_port()
    settings = (here / "bridge.toml").read_text(encoding="utf-8").replace("39539", str(port))
    quiet = '[voice]\nengine = "tone"\n[sound]\nspeaker = "none"\n'
    (here / "bridge.toml").write_text(quiet + settings, encoding="utf-8")
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    watch, perform = re.findall(r"^    (python|avatar-bridge) (.*?)(?:  #|$)", page, re.MULTILINE)
    environment = {**os.environ, "PYTHONUTF8": "1"}
    command = [sys.executable, *watch[1].split(), str(port)]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, encoding="utf-8", env=environment) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline() == f"listening on 127.0.0.1:{port}\n"
        arguments = [sys.executable, "-m", "avatar_bridge", *perform[1].split()]
        done = subprocess.run(
            arguments, cwd=here, capture_output=True, encoding="utf-8", timeout=60, check=False, env=environment
        )
        assert done.returncode == 0, done.stderr
        seen = watching.stdout.read()
        assert watching.wait(30) == 0
    assert seen.splitlines()[-1].endswith("frames, all by the rules; at the end at rest")
    for name in ("A", "aa", "HeartEyes", "RightUpperArm", "LeftUpperArm", "Blink"):
        assert re.search(rf"s  {name}$", seen, re.MULTILINE), name
