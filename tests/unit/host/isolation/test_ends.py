"""However the program ends, its plugins' processes end with it."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux ends a process with its parent"
)
_HANGS_APART = """
    import ctypes
    import sys

    from studio.api import Operation, Parameters, hookimpl

    api_version = 1

    if "studio.host.isolation.child" in sys.orig_argv:
        ctypes.PyDLL(None).pause()  # lets no thread of its process run again

    class Nothing(Parameters):
        pass

    def same(pixels, mask, parameters, context):
        return pixels

    @hookimpl
    def operations():
        return [Operation("stuck.same", "Same", "Test", "A test.", Nothing, ":same")]
"""
_PROGRAM = """
    import sys
    import threading
    import time
    from pathlib import Path

    import numpy as np

    from studio.document import Picture
    from studio.host.isolation.isolation import Isolation
    from studio.host.models import ModelStore
    from studio.host.plugins import discover
    from studio.host.requests import RunRequest
    from studio.host.runs import Runner

    folder = Path(sys.argv[1])
    registry = discover(folder)
    isolation = Isolation(lambda: ("stuck",), folder)
    runner = Runner(registry, ModelStore(folder / "m", folder / "b", ()), isolation=isolation)
    picture = Picture.from_pixels(np.full((1000, 1000, 4), 255, np.uint8))
    request = RunRequest("stuck.same", {}, picture)
    threading.Thread(target=runner.execute, args=(request,), daemon=True).start()
    while isolation.pid("stuck") is None:
        time.sleep(0.01)
    time.sleep(0.5)
    print(isolation.pid("stuck"), flush=True)
    if sys.argv[2] == "wait":
        time.sleep(100)
"""


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_a_process_that_hangs_ends_with_its_program(tmp_path, end):
    (tmp_path / "stuck.py").write_text(textwrap.dedent(_HANGS_APART))
    program = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(_PROGRAM),
            str(tmp_path),
            "wait" if end == "kill" else "",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        pid = int(program.stdout.readline())
        if end == "kill":
            assert running(pid)
            program.send_signal(signal.SIGKILL)
        program.wait(60)
        deadline = time.monotonic() + 20
        while running(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
    assert not running(pid)
    # Pixels were handed over in memory without a name: none can be left behind.
    assert not list(Path("/dev/shm").glob("*impasto*"))  # noqa: S108 - looked at, not written to
