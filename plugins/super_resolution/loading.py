"""From a checkpoint of any kind to a network that is ready to enlarge pictures."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from studio.api import ModelCard, Recognised, UserError
from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict
from studio.nn.ncnn import read_ncnn
from studio.nn.ncnn_networks import ncnn_state_dict
from studio_plugins.super_resolution.imdn import IMDN
from studio_plugins.super_resolution.networks import CompactEDSR
from studio_plugins.super_resolution.rlfn import RLFN, SMALLEST
from studio_plugins.super_resolution.rrdbnet import RRDBNet
from studio_plugins.super_resolution.upscaler import Upscaler

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor  # type: ignore[import-untyped]  # it ships no types

# Measured largest difference from an untiled result, in levels of 255: RRDBNet 3 at 32 pixels of
# overlap and 1 at 48; SRVGGNetCompact 1.7 at 24 and 1 at 32; CompactEDSR 0.8 at 16 and 0.4 at 24.
RRDB_OVERLAP = 48
COMPACT_OVERLAP = 24
_OVERLAP = 32
_ATTENTION_OVERLAP = 64  # windows and global statistics reach further than convolutions
_PROBE = 32
_NAMES = {"Compact": "SRVGGNetCompact"}  # as its authors call it, and our cards
_ONNX_TILE = 256  # a graph cannot be cancelled between two of its layers: keep tiles short


class UnknownNetworkError(CheckpointError):
    """The weights are readable, but belong to no network that enlarges or restores pictures."""


def load_network(card: ModelCard, paths: Sequence[Path]) -> Upscaler:
    """Build a model's network, in float32 on the CPU.

    Args:
        card: the model.
        paths: its files in the card's order (ncnn: .param, then .bin).

    Raises:
        UserError: naming what was found, if the files hold no such network.
    """
    try:
        return read_network(paths)
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error


def recognise(paths: tuple[Path, ...]) -> Recognised | None:
    """What an upscaling or restoration checkpoint is; None if it is of another kind.

    Raises:
        CheckpointError: if it is damaged, or could run code.
    """
    try:
        network = read_network(paths)
    except UnknownNetworkError:
        return None
    does = f"enlarges by {network.scale}" if network.scale > 1 else "restores without enlarging"
    gray = ", each color by itself" if network.channels == 1 else ""
    return Recognised(
        architecture=network.architecture,
        scale=network.scale,
        summary=f"{network.architecture}: {does}{gray}.",
    )


def read_network(paths: Sequence[Path]) -> Upscaler:
    """Build the network that a checkpoint holds, in float32 on the CPU.

    Raises:
        CheckpointError: if it cannot be read safely or is of another kind.
    """
    suffix = paths[0].suffix.lower()
    if suffix == ".param":
        return _from_ncnn(paths[0], paths[1])
    if suffix == ".onnx":
        return _from_onnx(paths[0])
    return _from_state(read_state_dict(paths[0]), paths[0].name)


def _from_ncnn(param: Path, binary: Path) -> Upscaler:
    found = ncnn_state_dict(read_ncnn(param, binary))
    if found.architecture == "RRDBNet":
        return _rrdbnet(found.state)
    # The x2 and x3 video files are the x4 network and a resize behind it. The network alone is
    # loaded: resampling to the size that was asked for, once, is what that resize was for.
    return _from_state(found.state, param.name)


def _from_onnx(path: Path) -> Upscaler:
    from studio_plugins.super_resolution.onnx_network import OnnxNetwork

    network = OnnxNetwork(path)
    side = network.side
    return Upscaler(
        network,
        architecture="ONNX",
        scale=network.scale,
        overlap=min(_OVERLAP, side // 4) if side else _OVERLAP,
        channels=network.channels,
        minimum=side or 16,
        square=side is not None,
        tile=side or _ONNX_TILE,
        dtypes=frozenset(),
    )


def _from_state(state: dict[str, Tensor], name: str) -> Upscaler:
    for keys, build in _OURS:
        if keys <= state.keys():
            try:
                return build(state)
            except (KeyError, RuntimeError, ValueError, ZeroDivisionError):
                break  # another network that shares some names
    return _from_spandrel(state, name)


def _compact_edsr(state: dict[str, Tensor]) -> Upscaler:
    network = CompactEDSR.from_state(state)
    return Upscaler(
        network, architecture="CompactEDSR", scale=network.scale, overlap=COMPACT_OVERLAP
    )


def _rrdbnet(state: Mapping[str, Tensor]) -> Upscaler:
    network = RRDBNet.from_state(state)
    return Upscaler(
        network,
        architecture="RRDBNet",
        scale=network.scale,
        overlap=RRDB_OVERLAP,
        multiple=network.unshuffle,
    )


def _imdn(state: Mapping[str, Tensor]) -> Upscaler:
    network = IMDN.from_state(state)
    return Upscaler(network, architecture="IMDN", scale=network.scale, overlap=_ATTENTION_OVERLAP)


def _rlfn(state: Mapping[str, Tensor]) -> Upscaler:
    network = RLFN.from_state(state)
    return Upscaler(
        network,
        architecture="RLFN",
        scale=network.scale,
        overlap=_ATTENTION_OVERLAP,
        minimum=SMALLEST,
    )


_OURS: tuple[tuple[frozenset[str], Callable[[dict[str, Tensor]], Upscaler]], ...] = (
    (
        frozenset({"head.weight", "body.0.conv1.weight", "fuse.weight", "tail.weight"}),
        _compact_edsr,
    ),
    (frozenset({"conv_first.weight", "body.0.rdb1.conv1.weight", "conv_body.weight"}), _rrdbnet),
    (frozenset({"fea_conv.weight", "IMDB1.c1.weight", "LR_conv.weight"}), _imdn),
    (frozenset({"conv_1.weight", "block_1.c1_r.weight", "block_1.esa.conv1.weight"}), _rlfn),
)


def _from_spandrel(state: dict[str, Tensor], name: str) -> Upscaler:
    import spandrel

    try:
        with warnings.catch_warnings():
            # Some of its architectures call torch.meshgrid in a way that torch means to change.
            warnings.filterwarnings("ignore", message="torch.meshgrid")
            found = spandrel.ModelLoader("cpu").load_from_state_dict(dict(state))
    except Exception as error:  # its architectures raise nearly every type on foreign weights
        raise _unknown(state, name) from error
    if not isinstance(found, spandrel.ImageModelDescriptor) or found.purpose == "FaceSR":
        raise UnknownNetworkError(
            f"{name} is a {found.architecture.name} network ({found.purpose}), which does not "
            "enlarge or restore whole pictures.",
            "Look for a plugin for its purpose.",
        )
    old = found.model.state_dict() if found.architecture.id == "ESRGAN" else {}
    if old and (renamed := _basicsr_names(old)):
        return _rrdbnet(renamed)
    upscaler = _wrapped(found)
    _try_out(upscaler, state, name)
    return upscaler


def _wrapped(found: ImageModelDescriptor[Any]) -> Upscaler:
    from spandrel import ModelTiling

    needs = found.size_requirements
    half = [(torch.float16, found.supports_half), (torch.bfloat16, found.supports_bfloat16)]
    free = found.tiling is ModelTiling.SUPPORTED
    overlap = {"ESRGAN": RRDB_OVERLAP}.get(found.architecture.id)
    convolutional = found.architecture.id in {"Compact", "DnCNN", "SPAN", "RealCUGAN", "PLKSR"}
    network: nn.Module = found.model
    return Upscaler(
        network,
        architecture=_NAMES.get(found.architecture.id, found.architecture.name),
        scale=found.scale,
        overlap=overlap or (_OVERLAP if convolutional else _ATTENTION_OVERLAP),
        channels=found.input_channels,
        multiple=needs.multiple_of,
        minimum=max(needs.minimum, 1),
        square=needs.square,
        tile=None if free else 1024,
        dtypes=frozenset(dtype for dtype, works in half if works),
        call=found,
    )


def _try_out(upscaler: Upscaler, state: Mapping[str, Tensor], name: str) -> None:
    """Run it once, small: other networks can bear names that look like a known one's."""
    side = max(_PROBE, upscaler.minimum)
    side += -side % upscaler.multiple
    try:
        with torch.no_grad():
            out = upscaler.eval()(torch.full((1, 3, side, side), 0.5))
    except Exception as error:  # a foreign network fails in any way there is
        raise _unknown(state, name) from error
    if tuple(out.shape) != (1, 3, side * upscaler.scale, side * upscaler.scale):
        raise _unknown(state, name)


def _basicsr_names(old: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
    """Tensors of ESRGAN's first release under BasicSR's names; None for another form of it."""
    blocks = {int(key.split(".")[3]) for key in old if key.startswith("model.1.sub.")}
    last = max(blocks)
    outer = {"model.0": "conv_first", f"model.1.sub.{last}": "conv_body"}
    outer |= {"model.3": "conv_up1", "model.6": "conv_up2", "model.8": "conv_hr"}
    outer["model.10"] = "conv_last"
    renamed: dict[str, Tensor] = {}
    for key, value in old.items():
        module, _, kind = key.rpartition(".")
        parts = module.split(".")
        if module in outer:
            renamed[f"{outer[module]}.{kind}"] = value
        elif len(parts) == 7 and parts[5].startswith("conv") and parts[6] == "0":
            conv = f"{parts[4].lower()}.{parts[5]}"
            renamed[f"body.{parts[3]}.{conv}.{kind}"] = value
        else:
            return None
    wanted = set(outer.values())
    shuffled = old["model.0.weight"].shape[1] in {3, 12, 48}
    return renamed if shuffled and wanted <= {key.split(".")[0] for key in renamed} else None


def _unknown(state: Mapping[str, Tensor], name: str) -> UnknownNetworkError:
    return UnknownNetworkError(
        f"{name} is not a known network that enlarges or restores pictures. It holds "
        f"{describe_keys(state)}.",
        "Use a model of an architecture that spandrel lists, or its ONNX file.",
    )
