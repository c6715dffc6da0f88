"""Motifs on land: hills with fields, a village by night, mountains over a lake."""

from __future__ import annotations

import numpy as np

from studio_resources.styles.scenes import (
    SIDE,
    Color,
    Easel,
    Scene,
    X,
    Y,
    around,
    disc,
    ellipse,
    polygon,
    slope,
    wavy,
)


def house(easel: Easel, x: float, y: float, width: float, wall: Color, roof: Color) -> None:
    """A house whose ground line begins at (x, y), its right wall in the shade."""
    high, side, up = width * 0.62, width * 0.45, width * 0.5
    shade = (wall[0] * 0.6, wall[1] * 0.58, wall[2] * 0.72)
    top = y - high
    easel.lay(polygon((x, y), (x, top), (x + width, top), (x + width, y)), wall, angle=1.57)
    right = x + width + side
    easel.lay(
        polygon(
            (x + width, y),
            (x + width, top),
            (x + width + side / 2, top - up),
            (right, top),
            (right, y),
        ),
        shade,
        angle=1.57,
    )
    ridge = (x + side / 2, top - up)
    easel.lay(
        polygon((x - 0.01, top), ridge, (x + width + side / 2, top - up), (x + width, top)), roof
    )
    for share in (0.18, 0.6):
        left, up_to = x + width * share, y - high * 0.75
        window = (left, up_to), (left + width * 0.2, up_to), (left + width * 0.2, y - high * 0.35)
        easel.lay(polygon(*window, (left, y - high * 0.35)), (0.16, 0.18, 0.3))


def cypress(easel: Easel, x: float, y: float, high: float, light: Color, dark: Color) -> None:
    """A flame-shaped tree that stands at (x, y)."""
    part = np.clip((y - Y) / high, 0, 1)
    half = high * 0.16 * np.sqrt(part) * (1 - part) ** 0.7 * 1.9
    half = half * (1 + 0.15 * np.sin(Y * 60))
    mask = (np.abs(X - x) < half) & (y >= Y) & (y - high < Y)
    easel.lay(mask, light, dark, (X - x) / (high * 0.2) + 0.5, angle=1.45)


def hills() -> Scene:
    """Sun over layered hills, with fields, a house and cypresses."""
    easel = Easel()
    far = np.hypot(X - 0.7, Y - 0.24)
    easel.lay(Y < 2, (1.0, 0.83, 0.5), (0.32, 0.55, 0.85), far * 1.3, around(0.7, 0.24))
    easel.lay(disc(0.7, 0.24, 0.085), (1.0, 0.95, 0.66), angle=around(0.7, 0.24))
    for x, y, wide, high in ((0.2, 0.16, 0.16, 0.04), (0.34, 0.2, 0.12, 0.035)):
        easel.lay(ellipse(x, y, wide, high), (0.98, 0.9, 0.84))
    layers = (
        (wavy(0.42, (0.05, 1.1, 0.4), (0.02, 3.1, 1)), (0.44, 0.47, 0.75), (0.62, 0.55, 0.74)),
        (wavy(0.53, (0.06, 0.9, 2.6), (0.02, 2.3, 0)), (0.24, 0.5, 0.5), (0.42, 0.62, 0.42)),
        (wavy(0.64, (0.06, 0.8, 5.4), (0.01, 3, 2)), (0.87, 0.7, 0.22), (0.8, 0.55, 0.2)),
        (wavy(0.77, (0.05, 0.7, 2.2), (0.015, 2, 1)), (0.3, 0.55, 0.22), (0.12, 0.33, 0.2)),
    )
    for number, (line, light, dark) in enumerate(layers):
        easel.lay(line < Y, light, dark, (Y - line) * 3.5, slope(line))
        if number == 2:
            house(easel, 0.2, 0.75, 0.13, (0.96, 0.9, 0.78), (0.8, 0.28, 0.16))
    line = layers[3][0]
    for number in range(6):  # furrows that run to the front
        start, end = 0.62 + number * 0.05, 0.2 + number * 0.24
        middle = start + (end - start) * (np.clip(Y - line, 0, 1) / 0.3) ** 1.3
        mask = (line + 0.012 < Y) & (np.abs(X - middle) < 0.008 + (Y - line) * 0.08)
        easel.lay(mask, (0.72, 0.68, 0.24), (0.55, 0.36, 0.16), (Y - 0.7) * 3, angle=1.2)
    for x, y, high in ((0.09, 0.86, 0.42), (0.86, 0.75, 0.26), (0.93, 0.78, 0.3)):
        cypress(easel, x, y, high, (0.18, 0.4, 0.24), (0.05, 0.16, 0.16))
    return easel.scene


def night() -> Scene:
    """A village under a night sky in which the light turns around moon and stars."""
    easel = Easel()
    stars = (
        (0.8, 0.16, 0.062),
        (0.14, 0.14, 0.03),
        (0.36, 0.09, 0.022),
        (0.58, 0.09, 0.026),
        (0.3, 0.36, 0.03),
        (0.62, 0.43, 0.022),
        (0.9, 0.42, 0.026),
    )
    turn_x, turn_y = np.cos(0.25 * np.sin(X * 7)), np.sin(0.45 * np.sin(X * 7 + Y * 4))
    whirls = ((0.44, 0.26, 0.15), (0.6, 0.33, 0.1), *stars)
    for x, y, size in whirls:
        weight = 3.5 * np.exp(-(((X - x) ** 2 + (Y - y) ** 2) / (2.2 * size + 0.02) ** 2))
        turn_x = turn_x - weight * np.sin(np.arctan2(Y - y, X - x))
        turn_y = turn_y + weight * np.cos(np.arctan2(Y - y, X - x))
    flow = np.arctan2(turn_y, turn_x).astype(np.float32)
    easel.lay(Y < 2, (0.08, 0.14, 0.4), (0.3, 0.5, 0.72), Y * 1.5, flow)
    for x, y, size in whirls[:2]:
        spiral = np.sin(np.hypot(X - x, Y - y) * 90 - np.arctan2(Y - y, X - x) * 2)
        easel.lay((spiral > 0.1) & disc(x, y, size), (0.62, 0.78, 0.86), (0.3, 0.5, 0.8), X, flow)
    for x, y, size in stars:
        rings = np.hypot(X - x, Y - y) / size
        for outer, color in (
            (2.6, (0.3, 0.5, 0.74)),
            (1.9, (0.62, 0.74, 0.66)),
            (1.35, (0.93, 0.82, 0.42)),
            (0.75, (1.0, 0.95, 0.72)),
        ):
            easel.lay(rings < outer, color, angle=flow)
    line = wavy(0.6, (0.05, 0.9, 1), (0.02, 2.4, 0))
    easel.lay(line < Y, (0.2, 0.36, 0.56), (0.1, 0.18, 0.36), (Y - line) * 5, slope(line))
    line = wavy(0.72, (0.03, 1.3, 4), (0.02, 3, 0))
    easel.lay(line < Y, (0.16, 0.36, 0.32), (0.05, 0.12, 0.2), (Y - line) * 4, slope(line))
    for x, y, size in (
        (0.38, 0.83, 0.09),
        (0.56, 0.86, 0.1),
        (0.75, 0.83, 0.09),
        (0.46, 0.95, 0.12),
        (0.7, 0.97, 0.12),
    ):
        house(easel, x, y, size, (0.42, 0.46, 0.62), (0.36, 0.2, 0.22))
        easel.lay(
            polygon(
                (x + size * 0.3, y),
                (x + size * 0.3, y - size * 0.3),
                (x + size * 0.52, y - size * 0.3),
                (x + size * 0.52, y),
            ),
            (1.0, 0.8, 0.3),
        )
    easel.lay(polygon((0.655, 0.8), (0.67, 0.58), (0.685, 0.8)), (0.2, 0.24, 0.4), angle=1.57)
    cypress(easel, 0.17, 1.02, 0.85, (0.14, 0.26, 0.18), (0.03, 0.06, 0.1))
    cypress(easel, 0.27, 1.02, 0.5, (0.16, 0.3, 0.2), (0.04, 0.08, 0.1))
    return easel.scene


def mountains() -> Scene:
    """Peaks over a lake that mirrors them, firs in front."""
    easel = Easel()
    easel.lay(Y < 2, (0.36, 0.58, 0.82), (0.98, 0.86, 0.72), Y * 1.9, wavy(0.1, (0.2, 1, 0)))
    easel.lay(disc(0.22, 0.15, 0.06), (1.0, 0.96, 0.8))
    ridges = (((0.3, 0.16), (0.62, 0.09), (0.92, 0.2)), ((0.1, 0.3), (0.48, 0.27), (0.8, 0.33)))
    tones = (((0.78, 0.8, 0.9), (0.4, 0.44, 0.64)), ((0.55, 0.6, 0.66), (0.2, 0.28, 0.42)))
    for peaks, (light, dark) in zip(ridges, tones, strict=True):
        for x, y in peaks:
            wide = (0.56 - y) * 0.75
            jag = 0.012 * np.sin(Y * 70 + x * 9) + 0.006 * np.sin(Y * 171)
            left = (x + jag + (Y - y) * 0.18 > X) & (x - (Y - y) * wide / (0.56 - y) + jag < X)
            right = (x + jag + (Y - y) * 0.18 <= X) & (x + (Y - y) * wide / (0.56 - y) + jag > X)
            up = (y < Y) & (Y < 0.57)
            easel.lay(left & up, light, (0.62, 0.62, 0.66), (Y - y) * 2.4, 2.2)
            easel.lay(right & up, dark, (0.3, 0.4, 0.5), (Y - y) * 2.4, 0.95)
            cap = up & (y + 0.09 + 0.025 * np.sin(X * 75) > Y)
            easel.lay(cap & left, (1.0, 0.98, 0.95), angle=2.2)
            easel.lay(cap & right, (0.66, 0.73, 0.88), angle=0.95)
    line = wavy(0.53, (0.015, 1.5, 0), (0.008, 6, 1))
    easel.lay((line < Y) & (Y < 0.58), (0.22, 0.38, 0.26), (0.1, 0.22, 0.2), (Y - 0.5) * 12)
    top = easel.scene.color[: int(0.58 * SIDE)][::-1]
    start = int(0.58 * SIDE)
    mirrored = top[: SIDE - start] * 0.72 + np.array([0.04, 0.1, 0.14], np.float32)
    easel.lay(Y > 0.58, (0.5, 0.6, 0.7), (0.1, 0.25, 0.35), (Y - 0.58) * 2.4)
    shift = (10 * np.sin(np.arange(start, SIDE) * 0.35)).astype(int)
    rows = np.stack([np.roll(row, int(s), axis=0) for row, s in zip(mirrored, shift, strict=True)])
    easel.scene.color[start:] = 0.75 * rows + 0.25 * easel.scene.color[start:]
    for number in range(7):
        y = 0.61 + number * 0.05
        easel.lay(ellipse(0.25 + 0.12 * (number * 5 % 7), y, 0.12, 0.004), (0.82, 0.88, 0.92))
    for x, y, high in (
        (0.08, 1.03, 0.5),
        (0.2, 1.04, 0.36),
        (0.86, 1.03, 0.56),
        (0.97, 1.02, 0.4),
        (0.74, 1.04, 0.3),
    ):
        part = np.clip((Y - y + high) / high, 0, 1)
        half = part * high * 0.22 * (0.62 + 0.38 * ((part * 9) % 1))
        mask = (np.abs(X - x) < half) & (y - high < Y)
        easel.lay(mask, (0.18, 0.36, 0.26), (0.04, 0.12, 0.14), (X - x) / (high * 0.25) + 0.5, 1.1)
    return easel.scene
