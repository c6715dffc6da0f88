"""Motifs of water and indoors: boats, a great wave, fish, a still life."""

from __future__ import annotations

import numpy as np

from studio_resources.styles.scenes import (
    SHADE,
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


def sea() -> Scene:
    """Sailing boats before a low sun, a lighthouse on rocks."""
    easel = Easel()
    far = np.hypot((X - 0.34) * 0.8, Y - 0.4)
    easel.lay(Y < 2, (1.0, 0.75, 0.42), (0.42, 0.47, 0.75), far * 1.9, wavy(0.05, (0.1, 1, 0)))
    for x, y, wide, high in (
        (0.72, 0.12, 0.22, 0.035),
        (0.2, 0.2, 0.17, 0.025),
        (0.6, 0.25, 0.2, 0.02),
    ):
        easel.lay(ellipse(x, y, wide, high), (1.0, 0.66, 0.5), (0.75, 0.5, 0.65), X)
    easel.lay(disc(0.34, 0.38, 0.075), (1.0, 0.93, 0.62), angle=around(0.34, 0.38))
    easel.lay(Y > 0.47, (0.4, 0.6, 0.7), (0.06, 0.22, 0.42), (Y - 0.47) * 2.2)
    for number in range(16):
        y = 0.485 + number**1.35 * 0.0125
        wide = 0.06 + 0.05 * np.sin(number * 2.4) + number * 0.006
        easel.lay(
            ellipse(0.34 + 0.03 * np.sin(number * 5.0), y, wide, 0.004 + number * 0.0007),
            (1.0, 0.8, 0.5),
        )
    for number in range(9):
        line = wavy(0.56 + number * 0.052, (0.008, 3 + number % 3, number * 1.7))
        mask = (line < Y) & (line + 0.006 + 0.002 * number + 0.006 * np.sin(X * 19 + number) > Y)
        easel.lay(mask, (0.1, 0.34, 0.55), (0.2, 0.5, 0.62), X, slope(line))
    rocks = polygon(
        (1, 0.42), (0.93, 0.44), (0.84, 0.5), (0.7, 0.55), (0.62, 0.62), (0.75, 0.66), (1, 0.7)
    )
    easel.lay(rocks, (0.5, 0.36, 0.3), (0.16, 0.13, 0.2), (X - 0.6) * 2.5, angle=0.8)
    easel.lay(
        polygon((0.8, 0.52), (0.82, 0.2), (0.88, 0.2), (0.9, 0.5)),
        (0.98, 0.94, 0.88),
        (0.6, 0.55, 0.65),
        (X - 0.8) * 10,
        1.57,
    )
    for y in (0.26, 0.38):
        easel.lay(
            polygon((0.808, y + 0.06), (0.815, y), (0.885, y), (0.892, y + 0.06)),
            (0.85, 0.2, 0.16),
            (0.5, 0.1, 0.16),
            (X - 0.8) * 10,
        )
    easel.lay(polygon((0.81, 0.2), (0.85, 0.13), (0.89, 0.2)), (0.2, 0.16, 0.22))
    for x, y, high in ((0.2, 0.74, 0.34), (0.52, 0.6, 0.16)):
        easel.lay(
            polygon((x - 0.005 * high, y), (x + 0.02 * high, y - high), (x + 0.45 * high, y)),
            (0.99, 0.95, 0.86),
            (0.9, 0.7, 0.55),
            (X - x) * 5,
            1.2,
        )
        easel.lay(
            polygon((x - 0.05 * high, y), (x - 0.02 * high, y - 0.9 * high), (x - 0.36 * high, y)),
            (0.86, 0.34, 0.2),
            (0.6, 0.16, 0.16),
            (x - X) * 5,
            1.9,
        )
        hull = polygon(
            (x - 0.45 * high, y + 0.03 * high),
            (x + 0.55 * high, y + 0.03 * high),
            (x + 0.38 * high, y + 0.17 * high),
            (x - 0.3 * high, y + 0.17 * high),
        )
        easel.lay(hull, (0.36, 0.2, 0.14), (0.14, 0.09, 0.12), (Y - y) * 12)
    return easel.scene


def wave() -> Scene:
    """A breaking wave with foam, a far mountain and a boat, in flat colors."""
    easel = Easel()
    easel.lay(Y < 2, (0.55, 0.66, 0.72), (0.97, 0.88, 0.72), Y * 2.4)
    easel.lay(disc(0.8, 0.17, 0.075), (0.86, 0.27, 0.2))
    for x, y, wide in ((0.68, 0.3, 0.2), (0.9, 0.36, 0.16), (0.62, 0.08, 0.12)):
        easel.lay(ellipse(x, y, wide, 0.012), (0.98, 0.94, 0.86))
    easel.lay(
        polygon((0.46, 0.68), (0.6, 0.55), (0.67, 0.47), (0.71, 0.47), (0.8, 0.57), (0.96, 0.68)),
        (0.36, 0.44, 0.56),
        (0.62, 0.66, 0.7),
        (Y - 0.5) * 5,
    )
    easel.lay(
        polygon(
            (0.62, 0.53),
            (0.67, 0.47),
            (0.71, 0.47),
            (0.755, 0.53),
            (0.72, 0.515),
            (0.69, 0.55),
            (0.66, 0.515),
        ),
        (0.98, 0.96, 0.92),
    )
    for number, color in enumerate(((0.35, 0.58, 0.66), (0.1, 0.28, 0.5))):
        line = wavy(0.68 + 0.08 * number, (0.025, 2 + number, 1.3 * number), (0.01, 5, 0))
        easel.lay(line < Y, color, angle=slope(line))
        easel.lay((line < Y) & (line + 0.018 > Y), (0.96, 0.94, 0.87), angle=slope(line))
    turn = np.arctan2(Y - 0.42, X - 0.44)
    reach = np.hypot(X - 0.44, Y - 0.42)
    way = (turn - np.pi / 2) % (2 * np.pi)  # 0 below, half a turn later above, then the lip
    inner = 0.2 + 0.22 * np.clip((way - 2.4) / 1.7, 0, 1) ** 1.5
    body = (reach > inner) & (reach < 0.46) & (way < 4.1)
    foot = 0.66 + 0.5 * np.clip(X - 0.3, 0, 1) ** 1.3
    body |= (foot < Y) & (reach > 0.2)
    easel.lay(body, (0.08, 0.22, 0.44), angle=around(0.44, 0.42))
    for number in range(6):
        radius = 0.235 + 0.045 * number
        width = 0.009 + 0.006 * np.sin(turn * 2 + number)
        easel.lay(
            body & (np.abs(reach - radius) < width), (0.42, 0.66, 0.72), angle=around(0.44, 0.42)
        )
    for number in range(26):
        way = np.pi * (0.78 + 0.98 * number / 25)
        for size, color in ((0.042, (0.16, 0.4, 0.6)), (0.034, (0.97, 0.95, 0.88))):
            rim = 0.44 - 0.02 * (number % 3)
            x, y = 0.44 + rim * np.cos(way), 0.42 + rim * np.sin(way)
            easel.lay(disc(x, y, size * (0.75 + 0.4 * (number % 2))), color)
    for number in range(7):  # fingers of foam on the lip
        lean = np.pi * (1.5 + 0.045 * number)
        x, y = 0.44 + 0.405 * np.cos(lean), 0.42 + 0.405 * np.sin(lean)
        easel.lay(ellipse(x, y, 0.05, 0.014, lean + 0.5), (0.97, 0.95, 0.88))
    generator = np.random.default_rng(3)
    for x, y in generator.uniform((0.58, 0.2), (0.84, 0.44), (30, 2)):
        easel.lay(
            disc(float(x), float(y), float(generator.uniform(0.004, 0.009))), (0.98, 0.96, 0.9)
        )
    line = wavy(0.9, (0.03, 1.2, 2), (0.012, 4, 0))
    easel.lay(line < Y, (0.05, 0.16, 0.36), angle=slope(line))
    for shift in (0.022, 0.05, 0.075):
        easel.lay((np.abs(Y - line - shift) < 0.005), (0.42, 0.66, 0.72), angle=slope(line))
    easel.lay((line < Y) & (line + 0.013 > Y), (0.97, 0.95, 0.88), angle=slope(line))
    easel.lay(
        polygon(
            (0.56, 0.8), (0.62, 0.84), (0.84, 0.835), (0.93, 0.775), (0.85, 0.87), (0.64, 0.88)
        ),
        (0.86, 0.68, 0.4),
        (0.55, 0.36, 0.2),
        (Y - 0.78) * 9,
    )
    for x in (0.67, 0.73, 0.79):
        easel.lay(disc(x, 0.815, 0.018), (0.2, 0.2, 0.28))
    return easel.scene


def fish() -> Scene:
    """Two large fish between weeds, shells and bubbles."""
    easel = Easel()
    easel.lay(Y < 2, (0.5, 0.8, 0.78), (0.06, 0.3, 0.45), Y * 1.1, wavy(0.0, (0.4, 2, 0)))
    for number in range(4):
        line = wavy(0.1 + 0.2 * number, (0.03, 2, number * 2.0))
        easel.lay(np.abs(Y - line) < 0.014, (0.72, 0.92, 0.85), angle=slope(line))
    line = wavy(0.86, (0.03, 1.5, 1))
    easel.lay(line < Y, (0.93, 0.82, 0.56), (0.72, 0.52, 0.3), (Y - line) * 6, slope(line))
    for x, high, phase in ((0.08, 0.6, 0.0), (0.16, 0.4, 2.0), (0.9, 0.62, 1.0), (0.82, 0.36, 3.0)):
        middle = x + 0.025 * np.sin(Y * 22 + phase)
        part = np.clip((0.93 - Y) / high, 0, 1)
        mask = (np.abs(X - middle) < 0.024 * (1 - part) + 0.004) & (part < 1) & (Y < 0.93)
        easel.lay(mask, (0.4, 0.66, 0.24), (0.08, 0.34, 0.24), part, 1.5)
    bodies = (
        (0.48, 0.33, 0.25, 1, (0.98, 0.6, 0.16), (0.85, 0.24, 0.14)),
        (0.5, 0.66, 0.22, -1, (0.95, 0.86, 0.5), (0.3, 0.36, 0.66)),
    )
    for x, y, size, way, light, dark in bodies:
        tail = x - way * size * 0.85
        end = tail - way * size * 0.55
        easel.lay(
            polygon(
                (tail, y),
                (end, y - size * 0.45),
                (end + way * size * 0.15, y),
                (end, y + size * 0.45),
            ),
            dark,
            light,
            np.abs(X - tail) * 5,
            0.3,
        )
        easel.lay(
            polygon(
                (x - size * 0.4, y - size * 0.4),
                (x + way * size * 0.1, y - size * 0.75),
                (x + size * 0.5, y - size * 0.3),
            ),
            dark,
            angle=1.0,
        )
        easel.lay(
            polygon(
                (x - size * 0.2, y + size * 0.4),
                (x - way * size * 0.2, y + size * 0.68),
                (x + size * 0.25, y + size * 0.4),
            ),
            dark,
            angle=2.0,
        )
        easel.lay(
            ellipse(x, y, size, size * 0.5), light, dark, (Y - y) / size + 0.5, around(x, y + 0.4)
        )
        for number in range(3):
            stripe = (
                np.abs(X - x + way * size * (0.1 + 0.3 * number) - 0.03 * np.cos((Y - y) * 14))
                < 0.017
            )
            easel.lay(
                ellipse(x, y, size, size * 0.5) & stripe,
                (0.98, 0.95, 0.88) if way > 0 else (0.2, 0.24, 0.5),
                angle=1.57,
            )
        easel.lay(
            ellipse(x + way * size * 0.7, y, size * 0.3, size * 0.42)
            & ellipse(x, y, size, size * 0.5),
            dark,
            light,
            np.abs(X - x) * 2,
            around(x, y),
        )
        easel.lay(disc(x + way * size * 0.68, y - size * 0.12, size * 0.12), (0.98, 0.96, 0.9))
        easel.lay(disc(x + way * size * 0.7, y - size * 0.12, size * 0.06), (0.06, 0.06, 0.12))
    for x, y, size in (
        (0.8, 0.24, 0.03),
        (0.84, 0.15, 0.022),
        (0.77, 0.12, 0.016),
        (0.24, 0.52, 0.022),
        (0.2, 0.44, 0.016),
    ):
        easel.lay(disc(x, y, size), (0.86, 0.97, 0.95), angle=around(x, y))
    for x, y, color in (
        (0.3, 0.93, (0.93, 0.5, 0.46)),
        (0.55, 0.95, (0.96, 0.92, 0.86)),
        (0.7, 0.92, (0.7, 0.45, 0.66)),
    ):
        easel.lay(ellipse(x, y, 0.055, 0.04), color, angle=around(x, y + 0.05))
    return easel.scene


def still_life() -> Scene:
    """A vase of flowers, a bowl and fruit on a table before a window wall."""
    easel = Easel()
    easel.lay(Y < 2, (0.3, 0.46, 0.52), (0.62, 0.62, 0.5), X * 0.9, angle=1.2)
    easel.lay(
        polygon((0.66, 0), (1, 0), (1, 0.66), (0.72, 0.66)),
        (0.72, 0.24, 0.2),
        (0.36, 0.1, 0.16),
        (X - 0.66) * 3.5,
        1.45,
    )
    for x in (0.76, 0.86, 0.95):
        easel.lay(
            polygon((x, 0), (x + 0.03, 0), (x + 0.025, 0.66), (x + 0.01, 0.66)),
            (0.3, 0.08, 0.14),
            angle=1.5,
        )
    easel.lay(Y > 0.66, (0.78, 0.56, 0.34), (0.5, 0.28, 0.18), (Y - 0.66) * 2.6, angle=0.06)
    cloth = polygon((0.05, 0.8), (0.5, 0.72), (0.82, 0.86), (0.6, 1), (0.1, 1))
    easel.lay(cloth, (0.95, 0.93, 0.86), (0.62, 0.68, 0.8), (Y - 0.72) * 3, angle=0.5)
    for x0, x1 in ((0.25, 0.2), (0.42, 0.47), (0.55, 0.66)):
        easel.lay(
            polygon((x0, 0.8), (x0 + 0.02, 0.8), (x1 + 0.03, 1), (x1, 1)),
            (0.6, 0.66, 0.78),
            angle=1.4,
        )
    easel.lay(ellipse(0.52, 0.82, 0.22, 0.04), SHADE)
    half = 0.075 + 0.075 * np.sin(np.clip((Y - 0.46) / 0.36, 0, 0.999) * np.pi) ** 1.2
    body = (np.abs(X - 0.4) < half) & (Y > 0.46) & (Y < 0.83)
    easel.lay(body, (0.5, 0.72, 0.86), (0.08, 0.16, 0.4), (X - 0.27) * 3.8, angle=1.57)
    easel.lay(
        body & (np.abs(Y - 0.62 - 0.02 * np.sin(X * 60)) < 0.02),
        (0.96, 0.9, 0.7),
        (0.5, 0.45, 0.5),
        (X - 0.27) * 3.8,
    )
    easel.lay(ellipse(0.345, 0.6, 0.014, 0.09), (0.95, 0.98, 1.0), angle=1.57)
    for x, y, turn in (
        (0.22, 0.34, 0.8),
        (0.6, 0.38, 2.3),
        (0.3, 0.2, 1.2),
        (0.55, 0.24, 1.9),
        (0.42, 0.4, 1.5),
        (0.16, 0.44, 0.5),
    ):
        easel.lay(
            ellipse(x, y, 0.11, 0.035, turn), (0.42, 0.62, 0.26), (0.1, 0.3, 0.18), Y * 2, turn
        )
    flowers = (
        (0.4, 0.16, 0.085, (0.98, 0.8, 0.2)),
        (0.25, 0.27, 0.075, (0.93, 0.36, 0.3)),
        (0.54, 0.3, 0.08, (0.98, 0.94, 0.9)),
        (0.38, 0.33, 0.08, (0.9, 0.5, 0.7)),
        (0.6, 0.14, 0.05, (0.95, 0.55, 0.2)),
        (0.17, 0.13, 0.05, (0.72, 0.5, 0.85)),
    )
    for x, y, size, color in flowers:
        dark = (color[0] * 0.65, color[1] * 0.45, color[2] * 0.5)
        for number in range(7):
            turn = number * 2 * np.pi / 7 + x * 9
            px, py = x + size * 0.6 * np.cos(turn), y + size * 0.6 * np.sin(turn)
            easel.lay(
                ellipse(px, py, size * 0.5, size * 0.3, turn),
                color,
                dark,
                (X - x + Y - y) / size / 2 + 0.5,
                turn,
            )
        easel.lay(disc(x, y, size * 0.32), (0.36, 0.2, 0.12), angle=around(x, y))
    easel.ball(0.68, 0.82, 0.085, (0.98, 0.62, 0.2), (0.62, 0.22, 0.1))
    easel.ball(0.57, 0.9, 0.07, (0.9, 0.26, 0.2), (0.4, 0.06, 0.12))
    easel.ball(0.8, 0.91, 0.06, (0.95, 0.9, 0.4), (0.55, 0.5, 0.12))
    easel.ball(0.17, 0.88, 0.065, (0.66, 0.8, 0.3), (0.2, 0.36, 0.12))
    return easel.scene
