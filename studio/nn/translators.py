"""Image-to-image generators from a state dict alone: what they are is read from names and shapes.

Known are the U-Nets and ResNets of junyanz's implementation of pix2pix (Isola et al. 2017) and
CycleGAN (Zhu et al. 2017) with any width, depth and norm, those trained here, the ResNets of
``vintagify``, encoder-decoders without residual blocks, and a small one of 4x4 convolutions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict
from studio.nn.generators import Norm, ResnetBlock, ResnetGenerator, UnetGenerator, Upsampling

Statistics = Literal["picture", "trained"]
Task = Literal["pix2pix", "cyclegan"]

_LUMA = (0.299, 0.587, 0.114)
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_LAYER = re.compile(r"\w+\.\d+(\.\w+)*")
_RESIDUAL = "residual"
_CONVOLUTIONS = 6  # of a ResNet generator outside of its blocks


class UnknownTranslatorError(CheckpointError):
    """The weights are readable, but belong to no known image-to-image generator."""


class Translator(nn.Module):
    """A generator that takes and returns N x 3 x H x W in [0, 1], whatever its own range is.

    Args:
        network: the generator.
        architecture: its name, such as ``U-Net 256`` or ``ResNet-9``.
        channels: of what it takes and what it returns: 1 (gray) or 3.
        multiple: sides of a picture must be multiples of this.
        norm: its normalization. With one of the instance kinds each tile of a large picture would
            be normalized by itself: share the statistics, or run the whole picture.
        whole: whether it sees the picture as a whole, as a U-Net does: it wants a picture of the size
            it was trained at, and no tiles.
        size: side in pixels of the pictures it was trained on, as far as can be told.
        signed: whether the network works in [-1, 1]; else in [0, 1].
    """

    def __init__(
        self,
        network: nn.Module,
        architecture: str,
        *,
        channels: tuple[int, int],
        multiple: int,
        norm: Norm,
        whole: bool = False,
        size: int = 256,
        signed: bool = True,
    ) -> None:
        super().__init__()
        self.network = network
        self.architecture = architecture
        self.in_channels, self.out_channels = channels
        self.multiple, self.norm = multiple, norm
        self.whole, self.size, self.signed = whole, size, signed

    @property
    def instance_norm(self) -> bool:
        """Whether what it makes of a place depends on the statistics of the whole picture."""
        return self.norm in {"instance", "instance-affine"}

    @property
    def task(self) -> Task:
        """What such a network usually was trained for: junyanz's defaults differ in the norm."""
        resnet = isinstance(self.network, ResnetGenerator)
        return "cyclegan" if resnet and self.norm != "batch" else "pix2pix"

    def forward(self, image: Tensor) -> Tensor:
        """N x 3 x H x W in [0, 1], sides multiples of `multiple`, to the same."""
        if self.in_channels == 1:
            image = (image * image.new_tensor(_LUMA)[:, None, None]).sum(dim=1, keepdim=True)
        out: Tensor = self.network(image * 2 - 1 if self.signed else image)
        out = ((out + 1) / 2 if self.signed else out).clamp(0, 1)
        return out.expand(-1, 3, -1, -1) if self.out_channels == 1 else out

    def padded(self, image: Tensor) -> Tensor:
        """The same for sides of any length: reflected up to the multiple, and cut again."""
        height, width = image.shape[2:]
        # Instance norm needs more than one value of each channel at the coarsest level.
        least = self.multiple if self.whole else 2 * self.multiple
        right = max(least - width, -width % self.multiple)
        bottom = max(least - height, -height % self.multiple)
        if not right and not bottom:
            out: Tensor = self(image)
            return out
        mode = "reflect" if right < width and bottom < height else "replicate"
        out = self(F.pad(image, (0, right, 0, bottom), mode=mode))
        return out[..., :height, :width]

    def describe(self) -> str:
        """One line for people."""
        kinds = {1: "gray", 3: "color"}
        norm = {"instance-affine": "instance"}.get(self.norm, self.norm)
        return (
            f"{self.architecture}, {kinds[self.in_channels]} to {kinds[self.out_channels]}, "
            f"{'no' if norm == 'none' else norm} normalization"
        )


def read_translator(path: Path, statistics: Statistics = "trained") -> Translator:
    """Build the generator that a checkpoint holds, in float32 on the CPU.

    Raises:
        CheckpointError: if it cannot be read safely.
        UnknownTranslatorError: if it is of another kind; the message names what was found.
    """
    return translator_from(read_state_dict(path), path.name, statistics)


def translator_from(
    state: Mapping[str, Tensor],
    name: str = "The checkpoint",
    statistics: Statistics = "trained",
) -> Translator:
    """Build the generator whose weights these are.

    Args:
        state: of the bare network, as `studio.nn.checkpoints.unwrap` leaves it.
        name: what error messages call it.
        statistics: what batch norm normalizes with: the averages of its training, or the mean and
            variance of the picture itself. The latter is how junyanz's pix2pix is trained (one
            picture at a time) and tested (never set to evaluation), so the averages of such a
            checkpoint may be far off what its layers met.

    Raises:
        UnknownTranslatorError: if it is of another kind; the message names what was found.
    """
    state = {key: value.float() for key, value in state.items()}
    for build in (_unet, _encoder_decoder, _resnet):
        try:
            translator = build(state)
        except (IndexError, KeyError, RuntimeError, ValueError) as error:
            raise _unknown(state, name) from error
        if translator is not None:
            if translator.in_channels not in {1, 3} or translator.out_channels not in {1, 3}:
                raise _unknown(state, name)
            if statistics == "picture":
                _own_statistics(translator)
            return translator.eval()
    raise _unknown(state, name)


def _own_statistics(translator: Translator) -> None:
    """Exchange batch norm for what it is on a single picture: affine instance norm."""
    for module in list(translator.modules()):
        for key, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                norm = nn.InstanceNorm2d(child.num_features, eps=child.eps, affine=True)
                norm.load_state_dict({"weight": child.weight, "bias": child.bias})
                setattr(module, key, norm)
                translator.norm = "instance-affine"


@dataclass(frozen=True)
class _Norms:
    """The normalization that a state dict speaks of, and the state without what is of no use."""

    kind: Norm
    state: dict[str, Tensor]

    @classmethod
    def of(cls, state: Mapping[str, Tensor], *, bias: bool, room: bool = True) -> _Norms:
        """Args: whether convolutions before a norm have a bias; whether there is room for one.

        Instance norm without parameters leaves no trace but the bias: junyanz drops it exactly
        where the norm has one of its own, or where there is none.
        """
        affine = any(key.endswith(".weight") and value.ndim == 1 for key, value in state.items())
        averages = any(key.endswith("running_mean") for key in state)
        if affine and averages:
            return cls("batch", dict(state))
        # Before PyTorch 0.4 instance norm kept averages, too, which nothing used.
        kept = {key: v for key, v in state.items() if not key.endswith(_STATISTICS)}
        if affine:
            return cls("instance-affine", kept)
        return cls("instance" if bias and room else "none", kept)


def _unet(state: Mapping[str, Tensor]) -> Translator | None:
    """``model.model.0``, then ``model.1`` and ever deeper ``model.3``, each the level inside."""
    outermost = "model.model."
    if f"{outermost}0.weight" not in state:
        return None
    first = state[f"{outermost}0.weight"]
    widths, level = [first.shape[0]], f"{outermost}1.model."
    bias = f"{level}1.bias" in state
    while f"{level}1.weight" in state:
        widths.append(state[f"{level}1.weight"].shape[0])
        level = f"{level}3.model."
    resize = f"{outermost}3.1.weight" in state
    out_channels = (
        state[f"{outermost}3.1.weight"].shape[0]
        if resize
        else state[f"{outermost}3.weight"].shape[1]
    )
    norms = _Norms.of(state, bias=bias)
    network = UnetGenerator(
        first.shape[1],
        out_channels,
        len(widths),
        widths[0],
        max(widths),
        norms.kind,
        upsampling="resize" if resize else "transposed",
        bias=bias,
    )
    network.load_state_dict(norms.state)
    size = 2 ** len(widths)
    return Translator(
        network,
        f"U-Net {size}",
        channels=(first.shape[1], out_channels),
        multiple=size,
        norm=norms.kind,
        whole=True,
        size=max(size, 128),
    )


class EncoderDecoder(nn.Module):
    """Two 4x4 convolutions down and two up, without skips; works in [0, 1].

    Source: https://github.com/GulseherB/pix2pix_image_generation (a photo to a pencil drawing).
    """

    def __init__(self, in_channels: int = 3, out_channels: int = 3, width: int = 64) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(in_channels, width, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width * 2, 4, stride=2, padding=1),
            nn.BatchNorm2d(width * 2),
            nn.ReLU(),
            nn.ConvTranspose2d(width * 2, width, 4, stride=2, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, out_channels, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, image: Tensor) -> Tensor:
        """N x in_channels x H x W, sides multiples of 4, to N x out_channels x H x W in [-1, 1]."""
        out: Tensor = self.model(image)
        return out


def _encoder_decoder(state: Mapping[str, Tensor]) -> Translator | None:
    layers = {key.rpartition(".")[0] for key in state}
    if layers != {f"model.{i}" for i in (0, 2, 3, 5, 6, 8)}:
        return None
    first, last = state["model.0.weight"], state["model.8.weight"]
    channels = (first.shape[1], last.shape[1])
    network = EncoderDecoder(*channels, first.shape[0])
    network.load_state_dict(state)
    return Translator(
        network, "Encoder-decoder", channels=channels, multiple=4, norm="batch", signed=False
    )


def _resnet(state: Mapping[str, Tensor]) -> Translator | None:
    """A sequence of numbered layers, some of which are residual blocks."""
    residual = _RESIDUAL in state  # a buffer of ours, as no layer tells
    state = {key: value for key, value in state.items() if key != _RESIDUAL}
    if not state or not all(_LAYER.fullmatch(key) for key in state):
        return None
    found = _Sequence.of(state)
    if len(found.outer) != _CONVOLUTIONS:
        return None
    first, last = state[f"{found.outer[0]}.weight"], state[f"{found.outer[-1]}.weight"]
    bias = f"{found.outer[0]}.bias" in state
    norms = _Norms.of(state, bias=bias, room=found.gap == _GAP)
    channels = (first.shape[1], last.shape[0])
    network = ResnetGenerator(
        *channels,
        first.shape[0],
        found.blocks,
        norms.kind,
        upsampling=found.upsampling,
        bias=bias,
        residual=residual,
    )
    if found.zeros_outside:
        network.model = _zero_padded(network.model)
    if found.zeros_inside:
        for block in network.model:
            if isinstance(block, ResnetBlock):
                block.conv_block = _zero_padded(block.conv_block)
    kept = {_RESIDUAL: torch.ones(1)} if residual else {}
    network.load_state_dict(_renamed(norms.state, network) | kept)
    name = f"ResNet-{found.blocks}" if found.blocks else "Encoder-decoder"
    return Translator(network, name, channels=channels, multiple=4, norm=norms.kind)


_GAP = 3  # from one convolution to the next where a norm and an activation lie between


@dataclass(frozen=True)
class _Sequence:
    """What the numbers of layers say about a ResNet generator.

    Attributes:
        outer: names of the convolutions outside of the blocks.
        blocks: how many blocks there are.
        gap: layers from the first convolution to the second.
        upsampling: how it enlarges.
        zeros_outside: whether the first convolution pads by itself, with zeros.
        zeros_inside: the same for the blocks.
    """

    outer: list[str]
    blocks: int
    gap: int
    upsampling: Upsampling
    zeros_outside: bool
    zeros_inside: bool

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> _Sequence:
        convolutions = [k.removesuffix(".weight") for k, v in state.items() if v.ndim == 4]
        convolutions.sort(key=_order)
        inner = [layer for layer in convolutions if len(layer.split(".")) > 3]
        outer = [layer for layer in convolutions if len(layer.split(".")) <= 3]
        places = [int(layer.split(".")[1]) for layer in outer]
        return cls(
            outer=outer,
            blocks=len({layer.split(".")[1] for layer in inner}),
            gap=places[1] - places[0] if len(places) > 1 else 0,
            upsampling="resize" if any(len(x.split(".")) == 3 for x in outer) else "transposed",
            zeros_outside=places[:1] == [0],
            zeros_inside=bool(inner) and inner[0].endswith(".0"),
        )


def _order(name: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in name.split("."))


def _renamed(state: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """Layers are told apart by their order alone: numbers shift with dropout, padding and root."""
    given = sorted({key.rpartition(".")[0] for key in state}, key=_order)
    wanted = [n for n, module in network.named_modules() if list(module.parameters(recurse=False))]
    if len(given) != len(wanted):
        raise ValueError(f"{len(given)} layers where {len(wanted)} belong")
    names = dict(zip(given, wanted, strict=True))
    return {f"{names[layer]}.{kind}": state[f"{layer}.{kind}"] for layer, _, kind in
            (key.rpartition(".") for key in state)}  # fmt: skip


def _zero_padded(layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(
        *(
            nn.ZeroPad2d(layer.padding) if isinstance(layer, nn.ReflectionPad2d) else layer
            for layer in layers.children()
        )
    )


def _unknown(state: Mapping[str, Tensor], name: str) -> UnknownTranslatorError:
    return UnknownTranslatorError(
        f"{name} is not a known generator that turns pictures into pictures. It holds "
        f"{describe_keys(state)}.",
        "Known are the U-Nets and ResNets of pix2pix and CycleGAN as junyanz's code saves them "
        "(…_net_G.pth), and what is trained here.",
    )
