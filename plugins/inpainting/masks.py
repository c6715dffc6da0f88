"""Random holes to learn from: strokes, boxes, blobs the shape of objects, and missing borders.

After the thin, thick and segmentation masks of Suvorov et al. 2022 ("Resolution-robust Large Mask
Inpainting with Fourier Convolutions", appendix), with shapes drawn at random in place of segmented
objects, and the border masks of uncropping.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Mask = NDArray[np.bool_]

_MOST = 0.5  # of the picture is masked at most, but for borders
_BORDER = 0.35  # of a side is missing at most


def random_mask(side: int, random: np.random.Generator, *, borders: float = 0.25) -> Mask:
    """A hole for a square picture, side x side, true where it is to be filled.

    Args:
        side: of the picture in pixels.
        random: where chance comes from.
        borders: how often the border is missing instead of something within.
    """
    if random.random() < borders:
        return missing_border(side, random)
    for _ in range(8):
        mask = _KINDS[int(random.integers(len(_KINDS)))](side, random)
        if 0.005 < mask.mean() < _MOST:
            return mask
    return thick(side, random, (0.1, 0.3))


def thick(side: int, random: np.random.Generator, share: tuple[float, float]) -> Mask:
    """Blobs and thick strokes, added until they cover a share of the picture between two bounds."""
    wanted = random.uniform(*share)
    mask = np.zeros((side, side), bool)
    for _ in range(100):
        more = mask | (blob(side, random) if random.integers(2) else strokes(side, random))
        if more.mean() <= share[1]:
            mask = more
        if mask.mean() >= wanted:
            break
    return mask


def missing_border(side: int, random: np.random.Generator) -> Mask:
    """One to four sides are missing, each by up to a third of the picture."""
    mask = np.zeros((side, side), bool)
    sides = random.permutation(4)[: int(random.choice([1, 1, 2, 2, 4]))]
    for number in sides:
        most = _BORDER if len(sides) < 4 else 0.2
        deep = max(int(random.uniform(0.05, most) * side), 1)
        turned = np.rot90(mask, int(number))  # a view
        turned[:deep] = True
    return mask


def strokes(side: int, random: np.random.Generator, *, thin: bool = False) -> Mask:
    """A few bent strokes of a brush."""
    canvas = Image.new("L", (side, side))
    pen = ImageDraw.Draw(canvas)
    widest = 0.04 if thin else 0.18
    for _ in range(int(random.integers(1, 5 if thin else 3))):
        width = max(int(random.uniform(widest / 4, widest) * side), 2)
        x, y = random.uniform(0, side, 2)
        angle = random.uniform(0, 2 * math.pi)
        points = [(x, y)]
        for _ in range(int(random.integers(2, 7))):
            angle += random.normal(0, 0.7)
            length = random.uniform(0.08, 0.3) * side
            x, y = x + length * math.cos(angle), y + length * math.sin(angle)
            points.append((x, y))
        pen.line(points, fill=255, width=width, joint="curve")
        for x, y in points:
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return np.asarray(canvas) > 0


def scratches(side: int, random: np.random.Generator) -> Mask:
    """Thin strokes, as on old photographs."""
    return strokes(side, random, thin=True)


def boxes(side: int, random: np.random.Generator) -> Mask:
    """One to three rectangles."""
    mask = np.zeros((side, side), bool)
    for _ in range(int(random.integers(1, 4))):
        height, width = (random.uniform(0.1, 0.5, 2) * side).astype(int)
        top, left = int(random.integers(side - height)), int(random.integers(side - width))
        mask[top : top + height, left : left + width] = True
    return mask


def blob(side: int, random: np.random.Generator) -> Mask:
    """A closed shape with a smooth random outline, like that of an object."""
    corners = 48
    angle = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    radius = np.ones(corners)
    for wave in range(1, 6):
        strength, phase = random.normal(0, 0.35 / wave), random.uniform(0, 2 * math.pi)
        radius += strength * np.cos(wave * angle + phase)
    radius = np.clip(radius, 0.2, None) * random.uniform(0.06, 0.28) * side
    x, y = random.uniform(0.1, 0.9, 2) * side
    stretch, turn = random.uniform(0.5, 1.0), random.uniform(0, math.pi)
    across, along = radius * np.cos(angle), radius * np.sin(angle) * stretch
    xs = x + across * math.cos(turn) - along * math.sin(turn)
    ys = y + across * math.sin(turn) + along * math.cos(turn)
    canvas = Image.new("L", (side, side))
    ImageDraw.Draw(canvas).polygon(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=255)
    return np.asarray(canvas) > 0


def clouds(side: int, random: np.random.Generator) -> Mask:
    """Smoothed noise above a threshold: many islands of uneven size."""
    coarse = int(random.integers(4, 12))
    noise = random.integers(0, 256, (coarse, coarse), dtype=np.uint8)
    smooth = Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)
    values = np.asarray(smooth.filter(ImageFilter.GaussianBlur(side / 64)))
    mask: Mask = values > np.quantile(values, random.uniform(0.6, 0.95))
    return mask


def _several(side: int, random: np.random.Generator) -> Mask:
    return blob(side, random) | strokes(side, random)


_KINDS = (blob, blob, strokes, scratches, boxes, clouds, _several)
