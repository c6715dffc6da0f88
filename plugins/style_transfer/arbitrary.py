"""What can be set when a picture takes the style of another."""

from __future__ import annotations

from studio.api import (
    Operation,
    Parameters,
    Preset,
    WeightedPicture,
    boolean,
    model,
    number,
    pictures,
)

ARBITRARY = "style-transfer"
GALLERY = "styles"


class ArbitraryStyle(Parameters):
    """One or several styles, and how they are applied."""

    style: tuple[WeightedPicture, ...] = pictures(
        gallery=GALLERY, help="The picture whose style is taken; several are blended by weight."
    )
    strength: float = number(
        1.0,
        minimum=0,
        maximum=1,
        step=0.05,
        help="1: the style; lower: closer to the picture's own; 0: the picture itself.",
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
    style_scale: float = number(
        1.0,
        minimum=0.25,
        maximum=4,
        step=0.25,
        unit="×",
        title="Style scale",
        help="Above 1, the style is looked at more closely.",
    )
    preserve_colors: bool = boolean(
        False, help="Keep the picture's colors and restyle its lightness alone."
    )
    model: str | None = model(ARBITRARY, help="The network; left open, the bundled one.")


OPERATION = Operation(
    id="style-transfer.arbitrary",
    title="Style of a Picture",
    menu="Restyle",
    help="Redraws the picture in the style of any other picture.",
    parameters=ArbitraryStyle,
    function=".engine:restyle",
    provenance="composite",
    preview=False,
    context_pixels=64,
    presets=(
        Preset("Half way", {"strength": 0.5}),
        Preset("Own colors", {"preserve_colors": True}),
        Preset("Broad strokes", {"strokes": 4.0}),
    ),
    keywords=("painting", "artistic", "neural", "stylize", "adain", "magenta"),
)
