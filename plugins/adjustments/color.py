"""Declarations: colour."""

from __future__ import annotations

from typing import Literal

from studio.api import Parameters, Preset, boolean, choice, color, integer, number
from studio_plugins.adjustments.common import adjustment

DAYLIGHT = 6500
Range = Literal["all", "reds", "yellows", "greens", "cyans", "blues", "magentas"]


class HueSaturationParameters(Parameters):
    """Which colours change, and how."""

    range: Range = choice("all", {"all": "All colors"}, help="Which colors change.")
    hue: int = integer(0, minimum=-180, maximum=180, unit="°", help="Turn around the color wheel.")
    saturation: int = integer(0, minimum=-100, maximum=100, help="Towards gray, or stronger.")
    lightness: int = integer(0, minimum=-100, maximum=100, help="Towards black, or towards white.")
    colorize: bool = boolean(False, help="Give the whole picture the one hue.")


class WhiteBalanceParameters(Parameters):
    """The light that is to look white."""

    temperature: int = integer(
        DAYLIGHT,
        minimum=2000,
        maximum=15000,
        step=50,
        unit="K",
        help="Of the light in the scene; lower for lamplight, which then looks less orange.",
    )
    tint: int = integer(0, minimum=-100, maximum=100, help="Towards green, or towards magenta.")
    neutral: str | None = color(help="A color of the picture that should be gray.")


class VibranceParameters(Parameters):
    """Two strengths."""

    vibrance: int = integer(
        0, minimum=-100, maximum=100, help="Changes pale colors more than strong ones."
    )
    saturation: int = integer(0, minimum=-100, maximum=100, help="Changes all colors alike.")


class BlackAndWhiteParameters(Parameters):
    """How light each primary becomes, and a tint."""

    red: float = number(21.26, minimum=-200, maximum=300, step=1, unit="%")
    green: float = number(71.52, minimum=-200, maximum=300, step=1, unit="%")
    blue: float = number(7.22, minimum=-200, maximum=300, step=1, unit="%")
    tint: str | None = color(help="Color of the tones; none is neutral.")
    strength: int = integer(25, minimum=0, maximum=100, unit="%", help="Of the tint.")


OPERATIONS = (
    adjustment(
        "adjustments.hue-saturation",
        "Hue and saturation",
        help="Turns, strengthens or fades colors, all or one range of them.",
        parameters=HueSaturationParameters,
        function=".color_engine:hue_saturation",
        presets=(
            Preset("Stronger", {"saturation": 25}),
            Preset("Pastel", {"saturation": -35, "lightness": 15}),
            Preset("Deeper sky", {"range": "blues", "saturation": 30, "lightness": -15}),
            Preset("Cyanotype", {"hue": -150, "saturation": -30, "colorize": True}),
        ),
        keywords=("hsl", "colour", "color", "colorize", "recolor", "desaturate"),
    ),
    adjustment(
        "adjustments.white-balance",
        "White balance",
        help="Makes the light of the scene look white.",
        parameters=WhiteBalanceParameters,
        function=".color_engine:white_balance",
        presets=(
            Preset("Lamplight", {"temperature": 2900}),
            Preset("Fluorescent", {"temperature": 4000, "tint": 25}),
            Preset("Cloudy", {"temperature": 7500}),
            Preset("Shade", {"temperature": 9000}),
        ),
        keywords=("temperature", "tint", "color cast", "kelvin", "warm", "cool", "neutral"),
    ),
    adjustment(
        "adjustments.vibrance",
        "Vibrance",
        help="Strengthens pale colors and spares those that are strong already.",
        parameters=VibranceParameters,
        function=".color_engine:vibrance",
        presets=(Preset("Fresh", {"vibrance": 35}), Preset("Muted", {"vibrance": -35})),
        keywords=("saturation", "colour", "color", "vivid"),
    ),
    adjustment(
        "adjustments.black-and-white",
        "Black and white",
        help="Mixes the channels to gray, with a tint if wanted.",
        parameters=BlackAndWhiteParameters,
        function=".color_engine:black_and_white",
        presets=(
            Preset("Red filter", {"red": 100, "green": 20, "blue": -20}),
            Preset("Green filter", {"red": 15, "green": 100, "blue": -15}),
            Preset("Even mix", {"red": 33.3, "green": 33.4, "blue": 33.3}),
            Preset("Sepia", {"tint": "#9c7a4d", "strength": 50}),
        ),
        keywords=("monochrome", "gray", "grayscale", "sepia", "channel mixer", "desaturate"),
    ),
)
