"""What the operation needs of a network, whichever family it is of: latents, and pictures of them."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from studio.nn.autoencoders import Autoencoder, describe_latents
from studio.nn.gans import DcganGenerator
from studio.nn.style_generator import StyleGenerator

_MAPPED = 2048  # styles from which the mean and the axes of their space are taken


class LatentModel(nn.Module):
    """Draws pictures of latents.

    Attributes:
        size: side of its pictures in pixels.
        channels: of its planes, 1, 3 or 4; see `studio.nn.planes`.
        length: numbers of a latent.
        classes: how many classes it has to be told; 0 for none.
        encodes: whether it finds the latent of a picture at once.
        mixes: whether layers can follow styles of their own.
        normal: whether its latents are standard normal, so that all lie at about one distance from
            the middle and the way from one to another is to keep it.
    """

    size: int
    channels: int
    length: int
    classes: int = 0
    encodes: ClassVar[bool] = False
    mixes: ClassVar[bool] = False
    normal: ClassVar[bool] = True

    @abstractmethod
    def forward(self, latent: Tensor, label: Tensor, /) -> Tensor:
        """Draw.

        Args:
            latent: N x length.
            label: N whole numbers; without meaning if there are no classes.

        Returns:
            N x channels x size x size, about [-1, 1].
        """

    @abstractmethod
    def axes(self) -> Tensor:
        """Directions that change most, K x length, the strongest first, each one deviation long."""

    def sample(self, normal: Tensor, _label: Tensor, /) -> Tensor:
        """Latents of standard normal numbers, N x length."""
        return normal

    def encode(self, _planes: Tensor, _label: Tensor, /) -> Tensor:
        """Latents of pictures, N x length, where the network `encodes`."""
        raise TypeError(f"{type(self).__name__} has no encoder")

    def mean(self) -> Tensor:
        """The latent in the middle, length; truncation pulls towards it."""
        return torch.zeros(self.length, device=self._device())

    def mixed(self, latent: Tensor, _other: Tensor, _share: float, label: Tensor, /) -> Tensor:
        """Draw with the finest layers following another latent, where the network `mixes`."""
        planes: Tensor = self(latent, label)
        return planes

    def _device(self) -> torch.device:
        return next(self.parameters()).device


class AutoencoderModel(LatentModel):
    """An autoencoder of ours.

    Args:
        network: plain or variational.
    """

    encodes = True
    normal = False

    def __init__(self, network: Autoencoder) -> None:
        super().__init__()
        self.network = network
        self.size, self.channels, self.length = network.size, network.channels, network.latent

    def forward(self, latent: Tensor, _label: Tensor, /) -> Tensor:  # noqa: D102 - as the base says
        return self.network.decode(latent)

    def sample(self, normal: Tensor, _label: Tensor, /) -> Tensor:
        """From the prior it was held to, or as the training's pictures lie."""
        if self.network.variational:
            return normal
        return self.network.center + normal @ self.network.axes

    def encode(self, planes: Tensor, _label: Tensor, /) -> Tensor:
        """The means."""
        return self.network.encode(planes)[0].float()

    def axes(self) -> Tensor:
        """The principal axes of the training's pictures."""
        return self.network.axes.float()

    def mean(self) -> Tensor:
        """The middle of the training's pictures."""
        return self.network.center.float()


class GeneratorModel(LatentModel):
    """A DCGAN of ours.

    Args:
        network: with or without classes.
    """

    def __init__(self, network: DcganGenerator) -> None:
        super().__init__()
        self.network = network
        self.size, self.channels = network.size, network.channels
        self.length, self.classes = network.latent, network.classes

    def forward(self, latent: Tensor, label: Tensor, /) -> Tensor:  # noqa: D102 - as the base says
        planes: Tensor = self.network(latent, label if self.classes else None)
        return planes

    def axes(self) -> Tensor:
        """Directions that the first layer amplifies most."""
        return strongest(self.network.first.weight[: self.length].flatten(1))


class StyleModel(LatentModel):
    """A style-based generator of ours; its latents are styles.

    Args:
        network: with or without classes.
    """

    mixes = True
    normal = False

    def __init__(self, network: StyleGenerator) -> None:
        super().__init__()
        self.network = network
        self.size, self.channels = network.size, network.channels
        self.length, self.classes = network.latent, network.classes

    def forward(self, latent: Tensor, _label: Tensor, /) -> Tensor:  # noqa: D102 - as the base says
        # The noise of the layers is in no latent: with it, a walk would flicker.
        return self.network.draw(latent, noise=False)

    def sample(self, normal: Tensor, label: Tensor, /) -> Tensor:
        """Styles."""
        return self.network.map(normal, label if self.classes else None)

    def axes(self) -> Tensor:
        """The principal axes of many styles (Härkönen et al. 2020, "GANSpace")."""
        random = torch.Generator().manual_seed(0)
        normal = torch.randn(_MAPPED, self.length, generator=random).to(self._device())
        label = torch.arange(_MAPPED, device=self._device()) % max(self.classes, 1)
        return describe_latents(self.sample(normal, label))[1]

    def mean(self) -> Tensor:
        """The mean style of the training."""
        return self.network.center.float()

    def mixed(self, latent: Tensor, other: Tensor, share: float, _label: Tensor, /) -> Tensor:
        """Coarse layers of one style, the finest of another."""
        depth = self.network.depth
        fine = torch.arange(depth, device=latent.device) >= depth - round(share * depth)
        styles = torch.where(fine[:, None], other[:, None], latent[:, None])
        return self.network.draw(styles, noise=False)


def strongest(weight: Tensor) -> Tensor:
    """Directions of the input that a layer amplifies most (Shen and Zhou 2021, "SeFa").

    Args:
        weight: inputs x outputs.

    Returns:
        inputs x inputs, a row of length 1 for each direction.
    """
    weight = weight.detach().float()
    _, vectors = torch.linalg.eigh(weight @ weight.T)
    directions: Tensor = vectors.flip(1).T.contiguous()
    return directions
