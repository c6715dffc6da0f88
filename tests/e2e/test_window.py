"""The window, opened from the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
from PIL import Image

# Waits for two open pictures, tells of them and of the garbage collector, and closes the window.
CODE = """
import gc, json, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from studio.__main__ import main

application = QApplication([])

def look():
    for window in application.topLevelWidgets():
        entries = getattr(getattr(window, "session", None), "entries", ())
        if len(entries) == 2:
            timer.stop()
            names = [[entry.name, entry.document.picture.width] for entry in entries]
            print(json.dumps([gc.isenabled(), *names]))
            window.close()

timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
code = main(sys.argv[1:])
assert gc.isenabled()
sys.exit(code)
"""


def test_each_picture_of_the_command_line_gets_a_tab(tmp_path):
    for name, width in (("a.png", 31), ("b.png", 17)):
        Image.fromarray(np.zeros((9, width, 3), np.uint8)).save(tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", CODE, "a.png", "b.png"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [False, ["a.png", 31], ["b.png", 17]]
    assert "Traceback" not in done.stderr
