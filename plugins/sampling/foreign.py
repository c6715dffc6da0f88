"""Generators and decoders by others, recognised by the names and shapes of their weights.

The layouts are those of the published checkpoints; the code is ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio_plugins.sampling.foreign_diffusion import DigitDiffusion
from studio_plugins.sampling.latent_models import LatentModel, strongest

# What nearly every DCGAN has; what its first layer takes beyond that is a class, one number for each.
_DCGAN_LATENT = 100
_DIGIT = 28
_DIGITS = 10
M = TypeVar("M", bound=nn.Module)


def foreign_model(state: Mapping[str, Tensor]) -> LatentModel | None:
    """Build the network whose weights these are; None if they are of none that is known.

    Raises:
        KeyError: if a tensor is missing.
        RuntimeError: if shapes are those of another network.
    """
    if {"class_emb.weight", "time_proj_btn.weight"} <= state.keys():
        return _filled(DigitDiffusion(*state["class_emb.weight"].shape), state)
    if {"fc21.weight", "fc4.weight"} <= state.keys():
        return _filled(PlainVae.shaped(state), state)
    if {"d_lin.weight", "conv_t3.weight"} <= state.keys():
        return _filled(ConditionalVae.shaped(state), state)
    if {"label_emb.weight", "l1.0.weight"} <= state.keys():
        return _filled(UpsamplingGenerator.shaped(state), state)
    if set(state) == {f"{n}.{part}" for n in (0, 2, 4) for part in ("weight", "bias")}:
        return _filled(PerceptronGenerator.shaped(state), _prefixed(state, "layers."))
    return _dcgan(state)


class SequentialDcgan(LatentModel):
    """The generator of PyTorch's DCGAN tutorial (Radford et al. 2015), of any depth and width.

    A class, where there is one, is one number of several set to 1 behind the latent.

    Args:
        widths: channels after each transposed convolution.
        length: of the latent.
        classes: number of classes.
    """

    def __init__(self, widths: list[int], length: int, classes: int) -> None:
        super().__init__()
        self.length, self.classes = length, classes
        self.size, self.channels = 2 ** (len(widths) + 1), widths[-1]
        self.convolutions, self.norms = nn.ModuleList(), nn.ModuleList()
        given = length + classes
        for number, wide in enumerate(widths):
            stride, padding = (2, 1) if number else (1, 0)
            self.convolutions.append(
                nn.ConvTranspose2d(given, wide, 4, stride, padding, bias=False)
            )
            given = wide
        self.norms = nn.ModuleList(nn.BatchNorm2d(wide) for wide in widths[:-1])

    def forward(self, latent: Tensor, label: Tensor, /) -> Tensor:  # noqa: D102 - as the base says
        if self.classes:
            latent = torch.cat([latent, F.one_hot(label, self.classes).to(latent)], 1)
        planes = latent[..., None, None]
        for convolution, norm in zip(self.convolutions, self.norms, strict=False):
            planes = F.relu(norm(convolution(planes)))
        return torch.tanh(self.convolutions[-1](planes))

    def axes(self) -> Tensor:
        """Directions that the first layer amplifies most."""
        first = next(self.convolutions[0].parameters())
        return strongest(first[: self.length].flatten(1))


class UpsamplingGenerator(LatentModel):
    """Digits of a conditional WGAN-GP: nearest neighbours doubled twice (HayatoHongo's).

    Args:
        length: of the latent.
        classes: number of classes.
        width: channels at a quarter of the size.
        narrow: channels at full size.
    """

    def __init__(self, length: int, classes: int, width: int, narrow: int) -> None:
        super().__init__()
        self.size, self.channels, self.length, self.classes = _DIGIT, 1, length, classes
        self._width = width
        self.label_emb = nn.Embedding(classes, classes)
        self.l1 = nn.Sequential(nn.Linear(length + classes, width * (_DIGIT // 4) ** 2))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.Upsample(scale_factor=2.0),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width, 0.8),
            nn.ReLU(),
            nn.Upsample(scale_factor=2.0),
            nn.Conv2d(width, narrow, 3, padding=1),
            nn.BatchNorm2d(narrow, 0.8),
            nn.ReLU(),
            nn.Conv2d(narrow, 1, 3, padding=1),
            nn.Tanh(),
        )

    @classmethod
    def shaped(cls, state: Mapping[str, Tensor]) -> UpsamplingGenerator:
        """With the sizes of these weights."""
        classes = state["label_emb.weight"].shape[0]
        narrow, width = state["conv_blocks.6.weight"].shape[:2]
        return cls(state["l1.0.weight"].shape[1] - classes, classes, width, narrow)

    def forward(self, latent: Tensor, label: Tensor, /) -> Tensor:  # noqa: D102 - as the base says
        small = self.l1(torch.cat([latent, self.label_emb(label)], 1))
        side = _DIGIT // 4
        planes: Tensor = self.conv_blocks(small.view(-1, self._width, side, side))
        return planes

    def axes(self) -> Tensor:
        """Directions that the first layer amplifies most."""
        return strongest(next(self.l1.parameters())[:, : self.length].T)


class PerceptronGenerator(LatentModel):
    """Digits of a GAN of three full layers (Goodfellow et al. 2014; csinva's).

    Args:
        length: of the latent.
        width: of the hidden layers.
    """

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.size, self.channels, self.length = _DIGIT, 1, length
        self.layers = nn.Sequential(
            nn.Linear(length, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, _DIGIT**2),
            nn.Tanh(),
        )

    @classmethod
    def shaped(cls, state: Mapping[str, Tensor]) -> PerceptronGenerator:
        """With the sizes of these weights."""
        width, length = state["0.weight"].shape
        return cls(length, width)

    def forward(self, latent: Tensor, _label: Tensor, /) -> Tensor:  # noqa: D102 - as the base says
        planes: Tensor = self.layers(latent).view(-1, 1, _DIGIT, _DIGIT)
        return planes

    def axes(self) -> Tensor:
        """Directions that the first layer amplifies most."""
        return strongest(next(self.layers.parameters()).T)


class PlainVae(LatentModel):
    """Digits of PyTorch's example of a VAE: two full layers on either side (csinva's).

    Args:
        length: of the latent.
        width: of the hidden layers.
    """

    encodes = True
    normal = False

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.size, self.channels, self.length = _DIGIT, 1, length
        self.fc1 = nn.Linear(_DIGIT**2, width)
        self.fc21, self.fc22 = nn.Linear(width, length), nn.Linear(width, length)
        self.fc3, self.fc4 = nn.Linear(length, width), nn.Linear(width, _DIGIT**2)

    @classmethod
    def shaped(cls, state: Mapping[str, Tensor]) -> PlainVae:
        """With the sizes of these weights."""
        width, length = state["fc3.weight"].shape
        return cls(length, width)

    def forward(self, latent: Tensor, _label: Tensor, /) -> Tensor:  # noqa: D102 - as the base says
        flat: Tensor = torch.sigmoid(self.fc4(F.relu(self.fc3(latent)))) * 2 - 1
        return flat.view(-1, 1, _DIGIT, _DIGIT)

    def encode(self, planes: Tensor, _label: Tensor, /) -> Tensor:
        """The means."""
        mean: Tensor = self.fc21(F.relu(self.fc1(planes.flatten(1) / 2 + 0.5)))
        return mean

    def axes(self) -> Tensor:
        """Directions that the first layer amplifies most."""
        return strongest(self.fc3.weight.T)


class ConditionalVae(LatentModel):
    """Digits of a conditional VAE of convolutions (Sohn et al. 2015; Bhooyas's).

    It was trained with means between -1 and 1 and with noise that is uniform in [0, 1], times 1 to
    1.65: its latents lie around 0.65 instead of 0.

    Args:
        length: of the latent.
        classes: number of classes.
        wide: channels at 4 x 4.
        narrow: channels at 12 x 12.
    """

    encodes = True
    normal = False
    _middle = 0.65
    _deviation = 0.6

    def __init__(self, length: int, classes: int, wide: int, narrow: int) -> None:
        super().__init__()
        self.size, self.channels, self.length, self.classes = _DIGIT, 1, length, classes
        self.conv1 = nn.Conv2d(1, narrow, 5, stride=2)
        self.conv2 = nn.Conv2d(narrow, wide, 5, stride=2)
        self.mu_layer = nn.Linear(wide * 16, length)
        self.sigma_layer = nn.Linear(wide * 16, length)
        self.d_lin = nn.Linear(length + classes, wide * 16)
        self.conv_t1 = nn.ConvTranspose2d(wide, narrow, 5, stride=2)
        self.conv_t2 = nn.ConvTranspose2d(narrow, 1, 5, stride=2)
        self.conv_t3 = nn.ConvTranspose2d(1, 1, 4)
        self._wide = wide

    @classmethod
    def shaped(cls, state: Mapping[str, Tensor]) -> ConditionalVae:
        """With the sizes of these weights."""
        length = state["mu_layer.weight"].shape[0]
        wide, narrow = state["conv_t1.weight"].shape[:2]
        return cls(length, state["d_lin.weight"].shape[1] - length, wide, narrow)

    def forward(self, latent: Tensor, label: Tensor, /) -> Tensor:  # noqa: D102 - as the base says
        told = torch.cat([latent, F.one_hot(label, self.classes).to(latent)], 1)
        planes = torch.tanh(self.d_lin(told)).view(-1, self._wide, 4, 4)
        planes = torch.tanh(self.conv_t2(torch.tanh(self.conv_t1(planes))))
        return torch.sigmoid(self.conv_t3(planes)) * 2 - 1

    def sample(self, normal: Tensor, _label: Tensor, /) -> Tensor:
        """With the mean and the deviation that latents had in its training."""
        return self._middle + self._deviation * normal

    def encode(self, planes: Tensor, _label: Tensor, /) -> Tensor:
        """The middles of the uniform noise around the means."""
        hidden = torch.tanh(self.conv2(torch.tanh(self.conv1(planes / 2 + 0.5)))).flatten(1)
        spread = (0.5 * torch.sigmoid(self.sigma_layer(hidden))).exp()
        return torch.tanh(self.mu_layer(hidden)) + 0.5 * spread

    def axes(self) -> Tensor:
        """Directions that the first layer amplifies most."""
        return strongest(self.d_lin.weight[:, : self.length].T) * self._deviation

    def mean(self) -> Tensor:
        """The middle of the latents."""
        return torch.full((self.length,), self._middle, device=self._device())


def _dcgan(state: Mapping[str, Tensor]) -> SequentialDcgan | None:
    """A DCGAN whose layers are numbered in one sequence, with whatever lies in between."""
    found: dict[int, str] = {}
    for key in state:
        match = re.fullmatch(r"(?:[A-Za-z]+\.)?(\d+)\.weight", key)
        if match is None and not re.fullmatch(
            r"(?:[A-Za-z]+\.)?\d+\.(bias|running_mean|running_var|num_batches_tracked)", key
        ):
            return None
        if match is not None:
            found[int(match[1])] = key.removesuffix(".weight")
    names = [found[number] for number in sorted(found)]
    kernels = [name for name in names if state[f"{name}.weight"].dim() == 4]
    norms = [name for name in names if f"{name}.running_mean" in state]
    if not kernels or len(norms) != len(kernels) - 1 or len(names) != len(kernels) + len(norms):
        return None
    if any(state[f"{name}.weight"].shape[2:] != (4, 4) for name in kernels):
        return None
    given = state[f"{kernels[0]}.weight"].shape[0]
    classes = max(given - _DCGAN_LATENT, 0)
    if classes >= _DCGAN_LATENT:
        classes = 0
    widths = [state[f"{name}.weight"].shape[1] for name in kernels]
    renamed: dict[str, Tensor] = {}
    for kind, originals in (("convolutions", kernels), ("norms", norms)):
        for number, name in enumerate(originals):
            renamed.update(_prefixed(state, f"{kind}.{number}.", f"{name}."))
    return _filled(SequentialDcgan(widths, given - classes, classes), renamed)


def _prefixed(state: Mapping[str, Tensor], prefix: str, old: str = "") -> dict[str, Tensor]:
    return {
        prefix + key.removeprefix(old): value for key, value in state.items() if key.startswith(old)
    }


def _filled(network: M, state: Mapping[str, Tensor]) -> M:
    network.load_state_dict(dict(state))
    return network
