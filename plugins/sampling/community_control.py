"""ControlNet (Zhang et al. 2023): a picture's edges, depth or pose tell where things are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.api import Cancelled, Context, UserError
from studio.nn.checkpoints import CheckpointError, read_state_dict
from studio_plugins.sampling.community_models import Components, unreadable
from studio_plugins.sampling.community_parameters import Control, Settings

_LOW, _HIGH = 100, 200  # of Canny's thresholds, as its ControlNet learned
_HINT = "Choose the folder of a ControlNet, with its config.json, or its .safetensors file."


def load_control(settings: Settings, components: Components, context: Context) -> nn.Module | None:
    """The chosen ControlNet, ready to run; None if there is none.

    Raises:
        UserError: if it cannot be read, or was made for another kind of model.
    """
    name = settings.controlnet.strip()
    if not name:
        return None
    path = Path(name).expanduser()
    if not path.exists():
        raise UserError(f"There is no ControlNet {path}.", _HINT)
    context.progress(0, "Loading the ControlNet")

    def read() -> nn.Module:
        return _read_folder(path) if path.is_dir() else _read_file(path, components["unet"])

    stamp = max(each.stat().st_mtime_ns for each in [path, *path.glob("*.*")])
    found = context.network(f"sampling.controlnet/{path.resolve()}/{stamp}/{components.xl}", read)
    config: Any = found.config
    wide, wanted = config.cross_attention_dim, components["unet"].config.cross_attention_dim
    if wide != wanted:
        raise UserError(
            f"{path.name} is a ControlNet for another kind of model: it takes words of {wide} "
            f"numbers, the model's have {wanted}.",
            "Choose one that was made for this kind of model.",
        )
    return found


def control_map(picture: Tensor, kind: Control, height: int, width: int) -> Tensor:
    """What a ControlNet is given, 1 x 3 x height x width in [0, 1].

    Args:
        picture: 1 x 3 x h x w in [0, 1].
        kind: ``canny`` finds its edges (Canny 1986), ``map`` takes it as it is.
        height: of the result, in pixels.
        width: of the result, in pixels.
    """
    smaller = picture.shape[2] > height or picture.shape[3] > width
    sized = F.interpolate(picture, size=(height, width), mode="bilinear", antialias=smaller)
    sized = sized.clamp(0, 1)
    if kind == "map":
        return sized
    import cv2

    pixels = (sized[0].permute(1, 2, 0).float().cpu().numpy() * 255).round().astype(np.uint8)
    edges = cv2.Canny(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), _LOW, _HIGH)
    return torch.from_numpy(edges).float().div(255).expand(1, 3, -1, -1).to(picture.device)


def _read_folder(path: Path) -> nn.Module:
    import diffusers

    kind: Any = diffusers.ControlNetModel
    try:
        found: nn.Module = kind.from_pretrained(path, local_files_only=True, use_safetensors=True)
    except Cancelled:
        raise
    except Exception as error:  # diffusers raises nearly every type on foreign files
        raise UserError(
            unreadable(path, error).message.replace("diffusion model", "ControlNet"), _HINT
        ) from error
    return found


def _read_file(path: Path, unet: Any) -> nn.Module:
    """A file that names its layers as diffusers does; its shape is that of the model's U-Net."""
    import diffusers

    if path.suffix.lower() != ".safetensors":
        raise UserError(f"{path.name} could run code when it is opened.", "Get it as .safetensors.")
    try:
        state = read_state_dict(path)
    except CheckpointError as error:
        raise UserError(error.message, error.hint) from error
    kind: Any = diffusers.ControlNetModel
    network: nn.Module = kind.from_unet(
        unet, load_weights_from_unet=False, conditioning_embedding_out_channels=_widths(state)
    )
    try:
        network.load_state_dict({key: value.float() for key, value in state.items()})
    except RuntimeError as error:
        raise UserError(
            f"{path.name} holds no ControlNet of this kind of model in the layout of diffusers: it has "
            f"{next(iter(state), 'nothing')}.",
            "Choose the folder that diffusers has for it, or one that fits the model.",
        ) from error
    return network


def _widths(state: Mapping[str, Tensor]) -> tuple[int, ...]:
    """Channels of the layers that reduce the map to the size of the latents."""
    name = "controlnet_cond_embedding."
    convolutions = [f"{name}conv_in.weight", *(f"{name}blocks.{n}.weight" for n in range(1, 16, 2))]
    found = tuple(state[each].shape[0] for each in convolutions if each in state)
    return found or (16, 32, 96, 256)
