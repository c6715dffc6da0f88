"""Generators and discriminators of vectors: DCGAN with classes, and the losses of the game."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SMALLEST = 4


class DcganGenerator(nn.Module):
    """DCGAN (Radford et al. 2015, https://arxiv.org/abs/1511.06434), told a class if there are any.

    The class is an embedding beside the latent (Mirza and Osindero 2014).

    Args:
        size: side of the pictures, 4 times a power of two.
        channels: of the planes, 1, 3 or 4.
        width: channels below full size; each level downwards has twice as many, at most 8 times.
        latent: length of the latent.
        classes: number of classes; 0 for none.
        embedding: length of a class's embedding.
    """

    def __init__(
        self,
        size: int = 64,
        channels: int = 4,
        width: int = 24,
        latent: int = 64,
        classes: int = 0,
        embedding: int = 16,
    ) -> None:
        super().__init__()
        self.size, self.channels, self.latent, self.classes = size, channels, latent, classes
        levels = (size // _SMALLEST).bit_length() - 1
        widths = [width * min(2**i, 8) for i in range(levels)][::-1]
        given = latent + (embedding if classes else 0)
        self.embedding = nn.Embedding(classes, embedding) if classes else None
        self.first = nn.ConvTranspose2d(given, widths[0], _SMALLEST, bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(widths[0]), nn.ReLU()]
        for wide, narrow in pairwise(widths):
            layers += [
                nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(narrow),
                nn.ReLU(),
            ]
        layers += [nn.ConvTranspose2d(widths[-1], channels, 4, stride=2, padding=1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> DcganGenerator:
        """The network whose weights these are; its sizes are read from their shapes.

        Raises:
            KeyError: if a tensor is missing.
            RuntimeError: if shapes contradict each other.
        """
        layers = {
            int(key.split(".")[1]): value
            for key, value in state.items()
            if key.startswith("layers.") and value.dim() == 4
        }
        kernels = [layers[number] for number in sorted(layers)]  # files may have 11 before 2
        classes, embedding = state.get("embedding.weight", torch.zeros(0, 0)).shape
        network = cls(
            _SMALLEST << len(kernels),
            kernels[-1].shape[1],
            kernels[-1].shape[0],
            state["first.weight"].shape[0] - embedding,
            classes,
            embedding,
        )
        network.load_state_dict(dict(state))
        return network

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """Draw pictures.

        Args:
            latent: N x latent, standard normal.
            label: N whole numbers; needed if there are classes.

        Returns:
            N x channels x size x size in [-1, 1].
        """
        if self.embedding is not None:
            if label is None:
                raise ValueError("this generator needs a class")
            latent = torch.cat([latent, self.embedding(label)], 1)
        planes: Tensor = self.layers(self.first(latent[..., None, None]))
        return planes


class Discriminator(nn.Module):
    """Judges pictures from their whole; with classes, also whether they are of their class.

    Strided convolutions as in DCGAN without batch normalization, which the gradient penalty does not
    go with; the deviation over the batch, here within classes, as one more channel (Karras et al.
    2018), against mode collapse; classes by projection (Miyato and Koyama 2018, https://arxiv.org/abs/1802.05637).

    Args:
        size: side of the pictures.
        channels: of the planes.
        width: channels of the first convolution.
        classes: number of classes; 0 for none.
    """

    def __init__(
        self, size: int = 64, channels: int = 4, width: int = 24, classes: int = 0
    ) -> None:
        super().__init__()
        levels = (size // _SMALLEST).bit_length() - 1
        layers: list[nn.Module] = []
        given = channels
        for number in range(levels):
            wide = width * min(2**number, 8)
            layers += [nn.Conv2d(given, wide, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            given = wide
        self.layers = nn.Sequential(*layers)
        self.last = nn.Conv2d(given + 1, given, 3, padding=1)
        self.hidden = nn.Linear(given * _SMALLEST**2, given)
        self.verdict = nn.Linear(given, 1)
        self.embedding = nn.Embedding(classes, given) if classes else None

    def forward(self, planes: Tensor, label: Tensor | None = None) -> Tensor:
        """N x channels x size x size in [-1, 1] to N logits, high for real ones."""
        found = self.layers(planes)
        spread = _spread(found.float(), label).to(found.dtype)
        found = torch.cat([found, spread.expand_as(found[:, :1])], 1)
        found = F.leaky_relu(self.last(found), 0.2)
        vector = F.leaky_relu(self.hidden(found.flatten(1)), 0.2)
        logits: Tensor = self.verdict(vector)[:, 0]
        if self.embedding is not None:
            if label is None:
                raise ValueError("this discriminator needs a class")
            logits = logits + (self.embedding(label) * vector).sum(1) / vector.shape[1] ** 0.5
        return logits


def _spread(features: Tensor, label: Tensor | None) -> Tensor:
    """Mean deviation over a batch, N x C x H x W; with classes from the means of their own pictures."""
    flat = features.flatten(1)
    if label is None:
        centred = flat - flat.mean(0)
    else:
        same = (label[:, None] == label).to(flat)
        centred = flat - same @ flat / same.sum(1, keepdim=True)
    return (centred.square().mean(0) + 1e-8).sqrt().mean()


def generator_loss(fake: Tensor) -> Tensor:
    """The loss that does not saturate (Goodfellow et al. 2014): -log sigmoid of the logits, mean."""
    return F.softplus(-fake.float()).mean()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Cross entropy of telling real pictures from made ones, mean of both halves' sum."""
    return F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()


def gradient_penalty(discriminator: nn.Module, planes: Tensor, label: Tensor | None) -> Tensor:
    """R1 (Mescheder et al. 2018, https://arxiv.org/abs/1801.04406): squared gradient at real pictures.

    Args:
        discriminator: takes ``planes`` and ``label``; differentiable twice.
        planes: real pictures.
        label: their classes, or None.
    """
    planes = planes.detach().requires_grad_()
    logits = discriminator(planes, label).sum()
    (gradient,) = torch.autograd.grad(logits, planes, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()
