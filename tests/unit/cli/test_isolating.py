from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

DROPINS = Path(__file__).parents[2] / "dropins"


def test_a_plugin_is_isolated_and_its_crash_is_an_error(impasto, photo, tmp_path):
    shutil.copy(DROPINS / "unsteady.py", os.environ["IMPASTO_PLUGINS"])
    path, _ = photo
    plain, apart = tmp_path / "plain.png", tmp_path / "apart.png"
    assert impasto("run", "unsteady.network", path, "-o", plain, "--seed", "3").code == 0

    assert impasto("plugins", "isolate", "unsteady").code == 0
    lines = impasto("plugins", "list").out.splitlines()
    assert [line.split()[0] for line in lines if "own process" in line] == ["unsteady"]
    assert impasto("run", "unsteady.network", path, "-o", apart, "--seed", "3").code == 0
    assert apart.read_bytes() == plain.read_bytes()

    target = tmp_path / "never.png"
    done = impasto("run", "unsteady.segfault", path, "-o", target)
    assert done.code == 1
    error, hint = done.error_lines
    assert "The plugin unsteady crashed while running Segfault" in error
    assert "ended by SIGSEGV" in error
    assert "Run it again" in hint
    assert not target.exists()

    assert impasto("plugins", "isolate", "unsteady", "--undo").code == 0
    assert "own process" not in impasto("plugins", "list").out
    done = impasto("plugins", "isolate", "unsteadi")
    assert done.code == 1
    assert "Did you mean unsteady?" in done.err
    settings = json.loads((Path(os.environ["IMPASTO_CONFIG"]) / "settings.json").read_text())
    assert settings["isolated_plugins"] == []
