"""Lengths of a picture in pixels, percent and what they are in print. No Qt."""

from __future__ import annotations

from enum import StrEnum

from studio.qt.i18n import N_

SCREEN = 72.0
"""Pixels per inch of a file that does not say."""


class Unit(StrEnum):
    """What a length is given in."""

    PIXELS = "px"
    PERCENT = "%"
    CENTIMETRES = "cm"
    MILLIMETRES = "mm"
    INCHES = "in"


TITLES = {
    Unit.PIXELS: N_("pixels"),
    Unit.PERCENT: N_("percent"),
    Unit.CENTIMETRES: N_("centimetres"),
    Unit.MILLIMETRES: N_("millimetres"),
    Unit.INCHES: N_("inches"),
}
_PER_INCH = {Unit.INCHES: 1.0, Unit.CENTIMETRES: 2.54, Unit.MILLIMETRES: 25.4}


def to_unit(pixels: float, unit: Unit, whole: float, dpi: float) -> float:
    """Pixels in a unit; ``whole`` is what 100 % means."""
    if unit is Unit.PIXELS:
        return pixels
    if unit is Unit.PERCENT:
        return 100 * pixels / whole
    return pixels / dpi * _PER_INCH[unit]


def to_pixels(value: float, unit: Unit, whole: float, dpi: float) -> float:
    """The other way round; not rounded."""
    if unit is Unit.PIXELS:
        return value
    if unit is Unit.PERCENT:
        return value / 100 * whole
    return value / _PER_INCH[unit] * dpi


def decimals(unit: Unit) -> int:
    """Digits that make sense after the point."""
    return {Unit.PIXELS: 0, Unit.MILLIMETRES: 1}.get(unit, 2)
