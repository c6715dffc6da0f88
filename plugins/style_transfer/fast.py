"""What can be set when a network with one style of its own restyles a picture."""

from __future__ import annotations

from studio.api import CheckpointLoader, Operation, Parameters, Preset, boolean, model, number

FAST = "style-transfer-fast"


class FastParameters(Parameters):
    """The network, and how its result is applied."""

    model: str | None = model(
        FAST, help="The network, one for each style; left open, the first one there is."
    )
    strength: float = number(
        1.0, minimum=0, maximum=1, step=0.05, help="1: the style; lower: a blend with the picture."
    )
    strokes: float = number(
        0.0, minimum=0, maximum=16, step=0.5, unit="×", title="Stroke size",
        help="How many times larger strokes are than the network's own. 0 suits them to the picture.",
    )  # fmt: skip
    preserve_colors: bool = boolean(
        False, help="Keep the picture's colors and restyle its lightness alone."
    )


OPERATION = Operation(
    id="style-transfer.fast",
    title="Style of a Network",
    menu="Restyle",
    help="Redraws the picture with a network that learned one style: imported, or trained here.",
    parameters=FastParameters,
    function=".fast_engine:restyle",
    provenance="composite",
    preview=False,
    context_pixels=64,
    presets=(
        Preset("Half way", {"strength": 0.5}),
        Preset("Own colors", {"preserve_colors": True}),
        Preset("Broad strokes", {"strokes": 4.0}),
    ),
    keywords=("painting", "artistic", "neural", "johnson", "fast-neural-style", "real-time"),
)

LOADER = CheckpointLoader(
    id="style-fast",
    title="Fast-neural-style networks",
    task=FAST,
    suffixes=(".pth", ".pt", ".model", ".ckpt", ".tar", ".safetensors"),
    function=".fast_engine:recognise",
)
