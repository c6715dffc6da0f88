"""Reading the colour at a place of a picture."""

from __future__ import annotations

import numpy as np

from studio.document.composite import composite
from studio.document.geometry import Rect
from studio.document.picture import Picture


def sampled(
    picture: Picture, x: int, y: int, size: int = 1, *, layer_only: bool = False
) -> tuple[int, int, int] | None:
    """The mean colour around a pixel, in the picture's depth and profile, alpha-weighted.

    Args:
        picture: from a document.
        x: column of the pixel.
        y: its row.
        size: width and height of the square that is averaged; odd. It is cut to the canvas.
        layer_only: of the active layer alone instead of what shows.

    Returns:
        Red, green and blue; None outside the canvas and where everything is transparent.
    """
    if not picture.bounds.contains(x, y):
        return None
    area = Rect(x - size // 2, y - size // 2, size, size).intersected(picture.bounds)
    pixels = picture.active_layer.raster.read(area) if layer_only else composite(picture, area)
    alpha = pixels[..., 3].astype(np.float64)
    if not alpha.any():
        return None
    mean = (pixels[..., :3] * alpha[..., None]).sum((0, 1)) / alpha.sum()
    red, green, blue = (int(value) for value in np.rint(mean))
    return red, green, blue
