"""Pictures put together from pieces: mosaic, stained glass, facets, cut paper."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from studio_resources.styles import brushes
from studio_resources.styles.brushes import Random
from studio_resources.styles.scenes import SIDE, Field, Scene


def mosaic(scene: Scene, random: Random) -> Field:
    """Square stones in rows that follow the outlines of the forms, set in gray mortar."""
    edges = brushes.distance_to(brushes.seams(scene.labels))
    smooth = brushes.blurred(edges, 5.0)
    ways = np.arctan2(
        cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=5), cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=5)
    )
    target = brushes.saturated(brushes.blurred(scene.color, 2.0), 1.1)
    canvas = np.tile(np.array((0.44, 0.41, 0.37), np.float32), (SIDE, SIDE, 1))
    canvas *= 1 + 0.09 * brushes.noise(random, 240, 2)[..., None]
    height, taken = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.uint8)
    for size in (21.0, 15.0, 10.0):
        starts = brushes.spread_points(random, 3.6)
        rows, columns = starts[:, 1].astype(int), starts[:, 0].astype(int)
        ring = np.abs((edges[rows, columns] / (size + 2.5)) % 1 - 0.5)
        for number in np.argsort(ring + edges[rows, columns] * 0.0004):
            x, y = float(starts[number, 0]), float(starts[number, 1])
            turn = float(ways[int(y), int(x)]) + float(random.normal(0, 0.05))
            sides = size * random.uniform(0.85, 1.08, 2)
            _stone(canvas, height, taken, target[int(y), int(x)], (x, y), turn, sides, random)
    return brushes.lit(canvas, brushes.blurred(height, 1.6) * 4, 0.35, 0.25)


def _stone(
    canvas: Field,
    height: Field,
    taken: NDArray[np.uint8],
    color: Field,
    at: tuple[float, float],
    turn: float,
    sides: NDArray[np.float64],
    random: Random,
) -> None:
    along = np.array((np.cos(turn), np.sin(turn))) * sides[0] / 2
    down = np.array((-np.sin(turn), np.cos(turn))) * sides[1] / 2
    center = np.array(at)
    corners = np.array(
        [center - along - down, center + along - down, center + along + down, center - along + down]
    )
    tests = np.concatenate(
        [center + (corners - center) * f for f in (0.0, 0.55, 1.05)]
        + [center + s * v for v in (along, down) for s in ([[1.02]], [[-1.02]])]
    )
    columns = np.clip(tests[:, 0].astype(int), 0, SIDE - 1)
    rows = np.clip(tests[:, 1].astype(int), 0, SIDE - 1)
    if taken[rows, columns].any():
        return
    corners = corners + random.normal(0, 0.8, corners.shape)
    fixed = [(corners * 16).round().astype(np.int32)]
    r, g, b = (
        float(c) for c in np.clip(color * random.normal(1, 0.09) + random.normal(0, 0.03, 3), 0, 1)
    )
    cv2.fillPoly(canvas, fixed, (r, g, b), cv2.LINE_AA, 4)
    cv2.fillPoly(height, fixed, (float(random.uniform(3, 4.5)),), cv2.LINE_AA, 4)
    grown = center + (corners - center) * 1.12
    cv2.fillPoly(taken, [grown.round().astype(np.int32)], (1,))


def _cells(random: Random, spacing: float, sway: float) -> NDArray[np.int32]:
    """Voronoi cells of scattered points."""
    starts = brushes.spread_points(random, spacing)
    seeds = np.ones((SIDE, SIDE), np.uint8)
    seeds[starts[:, 1].astype(int), starts[:, 0].astype(int)] = 0
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5)
    cells = np.asarray(labels, np.float32)
    if sway:
        y, x = np.mgrid[:SIDE, :SIDE]
        columns = np.clip(x + sway * brushes.noise(random, 4, 2), 0, SIDE - 1).astype(int)
        rows = np.clip(y + sway * brushes.noise(random, 4, 2), 0, SIDE - 1).astype(int)
        cells = cells[rows, columns]
    return cells.astype(np.int32)


def stained_glass(scene: Scene, random: Random) -> Field:
    """Panes of glowing, streaky glass between dark leads."""
    simple = _merged(scene, 1500)
    cells = _cells(random, 150, 12)
    panes = simple * 10_000 + cells
    _, names = np.unique(panes, return_inverse=True)
    names = names.reshape(SIDE, SIDE)
    count = int(names.max()) + 1
    area = np.maximum(np.bincount(names.ravel(), minlength=count), 1)
    mean = np.stack(
        [np.bincount(names.ravel(), scene.color[..., c].ravel(), count) / area for c in range(3)],
        axis=1,
    )
    mean = np.clip(
        mean * random.normal(1, 0.16, (count, 1)) + random.normal(0, 0.05, (count, 3)), 0, 1
    )
    glass = brushes.saturated(np.asarray(mean, np.float32)[names], 1.7)
    streak = brushes.noise(random, 14, 4, 0.35)
    seed = np.clip(brushes.noise(random, 110, 2) - 2.1, 0, 1)
    away = brushes.distance_to(brushes.seams(names.astype(np.int32)))
    glow = 0.78 + 0.34 * np.clip(away / 42, 0, 1) + 0.12 * streak + 0.5 * seed
    glass = np.clip(glass**1.15 * glow[..., None], 0, 1)
    lead = np.clip((7.0 + 0.8 * brushes.noise(random, 30, 2) - away) / 1.5, 0, 1)[..., None]
    bead = 0.05 + 0.17 * np.clip(1 - np.abs(away - 2.5) / 3.5, 0, 1)[..., None] * np.ones(
        3, np.float32
    )
    return np.asarray(glass * (1 - lead) + bead * lead, np.float32)


def _merged(scene: Scene, smallest: int) -> NDArray[np.int32]:
    """Regions without those that are too small to cut out of glass or paper."""
    labels = cv2.medianBlur(scene.labels.astype(np.uint8), 9).astype(np.int32)
    sizes = np.bincount(labels.ravel())
    small = (sizes < smallest)[labels]
    _, nearest = cv2.distanceTransformWithLabels(
        small.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(int(np.max(nearest)) + 1, np.int32)
    owner[np.asarray(nearest)[~small]] = labels[~small]
    return np.asarray(owner[nearest], np.int32)


def facets(scene: Scene, random: Random) -> Field:
    """Planes cut by straight lines, each seen from elsewhere and shaded, in earth colors."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    names = np.zeros((SIDE, SIDE), np.int64)
    for number in range(11):
        turn = float(random.choice((0.5, 1.05, 1.57, 2.1, 2.7))) + float(random.normal(0, 0.16))
        px, py = random.uniform(0.08, 0.92, 2) * SIDE
        side = (x - px) * np.cos(turn) + (y - py) * np.sin(turn) > 0
        along = np.abs((y - py) * np.cos(turn) - (x - px) * np.sin(turn))
        names += (side & (along < random.uniform(0.2, 0.8) * SIDE)).astype(np.int64) << number
    _, names = np.unique(names, return_inverse=True)
    names = np.asarray(names).reshape(SIDE, SIDE)
    count = int(names.max()) + 1
    shift = random.normal(0, 26, (count, 2)).astype(np.float32)
    turned = random.normal(0, 0.13, count).astype(np.float32)[names]
    zoom = random.normal(1, 0.1, count).astype(np.float32)[names]
    u, v = x - SIDE / 2, y - SIDE / 2
    along = (u * np.cos(turned) - v * np.sin(turned)) * zoom - u + shift[names, 0]
    down = (u * np.sin(turned) + v * np.cos(turned)) * zoom - v + shift[names, 1]
    seen = brushes.warped(brushes.blurred(scene.color, 2), along, down)
    earth = _earthen(seen)
    ways = random.choice((0.0, 0.8, 1.6, 2.4, 3.9, 4.7), count)[names]
    ramp = u * np.cos(ways) + v * np.sin(ways)
    low = np.full(count, 1e9)
    high = np.full(count, -1e9)
    np.minimum.at(low, names.ravel(), ramp.ravel())
    np.maximum.at(high, names.ravel(), ramp.ravel())
    share = ((ramp - low[names]) / np.maximum(high - low, 60)[names])[..., None]
    shade = 0.62 + 0.62 * share**0.8 + random.normal(0, 0.07, count)[names][..., None]
    dabs = brushes.noise(random, 46, 2, 0.3)
    color = np.asarray(earth * shade * (1 + 0.055 * dabs[..., None]), np.float32)
    cut = np.clip(
        1 - (brushes.distance_to(brushes.seams(names.astype(np.int32))) - 1.2) / 1.6, 0, 1
    )
    form = np.clip(
        1 - (brushes.distance_to(np.hypot(*np.gradient(seen.mean(axis=2))) > 0.05) - 1.0) / 2.2,
        0,
        1,
    )
    line = np.clip(0.75 * cut + 0.5 * form, 0, 0.85)[..., None]
    color = color * (1 - line) + line * np.array((0.14, 0.1, 0.09), np.float32)
    return brushes.lit(np.asarray(color, np.float32), dabs * 4, 0.22)


def _earthen(color: Field) -> Field:
    """Ochre, umber and blue-gray in place of bright colors."""
    gray = (color @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    warm = np.clip((color[..., :1] - color[..., 2:]) * 1.3 + 0.45, 0, 1)
    ochre, slate = np.array((1.05, 0.8, 0.48), np.float32), np.array((0.66, 0.8, 0.88), np.float32)
    tint = slate * (1 - warm) + ochre * warm
    contrast = np.clip((gray - 0.42) * 1.35 + 0.55, 0.08, 1)
    return np.asarray(np.clip(0.82 * contrast * tint + 0.18 * color, 0, 1), np.float32)


def _all(value: float) -> Field:
    return np.full((SIDE, SIDE), value, np.float32)


def paper_cut(scene: Scene, random: Random) -> Field:
    """Sheets of colored paper over each other, each with its own fibers, edge and shadow."""
    labels = _merged(scene, 900)
    canvas = np.ones((SIDE, SIDE, 3), np.float32)
    fibers = brushes.noise(random, 150, 3) * 0.6 + brushes.noise(random, 24, 2, 4.0) * 0.4
    for label in np.unique(labels):
        mask = (labels == label).astype(np.float32)
        mean = scene.color[labels == label].mean(axis=0)
        color = brushes.saturated(np.asarray(mean, np.float32)[None, None], 1.3) * 1.03
        over = (labels >= label).astype(np.float32)
        soft = brushes.blurred(over, 9.0)
        fall = brushes.warped(soft, _all(-8.0), _all(-11.0))
        shade = np.clip(fall, 0, 1) * (1 - over)
        canvas *= 1 - 0.5 * shade[..., None]
        edge = np.clip(over - brushes.warped(over, _all(-2.0), _all(-3.0)), 0, 1) * mask
        texture = 1 + 0.03 * np.roll(fibers, int(random.integers(SIDE)), axis=1)
        sheet = color * texture[..., None] + 0.16 * edge[..., None]
        cover = mask[..., None]
        canvas = np.asarray(canvas * (1 - cover) + sheet * cover, np.float32)
    return np.asarray(np.clip(canvas, 0, 1), np.float32)
