"""Finding and reading the diffusion model that was chosen; nothing of it is ever run as code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from studio.api import Cancelled, Context, UserError
from studio_plugins.sampling.community_hub import folder_of, is_repository
from studio_plugins.sampling.community_kinds import CHOOSE, file_kind, folder_kind, variant
from studio_plugins.sampling.community_lora import add_loras, chosen_loras
from studio_plugins.sampling.community_offload import visit
from studio_plugins.sampling.community_parameters import PIPELINE_TASK, Settings

_STEP = 8  # sides of pictures that the pipelines take
_OPTIONS = ("force_zeros_for_empty_prompt", "requires_aesthetics_score")


class Components(nn.Module):
    """What a pipeline is made of, so that the host places and watches its networks as any other.

    Pipelines of several kinds are put together from it, without copying a weight.

    Args:
        pipeline: of diffusers.
        visiting: the device that its networks visit layer by layer; None: the host places them.

    Attributes:
        xl: whether it is Stable Diffusion XL.
        pulse: called between the layers of networks that the host does not watch.
        projection: see `studio_plugins.sampling.community_preview.projection`.
    """

    def __init__(self, pipeline: Any, visiting: torch.device | None = None) -> None:
        super().__init__()
        held = dict(pipeline.components)
        self.xl = "XL" in type(pipeline).__name__
        self.options = {key: pipeline.config[key] for key in _OPTIONS if key in pipeline.config}
        networks = {name: each for name, each in held.items() if isinstance(each, nn.Module)}
        self.pulse = None if visiting is None else visit([*networks.values()], visiting)
        self.networks = nn.ModuleDict(networks if visiting is None else {})
        self._held = held
        # It would turn the autoencoder to float32 and back to half precision, and round its weights:
        # the host keeps it in float32 all along.
        if held["vae"].config.get("force_upcast"):
            held["vae"].register_to_config(force_upcast=False)
        self.projection: torch.Tensor | None = None

    def __getitem__(self, name: str) -> Any:
        """A component; None if there is no such."""
        return self._held.get(name)

    @property
    def factor(self) -> int:
        """Pixels to one of the latents."""
        return int(2 ** (len(self["vae"].config.block_out_channels) - 1))

    @property
    def multiple(self) -> int:
        """Sides of pictures are multiples of this, so that the U-Net can halve them."""
        halvings = len(self["unet"].config.block_out_channels) - 1
        return max(int(self.factor * 2**halvings), _STEP)

    @property
    def size(self) -> int:
        """Side of the pictures that it is made for."""
        latent = self["unet"].config.sample_size
        return int(latent) * self.factor if isinstance(latent, int) else 512

    def pipeline(self, task: str, **parts: Any) -> Any:
        """A pipeline for a task, of ``parts`` and the components.

        Args:
            task: ``""`` for text to image, ``Img2Img`` or ``Inpaint``.
            parts: scheduler, and a ControlNet if there is one.
        """
        import inspect

        import diffusers

        family = "StableDiffusionXL" if self.xl else "StableDiffusion"
        control = "ControlNet" if "controlnet" in parts else ""
        kind = getattr(diffusers, f"{family}{control}{task}Pipeline")
        takes = inspect.signature(kind.__init__).parameters
        given = {**self._held, **self.options, **parts}
        if "requires_safety_checker" in takes:
            given["requires_safety_checker"] = given.get("safety_checker") is not None
        made = kind(**{name: value for name, value in given.items() if name in takes})
        made.set_progress_bar_config(disable=True)
        return made


def load(settings: Settings, context: Context) -> Components:
    """The chosen model with its LoRAs, ready to run.

    Raises:
        UserError: if none was chosen, it cannot be read, is of another kind, or a library is missing.
    """
    path = find(settings, context)
    require_libraries()
    if path.is_dir():
        folder_kind(path)  # before anything of it is opened
    loras = chosen_loras(settings.lora, settings.lora_strength)
    configuration = _configuration(path, settings, context)
    offloaded = settings.offload and context.device.type != "cpu"
    context.progress(0, "Loading the diffusion model")

    def read() -> Components:
        dtype = context.dtype
        pipeline = (
            _read_folder(path, dtype) if path.is_dir() else _read_file(path, configuration, dtype)
        )
        add_loras(pipeline, loras)
        return Components(pipeline, context.device if offloaded else None)

    key = f"sampling.diffusers/{path}/{_stamp(path)}/{configuration}/{loras}/{offloaded}"
    found = context.network(key, read, float32=() if offloaded else ("networks.vae",))
    if not isinstance(found, Components):
        raise TypeError(f"the cache holds a {type(found).__name__} for {path}")
    return found


def find(settings: Settings, context: Context) -> Path:
    """The folder or file that the words in the form mean.

    Raises:
        UserError: if there is none.
    """
    name = (settings.model or "").strip()
    if not name:
        raise UserError("No diffusion model is chosen.", CHOOSE)
    path = Path(name).expanduser()
    if path.exists():
        return path.resolve()
    if is_repository(name):
        return folder_of(name, "model", settings.allow_download, context)
    if "/" in name or "\\" in name or path.suffix:
        raise UserError(f"There is no {path}.", CHOOSE)
    card = context.card(name, PIPELINE_TASK)
    if card.task != PIPELINE_TASK:
        raise UserError(f"The model {name} is for {card.task}.", CHOOSE)
    return context.files(card.id)[0]


def require_libraries() -> None:
    """Say what is missing.

    Raises:
        UserError: naming the extra to install.
    """
    for name in ("diffusers", "transformers"):
        try:
            __import__(name)
        except ImportError as error:
            raise UserError(
                f"Diffusion models need the library {name}, which is not installed.",
                "Install Impasto with its extra: pip install impasto[diffusion]",
            ) from error


def unreadable(path: Path, error: Exception) -> UserError:
    """What to say of a file that the libraries do not take."""
    why = str(error).strip().splitlines()
    return UserError(
        f"{path.name} cannot be read as a diffusion model: {why[0] if why else type(error).__name__}",
        CHOOSE,
    )


def _configuration(path: Path, settings: Settings, context: Context) -> Path | None:
    """For a single file: the folder that tells how its networks are built, and has the words."""
    if path.is_dir():
        return None
    kind = file_kind(path)
    chosen = settings.configuration.strip()
    if not chosen:
        return folder_of(kind.repository, "configuration", settings.allow_download, context)
    folder = Path(chosen).expanduser()
    if ("XL" in folder_kind(folder)) != kind.xl:
        raise UserError(
            f"{folder.name} is not of the kind of {path.name}, which is {kind.title}.",
            "Choose the configuration of a model of the same kind.",
        )
    return folder.resolve()


def _quiet_libraries() -> str:
    """Keep their bars and remarks from the terminal; the name of their argument for arithmetic."""
    from diffusers import utils
    from transformers.utils import logging

    for each in (utils.logging, logging):
        each.set_verbosity_error()
        each.disable_progress_bar()
    return "dtype" if hasattr(utils, "_resolve_dtype") else "torch_dtype"


def _read_folder(path: Path, dtype: torch.dtype) -> Any:
    import diffusers

    kind: Any = diffusers.DiffusionPipeline
    try:
        return kind.from_pretrained(
            path,
            local_files_only=True,
            use_safetensors=True,
            variant=variant(path),
            **{_quiet_libraries(): {"default": dtype, "vae": torch.float32}},
        )
    except Cancelled:
        raise
    except Exception as error:  # diffusers raises nearly every type on foreign files
        raise unreadable(path, error) from error


def _read_file(path: Path, configuration: Path | None, dtype: torch.dtype) -> Any:
    import diffusers

    kind = file_kind(path)
    reader: Any = getattr(diffusers, kind.pipeline)
    given: dict[str, Any] = {_quiet_libraries(): dtype}
    if not kind.xl:
        given |= {"safety_checker": None, "feature_extractor": None}
    try:
        # Without a folder it would fetch one, whatever it is told.
        return reader.from_single_file(
            path, config=str(configuration), local_files_only=True, **given
        )
    except Cancelled:
        raise
    except Exception as error:  # as above
        raise unreadable(path, error) from error


def _stamp(path: Path) -> int:
    return max(each.stat().st_mtime_ns for each in [path, *path.rglob("*.*")])
