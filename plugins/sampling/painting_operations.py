"""The operations and trainers of pictures from words and by class."""

from __future__ import annotations

from studio.api import Preset
from studio_plugins.sampling.kinds import changing, making
from studio_plugins.sampling.names import ENLARGE
from studio_plugins.sampling.parameters import (
    BetweenParameters,
    ClassParameters,
    RedrawParameters,
    TextParameters,
)
from studio_plugins.sampling.training import CLASS_TRAINER, TEXT_TRAINER

__all__ = ["OPERATIONS", "TRAINERS"]

_WORDS = ("text", "prompt", "diffusion", "sticker", "emoji", "icon", "draw", "generate", "ai")
_FAST = Preset("Fast", {"steps": 8, "sampler": "dpm"})
_CAREFUL = Preset("Careful", {"steps": 50, "sampler": "dpm"})
_CHOOSE = Preset("Nine to choose from", {"count": 9})

OPERATIONS = [
    making(
        id="sampling.text",
        title="Picture from words",
        help="Paints what you write, on a transparent background.",
        parameters=TextParameters,
        function=".engine:paint_text",
        output="layers",
        follow_ups=(ENLARGE,),
        presets=(_FAST, _CAREFUL, _CHOOSE),
        keywords=_WORDS,
    ),
    changing(
        id="sampling.redraw",
        title="Redraw with words",
        help="Paints the selection anew, as you write, from what is there.",
        parameters=RedrawParameters,
        function=".engine:redraw",
        input="visible",
        output="layers",
        selection="optional",
        presets=(
            Preset("Keep its look", {"strength": 0.4}),
            Preset("Keep its place", {"strength": 0.8}),
            _CHOOSE,
        ),
        keywords=(*_WORDS, "image to image", "variation", "img2img"),
    ),
    making(
        id="sampling.between",
        title="Between two prompts",
        help="A strip of pictures from one prompt, or one seed, to another.",
        parameters=BetweenParameters,
        function=".engine:paint_between",
        output="document",
        follow_ups=(ENLARGE,),
        presets=(_FAST,),
        keywords=(*_WORDS, "interpolate", "morph", "strip"),
    ),
    making(
        id="sampling.class",
        title="Picture of a class",
        help="Paints one more of a kind that the model knows.",
        parameters=ClassParameters,
        function=".engine:paint_class",
        output="layers",
        follow_ups=(ENLARGE,),
        presets=(_FAST, _CAREFUL, _CHOOSE),
        keywords=("class", "label", "category", "digit", "mnist", "diffusion", "generate"),
    ),
]

TRAINERS = [TEXT_TRAINER, CLASS_TRAINER]
