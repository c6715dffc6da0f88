"""A whole model: what says what is wanted, and the network that paints it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from studio.nn.codecs import PictureCodec
from studio.nn.diffusion import NoiseSchedule
from studio_plugins.sampling.drawings import CHANNELS
from studio_plugins.sampling.networks import (
    Condition,
    DiffusionUNet,
    LabelEncoder,
    Layout,
    TextEncoder,
)
from studio_plugins.sampling.words import encode

Wish = Sequence[str | int]
"""Texts, or numbers of labels; an empty text and -1 ask for nothing in particular."""


@dataclass(frozen=True)
class Design:
    """All that is needed to build a `Painter`, kept in the card of its model.

    Attributes:
        size: side of its pictures in pixels.
        widths: channels of the U-Net's levels.
        blocks: residual blocks in each of them.
        styles: names of the styles that it knows; empty if there is but one.
        labels: names of the classes that it paints; empty if it is asked with words.
        shift: of the noise schedule.
        words: size of the text encoder's tokens, or of a label's vector.
        depth: layers of the text encoder.
        letters: size of the vectors of n-grams.
        codec: channels of the levels of the codec in whose latents it paints; empty if in pixels.
        latent: channels of these latents.
    """

    size: int = 64
    widths: tuple[int, ...] = (48, 96, 224)
    blocks: tuple[int, ...] = (1, 2, 1)
    styles: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    shift: float = 1.0
    words: int = 160
    depth: int = 3
    letters: int = 72
    codec: tuple[int, ...] = ()
    latent: int = 8

    def text(self) -> str:
        """As text for a card."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> Design:
        """Back from a card.

        Raises:
            ValueError: if it says something else.
        """
        found = json.loads(text)
        if not isinstance(found, dict) or not set(found) <= {f.name for f in fields(cls)}:
            raise ValueError("the card describes another kind of network")
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in found.items()
        }
        return cls(**values)

    @property
    def layout(self) -> Layout:
        """The sizes of the U-Net."""
        channels, _, _ = self.shape
        patch = 1 if self.codec else Layout.patch
        return Layout(channels, patch, self.widths, self.blocks)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of what is painted: planes, or latents."""
        side = self.size >> len(self.codec)
        return self.latent if self.codec else CHANNELS, side, side

    @property
    def schedule(self) -> NoiseSchedule:
        """What the network was trained to take away."""
        return NoiseSchedule.cosine(shift=self.shift)


class Painter(nn.Module):
    """From words or a class, and a style, to the velocities of noisy pictures."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        self.wanted: TextEncoder | LabelEncoder
        if design.labels:
            self.wanted = LabelEncoder(len(design.labels), design.words)
        else:
            heads = max(design.words // 32, 1)
            self.wanted = TextEncoder(design.words, design.depth, heads, design.letters)
        self.unet = DiffusionUNet(design.layout, len(design.styles), design.words)
        self.codec = PictureCodec(CHANNELS, design.latent, design.codec) if design.codec else None

    def begun(self, planes: Tensor) -> Tensor:
        """Planes, N x 4 x size x size in [-1, 1], as what is painted: N x ``design.shape``."""
        return planes if self.codec is None else self.codec.latents(planes)

    def finished(self, painted: Tensor) -> Tensor:
        """The opposite of `begun`; values in about [-1, 1]."""
        return painted if self.codec is None else self.codec.pictures(painted)

    def condition(self, wish: Wish) -> Condition:
        """What the U-Net is told of what is wanted, one row for each wish."""
        if isinstance(self.wanted, TextEncoder):
            words = encode([str(text) for text in wish])
            found: Condition = self.wanted(words.to(self.wanted.start.device))
            return found
        last = self.wanted.labels
        numbers = [last if int(label) < 0 else int(label) for label in wish]
        table = self.wanted.table.weight
        labelled: Condition = self.wanted(torch.tensor(numbers, device=table.device))
        return labelled

    def forward(self, noisy: Tensor, time: Tensor, style: Tensor, wanted: Condition) -> Tensor:
        """The velocity; see `DiffusionUNet`. A style of -1 is any."""
        style = torch.where(style < 0, len(self.design.styles), style)
        velocity: Tensor = self.unet(noisy, time, style, wanted)
        return velocity


def build(extra: Mapping[str, str]) -> Painter:
    """The network that a card describes, freshly initialised.

    Raises:
        ValueError: if the card describes none.
    """
    return Painter(Design.read(extra.get("design", "null")))
