"""The two colours that tools paint with, those used lately and those that were kept."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from studio.api.errors import UserError
from studio.host.settings import Settings

RGB = tuple[int, int, int]
BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)
RECENT = 16
KEPT = 64
_SETTING = "colors"
FIRST_KEPT: tuple[RGB, ...] = (
    (0, 0, 0), (64, 64, 64), (128, 128, 128), (192, 192, 192), (255, 255, 255),
    (229, 57, 53), (251, 140, 0), (253, 216, 53), (67, 160, 71), (0, 137, 123),
    (3, 155, 229), (57, 73, 171), (142, 36, 170), (216, 27, 96), (121, 85, 72),
    (255, 224, 178), (241, 194, 125), (198, 134, 66), (141, 85, 36), (62, 39, 35),
)  # fmt: skip
"""Swatches of a first start: grays, hues, and tones of skin and wood."""


class Colors(QObject):
    """Foreground and background in sRGB, 0 to 255.

    Args:
        settings: where they are remembered; None remembers nothing.

    Signals:
        changed: another foreground or background.
        swatches_changed: other recent or kept colours.
    """

    changed = Signal()
    swatches_changed = Signal()

    def __init__(self, settings: Settings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        stored = {} if settings is None else settings.tools.get(_SETTING, {})
        self._foreground = _color(stored.get("foreground")) or BLACK
        self._background = _color(stored.get("background")) or WHITE
        self.recent: tuple[RGB, ...] = _colors(stored.get("recent"))[:RECENT]
        self.kept: tuple[RGB, ...] = _colors(stored.get("kept", FIRST_KEPT))[:KEPT]

    @property
    def foreground(self) -> RGB:
        """What brushes paint with."""
        return self._foreground

    @foreground.setter
    def foreground(self, color: RGB) -> None:
        if color != self._foreground:
            self._foreground = _checked(color)
            self.changed.emit()

    @property
    def background(self) -> RGB:
        """The second colour: the far end of gradients."""
        return self._background

    @background.setter
    def background(self, color: RGB) -> None:
        if color != self._background:
            self._background = _checked(color)
            self.changed.emit()

    def swap(self) -> None:
        """Exchange foreground and background."""
        if self._foreground != self._background:
            self._foreground, self._background = self._background, self._foreground
            self.changed.emit()

    def reset(self) -> None:
        """Black on white."""
        if (self._foreground, self._background) != (BLACK, WHITE):
            self._foreground, self._background = BLACK, WHITE
            self.changed.emit()

    def used(self, color: RGB) -> None:
        """Put a colour that was painted with first among the recent ones."""
        if self.recent[:1] != (color,):
            rest = (other for other in self.recent if other != color)
            self.recent = (color, *rest)[:RECENT]
            self.swatches_changed.emit()

    def keep(self, color: RGB) -> None:
        """Add a swatch; one that is there already stays where it is."""
        if color not in self.kept:
            self.kept = (*self.kept, color)[-KEPT:]
            self.swatches_changed.emit()
            self.save()

    def drop(self, color: RGB) -> None:
        """Remove a swatch."""
        if color in self.kept:
            self.kept = tuple(other for other in self.kept if other != color)
            self.swatches_changed.emit()
            self.save()

    def save(self) -> None:
        """Remember everything for the next start."""
        if self._settings is not None:
            values = {
                "foreground": self._foreground,
                "background": self._background,
                "recent": self.recent,
                "kept": self.kept,
            }
            self._settings.remember_tool(_SETTING, values)


def in_profile(color: RGB, icc: bytes | None, dtype: Any) -> tuple[int, int, int]:
    """An sRGB colour in a picture's profile and depth; a damaged profile counts as sRGB.

    Args:
        color: sRGB, 0 to 255.
        icc: the picture's profile; None is sRGB.
        dtype: ``uint8`` or ``uint16``.
    """
    from studio.files.profiles import convert

    # Through 16 bits, so that a colour of an 8-bit picture is rounded once.
    deep = np.array(color, np.uint16).reshape(1, 1, 3) * 257
    with suppress(UserError):
        deep = convert(deep, None, icc)
    if np.dtype(dtype) == np.uint8:
        return _triple((deep.astype(np.uint32) + 128) // 257)
    return _triple(deep)


def from_profile(color: tuple[int, ...], icc: bytes | None, dtype: Any) -> RGB:
    """A colour of a picture as sRGB, 0 to 255; a damaged profile counts as sRGB."""
    from studio.files.profiles import convert

    deep = np.array(color[:3], np.uint16).reshape(1, 1, 3)
    if np.dtype(dtype) == np.uint8:
        deep = deep * np.uint16(257)
    with suppress(UserError):
        deep = convert(deep, icc, None)
    return _triple((deep.astype(np.uint32) + 128) // 257)


def _triple(pixel: Any) -> RGB:
    red, green, blue = (int(value) for value in pixel.reshape(3))
    return red, green, blue


def _checked(color: RGB) -> RGB:
    if len(color) != 3 or not all(0 <= value <= 255 for value in color):
        raise ValueError(f"not a color: {color}")
    return color


def _color(stored: object) -> RGB | None:
    """A colour from the settings; None if it is not one."""
    if not isinstance(stored, list | tuple) or len(stored) != 3:
        return None
    if not all(isinstance(value, int) and 0 <= value <= 255 for value in stored):
        return None
    red, green, blue = stored
    return red, green, blue


def _colors(stored: object) -> tuple[RGB, ...]:
    entries = stored if isinstance(stored, list | tuple) else ()
    return tuple(color for color in map(_color, entries) if color is not None)
