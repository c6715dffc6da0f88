"""Telling a plugin's author that something will go away, long before it does.

What is public and to be removed calls `deprecated` first. It keeps working for at least two minor
versions; meanwhile ``impasto plugins check`` and the tests of the plugin show who uses it.
"""

from __future__ import annotations

import sys
import threading
import warnings
from dataclasses import dataclass
from types import FrameType

from studio.api.version import parse_version

_FEWEST = 2  # minor versions that something stays after it was deprecated
_BETWEEN = ("studio", "pluggy", "pydantic")  # who may stand between the plugin and what it uses
_HOLDERS = ("studio_plugins", "studio_dropins")
_lock = threading.Lock()
_noticed: dict[tuple[str, str], Deprecation] = {}


class ImpastoDeprecationWarning(DeprecationWarning):
    """A plugin uses something that a later version of the plugin API will not have."""


@dataclass(frozen=True)
class Deprecation:
    """One thing that one plugin uses and should not.

    Attributes:
        plugin: its package, or the name of the dropped-in file or folder.
        module: which of its modules uses it.
        what: what it uses.
        since: version of the plugin API in which that was deprecated.
        removed: version in which it will be gone.
        instead: what to do.
    """

    plugin: str
    module: str
    what: str
    since: str
    removed: str
    instead: str

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.plugin} uses {self.what}, deprecated since plugin API {self.since} and to be "
            f"removed in {self.removed}. {self.instead}"
        )


def deprecated(what: str, *, since: str, removed: str, instead: str) -> None:
    """Warn the plugin that called, once for each thing that it uses.

    Args:
        what: is used (``CheckpointLoader.within``).
        since: version of the plugin API in which it was deprecated, as ``"1.0"``.
        removed: version in which it will be gone: two minor versions later, or the next major one.
        instead: a sentence saying what to do.

    Raises:
        ValueError: if it would be gone too early for authors to notice.
    """
    first, last = parse_version(since), parse_version(removed)
    if (
        first is None
        or last is None
        or last < min((first[0], first[1] + _FEWEST), (first[0] + 1, 0))
    ):
        raise ValueError(
            f"{what}: {removed} is too early, or no version: two minor ones after {since}"
        )
    frame = _caller()
    module = str(frame.f_globals.get("__name__", ""))
    found = Deprecation(_plugin_of(module), module, what, since, removed, instead)
    with _lock:
        if (found.plugin, what) in _noticed:
            return
        _noticed[found.plugin, what] = found
    path, line = frame.f_code.co_filename, frame.f_lineno
    warnings.warn_explicit(str(found), ImpastoDeprecationWarning, path, line, module)


def noticed() -> tuple[Deprecation, ...]:
    """All that plugins have used in this process so far."""
    with _lock:
        return tuple(_noticed.values())


def _caller() -> FrameType:
    """The first frame that is not ours."""
    frame = sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] in _BETWEEN:
        frame = frame.f_back
    return frame


def _plugin_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if parts[0] in _HOLDERS and len(parts) > 1 else parts[0]
