"""Drawing media: pen hatching, stippling, charcoal, watercolor."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from studio_resources.styles import brushes
from studio_resources.styles.brushes import Points, Random
from studio_resources.styles.scenes import SIDE, Field, Mask, Scene


def _contours(scene: Scene, smallest: int = 260) -> list[Points]:
    """The outlines of all regions, smoothed."""
    lines: list[Points] = []
    for label in range(1, int(scene.labels.max()) + 1):
        region = (scene.labels == label).astype(np.uint8)
        if int(region.sum()) < smallest:
            continue
        found, _ = cv2.findContours(region, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        for contour in found:
            line = np.asarray(contour, np.float32).reshape(-1, 2)
            inside = (line > 3).all(axis=1) & (line < SIDE - 4).all(axis=1)
            breaks = np.flatnonzero(~inside)
            lines.extend(part[1:] for part in np.split(line, breaks) if len(part) > 12)
    return lines


def _outlined(
    canvas: Field, scene: Scene, random: Random, width: float, value: float, sway: float
) -> None:
    """Draw outlines as a hand does: in strokes of changing pressure that do not quite hit the edge."""
    sway_x, sway_y = brushes.noise(random, 14, 2) * sway, brushes.noise(random, 14, 2) * sway
    for line in _contours(scene):
        rows, columns = line[:, 1].astype(int), line[:, 0].astype(int)
        moved = line + np.stack([sway_x[rows, columns], sway_y[rows, columns]], axis=1)
        step = int(random.integers(40, 80))
        for first in range(0, len(moved), step):
            part = moved[first : first + step + 5]
            if len(part) > 3:
                brushes.draw(
                    canvas,
                    np.asarray(part, np.float32),
                    value,
                    width * float(random.uniform(0.6, 1.4)),
                )


def hatching(scene: Scene, random: Random) -> Field:
    """Pen and brown-black ink: outlines and up to five crossing sets of lines on cream paper."""
    tone = np.clip(brushes.blurred(scene.gray, 2) * 1.12 - 0.04, 0, 1)
    ink = np.zeros((SIDE, SIDE), np.float32)
    ways = scene.angle * 0.7
    sets = (
        (0.75, 0.76, 14.0),
        (2.0, 0.5, 14.0),
        (0.2, 0.36, 12.0),
        (1.35, 0.25, 11.0),
        (0.5, 0.15, 8.0),
    )
    for turn, limit, spacing in sets:
        _hatched(ink, tone < limit, ways + turn, spacing, random)
    _outlined(ink, scene, random, 3.4, 1.0, 2.2)
    ink = np.clip(brushes.blurred(ink, 0.7) * (1 + 0.12 * brushes.noise(random, 90, 2)), 0, 1)
    paper = np.array((0.955, 0.925, 0.855), np.float32) * (
        1 + 0.012 * brushes.noise(random, 120, 3)[..., None]
    )
    return np.asarray(
        paper * (1 - ink[..., None]) + ink[..., None] * np.array((0.13, 0.09, 0.08), np.float32),
        np.float32,
    )


def _hatched(ink: Field, where: Mask, angle: Field, spacing: float, random: Random) -> None:
    taken = np.zeros((SIDE, SIDE), np.uint8)
    for start in brushes.spread_points(random, spacing * 0.55):
        x, y = int(start[0]), int(start[1])
        if not where[y, x] or taken[y, x]:
            continue
        line = brushes.flow_line(start, angle, float(random.uniform(60, 150)), 5.0)
        columns = np.clip(line[:, 0].astype(int), 0, SIDE - 1)
        rows = np.clip(line[:, 1].astype(int), 0, SIDE - 1)
        free = where[rows, columns] & (taken[rows, columns] == 0)
        middle = int(np.argmin(np.abs(columns - x) + np.abs(rows - y)))
        first, last = middle, middle
        while first > 0 and free[first - 1]:
            first -= 1
        while last < len(line) - 1 and free[last + 1]:
            last += 1
        part = line[first : last + 1]
        if len(part) < 4:
            continue
        brushes.draw(ink, part, 0.9, float(random.choice((2.0, 2.0, 3.0))))
        cv2.polylines(taken, [part.round().astype(np.int32)], False, (1,), round(spacing * 1.1))


def stippling(scene: Scene, random: Random) -> Field:
    """Ink dots on white, closer where it is darker; no line anywhere."""
    edge = np.clip(1 - brushes.distance_to(brushes.seams(scene.labels)) / 9, 0, 1)
    tone = np.clip(brushes.blurred(scene.gray, 2), 0, 1)
    tone = np.clip((tone - 0.1) * 1.25, 0.0, 1) * (1 - 0.45 * edge)
    gap = 3.4 + 13.0 * tone**1.6
    taken = np.zeros((SIDE, SIDE), np.uint8)
    ink = np.zeros((SIDE, SIDE), np.float32)
    for x, y in random.integers(0, SIDE, (600_000, 2)):
        if taken[y, x] or tone[y, x] > 0.97:
            continue
        cv2.circle(taken, (int(x), int(y)), int(gap[y, x]), (1,), -1)
        size = 1.7 + 1.2 * (1 - tone[y, x]) * random.uniform(0.7, 1.2)
        cv2.circle(ink, (int(x * 16), int(y * 16)), int(size * 16), (1.0,), -1, cv2.LINE_AA, 4)
    paper = np.array((0.975, 0.97, 0.95), np.float32) * (
        1 + 0.008 * brushes.noise(random, 200, 2)[..., None]
    )
    return np.asarray(paper * (1 - ink[..., None] * 0.93), np.float32)


def charcoal(scene: Scene, random: Random) -> Field:
    """Charcoal rubbed into rough paper, dark accents over it, lights lifted with an eraser."""
    grain = brushes.noise(random, 280, 2)
    tone = np.clip((scene.gray - 0.12) * 1.3, 0, 1)
    rubbed = brushes.blurred(tone, 12) * 0.55 + brushes.blurred(tone, 3) * 0.45
    load = 0.95 * (1 - rubbed) ** 1.3 + 0.07 * brushes.noise(random, 8, 3)
    strokes = np.zeros((SIDE, SIDE), np.float32)
    angle = np.full((SIDE, SIDE), 2.25, np.float32) + 0.1 * brushes.noise(random, 4, 2)
    for start in brushes.spread_points(random, 17):
        x, y = int(start[0]), int(start[1])
        dark = 1 - tone[y, x]
        if dark > random.uniform(0.25, 0.9):
            line = brushes.flow_line(start, angle, float(random.uniform(50, 170)))
            brushes.draw(strokes, line, 0.3 + 0.7 * float(dark), float(random.uniform(4, 10)))
    outline = np.zeros((SIDE, SIDE), np.float32)
    _outlined(outline, scene, random, 7.0, 1.0, 4.0)
    load += 0.8 * brushes.blurred(strokes, 1.5) * (1 - rubbed) + 0.62 * brushes.blurred(
        outline, 1.6
    )
    cover = 1 / (1 + np.exp(-(load * 2.5 - 1.15 + 0.55 * grain) * 2.2))
    smear = np.clip(load * 0.55, 0, 0.8)
    dark = np.clip(0.62 * cover + 0.38 * smear, 0, 1)[..., None]
    paper = np.array((0.94, 0.915, 0.87), np.float32) * (1 + 0.02 * grain[..., None])
    return np.asarray(
        paper * (1 - dark) + dark * np.array((0.1, 0.095, 0.1), np.float32), np.float32
    )


def watercolor(scene: Scene, random: Random) -> Field:
    """Transparent washes with dark rims, blooms and granulation; paper is left between them."""
    sway = [brushes.noise(random, 18, 3) * 5.0 for _ in range(2)]
    labels = _warped_labels(scene, sway[0], sway[1])
    color = brushes.warped(scene.color, sway[0], sway[1])
    grain = brushes.noise(random, 230, 3)
    pool = brushes.noise(random, 5, 4)
    light = np.clip(brushes.saturated(brushes.blurred(color, 3), 1.12) * 0.97 + 0.05, 0.04, 0.985)
    density = -np.log(light)
    gap = brushes.distance_to(brushes.seams(labels))
    rim = np.exp(-(((gap - 4.5) / 3.0) ** 2)) * 0.55 + np.exp(-gap / 26) * 0.16
    leave = np.clip((gap - 1.0 + 1.4 * brushes.noise(random, 40, 2)) / 2.2, 0.42, 1)
    bloom = _blooms(random)
    amount = (0.74 + 0.2 * pool + rim + bloom) * leave * (1 + 0.13 * grain)
    tint = 1 + 0.16 * np.stack([brushes.noise(random, 7, 2) for _ in range(3)], axis=2)
    wash = np.exp(-density * np.clip(amount, 0.03, 2.2)[..., None] * tint)
    bleed = np.exp(-brushes.blurred(density * np.ones_like(density), 22) * 0.16)
    paper = np.array((0.985, 0.98, 0.955), np.float32) * (1 + 0.012 * grain[..., None])
    return np.asarray(np.clip(wash * bleed * paper, 0, 1), np.float32)


def _warped_labels(scene: Scene, along: Field, down: Field) -> NDArray[np.int32]:
    """Regions with wavering outlines."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    columns = np.clip((x + along).round().astype(int), 0, SIDE - 1)
    rows = np.clip((y + down).round().astype(int), 0, SIDE - 1)
    return np.asarray(scene.labels[rows, columns], np.int32)


def _blooms(random: Random) -> Field:
    """Backruns: where water ran into a drying wash, lighter inside a dark ragged rim."""
    total = np.zeros((SIDE, SIDE), np.float32)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    ragged = brushes.noise(random, 30, 3) * 7
    for _ in range(14):
        at_x, at_y = random.uniform(0, SIDE, 2)
        radius = random.uniform(30, 110)
        away = np.hypot(x - at_x, y - at_y) + ragged
        total += (
            0.2 * np.exp(-(((away - radius) / 7) ** 2))
            - 0.2 * (away < radius) * (away / radius) ** 2
        )
    return np.asarray(total, np.float32)
