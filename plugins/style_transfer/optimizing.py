"""What can be set when a picture is optimized towards a style, and the networks that judge it."""

from __future__ import annotations

from typing import Literal

from studio.api import (
    CheckpointLoader,
    Operation,
    Parameters,
    Preset,
    boolean,
    choice,
    integer,
    model,
    number,
    picture,
)
from studio_plugins.style_transfer.arbitrary import GALLERY

FEATURES = "features"


class OptimizeParameters(Parameters):
    """Style, losses and optimizer."""

    style: str | None = picture(gallery=GALLERY, help="The picture whose style is taken.")
    steps: int = integer(300, minimum=1, maximum=5000, help="More come closer to the style.")
    size: int = integer(
        512, minimum=64, maximum=4096, step=64, unit="px",
        help="Longer side at which it is painted; strokes are as large as the style's at this size.",
    )  # fmt: skip
    style_weight: float = number(
        5.0, minimum=0.01, maximum=10_000, step=1, title="Weight of the style",
        help="Against the content: higher is further from the photograph.",
    )  # fmt: skip
    style_scale: float = number(
        1.0, minimum=0.25, maximum=4, step=0.25, unit="×",
        help="Size of the style's strokes and shapes.",
    )  # fmt: skip
    strength: float = number(
        1.0, minimum=0, maximum=1, step=0.05, help="1: the result; lower: a blend with the picture."
    )
    preserve_colors: bool = boolean(
        False, help="Keep the picture's colors and restyle its lightness alone."
    )
    detail: float = number(
        0.4, minimum=0, maximum=1, step=0.1,
        help="Fine structure of the picture that is kept where it is larger than the size above.",
    )  # fmt: skip
    features: str | None = model(
        FEATURES, title="Feature network", help="Left open, the best one that is on this computer."
    )
    optimizer: Literal["lbfgs", "adam"] = choice(
        "lbfgs", {"lbfgs": "L-BFGS", "adam": "Adam"}, advanced=True,
        help="L-BFGS comes further in as many steps.",
    )  # fmt: skip
    start: Literal["content", "noise"] = choice(
        "content", {"content": "The picture in the style's colors", "noise": "Noise"}, advanced=True,
        help="Where it begins; from noise every seed comes out differently.",
    )  # fmt: skip
    content_weight: float = number(
        1.0, minimum=0, maximum=1000, step=0.1, title="Weight of the content", advanced=True,
        help="0 leaves nothing of the picture: a texture of the style.",
    )  # fmt: skip
    smoothness: float = number(
        10.0, minimum=0, maximum=1000, step=0.5, title="Weight of smoothness", advanced=True,
        help="Against speckles: of the squared differences between neighbors.",
    )  # fmt: skip


OPERATION = Operation(
    id="style-transfer.optimize",
    title="Style by Optimization",
    menu="Restyle",
    help="Repaints the picture step by step until a network sees the style of another in it.",
    parameters=OptimizeParameters,
    function=".optimize:optimize",
    provenance="composite",
    preview=False,
    stoppable=True,
    presets=(
        Preset("Quick look", {"steps": 100, "size": 256}),
        Preset("Close to the style", {"style_weight": 30.0}),
        Preset("Own colors", {"preserve_colors": True}),
        Preset("Large and slow", {"size": 1024, "steps": 400}),
    ),
    keywords=("painting", "artistic", "neural", "gatys", "gram", "vgg", "iterative"),
)

LOADER = CheckpointLoader(
    id="style-features",
    title="Feature networks (VGG)",
    task=FEATURES,
    suffixes=(".pth", ".pt", ".safetensors"),
    function=".feature_networks:recognise",
)
