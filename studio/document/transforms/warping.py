"""Rasters under affine and perspective maps, without aliasing where they shrink."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np

from studio.api.errors import UserError
from studio.document.geometry import Rect
from studio.document.tiles import TILE, Array, Raster
from studio.document.transforms.matrices import (
    Matrix,
    Point,
    lattice,
    mapped_points,
    scaling,
    translation,
)
from studio.document.transforms.sampling import Planes, Resampling, content_bounds, scaled

BLOCK = 4 * TILE
REACH = 6
LARGEST = 1 << 29
"""Pixels of a result beyond which it is refused."""
MOST_SAMPLES = 4
_KERNELS = {
    Resampling.AUTOMATIC: cv2.INTER_CUBIC,
    Resampling.NEAREST: cv2.INTER_NEAREST,
    Resampling.BILINEAR: cv2.INTER_LINEAR,
    Resampling.BICUBIC: cv2.INTER_CUBIC,
    Resampling.LANCZOS: cv2.INTER_LANCZOS4,
    Resampling.AREA: cv2.INTER_LINEAR,
}


def warped(
    raster: Raster,
    matrix: Matrix,
    method: Resampling = Resampling.AUTOMATIC,
    within: Rect | None = None,
) -> Raster:
    """A raster whose point p is moved to ``matrix @ p``.

    Moves by whole pixels, mirrors and quarter turns are exact. Otherwise what shrinks is reduced
    first with an anti-aliasing kernel, what is still squeezed is sampled several times per pixel,
    and colours are weighted by alpha. The edge of the content fades over one pixel.

    Args:
        raster: straight RGBA or a mask.
        matrix: 3 x 3.
        method: kernel.
        within: keep only what falls in here; default all.

    Raises:
        UserError: if the map folds the content over or takes it beyond all bounds.
    """
    exact = lattice(matrix)
    if exact is not None:
        moved = on_lattice(raster, *exact)
        return moved if within is None else moved.cropped(within)
    area = content_bounds(raster)
    out = Raster(raster.dtype, raster.channels)
    if area.empty:
        return out
    target = target_rect(matrix, area)
    if within is not None:
        target = target.intersected(within)
    if target.width * target.height > LARGEST:
        raise UserError("The transformed layer would be too large.", "Scale it less.")
    upright = _upright(matrix)
    if upright is not None:
        across, down, dx, dy = upright
        mirrored = on_lattice(raster, *_mirroring(across, down))
        made = scaled(mirrored, abs(across), abs(down), method, offset=(dx, dy))
        return made if within is None else made.cropped(within)
    samples = 1
    if method is not Resampling.NEAREST:
        across, down = _stretch(matrix, area)
        if min(across, down) < 0.99:
            across, down = min(across, 1.0), min(down, 1.0)
            raster = scaled(raster, across, down, method)
            matrix = matrix @ scaling(1 / across, 1 / down)
            area = content_bounds(raster)
        samples = _samples(matrix, area)
    for block in _blocks(target):
        pixels = _block(raster, area, matrix, block, (_KERNELS[method], samples))
        if pixels is not None:
            out = out.write(block.x, block.y, pixels)
    return out


def target_rect(matrix: Matrix, area: Rect) -> Rect:
    """The whole pixels around where an area goes.

    Raises:
        UserError: if part of it goes to infinity.
    """
    corners = _corners(area)
    depths = [matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] for x, y in corners]
    if min(depths) * max(depths) <= 0 or abs(np.linalg.det(matrix[:2, :2])) < 1e-12:
        raise UserError("This shape cannot be made.", "Move the corners further apart.")
    xs, ys = zip(*mapped_points(matrix, corners), strict=True)
    x, y = math.floor(min(xs) - 0.5 + 1e-6), math.floor(min(ys) - 0.5 + 1e-6)
    right, bottom = math.ceil(max(xs) + 0.5 - 1e-6), math.ceil(max(ys) + 0.5 - 1e-6)
    return Rect(x, y, right - x, bottom - y)


def on_lattice(raster: Raster, quarters: int, mirrored: bool, dx: int, dy: int) -> Raster:
    """A raster mirrored left to right, turned clockwise by quarters and moved, all exactly."""
    if quarters == 0 and not mirrored and dx % TILE == 0 and dy % TILE == 0:
        return raster.shifted(dx // TILE, dy // TILE)
    area = raster.bounds
    if area.empty:
        return raster
    pixels = raster.read(area)
    if mirrored:
        pixels = pixels[:, ::-1]
        area = Rect(-area.right, area.y, area.width, area.height)
    for _ in range(quarters):
        area = Rect(-area.bottom, area.x, area.height, area.width)
    pixels = np.rot90(pixels, -quarters)
    return Raster.from_array(pixels, area.x + dx, area.y + dy)


def _upright(matrix: Matrix) -> tuple[float, float, float, float] | None:
    """Factors and offsets of a map that only scales, mirrors and moves along the axes."""
    m = matrix / matrix[2, 2]
    if max(abs(m[0, 1]), abs(m[1, 0]), abs(m[2, 0]), abs(m[2, 1])) > 1e-12:
        return None
    return float(m[0, 0]), float(m[1, 1]), float(m[0, 2]), float(m[1, 2])


def _mirroring(across: float, down: float) -> tuple[int, bool, int, int]:
    """What mirrors about (0, 0) where a factor is negative, for `on_lattice`."""
    return (2 if down < 0 else 0), (across < 0) != (down < 0), 0, 0


def _corners(area: Rect) -> list[Point]:
    return [
        (area.x, area.y),
        (area.right, area.y),
        (area.right, area.bottom),
        (area.x, area.bottom),
    ]


def _jacobians(matrix: Matrix, area: Rect) -> list[Matrix]:
    """Derivatives of the map at the corners and the middle of an area."""
    middle = (area.x + area.width / 2, area.y + area.height / 2)
    found = []
    for x, y in (*_corners(area), middle):
        u, v, w = matrix @ np.array([x, y, 1.0])
        rows = (matrix[0, :2] * w - u * matrix[2, :2], matrix[1, :2] * w - v * matrix[2, :2])
        found.append(np.array(rows) / (w * w))
    return found


def _stretch(matrix: Matrix, area: Rect) -> tuple[float, float]:
    """The largest lengths that a step to the right and one downwards get anywhere."""
    found = _jacobians(matrix, area)
    across = max(float(np.linalg.norm(j[:, 0])) for j in found)
    down = max(float(np.linalg.norm(j[:, 1])) for j in found)
    least_x, least_y = 1 / max(area.width, 1), 1 / max(area.height, 1)
    return max(across, least_x), max(down, least_y)


def _samples(matrix: Matrix, area: Rect) -> int:
    """Samples per pixel and direction that the most squeezed place needs."""
    least = min(float(np.linalg.svd(j, compute_uv=False)[-1]) for j in _jacobians(matrix, area))
    return min(max(math.ceil(0.8 / max(least, 1e-3)), 1), MOST_SAMPLES)


def _blocks(target: Rect) -> Iterator[Rect]:
    if target.empty:
        return
    for top in range(target.y // BLOCK * BLOCK, target.bottom, BLOCK):
        for left in range(target.x // BLOCK * BLOCK, target.right, BLOCK):
            yield Rect(left, top, BLOCK, BLOCK).intersected(target)


def _source(matrix: Matrix, block: Rect, area: Rect) -> Rect:
    """The part of ``area`` that a block of the result is made of."""
    inverse: Matrix = np.linalg.inv(matrix).astype(np.float64)
    corners = _corners(block)
    depths = [inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2] for x, y in corners]
    if min(depths) * max(depths) <= 0:
        return area  # the horizon runs through the block
    xs, ys = zip(*mapped_points(inverse, corners), strict=True)
    left, top = math.floor(min(xs)), math.floor(min(ys))
    seen = Rect(left, top, math.ceil(max(xs)) - left, math.ceil(max(ys)) - top)
    return seen.grown(REACH).intersected(area)


def _block(
    raster: Raster, area: Rect, matrix: Matrix, block: Rect, kernel: tuple[int, int]
) -> Array | None:
    """The pixels of one block of the result; None if nothing falls there."""
    source = _source(matrix, block, area.grown(REACH))
    if source.empty:
        return None
    flag, samples = kernel
    pixels = raster.read(source)
    # OpenCV speaks of the middles of pixels, the matrix of their corners.
    local = (
        translation(-0.5, -0.5)
        @ scaling(samples, samples)
        @ translation(-block.x, -block.y)
        @ matrix
        @ translation(source.x + 0.5, source.y + 0.5)
    )
    size = (block.width * samples, block.height * samples)

    def filtered(plane: Array) -> Array:
        made = cv2.warpPerspective(
            plane, local, size, flags=flag, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        if samples > 1:
            made = cv2.resize(made, (block.width, block.height), interpolation=cv2.INTER_AREA)
        return np.asarray(made)

    if flag == cv2.INTER_NEAREST:
        made = filtered(pixels)
        return made.reshape(block.height, block.width, raster.channels)
    if raster.channels == 1:
        plane = filtered(pixels[..., 0].astype(np.float32))
        mask: Array = np.rint(np.clip(plane, 0, raster.maximum)).astype(raster.dtype)
        return mask[..., None]
    return Planes(pixels).mapped(filtered, (block.height, block.width), opaque=False)
