"""Networks with one style each: Johnson, Alahi and Fei-Fei 2016, with instance normalization.

"Perceptual Losses for Real-Time Style Transfer and Super-Resolution"; Ulyanov et al. 2016 for the
normalization. Two layouts of checkpoints are known: that of pytorch/examples (fast_neural_style),
and that of fast-neural-style-pytorch, whose networks see BGR and enlarge by transposed convolutions,
with plain or ResNeXt-like residual blocks. What is trained here has the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

_EXAMPLES = "deconv3.conv2d.weight"
_BGR = "ConvBlock.0.conv_layer.weight"
_STALE = ("running_mean", "running_var", "num_batches_tracked")


class ConvNorm(nn.Module):
    """Convolution with reflected borders, affine instance norm, and ReLU if wanted.

    Args:
        given: channels in.
        made: channels out.
        kernel: side of the kernel.
        stride: 2 halves the size.
        relu: whether a ReLU follows.
        up: enlarges twofold first: ``nearest``, or by a ``transposed`` convolution instead.
    """

    def __init__(
        self,
        given: int,
        made: int,
        kernel: int = 3,
        stride: int = 1,
        *,
        relu: bool = True,
        up: str = "",
    ) -> None:
        super().__init__()
        half = kernel // 2
        self.conv: nn.Module
        if up == "transposed":
            self.conv = nn.ConvTranspose2d(given, made, kernel, 2, half, output_padding=1)
        else:
            self.conv = nn.Conv2d(given, made, kernel, stride, half, padding_mode="reflect")
        self.norm = nn.InstanceNorm2d(made, affine=True)
        self.relu, self.nearest = relu, up == "nearest"

    def forward(self, x: Tensor) -> Tensor:
        """N x given x H x W to N x made x H' x W'."""
        if self.nearest:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        x = self.norm(self.conv(x))
        return F.relu(x) if self.relu else x


class Residual(nn.Module):
    """Convolutions around which the input is added.

    Args:
        channels: in and out.
        inner: channels of a bottleneck with 1x1 convolutions around it; None for two plain 3x3 ones.
    """

    def __init__(self, channels: int, inner: int | None = None) -> None:
        super().__init__()
        layers = (
            [ConvNorm(channels, channels), ConvNorm(channels, channels, relu=False)]
            if inner is None
            else [
                ConvNorm(channels, inner, 1),
                ConvNorm(inner, inner),
                ConvNorm(inner, channels, 1, relu=False),
            ]
        )
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """N x channels x H x W to the same."""
        out: Tensor = x + self.layers(x)
        return out


class TransformerNet(nn.Module):
    """A picture in the one style that the network learned.

    Args:
        width: channels at full size; or those at full, half and quarter size.
        blocks: residual blocks at a quarter of the size.
        inner: channels inside of residual bottlenecks; None for plain blocks.
        up: how it enlarges: ``nearest`` or ``transposed``.
        bgr: whether it was trained on BGR.
    """

    multiple = 4
    """Sides of a picture must be multiples of this."""
    overlap = 64
    """Pixels that tiles share; statistics are shared, too."""

    def __init__(
        self,
        width: int | Sequence[int] = 32,
        blocks: int = 5,
        *,
        inner: int | None = None,
        up: str = "nearest",
        bgr: bool = False,
    ) -> None:
        super().__init__()
        wide = (width, width * 2, width * 4) if isinstance(width, int) else tuple(width)
        first, second, third = wide
        self.bgr = bgr
        self.down = nn.ModuleList(
            [ConvNorm(3, first, 9), ConvNorm(first, second, 3, 2), ConvNorm(second, third, 3, 2)]
        )
        self.blocks = nn.ModuleList(Residual(third, inner) for _ in range(blocks))
        self.up = nn.ModuleList([ConvNorm(third, second, up=up), ConvNorm(second, first, up=up)])
        self.last = nn.Conv2d(first, 3, 9, padding=4, padding_mode="reflect")

    def forward(self, image: Tensor) -> Tensor:
        """N x 3 x H x W, RGB in [0, 1], to the same; not clamped."""
        x = (image.flip(1) if self.bgr else image) * 255
        for layers in (self.down, self.blocks, self.up):
            for layer in layers:
                x = layer(x)
        out: Tensor = self.last(x) / 255
        return out.flip(1) if self.bgr else out


def from_state(state: Mapping[str, Tensor]) -> TransformerNet | None:
    """The network whose weights these are, in eval mode; None if they are another's.

    Raises:
        KeyError, RuntimeError, ValueError: if it is one of these, with something missing or other.
    """
    state = {key: value for key, value in state.items() if not key.endswith(_STALE)}
    bgr = _BGR in state
    if not (bgr or _EXAMPLES in state):
        return None
    renamed = {_renamed(key): value.float() for key, value in state.items()}
    blocks = 1 + max(int(key.split(".")[1]) for key in renamed if key.startswith("blocks."))
    layers = {key.split(".")[3] for key in renamed if key.startswith("blocks.0.layers.")}
    network = TransformerNet(
        [renamed[f"down.{i}.conv.weight"].shape[0] for i in range(3)],
        blocks,
        inner=renamed["blocks.0.layers.0.conv.weight"].shape[0] if len(layers) == 3 else None,
        up="transposed" if bgr else "nearest",
        bgr=bgr,
    )
    network.load_state_dict(renamed)
    return network.eval()


_PATTERNS: tuple[tuple[str, str], ...] = (
    # pytorch/examples; its first versions called the norm's weights scale and shift
    (r"in([123])\.", r"down.{0}.norm."),
    (r"in([45])\.", r"up.{0}.norm."),
    (r"conv([123])\.conv2d\.", r"down.{0}.conv."),
    (r"deconv([12])\.conv2d\.", r"up.{0}.conv."),
    (r"deconv3\.conv2d\.", r"last."),
    (r"res(\d+)\.conv([12])\.conv2d\.", r"blocks.{0}.layers.{1}.conv."),
    (r"res(\d+)\.in([12])\.", r"blocks.{0}.layers.{1}.norm."),
    # fast-neural-style-pytorch
    (r"ConvBlock\.([024])\.(conv|norm)_layer\.", r"down.{half}.{1}."),
    (r"ResidualBlock\.(\d+)\.conv(\d)\.(conv|norm)_layer\.", r"blocks.{same}.layers.{1}.{2}."),
    (r"DeconvBlock\.([02])\.conv_transpose\.", r"up.{half}.conv."),
    (r"DeconvBlock\.([02])\.norm_layer\.", r"up.{half}.norm."),
    (r"DeconvBlock\.4\.conv_layer\.", r"last."),
)


def _renamed(key: str) -> str:
    """The name here of a weight of one of the layouts; numbers from 1 become such from 0."""
    for pattern, form in _PATTERNS:
        found = re.match(pattern, key)
        if found is None:
            continue
        groups = list(found.groups())
        first = int(groups[0]) if groups else 0
        numbers = [str(int(group) - 1) if group.isdigit() else group for group in groups]
        if pattern.startswith("in([45])"):
            numbers = [str(first - 4)]
        name = form.format(*numbers, half=first // 2, same=first) + key[found.end() :]
        return name.replace(".scale", ".weight").replace(".shift", ".bias")
    return key


def example_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a plain network under the names of pytorch/examples, for other programs."""
    names = {
        "last": "deconv3.conv2d",
        **{f"down.{i}.conv": f"conv{i + 1}.conv2d" for i in range(3)},
        **{f"down.{i}.norm": f"in{i + 1}" for i in range(3)},
        **{f"up.{i}.conv": f"deconv{i + 1}.conv2d" for i in range(2)},
        **{f"up.{i}.norm": f"in{i + 4}" for i in range(2)},
    }
    for key in state:
        found = re.match(r"blocks\.(\d+)\.layers\.(\d)\.(conv|norm)", key)
        if found:
            block, layer, kind = int(found[1]) + 1, int(found[2]) + 1, found[3]
            part = f"conv{layer}.conv2d" if kind == "conv" else f"in{layer}"
            names[found[0]] = f"res{block}.{part}"
    parts = {key: key.rpartition(".") for key in state}
    return {f"{names[parts[key][0]]}.{parts[key][2]}": value for key, value in state.items()}
