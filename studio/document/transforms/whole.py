"""Edits of the canvas as a whole: layers, masks, selection, guides and text go along."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from studio.api.errors import UserError
from studio.document.composite import composite
from studio.document.edits import Edit
from studio.document.geometry import Rect
from studio.document.named import NamedEdit
from studio.document.nodes import Guide, Layer, Node, Text, mapped
from studio.document.picture import Picture
from studio.document.tiles import TILE, Array, Raster
from studio.document.transforms.matrices import (
    Matrix,
    lattice,
    mapped_points,
    rotation,
    translation,
    uniform_scale,
)
from studio.document.transforms.sampling import Resampling, content_bounds, scaled
from studio.document.transforms.warping import on_lattice, warped

LONGEST = 1 << 18
"""The longest side of a canvas, in pixels."""


def map_rasters(picture: Picture, moved: Callable[[Raster], Raster], matrix: Matrix) -> Picture:
    """Every layer, mask and the selection through ``moved``; text and guides through ``matrix``.

    Text that a map more than moves and scales is pixels from then on; guides that would be tilted
    are dropped.
    """

    def layer(old: Layer) -> Layer:
        return old.replaced(raster=moved(old.raster), text=moved_text(old.text, matrix))

    after = picture.replaced(
        nodes=mapped(picture.nodes, layer, moved),
        guides=moved_guides(picture.guides, matrix),
    )
    return after.with_selection(picture.selection and moved(picture.selection))


def image_size(
    width: int,
    height: int,
    method: Resampling = Resampling.AUTOMATIC,
    *,
    linear: bool = False,
) -> Edit:
    """Give the picture another number of pixels; ``linear`` mixes light instead of sRGB values."""
    _require_size(width, height)

    def edit(picture: Picture) -> Picture:
        if (width, height) == (picture.width, picture.height):
            return picture
        across, down = width / picture.width, height / picture.height

        def again(raster: Raster) -> Raster:
            return scaled(raster, across, down, method, linear=linear and raster.channels == 4)

        after = map_rasters(picture, again, np.diag([across, down, 1.0]))
        return after.replaced(width=width, height=height)

    return NamedEdit(
        "image-size",
        {"width": width, "height": height, "method": str(method), "linear": linear},
        edit,
    )


def canvas_size(rect: Rect, fill: tuple[int, int, int] | None = None) -> Edit:
    """Make ``rect`` the canvas; what lies outside it stays on the layers, off the canvas.

    Args:
        rect: in pixels of the canvas so far; may reach beyond it on any side.
        fill: RGB in the picture's profile and depth that the new area of the lowest layer gets;
            None leaves it transparent.
    """
    _require_size(rect.width, rect.height)

    def edit(picture: Picture) -> Picture:
        if rect == picture.bounds:
            return picture
        if fill is not None:
            picture = _filled(picture, rect, fill)
        return _recut(picture, rect)

    return NamedEdit(
        "canvas-size", {"rect": list(rect), "fill": None if fill is None else list(fill)}, edit
    )


def crop_to(
    rect: Rect,
    angle: float = 0.0,
    *,
    delete: bool = True,
    method: Resampling = Resampling.AUTOMATIC,
) -> Edit:
    """Make ``rect`` the canvas after turning the picture about the middle of ``rect``.

    Args:
        rect: in pixels of the canvas so far; may reach beyond it.
        angle: degrees clockwise.
        delete: drop what lies outside; otherwise it stays on the layers.
        method: kernel for the turning.
    """
    _require_size(rect.width, rect.height)

    def edit(picture: Picture) -> Picture:
        after = picture
        if angle % 360:
            middle = (rect.x + rect.width / 2, rect.y + rect.height / 2)
            matrix = rotation(angle, middle)
            area = rect if delete else None
            after = map_rasters(picture, lambda r: warped(r, matrix, method, area), matrix)
        if rect != picture.bounds:
            after = _recut(after, rect)
        if delete:
            after = _without_outside(after)
        return after

    return NamedEdit(
        "crop", {"rect": list(rect), "angle": angle, "delete": delete, "method": str(method)}, edit
    )


def flip(axis: Literal["horizontal", "vertical"]) -> Edit:
    """Mirror the picture left to right (``horizontal``) or top to bottom, exactly."""

    def edit(picture: Picture) -> Picture:
        matrix = flipping(picture.bounds, axis)
        return map_rasters(picture, lambda raster: warped(raster, matrix), matrix)

    return NamedEdit("flip", {"axis": axis}, edit)


def rotate_quarters(quarters: int) -> Edit:
    """Turn the picture clockwise by quarter turns, exactly."""

    def edit(picture: Picture) -> Picture:
        if quarters % 4 == 0:
            return picture
        width, height = picture.width, picture.height
        if quarters % 2:
            width, height = height, width
        matrix = quarter_turns(picture.bounds, quarters)
        after = map_rasters(picture, lambda raster: warped(raster, matrix), matrix)
        return after.replaced(width=width, height=height)

    return NamedEdit("rotate", {"angle": 90 * (quarters % 4)}, edit)


def rotate(
    angle: float,
    *,
    expand: bool = True,
    method: Resampling = Resampling.AUTOMATIC,
) -> Edit:
    """Turn the picture by any angle, in degrees clockwise, about its middle.

    Args:
        angle: degrees; multiples of 90 are exact.
        expand: enlarge the canvas so that all of it still fits; otherwise the canvas stays.
        method: kernel.
    """

    def edit(picture: Picture) -> Picture:
        if angle % 360 == 0:
            return picture
        if angle % 90 == 0 and expand:
            return rotate_quarters(round(angle / 90))(picture)
        matrix = rotation(angle, (picture.width / 2, picture.height / 2))
        width, height = picture.width, picture.height
        if expand:
            width, height = rotated_size(width, height, angle)
            matrix = (
                translation((width - picture.width) / 2, (height - picture.height) / 2) @ matrix
            )
        _require_size(width, height)
        after = map_rasters(picture, lambda raster: warped(raster, matrix, method), matrix)
        return after.replaced(width=width, height=height)

    return NamedEdit("rotate", {"angle": angle, "expand": expand, "method": str(method)}, edit)


def trim(
    by: Literal["transparency", "color"] = "transparency",
    tolerance: float = 0.0,
    sides: frozenset[str] = frozenset({"left", "top", "right", "bottom"}),
) -> Edit:
    """Cut away a border that is transparent, or has the colour of the top left corner.

    Args:
        by: ``transparency``, or ``color`` for that of the top left corner.
        tolerance: how far alpha or any channel may be off, as a share of full intensity.
        sides: which of ``left``, ``top``, ``right``, ``bottom`` may be cut.

    The edit raises UserError if nothing but border is there.
    """

    def edit(picture: Picture) -> Picture:
        rect = _trimmed(picture, by, tolerance)
        if rect.empty:
            raise UserError(
                "Trimming would leave nothing.", "The whole picture is border; lower the tolerance."
            )
        bounds = picture.bounds
        left = rect.x if "left" in sides else 0
        top = rect.y if "top" in sides else 0
        right = rect.right if "right" in sides else bounds.right
        bottom = rect.bottom if "bottom" in sides else bounds.bottom
        return crop_to(Rect(left, top, right - left, bottom - top))(picture)

    return NamedEdit("trim", {"by": by, "tolerance": tolerance, "sides": sorted(sides)}, edit)


def rotated_size(width: int, height: int, angle: float) -> tuple[int, int]:
    """The canvas that a turned one fits in."""
    cosine, sine = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    return (
        math.ceil(width * cosine + height * sine - 1e-6),
        math.ceil(width * sine + height * cosine - 1e-6),
    )


def straightened_size(width: int, height: int, angle: float) -> tuple[float, float]:
    """The largest rectangle of the same proportions inside a turned one, about its middle."""
    cosine, sine = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    factor = min(
        width / (width * cosine + height * sine), height / (width * sine + height * cosine)
    )
    return width * factor, height * factor


def flipping(area: Rect, axis: Literal["horizontal", "vertical"]) -> Matrix:
    """Mirrors an area onto itself."""
    if axis == "horizontal":
        return np.array([[-1, 0, 2 * area.x + area.width], [0, 1, 0], [0, 0, 1]], np.float64)
    return np.array([[1, 0, 0], [0, -1, 2 * area.y + area.height], [0, 0, 1]], np.float64)


def quarter_turns(area: Rect, quarters: int) -> Matrix:
    """Turns an area clockwise such that its top left corner is at the same place again."""
    turn = rotation(90 * (quarters % 4))
    corners = mapped_points(turn, [(area.x, area.y), (area.right, area.bottom)])
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    return translation(area.x - left, area.y - top) @ turn


def moved_text(text: Text | None, matrix: Matrix) -> Text | None:
    """The text at another place or size; None if only its pixels can follow."""
    if text is None:
        return None
    factor = uniform_scale(matrix)
    if factor is None:
        return None
    ((x, y),) = mapped_points(matrix, [(text.x, text.y)])
    return text.replaced(x=x, y=y, size=text.size * factor)


def moved_guides(guides: tuple[Guide, ...], matrix: Matrix) -> tuple[Guide, ...]:
    """The guides that stay upright or level, where they are then."""
    m = matrix / matrix[2, 2]
    level = abs(m[0, 1]) < 1e-9 and abs(m[1, 0]) < 1e-9
    turned = abs(m[0, 0]) < 1e-9 and abs(m[1, 1]) < 1e-9
    if not (level or turned):
        return ()
    out = []
    for guide in guides:
        at = (guide.position, 0.0) if guide.vertical else (0.0, guide.position)
        ((x, y),) = mapped_points(matrix, [at])
        vertical = guide.vertical != turned
        out.append(dataclasses.replace(guide, vertical=vertical, position=x if vertical else y))
    return tuple(out)


def _recut(picture: Picture, rect: Rect) -> Picture:
    """With another canvas and everything where it was on the plane."""
    matrix = translation(-rect.x, -rect.y)
    exact = lattice(matrix)
    assert exact is not None  # noqa: S101 - whole numbers
    after = map_rasters(picture, lambda raster: on_lattice(raster, *exact), matrix)
    guides = (
        guide
        for guide in after.guides
        if 0 <= guide.position <= (rect.width if guide.vertical else rect.height)
    )
    selection = after.selection and after.selection.cropped(Rect(0, 0, rect.width, rect.height))
    cut = after.replaced(width=rect.width, height=rect.height, guides=tuple(guides))
    return cut.with_selection(selection)


def _without_outside(picture: Picture) -> Picture:
    bounds = picture.bounds

    def layer(old: Layer) -> Layer:
        inside = old.raster.cropped(bounds)
        same = inside.tiles.keys() == old.raster.tiles.keys() and not inside.changed_tiles(
            old.raster
        )
        return old if same else old.replaced(raster=inside)

    return picture.replaced(nodes=mapped(picture.nodes, layer, lambda mask: mask.cropped(bounds)))


def _filled(picture: Picture, rect: Rect, fill: tuple[int, int, int]) -> Picture:
    """With colour on the lowest layer wherever ``rect`` is beyond the canvas."""
    lowest = picture.layers[0]
    raster = lowest.raster
    for part in _around(rect, picture.bounds):
        pixels = np.empty((part.height, part.width, 4), raster.dtype)
        pixels[:] = (*fill, raster.maximum)
        raster = raster.write(part.x, part.y, pixels)
    changed: Node = lowest.replaced(raster=raster)
    if lowest.mask is not None:
        mask = lowest.mask
        for part in _around(rect, picture.bounds):
            mask = mask.write(
                part.x, part.y, np.full((part.height, part.width, 1), mask.maximum, mask.dtype)
            )
        changed = changed.replaced(mask=mask)
    return picture.with_node(changed)


def _around(outer: Rect, inner: Rect) -> list[Rect]:
    """The parts of ``outer`` that are not in ``inner``."""
    inside = outer.intersected(inner)
    if inside.empty:
        return [outer]
    parts = [
        Rect(outer.x, outer.y, outer.width, inside.y - outer.y),
        Rect(outer.x, inside.bottom, outer.width, outer.bottom - inside.bottom),
        Rect(outer.x, inside.y, inside.x - outer.x, inside.height),
        Rect(inside.right, inside.y, outer.right - inside.right, inside.height),
    ]
    return [part for part in parts if not part.empty]


def _trimmed(picture: Picture, by: str, tolerance: float) -> Rect:
    """Around every pixel of the composite that is not border, in bands so that memory stays low."""
    maximum = int(np.iinfo(picture.dtype).max)
    allowed = tolerance * maximum
    if by == "transparency" and allowed == 0 and len(picture.nodes) == 1:
        layer = picture.nodes[0]
        plain = layer.mask is None and layer.visible and layer.opacity == 1
        if isinstance(layer, Layer) and plain:
            return content_bounds(layer.raster).intersected(picture.bounds)
    corner = composite(picture, Rect(0, 0, 1, 1))[0, 0].astype(np.int64)
    found = Rect(0, 0, 0, 0)
    for top in range(0, picture.height, TILE):
        band = Rect(0, top, picture.width, min(TILE, picture.height - top))
        shown = _is_content(composite(picture, band), by, allowed, corner)
        rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
        if rows.size:
            left, first = int(columns[0]), int(rows[0])
            size = int(columns[-1]) - left + 1, int(rows[-1]) - first + 1
            found = found.united(Rect(left, top + first, *size))
    return found


def _is_content(pixels: Array, by: str, allowed: float, corner: Array) -> Array:
    if by == "transparency":
        alpha: Array = pixels[..., 3] > allowed
        return alpha
    off: Array = np.abs(pixels.astype(np.int64) - corner).max(axis=2) > allowed
    seen: Array = (pixels[..., 3] > 0) | (corner[3] > 0)
    return np.logical_and(off, seen)


def _require_size(width: int, height: int) -> None:
    if not (1 <= width <= LONGEST and 1 <= height <= LONGEST):
        raise UserError(
            f"A canvas of {width} × {height} pixels is not possible.",
            f"Each side is between 1 and {LONGEST} pixels.",
        )
