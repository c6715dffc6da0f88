"""What kind of diffusion model a folder or a file holds, told without opening its weights."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.api import Recognised, UserError

CHOOSE = (
    "Choose a diffusers folder, with its model_index.json, or a .safetensors file of Stable Diffusion "
    "1, 2 or XL."
)
_UNET = "model.diffusion_model."
_FIRST = _UNET + "input_blocks.0.0.weight"
_LIBRARIES = ("diffusers", "transformers", "stable_diffusion")  # the last: a folder of diffusers
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
_OTHERS = {
    "joint_blocks.": "Stable Diffusion 3",
    "double_blocks.": "FLUX",
    "control_model.": "a ControlNet",
    "controlnet_cond_embedding.": "a ControlNet",
    "lora_unet_": "a LoRA",
    "lora_down.": "a LoRA",
    "lora_A.": "a LoRA",
    "model.diffusion_model.": "a diffusion network without its text encoder",
    "first_stage_model.": "an autoencoder",
}
_WHERE = {
    "a LoRA": "Name it as the LoRA, beside a model.",
    "a ControlNet": "Name it as the ControlNet, beside a model.",
}


@dataclass(frozen=True)
class Kind:
    """A family of models that share architecture and pipelines.

    Attributes:
        title: for people.
        xl: whether it is Stable Diffusion XL, with two text encoders.
        repository: on the hub, that has the configuration of single files of this kind.
        channels: of what the U-Net is given: 9 for one made to fill holes.
    """

    title: str
    xl: bool
    repository: str
    channels: int = 4

    @property
    def pipeline(self) -> str:
        """Name of the class that reads a file of this kind."""
        family = "StableDiffusionXL" if self.xl else "StableDiffusion"
        return f"{family}{'Inpaint' if self.channels == 9 else ''}Pipeline"


def folder_kind(folder: Path) -> str:
    """Name of the pipeline class of a diffusers folder.

    Raises:
        UserError: if it is none, is of a kind that is not supported, brings code along, or keeps its
            weights as pickles.
    """
    index = _index(folder)
    name = str(index.get("_class_name", ""))
    if not _is_supported(name):
        raise UserError(
            f"{folder.name} is a {name or 'pipeline without a name'}, which cannot be used here.",
            CHOOSE,
        )
    for part, entry in index.items():
        if part.startswith("_") or not isinstance(entry, list) or len(entry) != 2:
            continue
        if entry[0] is not None and entry[0] not in _LIBRARIES:
            raise UserError(
                f"{folder.name} brings code of its own along ({part}: {entry[0]}), which is never run.",
                CHOOSE,
            )
        _refuse_pickles(folder / part)
    return name


def variant(folder: Path) -> str | None:
    """The variant that a folder has its weights in, if it has no plain ones: ``fp16``."""
    names = [path.name for path in (folder / "unet").glob("*.safetensors")]
    return "fp16" if names and all(".fp16" in name for name in names) else None


def file_kind(path: Path) -> Kind:
    """The kind of a single file.

    Raises:
        UserError: if it is not safetensors, or not Stable Diffusion 1, 2 or XL.
    """
    if path.suffix.lower() != ".safetensors":
        raise UserError(
            f"{path.name} cannot be read as a diffusion model: it could run code.", CHOOSE
        )
    shapes = _shapes(path)
    found = _kind(shapes)
    if found is None:
        what = _other(shapes) or f"{len(shapes)} tensors, such as {next(iter(shapes), 'none')}"
        raise UserError(
            f"{path.name} cannot be read as a diffusion model: it holds {what}.",
            _WHERE.get(what, CHOOSE),
        )
    return found


def recognise(paths: tuple[Path, ...]) -> Recognised | None:
    """A checkpoint that someone brings along; None if it is not of diffusion.

    Raises:
        UserError: if it is of a kind that cannot be used, or belongs into another field.
    """
    shapes = _shapes(paths[0])
    kind = _kind(shapes)
    if kind is not None:
        return Recognised(kind.title, summary=f"{kind.title}, for pictures from words")
    what = _other(shapes)
    if what is not None:
        raise UserError(f"{paths[0].name} holds {what}.", _WHERE.get(what, CHOOSE))
    return None


def _is_supported(name: str) -> bool:
    for family in ("StableDiffusionXL", "StableDiffusion", "LatentConsistencyModel"):
        if name in {f"{family}{task}Pipeline" for task in ("", "Img2Img", "Inpaint")}:
            return True
    return False


def _index(folder: Path) -> Mapping[str, Any]:
    path = folder / "model_index.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = "is not there" if not path.exists() else "is damaged"
        raise UserError(
            f"{folder.name} cannot be read as a diffusion model: its model_index.json {reason}.",
            CHOOSE,
        ) from error
    return found if isinstance(found, dict) else {}


def _refuse_pickles(folder: Path) -> None:
    names = [path.name for path in folder.glob("*") if path.is_file()]
    pickles = [name for name in names if name.lower().endswith(_PICKLES)]
    if pickles and not any(name.endswith(".safetensors") for name in names):
        raise UserError(
            f"{folder.parent.name} keeps weights as a pickle, which could run code: "
            f"{folder.name}/{pickles[0]}.",
            "Get its safetensors files.",
        )


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shape of each tensor of a safetensors file, from its head alone."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118  # it is no mapping
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{path.name} cannot be read: {str(error).splitlines()[0]}.", "Get the file again."
        ) from error


def _kind(shapes: Mapping[str, tuple[int, ...]]) -> Kind | None:
    if len(shapes.get(_FIRST, ())) != 4:
        return None
    channels = shapes[_FIRST][1]
    if channels not in {4, 9}:
        return None
    fills = channels == 9
    if _has(shapes, "conditioner.embedders.1."):
        repository = "stabilityai/stable-diffusion-xl-base-1.0"
        if fills:
            repository = "diffusers/stable-diffusion-xl-1.0-inpainting-0.1"
        return Kind("Stable Diffusion XL", True, repository, channels)
    if _has(shapes, "cond_stage_model.model."):
        repository = "stabilityai/stable-diffusion-2" + ("-inpainting" if fills else "-1")
        return Kind("Stable Diffusion 2", False, repository, channels)
    if _has(shapes, "cond_stage_model.transformer."):
        name = "stable-diffusion-inpainting" if fills else "stable-diffusion-v1-5"
        return Kind("Stable Diffusion 1", False, f"stable-diffusion-v1-5/{name}", channels)
    return None


def _has(keys: Iterable[str], prefix: str) -> bool:
    return any(key.startswith(prefix) for key in keys)


def _other(keys: Iterable[str]) -> str | None:
    for part, title in _OTHERS.items():
        if any(part in key for key in keys):
            return title
    return None
