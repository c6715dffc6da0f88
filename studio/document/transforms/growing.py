"""The canvas grows around the picture, and something new is put into the new area."""

from __future__ import annotations

import numpy as np

from studio.api.margins import Margins
from studio.document.edits import Edit
from studio.document.geometry import Rect
from studio.document.nodes import Layer
from studio.document.picture import Picture
from studio.document.tiles import Array, Raster
from studio.document.transforms.whole import canvas_size


def grown_canvas(margins: Margins, width: int, height: int) -> Rect:
    """The canvas with margins, in pixels of the canvas of ``width`` x ``height`` so far."""
    return Rect(-margins.left, -margins.top, *margins.size(width, height))


def margin_weights(margins: Margins, width: int, height: int) -> Array:
    """How far each pixel of the grown canvas is new.

    Args:
        margins: around the old canvas.
        width: of the old canvas.
        height: of the old canvas.

    Returns:
        H x W float32: 1 in the margins; inside the old canvas it falls to 0 over the overlap, away
        from the sides that grow, and is exactly 0 further in.
    """
    across = _line(margins.left, width, margins.right, margins.overlap)
    down = _line(margins.top, height, margins.bottom, margins.overlap)
    return np.maximum(down[:, None], across[None, :])


def grow(margins: Margins, pixels: Array, name: str) -> Edit:
    """Grow the canvas and put ``pixels`` around the picture, on a new layer on top of all.

    Layers, masks, selection, guides and text move along, every pixel as it was.

    Args:
        margins: around the canvas so far.
        pixels: H x W x 4 of the grown canvas; what covers the old one is left out but for the overlap.
        name: of the new layer, which becomes the active one.
    """

    def edit(picture: Picture) -> Picture:
        rect = grown_canvas(margins, picture.width, picture.height)
        if pixels.shape != (rect.height, rect.width, 4):
            raise ValueError(
                f"pixels of {pixels.shape} for a canvas of {rect.width} x {rect.height}"
            )
        raster = Raster(picture.dtype, 4)
        for part in _strips(margins, rect):
            rows, columns = slice(part.y, part.bottom), slice(part.x, part.right)
            raster = raster.write(part.x, part.y, pixels[rows, columns])
        if margins.overlap:
            raster = _faded(raster, margins, picture, pixels)
        layer = Layer(name, raster)
        after = canvas_size(rect)(picture)
        return after.replaced(nodes=(*after.nodes, layer), active=layer.id, mask_active=False)

    return edit


def _strips(margins: Margins, rect: Rect) -> list[Rect]:
    """The new area, in pixels of the grown canvas: above, below, left, right."""
    left, top, right, bottom, _ = margins
    inner = rect.height - top - bottom
    parts = [
        Rect(0, 0, rect.width, top),
        Rect(0, rect.height - bottom, rect.width, bottom),
        Rect(0, top, left, inner),
        Rect(rect.width - right, top, right, inner),
    ]
    return [part for part in parts if not part.empty]


def _faded(raster: Raster, margins: Margins, picture: Picture, pixels: Array) -> Raster:
    """With what fades into the old canvas, in the four strips along its border."""
    left, top, right, bottom, overlap = margins
    weights = margin_weights(margins, picture.width, picture.height)
    old = Rect(left, top, picture.width, picture.height)
    across, down = min(overlap, old.width), min(overlap, old.height)
    strips = [
        Rect(old.x, old.y, old.width, down if top else 0),
        Rect(old.x, old.bottom - down, old.width, down if bottom else 0),
        Rect(old.x, old.y, across if left else 0, old.height),
        Rect(old.right - across, old.y, across if right else 0, old.height),
    ]
    for part in strips:
        if part.empty:
            continue
        rows, columns = slice(part.y, part.bottom), slice(part.x, part.right)
        piece = pixels[rows, columns].copy()
        piece[..., 3] = np.rint(piece[..., 3] * weights[rows, columns])
        raster = raster.write(part.x, part.y, piece)
    return raster


def _line(before: int, length: int, after: int, overlap: int) -> Array:
    """The weights along one axis."""
    line = np.ones(before + length + after, np.float32)
    inside = line[before : before + length]
    inside[:] = 0
    if overlap:
        ramp = 1 - (np.arange(min(overlap, length), dtype=np.float32) + 0.5) / overlap
        ramp = ramp * ramp * (3 - 2 * ramp)
        if before:
            inside[: len(ramp)] = ramp
        if after:
            inside[length - len(ramp) :] = np.maximum(inside[length - len(ramp) :], ramp[::-1])
    return line
