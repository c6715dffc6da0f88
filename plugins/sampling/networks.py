"""The networks of text and class to picture: two that say what is wanted, one that paints it.

The U-Net is that of Ho et al. 2020 with the cross-attention of Rombach et al. 2022, laid out for a
CPU: it works on squares of pixels rather than single ones, and most of its weights lie where the
picture is 8 x 8.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio_plugins.sampling.words import BUCKETS, LENGTH


@dataclass(frozen=True)
class Condition:
    """What a picture is to show.

    Attributes:
        tokens: N x L x D, for attention.
        mask: N x L, True where there is a token.
        pooled: N x D, all of it in one.
    """

    tokens: Tensor
    mask: Tensor
    pooled: Tensor

    def joined(self, other: Condition) -> Condition:
        """Both batches as one; the shorter tokens are padded."""
        longest = max(self.mask.shape[1], other.mask.shape[1])
        first, second = self.padded(longest), other.padded(longest)
        return Condition(
            torch.cat([first.tokens, second.tokens]),
            torch.cat([first.mask, second.mask]),
            torch.cat([first.pooled, second.pooled]),
        )

    def padded(self, length: int) -> Condition:
        """With as many tokens, those at the end masked."""
        more = length - self.mask.shape[1]
        tokens, mask = F.pad(self.tokens, (0, 0, 0, more)), F.pad(self.mask, (0, more))
        return Condition(tokens, mask, self.pooled)


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017) of N x P x C to itself, or to N x L x D."""

    def __init__(self, width: int, heads: int, seen: int | None = None) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(seen or width, 2 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, seen: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        seen = x if seen is None else seen
        key, value = self.key_value(seen).chunk(2, dim=-1)
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.query(x), key, value)
        )
        # Written out: for so few tokens torch's own is slower on a CPU, in training above all.
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(2, 3)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None, :], -1e4)
        found = scores.softmax(-1).to(value.dtype) @ value
        out: Tensor = self.out(found.transpose(1, 2).flatten(2))
        return out


class TextLayer(nn.Module):
    """A layer of a transformer, normalized before (Xiong et al. 2020)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(self.first(x), mask=mask)
        out: Tensor = x + self.narrow(F.gelu(self.wide(self.second(x))))
        return out


class TextEncoder(nn.Module):
    """Words, as `words.encode` gives them, to a `Condition`; an empty text has a token, too."""

    def __init__(self, width: int = 160, depth: int = 3, heads: int = 5, letters: int = 72) -> None:
        super().__init__()
        self.width = width
        self.table = nn.Embedding(BUCKETS, letters, padding_idx=0)
        nn.init.normal_(self.table.weight, std=0.3)
        self.table.weight.data[0] = 0
        self.word = nn.Linear(letters, width)
        self.start = nn.Parameter(torch.randn(width) * 0.1)
        self.places = nn.Parameter(torch.randn(LENGTH + 1, width) * 0.1)
        self.layers = nn.ModuleList(TextLayer(width, heads) for _ in range(depth))
        self.last = nn.LayerNorm(width)

    def forward(self, words: Tensor) -> Condition:
        counts = (words > 0).sum(-1)
        summed = self.table(words).sum(2) / counts.clamp(min=1).sqrt()[..., None]
        start = self.start.expand(len(words), 1, -1)
        x = torch.cat([start, self.word(summed).to(start.dtype)], dim=1)
        mask = F.pad(counts > 0, (1, 0), value=True)
        x = x + self.places[: x.shape[1]]
        for layer in self.layers:
            x = layer(x, mask)
        x = self.last(x)
        share = mask.to(x.dtype)[..., None]
        return Condition(x, mask, (x * share).sum(1) / share.sum(1))


class LabelEncoder(nn.Module):
    """Numbers of classes, N, to a `Condition` of one token; the number behind the last: any."""

    def __init__(self, labels: int, width: int = 160) -> None:
        super().__init__()
        self.labels, self.width = labels, width
        self.table = nn.Embedding(labels + 1, width)

    def forward(self, labels: Tensor) -> Condition:
        pooled = self.table(labels)
        mask = torch.ones(len(labels), 1, dtype=torch.bool, device=labels.device)
        return Condition(pooled[:, None], mask, pooled)


class Modulation(nn.Module):
    """Normalizes N x C x H x W in groups, then scales and shifts it by what an embedding says."""

    def __init__(self, width: int, embedded: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(math.gcd(width, 8), width)
        self.linear = nn.Linear(embedded, 2 * width)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        scale, shift = self.linear(embedded)[:, :, None, None].chunk(2, dim=1)
        out: Tensor = torch.addcmul(shift, self.norm(x), 1 + scale)
        return out


class Residual(nn.Module):
    """Two convolutions around which the input goes; the embedding enters between them."""

    def __init__(self, width: int, embedded: int, skipped: int = 0) -> None:
        super().__init__()
        self.join = nn.Conv2d(width + skipped, width, 1) if skipped else nn.Identity()
        self.norm = nn.GroupNorm(math.gcd(width, 8), width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.modulation = Modulation(width, embedded)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, embedded: Tensor, skip: Tensor | None = None) -> Tensor:
        x = x if skip is None else self.join(torch.cat([x, skip], dim=1))
        y = self.first(F.silu(self.norm(x)))
        y = self.second(F.silu(self.modulation(y, embedded)))
        out: Tensor = x + y
        return out


class Attending(nn.Module):
    """Lets places look at each other, where the picture is small, and at the condition."""

    def __init__(self, width: int, heads: int, seen: int, *, itself: bool) -> None:
        super().__init__()
        self.itself = itself
        if itself:
            self.norm = nn.LayerNorm(width)
            self.own = Attention(width, heads)
            nn.init.zeros_(self.own.out.weight)
        self.before = nn.LayerNorm(width)
        self.other = Attention(width, heads, seen)
        nn.init.zeros_(self.other.out.weight)

    def forward(self, x: Tensor, wanted: Condition) -> Tensor:
        places = x.flatten(2).transpose(1, 2)
        if self.itself:
            places = places + self.own(self.norm(places))
        places = places + self.other(self.before(places), wanted.tokens, wanted.mask)
        out: Tensor = places.transpose(1, 2).reshape(x.shape)
        return out


@dataclass(frozen=True)
class Layout:
    """The sizes of a `DiffusionUNet`.

    Attributes:
        channels: of the picture: 4 with transparency.
        patch: side of the squares of pixels that it works on.
        widths: channels of its levels, each half as large as the one before.
        blocks: residual blocks of a level, on the way down and on the way up.
        attended: how many of the last levels look at the condition.
        embedded: size of what is known of time, style and text together.
    """

    channels: int = 4
    patch: int = 2
    widths: tuple[int, ...] = (48, 96, 224)
    blocks: tuple[int, ...] = (1, 2, 1)
    attended: int = 2
    embedded: int = 128

    @property
    def multiple(self) -> int:
        """What a picture's sides are multiples of."""
        return self.patch << (len(self.widths) - 1)


class Level(nn.Module):
    """The blocks of one size, on the way down or up."""

    def __init__(self, layout: Layout, number: int, seen: int, *, up: bool) -> None:
        super().__init__()
        width = layout.widths[number]
        skipped = width if up else 0
        self.blocks = nn.ModuleList(
            Residual(width, layout.embedded, skipped) for _ in range(layout.blocks[number])
        )
        self.attending: Attending | None = None
        deep = len(layout.widths) - 1 - number
        if deep < layout.attended:
            heads = max(width // 32, 1)
            heads = heads if width % heads == 0 else math.gcd(width, 8)
            self.attending = Attending(width, heads, seen, itself=deep == 0)

    def forward(
        self, x: Tensor, embedded: Tensor, wanted: Condition, skips: Sequence[Tensor] = ()
    ) -> list[Tensor]:
        """What comes out of each block."""
        found = []
        for number, block in enumerate(self.blocks):
            x = block(x, embedded, skips[number]) if skips else block(x, embedded)
            if self.attending is not None and number == len(self.blocks) - 1:
                x = self.attending(x, wanted)
            found.append(x)
        return found


class DiffusionUNet(nn.Module):
    """Says of a noisy picture, its time, a style and a `Condition` what its velocity is."""

    def __init__(self, layout: Layout, styles: int, seen: int) -> None:
        super().__init__()
        self.layout = layout
        widths, embedded = layout.widths, layout.embedded
        self.time = nn.Sequential(
            nn.Linear(embedded, embedded), nn.SiLU(), nn.Linear(embedded, embedded)
        )
        self.styles = nn.Embedding(styles + 1, embedded)
        self.pooled = nn.Sequential(nn.LayerNorm(seen), nn.Linear(seen, embedded))
        values = layout.channels * layout.patch**2
        self.stem = nn.Conv2d(values, widths[0], 3, padding=1)
        numbers = range(len(widths))
        self.down = nn.ModuleList(Level(layout, n, seen, up=False) for n in numbers)
        self.halve = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(widths)
        )
        self.up = nn.ModuleList(Level(layout, n, seen, up=True) for n in numbers)
        self.widen = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.norm = nn.GroupNorm(math.gcd(widths[0], 8), widths[0])
        self.out = nn.Conv2d(widths[0], values, 3, padding=1)
        nn.init.zeros_(self.out.weight)

    def forward(self, noisy: Tensor, time: Tensor, style: Tensor, wanted: Condition) -> Tensor:
        """The velocity.

        Args:
            noisy: N x C x H x W, sides multiples of ``layout.multiple``.
            time: N, numbers of the steps of the noise schedule.
            style: N, numbers of styles; the one behind the last: any.
            wanted: what is to be seen.
        """
        embedded = self.time(_waves(time, self.layout.embedded).to(noisy.dtype))
        embedded = F.silu(embedded + self.styles(style) + self.pooled(wanted.pooled))
        x = self.stem(F.pixel_unshuffle(noisy, self.layout.patch))
        kept = []
        for number, level in enumerate(self.down):
            x = self.halve[number - 1](x) if number else x
            kept.append(level(x, embedded, wanted))
            x = kept[-1][-1]
        for number in reversed(range(len(self.up))):
            if number < len(self.widen):
                x = F.interpolate(self.widen[number](x), scale_factor=2.0)
            x = self.up[number](x, embedded, wanted, kept[number][::-1])[-1]
        return F.pixel_shuffle(self.out(F.silu(self.norm(x))), self.layout.patch)


def _waves(time: Tensor, size: int) -> Tensor:
    """Sines and cosines of a time, N x size (Vaswani et al. 2017)."""
    half = torch.arange(size // 2, device=time.device) / (size // 2)
    angles = time.float()[:, None] * torch.exp(-math.log(10_000) * half)
    return torch.cat([angles.sin(), angles.cos()], dim=1)
