"""Time that a busy computer took, which is not a plugin's to answer for."""

from __future__ import annotations

from pathlib import Path


def waited() -> float:
    """Seconds that this thread stood in line for a processor; 0 where the system does not say."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text("ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
