"""The operations and checkpoints of diffusion models by others."""

from __future__ import annotations

from studio.api import CheckpointLoader, Gallery, Preset
from studio_plugins.sampling.community_parameters import (
    GALLERY,
    PIPELINE_TASK,
    DiffusersParameters,
    DiffusersRedrawParameters,
)
from studio_plugins.sampling.kinds import changing, making

__all__ = ["GALLERIES", "LOADERS", "OPERATIONS"]

_KEYWORDS = ("stable diffusion", "sdxl", "diffusers", "hugging face", "lora", "controlnet", "prompt",
             "text to image", "generate", "ai")  # fmt: skip
_FAST = Preset("Fast", {"sampler": "unipc", "steps": 10})
_LCM = Preset("LCM or turbo", {"sampler": "lcm", "steps": 4, "guidance": 1.0})
_FOUR = Preset("Four to choose from", {"count": 4})

OPERATIONS = [
    making(
        id="sampling.diffusers",
        title="Picture by Stable Diffusion",
        help="Paints what you write, with a Stable Diffusion model of your own.",
        parameters=DiffusersParameters,
        function=".community:generate",
        output="layers",
        presets=(_FAST, _LCM, _FOUR),
        keywords=_KEYWORDS,
    ),
    changing(
        id="sampling.diffusers-redraw",
        title="Redraw by Stable Diffusion",
        help="Paints the selection or the picture anew, with a Stable Diffusion model of your own.",
        parameters=DiffusersRedrawParameters,
        function=".community:redraw",
        input="visible",
        output="region",
        selection="optional",
        presets=(
            Preset("Keep its look", {"strength": 0.4}),
            Preset("Replace it", {"strength": 1.0}),
            _LCM,
            _FOUR,
        ),
        keywords=(*_KEYWORDS, "image to image", "img2img", "inpaint", "variation"),
    ),
]

LOADERS = [
    CheckpointLoader(
        id="stable-diffusion",
        title="Stable Diffusion models",
        task=PIPELINE_TASK,
        suffixes=(".safetensors",),
        function=".community_kinds:recognise",
    )
]

# A depth map or a pose that was painted on a layer is kept here.
GALLERIES = [Gallery(GALLERY, "Control pictures")]
