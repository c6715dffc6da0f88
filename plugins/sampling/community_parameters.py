"""What can be set when a diffusion model of the user's own paints."""

from __future__ import annotations

from typing import Literal

from studio.api import Parameters, boolean, integer, model, number, picture, text
from studio.api import choice as choose

PIPELINE_TASK = "diffusion-pipeline"
GALLERY = "control-pictures"

Scheduler = Literal["own", "ddim", "dpm", "euler", "euler-a", "unipc", "lcm"]
Control = Literal["canny", "map"]

_SCHEDULERS = {
    "own": "The model's own",
    "ddim": "DDIM",
    "dpm": "DPM-Solver++: good in 20 steps",
    "euler": "Euler",
    "euler-a": "Euler, ancestral: noise at each step",
    "unipc": "UniPC: good in 10 steps",
    "lcm": "LCM: 4 to 8 steps, for models and LoRAs made for it",
}
_LONGEST = 2000  # letters of a prompt
_LARGEST = 4096  # pixels of a side


def _model() -> str | None:
    value: str | None = model(
        PIPELINE_TASK,
        paths=True,
        help="Folder or .safetensors file of a Stable Diffusion model, the id of an imported one, or "
        "one of the Hugging Face hub, as name/name",
    )
    return value


def _prompt() -> str:
    value: str = text(
        "", multiline=True, maximum_length=_LONGEST, help="What the picture shows, in English"
    )
    return value


def _negative() -> str:
    value: str = text("", maximum_length=_LONGEST, help="What it is to be unlike")
    return value


def _count() -> int:
    value: int = integer(1, minimum=1, maximum=64, help="Pictures to choose from")
    return value


def _first() -> int:
    value: int = integer(
        0, minimum=0, maximum=10_000, title="Skip", advanced=True,
        help="Pictures of the series that the seed begins which are left out",
    )  # fmt: skip
    return value


def _steps() -> int:
    value: int = integer(25, minimum=1, maximum=500, help="More take longer and change little")
    return value


def _guidance() -> float:
    value: float = number(
        7.0, minimum=0, maximum=30, step=0.5,
        help="How closely it follows the prompt; 1: no negative prompt, and twice as fast, as LCM "
        "and turbo models want it",
    )  # fmt: skip
    return value


def _sampler() -> Scheduler:
    value: Scheduler = choose("own", _SCHEDULERS, help="How noise becomes a picture")
    return value


def _lora() -> str:
    value: str = text(
        "", title="LoRA", maximum_length=4000, advanced=True,
        help="LoRA files that change the model, with a strength if wanted: a.safetensors*0.8; "
        "b.safetensors",
    )  # fmt: skip
    return value


def _lora_strength() -> float:
    value: float = number(
        1.0, minimum=-2, maximum=2, step=0.05, title="LoRA strength", advanced=True,
        help="Of those that name none of their own",
    )  # fmt: skip
    return value


def _controlnet() -> str:
    value: str = text(
        "", title="ControlNet", maximum_length=1000, advanced=True,
        help="Folder of a ControlNet that fits the model, or its .safetensors file",
    )  # fmt: skip
    return value


def _control() -> Control:
    value: Control = choose(
        "canny",
        {"canny": "Its edges, found here", "map": "It is the map: depth, pose, edges"},
        title="Control by", advanced=True,
        help="What the ControlNet is given of the control picture",
    )  # fmt: skip
    return value


def _control_strength() -> float:
    value: float = number(
        1.0, minimum=0, maximum=2, step=0.05, title="Control strength", advanced=True,
        help="How closely the picture follows the ControlNet",
    )  # fmt: skip
    return value


def _tiling() -> bool:
    value: bool = boolean(
        False, title="Decode in tiles", advanced=True,
        help="Less memory for large pictures; may leave faint seams",
    )  # fmt: skip
    return value


def _offload() -> bool:
    value: bool = boolean(
        False, title="Small graphics card", advanced=True,
        help="Weights stay in the computer's memory and visit the card layer by layer: slow, but "
        "needs little of it",
    )  # fmt: skip
    return value


def _configuration() -> str:
    value: str = text(
        "", maximum_length=1000, advanced=True,
        help="For a single file: a folder with the configuration of its kind, such as any diffusers "
        "model of that kind; left empty, the one that is on this computer",
    )  # fmt: skip
    return value


def _allow_download() -> bool:
    value: bool = boolean(
        False, title="Allow download", advanced=True,
        help="Fetch a model of the hub that is not on this computer; without it you are told its "
        "size and license first",
    )  # fmt: skip
    return value


class DiffusersParameters(Parameters):
    """A picture from words, by a model of the user's own."""

    model: str | None = _model()
    prompt: str = _prompt()
    negative: str = _negative()
    count: int = _count()
    first: int = _first()
    steps: int = _steps()
    guidance: float = _guidance()
    sampler: Scheduler = _sampler()
    width: int = integer(
        0, minimum=0, maximum=_LARGEST, step=8, unit="px", help="0: what the model is made for"
    )
    height: int = integer(
        0, minimum=0, maximum=_LARGEST, step=8, unit="px", help="0: what the model is made for"
    )
    lora: str = _lora()
    lora_strength: float = _lora_strength()
    controlnet: str = _controlnet()
    control_picture: str | None = picture(
        gallery=GALLERY, title="Control picture", help="What the ControlNet goes by"
    )
    control: Control = _control()
    control_strength: float = _control_strength()
    tiling: bool = _tiling()
    offload: bool = _offload()
    configuration: str = _configuration()
    allow_download: bool = _allow_download()


class DiffusersRedrawParameters(Parameters):
    """The selection or the picture drawn anew, by a model of the user's own."""

    model: str | None = _model()
    prompt: str = _prompt()
    negative: str = _negative()
    strength: float = number(
        0.6, minimum=0.02, maximum=1, step=0.02, help="1: nothing of what is there is left"
    )
    count: int = _count()
    first: int = _first()
    steps: int = _steps()
    guidance: float = _guidance()
    sampler: Scheduler = _sampler()
    size: int = integer(
        0, minimum=0, maximum=_LARGEST, step=64, unit="px", title="Working size", advanced=True,
        help="It is drawn in about as many pixels as a square of this side has; 0: what the model "
        "is made for",
    )  # fmt: skip
    margin: int = integer(
        128, minimum=0, maximum=2048, step=16, unit="px", advanced=True,
        help="What is seen around the selection",
    )  # fmt: skip
    lora: str = _lora()
    lora_strength: float = _lora_strength()
    controlnet: str = _controlnet()
    control_picture: str | None = picture(
        gallery=GALLERY,
        title="Control picture",
        help="What the ControlNet goes by; none: the edges of what is there",
    )
    control: Control = _control()
    control_strength: float = _control_strength()
    tiling: bool = _tiling()
    offload: bool = _offload()
    configuration: str = _configuration()
    allow_download: bool = _allow_download()


Settings = DiffusersParameters | DiffusersRedrawParameters
