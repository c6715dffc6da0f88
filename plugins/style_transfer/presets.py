"""What can be set when a picture takes one of the built-in styles."""

from __future__ import annotations

from typing import Literal

from studio.api import Operation, Parameters, boolean, choice, model, number

PRESETS = "style-transfer-presets"
MODEL = "magenta-multistyle-26"
NONE = "none"
Style = Literal[
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
    "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25",
]  # fmt: skip
OtherStyle = Literal[
    "none",
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
    "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25",
]  # fmt: skip
# The network came without names: these say what its results look like.
_NAMES = (
    "Ocher and sky blue",
    "Ink on yellow",
    "Charcoal on cream",
    "Splintered glass",
    "Crimson and gold",
    "Autumn oils",
    "Beads on midnight blue",
    "Primary colors on black",
    "Pink and turquoise crayon",
    "Leaf print",
    "Russet",
    "Sepia engraving",
    "Lavender pastel",
    "Lime and teal",
    "Pale fresco",
    "Leaded pastel",
    "Ultramarine chalk",
    "Orange brickwork",
    "Sand woodcut",
    "Starry night",
    "Embers",
    "Cut paper",
    "Ink and slate",
    "Moonlight",
    "Blue woodblock",
    "Dark impasto",
)
TITLES = {str(number): f"{number}: {name}" for number, name in enumerate(_NAMES)}


class PresetStyle(Parameters):
    """One or two of the styles, and how they are applied."""

    style: Style = choice("0", TITLES, help="One of the styles that the network knows.")
    second: OtherStyle = choice(
        NONE, {NONE: "None", **TITLES}, title="Second style", help="Blended with the first."
    )
    share: float = number(
        0.5,
        minimum=0,
        maximum=1,
        step=0.05,
        title="Share of the second",
        help="0: the first style alone; 1: the second alone.",
    )
    strength: float = number(
        1.0, minimum=0, maximum=1, step=0.05, help="1: the style; 0: the picture itself."
    )
    strokes: float = number(
        0.0,
        minimum=0,
        maximum=16,
        step=0.5,
        unit="×",
        title="Stroke size",
        help="How many times larger strokes are than the network's own. 0 suits them to the picture.",
    )
    preserve_colors: bool = boolean(
        False, help="Keep the picture's colors and restyle its lightness alone."
    )
    model: str | None = model(PRESETS, default=MODEL, help="The network.")


OPERATION = Operation(
    id="style-transfer.presets",
    title="Built-in Style",
    menu="Restyle",
    help="Redraws the picture in one of 26 styles, or between two of them.",
    parameters=PresetStyle,
    function=".engine:preset",
    provenance="composite",
    preview=False,
    context_pixels=64,
    keywords=("painting", "artistic", "neural", "stylize", "magenta"),
)
