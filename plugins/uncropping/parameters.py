"""How far the canvas grows, and with what it is filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal

from studio.api import Margins, Parameters, UserError, choice, integer, model, number, text

TASK = "inpainting"
SIDES = ("left", "top", "right", "bottom")
LARGEST = 20_000

Fill = Literal["network", "texture", "diffusion", "mirror", "stretch", "smear"]
Anchor = Literal["center", "left", "right", "top", "bottom"]


class ExtendParameters(Parameters):
    """Form of the operation; the first three ways to say how far exclude each other."""

    left: int = integer(0, title="Left", minimum=0, maximum=LARGEST, unit="px")
    top: int = integer(0, title="Top", minimum=0, maximum=LARGEST, unit="px")
    right: int = integer(0, title="Right", minimum=0, maximum=LARGEST, unit="px")
    bottom: int = integer(0, title="Bottom", minimum=0, maximum=LARGEST, unit="px")
    percent: float = number(
        0.0,
        title="On each side",
        minimum=0,
        maximum=200,
        step=5,
        unit="%",
        help="Of the picture's width and height, in place of pixels",
    )
    aspect: str = text(
        "",
        title="Aspect ratio",
        maximum_length=20,
        help="Such as 16:9, in place of pixels: the shorter direction grows",
    )
    anchor: Anchor = choice(
        "center",
        {
            "center": "In the middle",
            "left": "On the left",
            "right": "On the right",
            "top": "At the top",
            "bottom": "At the bottom",
        },
        title="Place of the picture",
        help="For an aspect ratio: where the picture lies on the larger canvas",
    )
    fill: Fill = choice(
        "network",
        {
            "network": "Invented by a network",
            "texture": "Texture from the picture itself",
            "diffusion": "Diffusion, after a description",
            "mirror": "Mirrored",
            "stretch": "Mirrored and stretched",
            "smear": "Smeared border",
        },
        title="Fill",
    )
    model: str | None = model(TASK, title="Model", help="For a fill by a network")
    overlap: int = integer(
        0,
        title="Overlap",
        minimum=0,
        maximum=500,
        unit="px",
        help="How far the new part fades into the picture; with 0 the picture stays as it is",
    )
    reach: float = number(
        25.0,
        title="Reach of a step",
        minimum=5,
        maximum=50,
        step=5,
        unit="%",
        advanced=True,
        help="How far is invented at once, of what is seen; farther is done in more steps",
    )
    pipeline: str = text(
        "", title="Diffusion model",
        help="Folder or single file of a diffusers pipeline that fills holes", advanced=True,
    )  # fmt: skip
    prompt: str = text(
        "", title="Description", multiline=True, maximum_length=1000,
        help="What diffusion is to paint around the picture", advanced=True,
    )  # fmt: skip
    guidance: float = number(
        7.5, minimum=1, maximum=30, step=0.5, title="Guidance scale",
        help="How closely diffusion follows the description", advanced=True,
    )  # fmt: skip
    steps: int = integer(
        0, minimum=0, maximum=1000, title="Diffusion steps", help="0: as many as usual",
        advanced=True,
    )  # fmt: skip


def margins(parameters: ExtendParameters, width: int, height: int) -> Margins:
    """By how much the canvas of ``width`` x ``height`` grows.

    Raises:
        UserError: naming values that contradict each other, or if there is nothing to add.
    """
    p = parameters
    sides = [name for name in SIDES if getattr(p, name)]
    ways = [", ".join(sides)] if sides else []
    ways += ["percent"] if p.percent else []
    ways += ["aspect"] if p.aspect.strip() else []
    if len(ways) > 1:
        raise UserError(
            f"The extension is given in more than one way: {' and '.join(ways)}.",
            "Give pixels for the sides, or percent, or an aspect ratio, and leave the rest empty.",
        )
    if not ways:
        raise UserError(
            "How far the picture is to be extended is not said.",
            "Drag the border of the canvas, or give pixels, percent, or an aspect ratio.",
        )
    if p.aspect.strip():
        return _for_aspect(p, width, height)
    if p.percent:
        across, down = (max(round(side * p.percent / 100), 1) for side in (width, height))
        return Margins(across, down, across, down, p.overlap)
    return Margins(p.left, p.top, p.right, p.bottom, p.overlap)


def margin_values(wanted: Margins) -> Mapping[str, Any]:
    """The parameters with which a border that was dragged is where it is."""
    left, top, right, bottom, _ = wanted
    sides = {"left": left, "top": top, "right": right, "bottom": bottom}
    return {**sides, "percent": 0.0, "aspect": ""}


def aspect_ratio(written: str) -> Fraction:
    """Width to height of "16:9", "3/2", "16x9" or "1.85".

    Raises:
        UserError: if it is none, or one that no picture has.
    """
    found = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)(?:\s*[:/x×]\s*(\d+(?:[.,]\d+)?))?\s*", written)
    ratio = Fraction(0)
    if found:
        over, under = (Fraction((part or "1").replace(",", ".")) for part in found.groups())
        ratio = over / under if under else ratio
    if not Fraction(1, 20) <= ratio <= 20:
        raise UserError(
            f"“{written}” is no aspect ratio of a picture.", "Write it like 16:9, up to 20:1."
        )
    return ratio


def _for_aspect(p: ExtendParameters, width: int, height: int) -> Margins:
    ratio = aspect_ratio(p.aspect)
    wide, high = max(width, round(height * ratio)), max(height, round(width / ratio))
    # One of the two only, whatever rounding does to the other.
    across, down = (wide - width, 0) if width < height * ratio else (0, high - height)
    if not across and not down:
        raise UserError(
            f"The picture has the aspect ratio {p.aspect.strip()} already.", "Choose another one."
        )
    ends = {"left": (0, across), "right": (across, 0)}
    left, right = ends.get(p.anchor, (across // 2, across - across // 2))
    heights = {"top": (0, down), "bottom": (down, 0)}
    top, bottom = heights.get(p.anchor, (down // 2, down - down // 2))
    return Margins(left, top, right, bottom, p.overlap)
