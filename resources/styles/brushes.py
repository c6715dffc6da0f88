"""What the media have in common: noise, paper, flow lines, strokes and light on relief."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from studio_resources.styles.scenes import SIDE, Color, Field, Mask

Points = NDArray[np.float32]
Random = np.random.Generator


def noise(random: Random, cells: int, octaves: int = 4, aspect: float = 1.0) -> Field:
    """Smooth noise of mean 0 and deviation 1, with ``cells`` bumps along a side.

    Args:
        random: where it comes from.
        cells: bumps across in the coarsest octave.
        octaves: how many, each with twice the bumps and half the height.
        aspect: bumps down against bumps across: below 1 they are stretched vertically.
    """
    total = np.zeros((SIDE, SIDE), np.float32)
    for octave in range(octaves):
        across = min(cells * 2**octave, SIDE)
        down = min(max(int(across * aspect), 2), SIDE)
        grid = random.normal(0, 1, (down, across)).astype(np.float32)
        large = cv2.resize(grid, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        total += np.asarray(large, np.float32) / 2**octave
    return np.asarray((total - total.mean()) / total.std(), np.float32)


def blurred(field: Field, sigma: float) -> Field:
    """A Gaussian blur with reflected borders."""
    return np.asarray(
        cv2.GaussianBlur(field, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32
    )


def warped(field: Field, along: Field, down: Field) -> Field:
    """The field with each pixel taken from (x + along, y + down), in pixels."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    return np.asarray(
        cv2.remap(field, x + along, y + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101),
        np.float32,
    )


def seams(labels: NDArray[np.int32]) -> Mask:
    """Pixels whose right or lower neighbour belongs to another region."""
    edge = np.zeros(labels.shape, bool)
    edge[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    edge[:-1] |= labels[:-1] != labels[1:]
    return edge


def distance_to(mask: Mask) -> Field:
    """Distance in pixels to the nearest pixel of a mask."""
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def saturated(color: Field, factor: float) -> Field:
    """Colors further from gray, or nearer."""
    gray = color.mean(axis=-1, keepdims=True)
    return np.asarray(np.clip(gray + (color - gray) * factor, 0, 1), np.float32)


def lit(color: Field, height: Field, depth: float, gloss: float = 0.0) -> Field:
    """Color as it looks on a relief that is lit from the upper left.

    Args:
        color: SIDE x SIDE x 3 in [0, 1].
        height: of the surface, in pixels.
        depth: how strong the shading is.
        gloss: strength of highlights.
    """
    across = np.asarray(cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=0.125))
    down = np.asarray(cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=0.125))
    light = -(across + down) * 0.7071
    light = light / (1 + np.abs(light))
    shine = gloss * np.clip(light - 0.35, 0, 1) ** 2
    return np.asarray(np.clip(color * (1 + depth * light)[..., None] + shine[..., None], 0, 1))


def spread_points(random: Random, spacing: float) -> Points:
    """Points on a jittered grid in random order, N x 2 as (x, y)."""
    count = int(SIDE / spacing)
    y, x = np.mgrid[:count, :count].astype(np.float32)
    grid = np.stack([x.ravel(), y.ravel()], axis=1) + 0.5
    moved = (grid + random.uniform(-0.5, 0.5, grid.shape)) * (SIDE / count)
    return np.asarray(random.permutation(np.clip(moved, 0, SIDE - 1)), np.float32)


def flow_line(start: Points, angle: Field, length: float, step: float = 4.0) -> Points:
    """A line through ``start`` along a field of directions, as points ``step`` pixels apart."""
    halves = []
    for way in (-1.0, 1.0):
        x, y = float(start[0]), float(start[1])
        points = [(x, y)]
        for _ in range(max(int(length / 2 / step), 1)):
            row, column = int(y), int(x)
            if not (0 <= row < SIDE and 0 <= column < SIDE):
                break
            turn = float(angle[row, column])
            x, y = x + way * step * np.cos(turn), y + way * step * np.sin(turn)
            points.append((x, y))
        halves.append(points)
    return np.array(halves[0][:0:-1] + halves[1], np.float32)


def beside(line: Points, offset: float) -> Points:
    """A line at a distance to the right of another one."""
    way = np.gradient(line, axis=0)
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-6)
    normal = np.stack([-way[:, 1] / length, way[:, 0] / length], axis=1)
    return np.asarray(line + offset * normal, np.float32)


def draw(canvas: Field, line: Points, value: float | Color, width: float) -> None:
    """Draw a smooth line of one value or color into a field."""
    fixed = (line * 16).round().astype(np.int32)
    color = (value,) if isinstance(value, float) else value
    cv2.polylines(canvas, [fixed], False, color, max(round(width), 1), cv2.LINE_8, shift=4)


def bristles(line: Points, width: float, random: Random) -> Iterator[tuple[Points, float, float]]:
    """The hairs of a brush along a line: (line, width, share in [-1, 1] of the color's variation)."""
    count = max(int(width / 3.2), 3)
    for place in np.linspace(-0.5, 0.5, count):
        trim = random.integers(0, max(len(line) // 5, 1) + 1, 2)
        part = line[int(trim[0]) : len(line) - int(trim[1])]
        if len(part) >= 2:
            yield (
                beside(part, float(place) * width),
                width / count * 1.5,
                float(random.normal(0, 0.5)),
            )
