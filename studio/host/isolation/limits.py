"""How much memory a plugin's process may take, and how it is kept to that."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any

from studio.host.memory import available_bytes

_SHARE = 0.8
_PR_SET_PDEATHSIG = 1


def allowance() -> int:
    """Bytes that a run may take on top of what its process holds: most of what is free now."""
    return int(_SHARE * available_bytes())


def resident_bytes(pid: int) -> int | None:
    """Memory that a process holds; None where the system has no such file, or it is gone."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def restrain(allowed: int) -> None:
    """Let this process take ``allowed`` bytes more than it has; then memory runs out, as anywhere.

    That is an error that runs know how to meet, so it comes before the other side has to kill. On
    Linux only: elsewhere the limit is not heeded.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource

    held = 0
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmData:"):
            held = int(line.split()[1]) * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + allowed
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


def settle(parent: int) -> None:
    """What a plugin's process does first: leave no core files, and end when its program does.

    Args:
        parent: process that is to end it.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    # Ctrl+C in a terminal reaches the whole group; the program asks for the end of the run itself.
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_IGN)
    if sys.platform.startswith("linux"):
        # Even out of a loop in C that lets no other thread run.
        library: Any = ctypes.CDLL(None)
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before
            os._exit(1)
