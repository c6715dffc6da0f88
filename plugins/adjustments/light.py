"""Declarations: light and dark."""

from __future__ import annotations

from typing import Literal

from studio.api import (
    Curve,
    Levels,
    Parameters,
    Preset,
    choice,
    curve,
    integer,
    levels,
    number,
)
from studio_plugins.adjustments.common import adjustment


class LevelsParameters(Parameters):
    """Input range, middle tones and output range, per channel and of all together."""

    rgb: Levels = levels(title="RGB", help="Black point, middle tones and white point.")
    red: Levels = levels(channel="red")
    green: Levels = levels(channel="green")
    blue: Levels = levels(channel="blue")


class AutoLevelsParameters(Parameters):
    """How the range is found."""

    method: Literal["channels", "together"] = choice(
        "channels",
        {"channels": "Each channel by itself", "together": "All channels alike"},
        help="Each by itself also removes a color cast; all alike keeps the colors.",
    )
    clip: float = number(
        0.1,
        minimum=0,
        maximum=5,
        step=0.05,
        unit="%",
        help="Pixels that may become black or white.",
    )


class CurvesParameters(Parameters):
    """A tone curve per channel, and one of all together."""

    rgb: Curve = curve(title="RGB", help="Drag the curve up to make its tones lighter.")
    red: Curve = curve(channel="red")
    green: Curve = curve(channel="green")
    blue: Curve = curve(channel="blue")


class BrightnessContrastParameters(Parameters):
    """Two numbers."""

    brightness: int = integer(0, minimum=-100, maximum=100, help="Lighter or darker.")
    contrast: int = integer(
        0, minimum=-100, maximum=100, help="Away from the middle gray, or towards it."
    )


class ExposureParameters(Parameters):
    """As a camera would have it: in linear light."""

    exposure: float = number(
        0, minimum=-10, maximum=10, step=0.05, unit="EV", help="One more doubles the light."
    )
    offset: float = number(
        0, minimum=-0.5, maximum=0.5, step=0.005, help="Light added everywhere: moves the shadows."
    )
    gamma: float = number(1, minimum=0.1, maximum=5, step=0.05, help="Above 1: lighter middle.")


OPERATIONS = (
    adjustment(
        "adjustments.levels",
        "Levels",
        help="Sets which tones become black, middle gray and white.",
        parameters=LevelsParameters,
        function=".light_engine:apply_levels",
        presets=(
            Preset("Lighter middle", {"rgb": Levels(gamma=1.3)}),
            Preset("Darker middle", {"rgb": Levels(gamma=0.77)}),
            Preset("More contrast", {"rgb": Levels(0.05, 1.0, 0.95)}),
            Preset("Faded", {"rgb": Levels(output_black=0.1, output_white=0.95)}),
        ),
        keywords=("black point", "white point", "gamma", "histogram", "tone"),
    ),
    adjustment(
        "adjustments.auto-levels",
        "Auto levels",
        help="Stretches the tones of the picture to the full range from black to white.",
        parameters=AutoLevelsParameters,
        function=".light_engine:auto_levels",
        preview=False,  # the range is that of the whole picture
        presets=(Preset("Contrast only", {"method": "together"}),),
        keywords=("normalize", "stretch", "auto contrast", "color cast"),
    ),
    adjustment(
        "adjustments.curves",
        "Curves",
        help="Makes tones lighter or darker along a curve.",
        parameters=CurvesParameters,
        function=".light_engine:apply_curves",
        presets=(
            Preset("Lighter", {"rgb": ((0, 0), (0.5, 0.62), (1, 1))}),
            Preset("Darker", {"rgb": ((0, 0), (0.5, 0.38), (1, 1))}),
            Preset("Contrast", {"rgb": ((0, 0), (0.25, 0.18), (0.75, 0.83), (1, 1))}),
            Preset("Faded film", {"rgb": ((0, 0.1), (0.3, 0.27), (0.75, 0.78), (1, 0.94))}),
            Preset(
                "Cross process",
                {
                    "red": ((0, 0), (0.3, 0.2), (0.7, 0.82), (1, 1)),
                    "green": ((0, 0), (0.3, 0.26), (0.7, 0.76), (1, 1)),
                    "blue": ((0, 0.12), (1, 0.86)),
                },
            ),
        ),
        keywords=("tone curve", "gradation", "contrast", "lighten", "darken"),
    ),
    adjustment(
        "adjustments.brightness-contrast",
        "Brightness and contrast",
        help="Lighter or darker, and more or less difference between light and dark.",
        parameters=BrightnessContrastParameters,
        function=".light_engine:brightness_contrast",
        presets=(
            Preset("Punchy", {"contrast": 20}),
            Preset("Soft", {"brightness": 5, "contrast": -20}),
        ),
        keywords=("lighten", "darken", "tone"),
    ),
    adjustment(
        "adjustments.exposure",
        "Exposure",
        help="More or less light, as a longer or shorter exposure would have given.",
        parameters=ExposureParameters,
        function=".light_engine:exposure",
        presets=(
            Preset("One stop more", {"exposure": 1}),
            Preset("One stop less", {"exposure": -1}),
        ),
        keywords=("ev", "stops", "brightness", "light", "linear"),
    ),
    adjustment(
        "adjustments.invert",
        "Invert",
        help="Light becomes dark and each color its opposite.",
        parameters=Parameters,
        function=".light_engine:invert",
        keywords=("negative", "reverse", "complement"),
    ),
)
