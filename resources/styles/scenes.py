"""The motifs that the media paint: regions with their colors, labels and direction of strokes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 1024
"""Side of a scene in pixels; the finished pictures are half as large."""

Field = NDArray[np.float32]
Mask = NDArray[np.bool_]
Color = tuple[float, float, float]

X: Field = np.tile(np.linspace(0, 1, SIDE, dtype=np.float32), (SIDE, 1))
Y: Field = np.ascontiguousarray(X.T)


@dataclass
class Scene:
    """A motif.

    Attributes:
        color: SIDE x SIDE x 3, RGB in [0, 1].
        labels: number of the region of each pixel, from 1.
        angle: direction of strokes in radians, 0 to the right, growing clockwise.
    """

    color: Field
    labels: NDArray[np.int32]
    angle: Field

    @property
    def gray(self) -> Field:
        """Luminance in [0, 1]."""
        return (self.color @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)


class Easel:
    """Lays one region over the other."""

    def __init__(self) -> None:
        self.scene = Scene(
            np.ones((SIDE, SIDE, 3), np.float32),
            np.zeros((SIDE, SIDE), np.int32),
            np.zeros((SIDE, SIDE), np.float32),
        )
        self._next = 1

    def lay(
        self,
        mask: Mask,
        color: Color,
        other: Color | None = None,
        along: NDArray[np.floating[Any]] | None = None,
        angle: float | Field = 0.0,
    ) -> None:
        """A region of one color, or going over to another one where ``along`` is 1."""
        share = np.clip(Y if along is None else along, 0, 1)[mask][:, None]
        start, end = np.asarray(color, np.float32), np.asarray(other or color, np.float32)
        self.scene.color[mask] = start + (end - start) * share
        self.scene.labels[mask] = self._next
        self.scene.angle[mask] = angle if isinstance(angle, float) else angle[mask]
        self._next += 1

    def ball(self, x: float, y: float, radius: float, light: Color, dark: Color) -> None:
        """A round thing lit from the upper left, with its shadow on the ground."""
        self.lay(ellipse(x + radius * 0.5, y + radius * 0.85, radius * 1.25, radius * 0.3), SHADE)
        away = np.hypot(X - x + radius * 0.35, Y - y + radius * 0.4) / (radius * 1.5)
        turn = np.arctan2(Y - y, X - x) + np.pi / 2
        self.lay(disc(x, y, radius), light, dark, away.astype(np.float32), turn)
        self.lay(disc(x - radius * 0.35, y - radius * 0.4, radius * 0.15), (1.0, 0.97, 0.9))


SHADE = (0.22, 0.16, 0.24)


def disc(x: float, y: float, radius: float) -> Mask:
    """A filled circle."""
    return np.asarray((X - x) ** 2 + (Y - y) ** 2 < radius**2)


def ellipse(x: float, y: float, width: float, height: float, turn: float = 0.0) -> Mask:
    """A filled ellipse of two half axes, turned clockwise by radians."""
    u = (X - x) * np.cos(turn) + (Y - y) * np.sin(turn)
    v = (Y - y) * np.cos(turn) - (X - x) * np.sin(turn)
    return np.asarray((u / width) ** 2 + (v / height) ** 2 < 1)


def polygon(*points: tuple[float, float]) -> Mask:
    """A filled polygon."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    corners = (np.array(points) * SIDE).round().astype(np.int32)
    cv2.fillPoly(canvas, [corners], (1,))
    return canvas > 0


def wavy(level: float, *waves: tuple[float, float, float]) -> Field:
    """A line over X: a level and waves of (height, number, phase)."""
    line = np.full_like(X, level)
    for height, number, phase in waves:
        line += height * np.sin(2 * np.pi * number * X + phase)
    return line


def around(x: float, y: float) -> Field:
    """Directions of circles around a point."""
    return np.asarray(np.arctan2(Y - y, X - x) + np.pi / 2, np.float32)


def slope(line: Field) -> Field:
    """Directions along a line over X."""
    return np.asarray(np.arctan(np.gradient(line, axis=1) * SIDE), np.float32)
