"""Draws the sample pictures that are not photographs; the same ones every time."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_FINE = 4  # drawn this many times as large, then shrunk: smooth edges
Color = tuple[int, int, int]


class _Pen:
    """Draws in the picture's own coordinates on a canvas that is ``_FINE`` times as large."""

    def __init__(self, image: Image.Image) -> None:
        self._draw = ImageDraw.Draw(image)

    def _scaled(self, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x * _FINE, y * _FINE) for x, y in points]

    def line(self, points: list[tuple[float, float]], width: float, fill: Color) -> None:
        ends = self._scaled(points)
        self._draw.line(ends, fill=fill, width=round(width * _FINE), joint="curve")

    def shape(self, points: list[tuple[float, float]], fill: Color) -> None:
        self._draw.polygon(self._scaled(points), fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: Color) -> None:
        box = self._scaled([(x - radius, y - radius), (x + radius, y + radius)])
        self._draw.ellipse([*box[0], *box[1]], fill=fill)


def _canvas(width: int, height: int, color: Color) -> Image.Image:
    return Image.new("RGB", (width * _FINE, height * _FINE), color)


def _shrunk(image: Image.Image) -> Image.Image:
    return image.resize((image.width // _FINE, image.height // _FINE), Image.Resampling.BOX)


def line_drawing(width: int = 480, height: int = 360) -> Image.Image:
    """A house, a tree and hatched ground in ink on paper."""
    random = np.random.default_rng(7)
    image = _canvas(width, height, (250, 248, 242))
    pen, ink = _Pen(image), (28, 26, 34)

    def wobbly(x0: float, y0: float, x1: float, y1: float, weight: float = 2.0) -> None:
        steps = max(2, round(math.hypot(x1 - x0, y1 - y0) / 14))
        drift = random.normal(0, 0.7, (steps + 1, 2))
        points = [
            (
                x0 + (x1 - x0) * i / steps + float(drift[i, 0]),
                y0 + (y1 - y0) * i / steps + float(drift[i, 1]),
            )
            for i in range(steps + 1)
        ]
        pen.line(points, weight, ink)

    ground = height * 0.8
    walls = ((120, ground), (120, 170), (300, 170), (300, ground))
    for (x0, y0), (x1, y1) in pairwise(walls):
        wobbly(x0, y0, x1, y1, 2.6)
    for x0, y0, x1, y1 in ((104, 174, 210, 92), (210, 92, 316, 174), (104, 174, 316, 174)):
        wobbly(x0, y0, x1, y1, 2.6)
    for left in (140, 244):
        for x0, y0, x1, y1 in ((0, 0, 36, 0), (36, 0, 36, 40), (36, 40, 0, 40), (0, 40, 0, 0)):
            wobbly(left + x0, 196 + y0, left + x1, 196 + y1, 1.6)
        wobbly(left + 18, 196, left + 18, 236, 1.2)
        wobbly(left, 216, left + 36, 216, 1.2)
    for stroke in range(112, 308, 9):  # hatching on the roof
        top = 174 - min(stroke - 104, 316 - stroke) * 0.74
        wobbly(stroke, top + 8, stroke + 4, 168, 0.9)
    wobbly(390, ground, 388, 190, 5.0)
    for _ in range(70):
        angle, reach = random.uniform(0, 2 * math.pi), 46 * math.sqrt(random.uniform())
        x, y = 388 + reach * math.cos(angle), 160 + reach * math.sin(angle)
        wobbly(x - 7, y + 4, x + 7, y - 4, 1.4)
    for _ in range(150):
        x, y = random.uniform(20, width - 50), ground + 4 + random.exponential(14)
        wobbly(x, y, x + random.uniform(12, 34), y, 1.0)
    return _shrunk(image)


def poster(width: int = 420, height: int = 560) -> Image.Image:
    """Flat colours with hard edges: a sun, hills, a sail and stripes."""
    cream, red, navy, teal = (244, 232, 205), (214, 68, 48), (24, 42, 84), (36, 128, 132)
    image = _canvas(width, height, cream)
    pen = _Pen(image)
    centre, radius = (width * 0.62, height * 0.3), width * 0.24
    for ray in range(0, 360, 12):
        near, far = math.radians(ray), math.radians(ray + 5)
        reach = width * 1.2
        ends = [
            (centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle))
            for angle in (near, far)
        ]
        pen.shape([centre, *ends], (240, 206, 150))
    pen.disc(*centre, radius, red)
    for base, lift, color in ((0.62, 60, teal), (0.7, 40, (28, 92, 110)), (0.78, 24, navy)):
        ridge = [
            (x, height * base - lift * math.sin(x / width * 2 * math.pi * (1 + base)))
            for x in range(0, width + 1, 4)
        ]
        pen.shape([*ridge, (width, height), (0, height)], color)
    mast = width * 0.3
    pen.shape([(mast, height * 0.42), (mast, height * 0.72), (mast - 70, height * 0.72)], cream)
    pen.shape(
        [(mast + 6, height * 0.46), (mast + 6, height * 0.72), (mast + 52, height * 0.72)], red
    )
    pen.shape(
        [
            (mast - 76, height * 0.735),
            (mast + 66, height * 0.735),
            (mast + 44, height * 0.77),
            (mast - 56, height * 0.77),
        ],
        (120, 30, 34),
    )
    for stripe in range(4):
        y = height * (0.86 + 0.03 * stripe)
        pen.line([(0, y), (width, y)], 5, (60, 150, 160))
    return _shrunk(image)


def landscape(width: int = 640, height: int = 400) -> Image.Image:
    """Smooth gradients, haze and soft light: where tiles and banding would show."""
    random = np.random.default_rng(11)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    level = (y / height)[..., None]
    high, low = np.array([38, 44, 98], np.float32), np.array([250, 168, 112], np.float32)
    picture = high + (low - high) * level**1.3
    glow = np.exp(-((x - 0.7 * width) ** 2 + (y - 0.62 * height) ** 2) / (2 * 70.0**2))
    picture += glow[..., None] * np.array([70, 60, 30], np.float32)
    for depth in range(5):
        waves = sum(
            random.uniform(4, 18)
            / (k + 1)
            * np.sin(x[0] / width * math.tau * (k + 1) + random.uniform(0, 6))
            for k in range(5)
        )
        ridge = height * (0.55 + 0.08 * depth) + waves
        inside = np.clip(y - ridge[None, :], 0, 1)[..., None]
        haze = 1 - depth / 5
        color = haze * np.array([170, 120, 130], np.float32) + (1 - haze) * np.array([20, 22, 44])
        picture += (color + 26 * level - picture) * inside
    pixels = np.clip(picture, 0, 255).round().astype(np.uint8)
    return Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.6))


def sticker(side: int = 320) -> Image.Image:
    """A round face on a transparent ground, with a soft edge."""
    image = _canvas(side, side, (255, 196, 40))
    pen = _Pen(image)
    middle = side / 2
    pen.disc(middle - 52, middle - 34, 17, (60, 36, 20))
    pen.disc(middle + 52, middle - 34, 17, (60, 36, 20))
    pen.disc(middle - 47, middle - 40, 5, (255, 255, 255))
    pen.disc(middle + 57, middle - 40, 5, (255, 255, 255))
    smile = [
        (middle + 74 * math.cos(math.radians(a)), middle + 10 + 62 * math.sin(math.radians(a)))
        for a in range(20, 161, 5)
    ]
    pen.line(smile, 9, (140, 50, 30))
    for left in (-92, 92):
        pen.disc(middle + left, middle + 26, 22, (255, 140, 90))
    outline = Image.new("L", image.size, 0)
    edge = 12 * _FINE
    ImageDraw.Draw(outline).ellipse([edge, edge, image.width - edge, image.height - edge], fill=255)
    image.putalpha(outline)
    return _shrunk(image)
