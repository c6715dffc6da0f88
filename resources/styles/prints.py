"""Printed media: woodcut, color woodblock, halftone in three inks, and light of neon tubes."""

from __future__ import annotations

import numpy as np

from studio_resources.styles import brushes
from studio_resources.styles.brushes import Random
from studio_resources.styles.scenes import SIDE, Field, Mask, Scene


def woodcut(scene: Scene, random: Random) -> Field:
    """Black lines left standing by a gouge that follows the forms, over one block of red."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    edges = brushes.distance_to(brushes.seams(scene.labels))
    tone = np.clip((brushes.blurred(scene.gray, 4) - 0.14) * 1.3, 0, 1)
    turn = brushes.blurred(scene.angle, 1.0)
    sway = 3.0 * brushes.noise(random, 12, 2)
    phase = np.zeros((SIDE, SIDE), np.float32)
    for label in range(1, int(scene.labels.max()) + 1):
        region = scene.labels == label
        if not region.any():
            continue
        away = (
            _across(region, turn, x, y) if label > 1 else np.hypot(x - 0.7 * SIDE, y - 0.24 * SIDE)
        )
        phase[region] = (away + sway)[region]
    spacing = 17.0
    ridge = np.abs((phase / spacing) % 1 - 0.5) * 2
    broken = 0.1 * brushes.noise(random, 34, 3)
    ink = np.clip((ridge - tone * 1.08 + broken + 0.04) * 7, 0, 1)
    outline = np.clip((5.0 + 1.6 * brushes.noise(random, 26, 2) - edges) / 1.5, 0, 1)
    ink = np.maximum(ink, outline) * np.where(tone > 0.93, outline, 1)
    worn = np.clip(1.0 - 0.5 * np.clip(brushes.noise(random, 200, 2) - 1.2, 0, 1), 0, 1)
    ink = brushes.blurred(np.asarray(ink * worn, np.float32), 0.8)[..., None]
    warm = np.clip((scene.color[..., 0] - scene.color[..., 2] - 0.42) * 14, 0, 1)
    warm = brushes.blurred(np.roll(warm, (5, -6), axis=(0, 1)), 1.2)[..., None] * 0.88
    paper = np.array((0.93, 0.885, 0.79), np.float32) * (
        1 + 0.02 * brushes.noise(random, 160, 3)[..., None]
    )
    block = paper * (1 - warm) + warm * np.array((0.8, 0.27, 0.17), np.float32) * (
        1 + 0.05 * brushes.noise(random, 120, 2)[..., None]
    )
    return np.asarray(
        block * (1 - ink) + ink * np.array((0.09, 0.075, 0.075), np.float32), np.float32
    )


def _across(region: Mask, turn: Field, x: Field, y: Field) -> Field:
    """A coordinate that grows across the strokes of a region."""
    spread = float(np.std(turn[region]))
    if spread > 0.12:  # curved: lines parallel to the outline
        return brushes.blurred(brushes.distance_to(~region), 2.0)
    way = float(np.mean(turn[region]))
    return np.asarray(y * np.cos(way) - x * np.sin(way), np.float32)


def block_print(scene: Scene, random: Random) -> Field:
    """Flat colors with graded edges, dark-blue key lines, wood grain, soft paper (ukiyo-e)."""
    grain = brushes.noise(random, 4, 5, 14.0) * 0.7 + brushes.noise(random, 180, 2) * 0.5
    shift = [np.full((SIDE, SIDE), float(v), np.float32) for v in (2.5, -2.0)]
    flat = brushes.warped(brushes.blurred(scene.color, 0.8), *shift)
    graded = flat * (
        1 - 0.3 * np.clip(0.3 - np.linspace(0, 1, SIDE, dtype=np.float32), 0, 1)[:, None, None]
    )
    graded = (
        graded * (1 + 0.045 * grain[..., None]) + 0.012 * brushes.noise(random, 300, 1)[..., None]
    )
    edges = brushes.distance_to(brushes.seams(scene.labels))
    key = np.clip((2.6 + 0.9 * brushes.noise(random, 20, 2) - edges) / 1.3, 0, 1)[..., None]
    key = key * np.clip(1 + 0.15 * grain, 0.6, 1)[..., None]
    paper = np.array((0.97, 0.93, 0.84), np.float32)
    printed = np.asarray(graded * 0.9 + 0.1 * paper, np.float32) * paper**0.4
    return np.asarray(
        printed * (1 - key) + key * np.array((0.09, 0.14, 0.27), np.float32), np.float32
    )


def halftone(scene: Scene, random: Random) -> Field:
    """Three spot inks in dot screens that do not quite meet, on uncoated paper."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    color = brushes.blurred(scene.color, 1.5)
    color = np.clip((color - 0.06) * 1.1, 0, 1)
    paper = np.array((0.965, 0.95, 0.905), np.float32)
    inks = (
        ((1.0, 0.83, 0.12), 1 - color[..., 2], 0.05, (0, 0)),
        ((1.0, 0.28, 0.5), 1 - color[..., 1], 1.31, (6, -4)),
        ((0.0, 0.42, 0.62), 1 - color[..., 0], 0.52, (-5, 5)),
    )
    out = np.tile(paper, (SIDE, SIDE, 1))
    grain = brushes.noise(random, 260, 2)
    for ink, amount, turn, move in inks:
        moved = np.roll(amount, move, axis=(0, 1))
        u = (x * np.cos(turn) + y * np.sin(turn)) * (2 * np.pi / 15)
        v = (y * np.cos(turn) - x * np.sin(turn)) * (2 * np.pi / 15)
        screen = (np.cos(u) + np.cos(v)) / 4 + 0.5
        dots = np.clip((np.clip(moved, 0, 1) ** 1.15 - 1 + screen * 0.98 + 0.02) * 7 + 0.5, 0, 1)
        dots = np.where(moved > 0.88, np.maximum(dots, 0.96), dots) * np.clip(
            0.93 + 0.1 * grain, 0, 1
        )
        out = out * (1 - dots[..., None] * (1 - np.array(ink, np.float32)))
    return np.asarray(np.clip(out, 0, 1), np.float32)


def neon(scene: Scene, random: Random) -> Field:
    """Glowing tubes along the outlines before a dark wall that takes their light."""
    edges = brushes.seams(scene.labels)
    bright = brushes.saturated(brushes.blurred(scene.color, 4), 2.6)
    bright = np.clip(bright / np.maximum(bright.max(axis=2, keepdims=True), 0.25), 0.05, 1)
    away = brushes.distance_to(edges)
    sources = np.exp(-((away / 3.0) ** 2))[..., None] * bright
    sources = np.asarray(sources, np.float32)
    glow = sum(brushes.blurred(sources, s) * w for s, w in ((7.0, 0.9), (24.0, 0.9), (70.0, 1.0)))
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    row = np.floor(y / 46)
    joint = np.minimum(
        np.abs(y / 46 - np.round(y / 46)) * 46,
        np.abs(x / 112 + 0.5 * (row % 2) - np.round(x / 112 + 0.5 * (row % 2))) * 112,
    )
    brick = np.clip((joint - 2) / 3, 0, 1) * (1 + 0.13 * brushes.noise(random, 130, 3))
    wall = np.array((0.1, 0.075, 0.12), np.float32) * (0.45 + 0.7 * brick[..., None])
    lit = wall * (0.5 + 7.0 * np.asarray(glow)) + 0.42 * np.asarray(glow)
    core = np.exp(-((away / 2.0) ** 2))[..., None]
    return np.asarray(np.clip(lit + sources * 0.9 + core * 0.55, 0, 1), np.float32)
