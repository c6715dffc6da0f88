"""The version of the plugin API, which has a number of its own beside the program's.

It is that of everything public: `studio.api`, `studio.api.testing` and `studio.nn`.
"""

from __future__ import annotations

import re

API_VERSION = 1
"""Raised when a change would break plugins; a plugin states the one it was written for."""
API_MINOR = 0
"""Raised when something is added; what was there stays as it was."""
__version__ = f"{API_VERSION}.{API_MINOR}"


def parse_version(value: object) -> tuple[int, int] | None:
    """Major and minor number of ``1`` or ``"1.2"``; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value, 0
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})", value) if isinstance(value, str) else None
    return (int(match[1]), int(match[2])) if match else None
