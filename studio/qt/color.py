"""From the picture's profile to the monitor, which is taken to be sRGB."""

from __future__ import annotations

from studio.api.errors import UserError
from studio.document import Array


def to_monitor(pixels: Array, icc: bytes | None) -> Array:
    """Straight RGBA for the screen; a profile that cannot be used counts as sRGB."""
    if icc is None:
        return pixels
    from studio.files.profiles import convert

    try:
        return convert(pixels, icc, None, fast=True)
    except UserError:
        return pixels
