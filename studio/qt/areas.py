"""The areas a window is made of, in the order in which they are built."""

from __future__ import annotations

from studio.qt.area import Area

AREAS: tuple[type[Area], ...] = ()
