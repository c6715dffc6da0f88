"""The pictures that operations are run on: small, of known pixels, one for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from studio.document import Array, Picture, Raster

WIDTH, HEIGHT = 96, 64
PIXELS = WIDTH * HEIGHT
_BLOCK = 512


def pixels(width: int, height: int, dtype: Any = np.uint8) -> Array:
    """Opaque H x W x 4: soft colors, an edge, and a little noise, as a photograph has.

    A large one repeats a smaller one, which takes less time to make.
    """
    if max(width, height) > _BLOCK:
        block = pixels(min(width, _BLOCK), min(height, _BLOCK), dtype)
        times = (-(-height // block.shape[0]), -(-width // block.shape[1]), 1)
        return np.ascontiguousarray(np.tile(block, times)[:height, :width])
    down, across = np.mgrid[0:height, 0:width] / max(width, height, 2)
    noise = np.random.default_rng(7).normal(0, 0.02, (height, width, 3))
    color = np.stack([across, 0.3 + 0.4 * down, 1 - across * 0.8], axis=2) * 0.8 + 0.1 + noise
    color[(across > 0.3) & (across < 0.5) & (down > 0.15)] *= 0.35
    out = np.ones((height, width, 4))
    out[..., :3] = color.clip(0, 1)
    return np.asarray((out * np.iinfo(dtype).max).round(), dtype)


def plain(width: int = WIDTH, height: int = HEIGHT, dtype: Any = np.uint8) -> Picture:
    """An opaque picture of one layer."""
    return Picture.from_pixels(pixels(width, height, dtype))


def _gray() -> Picture:
    out = pixels(WIDTH, HEIGHT)
    out[..., :3] = out[..., 1:2]
    return Picture.from_pixels(out)


def _transparent() -> Picture:
    out = pixels(WIDTH, HEIGHT)
    out[..., 3] = np.linspace(0, 255, WIDTH).round()[None]
    out[:20, :30, 3] = 0
    return Picture.from_pixels(out)


KINDS: Mapping[str, Callable[[], Picture]] = {
    "1 x 1": lambda: plain(1, 1),
    "61 x 47": lambda: plain(61, 47),
    "gray": _gray,
    "transparent": _transparent,
    "16-bit": lambda: plain(dtype=np.uint16),
}


def selected(picture: Picture) -> Picture:
    """The picture with a soft ellipse in its middle selected; all of it if it is tiny."""
    down, across = np.mgrid[0 : picture.height, 0 : picture.width]
    radius = np.hypot((across + 0.5) / picture.width - 0.5, ((down + 0.5) / picture.height - 0.5))
    weights = ((0.35 - radius) / 0.05).clip(0, 1)
    if min(picture.width, picture.height) < 8:
        weights[:] = 1
    mask = np.asarray((weights * 255).round(), np.uint8)
    return picture.with_selection(Raster.from_array(mask[..., None]))


def reference(folder: Path) -> str:
    """A file to choose where an operation asks for a picture."""
    from PIL import Image

    path = folder / "reference.png"
    Image.fromarray(pixels(128, 128)[..., :3]).save(path)
    return str(path)
