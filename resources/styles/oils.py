"""Media with body: oil in thick strokes, swirls, dots of color, pastel on toned paper."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from studio_resources.styles import brushes
from studio_resources.styles.brushes import Points, Random
from studio_resources.styles.scenes import SIDE, Color, Field, Scene


@dataclass(frozen=True)
class Layer:
    """One pass of a brush over the canvas.

    Attributes:
        length: of a stroke in pixels.
        width: of a stroke in pixels.
        spacing: between neighbouring strokes.
        error: a stroke is set only where the canvas differs by more than this.
        variation: of lightness between the hairs of a brush.
        hue: variation of color between strokes.
    """

    length: float
    width: float
    spacing: float
    error: float
    variation: float = 0.06
    hue: float = 0.04


class _Canvas:
    def __init__(self, ground: Color) -> None:
        self.color = np.tile(np.array(ground, np.float32), (SIDE, SIDE, 1))
        self.height = np.zeros((SIDE, SIDE), np.float32)

    def stroke(
        self, line: Points, width: float, color: Color, variation: float, random: Random
    ) -> None:
        for hair, thick, share in brushes.bristles(line, width, random):
            r, g, b = (
                min(max(c * (1 + variation * share * 2) + variation * share * 0.3, 0), 1)
                for c in color
            )
            brushes.draw(self.color, hair, (r, g, b), thick)
            brushes.draw(self.height, hair, 3.0 + 2.2 * share, thick)


def _painted(
    scene: Scene, angle: Field, layers: tuple[Layer, ...], ground: Color, random: Random
) -> _Canvas:
    """Strokes from coarse to fine, each where what is there is still wrong (Hertzmann 1998)."""
    canvas = _Canvas(ground)
    for layer in layers:
        target = brushes.blurred(scene.color, layer.width * 0.25)
        wrong = np.abs(canvas.color - target).sum(axis=2)
        wrong = brushes.blurred(wrong.astype(np.float32), layer.width * 0.3)
        for start in brushes.spread_points(random, layer.spacing):
            x, y = int(start[0]), int(start[1])
            if wrong[y, x] < layer.error:
                continue
            line = brushes.flow_line(start, angle, layer.length * float(random.uniform(0.6, 1.3)))
            line = _within(line, scene, x, y)
            if len(line) < 2:
                continue
            r, g, b = target[y, x] * (1 + random.normal(0, layer.hue)) + random.normal(
                0, layer.hue, 3
            )
            canvas.stroke(
                line, layer.width, (float(r), float(g), float(b)), layer.variation, random
            )
    return canvas


def _within(line: Points, scene: Scene, x: int, y: int) -> Points:
    """The stretch of a stroke in which the picture keeps the stroke's color."""
    columns = np.clip(line[:, 0].astype(int), 0, SIDE - 1)
    rows = np.clip(line[:, 1].astype(int), 0, SIDE - 1)
    near = np.abs(scene.color[rows, columns] - scene.color[y, x]).sum(axis=1) < 0.35
    middle = int(np.argmin(np.abs(columns - x) + np.abs(rows - y)))
    first, last = middle, middle
    while first > 0 and near[first - 1]:
        first -= 1
    while last < len(line) - 1 and near[last + 1]:
        last += 1
    return line[first : last + 1]


def impasto(scene: Scene, random: Random) -> Field:
    """Thick oil, laid with a broad brush along the forms, in raking light."""
    angle = scene.angle + 0.35 * brushes.noise(random, 5, 2)
    layers = (Layer(170, 56, 26, 0), Layer(120, 34, 17, 0.1), Layer(70, 20, 11, 0.16))
    canvas = _painted(scene, angle, layers, (0.55, 0.35, 0.25), random)
    height = brushes.blurred(canvas.height, 1.2) + 0.3 * brushes.noise(random, 256, 1)
    return brushes.lit(brushes.saturated(canvas.color, 1.15), height * 4, 0.45, 0.8)


def swirls(scene: Scene, random: Random) -> Field:
    """Long separate strokes of several tones that follow turning currents."""
    layers = (
        Layer(150, 26, 16, 0, 0.03, 0.05),
        Layer(130, 15, 11, 0, 0.05, 0.11),
        Layer(60, 11, 9, 0.3, 0.05, 0.05),
    )
    canvas = _painted(scene, scene.angle, layers, (0.05, 0.08, 0.16), random)
    height = brushes.blurred(canvas.height, 1.0)
    return brushes.lit(brushes.saturated(canvas.color, 1.2), height * 6, 0.5, 0.6)


def points(scene: Scene, random: Random) -> Field:
    """Dots of nearly pure color that mix in the eye; shadows hold the complementary color."""
    canvas = np.tile(np.array((0.93, 0.89, 0.8), np.float32), (SIDE, SIDE, 1))
    target = brushes.saturated(brushes.blurred(scene.color, 3), 1.35)
    for spacing, radius in ((17, 11.0), (14, 8.0), (13, 6.5)):
        for start in brushes.spread_points(random, spacing):
            x, y = int(start[0]), int(start[1])
            color = target[y, x] + random.normal(0, 0.07, 3).astype(np.float32)
            kind = random.uniform()
            if kind < 0.13:
                color = 0.45 * (1 - color) + 0.55 * color[[2, 0, 1]]
            elif kind < 0.35:
                color = color * np.array((1.2, 1.08, 0.72), np.float32)
            elif kind < 0.52:
                color = color * np.array((0.78, 0.9, 1.3), np.float32)
            r, g, b = (float(c) for c in np.clip(color, 0, 1))
            size = (radius * random.uniform(0.75, 1.15), radius * random.uniform(0.65, 0.95))
            turn = float(np.degrees(scene.angle[y, x]))
            cv2.ellipse(
                canvas,
                ((float(start[0]), float(start[1])), (size[0] * 1.6, size[1] * 1.6), turn),
                (r, g, b),
                -1,
                cv2.LINE_AA,
            )
    return canvas


def pastel(scene: Scene, random: Random) -> Field:
    """Soft chalk in open strokes on blue-gray paper whose tooth shows through."""
    tooth = brushes.noise(random, 300, 2)
    paper = np.array((0.36, 0.37, 0.42), np.float32) * (1 + 0.05 * tooth[..., None])
    angle = scene.angle * 0.3 + 0.9 + 0.12 * brushes.noise(random, 6, 2)
    chalk, cover = np.zeros((SIDE, SIDE, 3), np.float32), np.zeros((SIDE, SIDE), np.float32)
    light = np.clip(brushes.saturated(scene.color, 1.1) * 1.08 + 0.05, 0, 1)
    for length, width, spacing, press in (
        (120, 26, 24, 0.5),
        (110, 13, 17, 0.75),
        (60, 8, 13, 0.95),
    ):
        for start in brushes.spread_points(random, spacing):
            x, y = int(start[0]), int(start[1])
            line = _within(
                brushes.flow_line(start, angle, length * float(random.uniform(0.5, 1.2))),
                scene,
                x,
                y,
            )
            if len(line) < 2:
                continue
            r, g, b = (float(c) for c in np.clip(light[y, x] + random.normal(0, 0.05, 3), 0, 1))
            force = press * float(random.uniform(0.6, 1.1))
            brushes.draw(chalk, line, (r, g, b), width)
            brushes.draw(cover, line, force, width)
    cover = brushes.blurred(cover, 1.0) + 0.22 * tooth
    share = np.clip((cover - 0.5) * 3.0, 0, 0.96)[..., None]
    dust = brushes.blurred(chalk, 6.0) * 0.35 + paper * 0.65
    return np.asarray(dust * (1 - share) + brushes.blurred(chalk, 0.8) * share, np.float32)
