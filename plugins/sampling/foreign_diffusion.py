"""A class-conditional diffusion of digits by others, as a network that draws from a latent: its noise.

rpw1134's U-Net of Ho et al. 2020 (1,000 steps, variances from 0.0001 to 0.02, predicts the noise)
with one more class for "any" (Ho and Salimans 2021, classifier-free guidance). Fewer steps as in Song
et al. 2020 (https://arxiv.org/abs/2010.02502), with fresh noise in each, without which its digits are
poor. That noise is the first one in another order: so what it draws is a smooth function of the latent.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from studio_plugins.sampling.latent_models import LatentModel

_DIGIT = 28
_TIMES = 1000
_STEPS = 40
_GUIDANCE = 2.0
_AXES = 8
_BLOCKS = ("init", "down1", "down2", "btn", "up1", "up2")


class DigitDiffusion(LatentModel):
    """Draws digits of noise.

    Args:
        entries: classes, and one more that stands for any.
        length: of the embeddings of time and class, also the channels at full size.
    """

    def __init__(self, entries: int, length: int) -> None:
        super().__init__()
        self.size, self.channels, self.length = _DIGIT, 1, _DIGIT**2
        self.classes = entries - 1
        self._embedding = length
        wide = (length, 2 * length, 4 * length)
        self.class_emb = nn.Embedding(entries, length)
        outputs = (wide[0], wide[1], wide[2], wide[2], wide[1], wide[0])
        for name, made in zip(_BLOCKS, outputs, strict=True):
            self.add_module(f"time_proj_{name}", nn.Linear(length, made))
            self.add_module(f"class_proj_{name}", nn.Linear(length, made))
        self.init_conv = _block(1, wide[0])
        self.down1, self.down2 = _block(wide[0], wide[1], 2), _block(wide[1], wide[2], 2)
        self.bottleneck = _block(wide[2], wide[2])
        self.up1_transpose = _doubled(wide[2], wide[1])
        self.up1_conv = _block(2 * wide[1], wide[1])
        self.up2_transpose = _doubled(wide[1], wide[0])
        self.up2_conv = _block(2 * wide[0], wide[0])
        self.output_head = nn.Conv2d(wide[0], 1, 1)

    def forward(self, latent: Tensor, label: Tensor, /) -> Tensor:  # noqa: D102 - as the base says
        planes = latent.view(-1, 1, _DIGIT, _DIGIT)
        kept = torch.linspace(1e-4, 0.02, _TIMES, device=planes.device, dtype=torch.float64)
        kept = (1 - kept).cumprod(0).float()
        times = torch.linspace(_TIMES - 1, 0, _STEPS).round().long().tolist()
        for time, after in zip(times, [*times[1:], None], strict=True):
            noise = self._guided(planes, time, label)
            clean = (planes - (1 - kept[time]).sqrt() * noise) / kept[time].sqrt()
            clean = clean.clamp(-1, 1)
            if after is None:
                return clean
            noise = (planes - kept[time].sqrt() * clean) / (1 - kept[time]).sqrt()
            left, share = 1 - kept[after], kept[after]
            fresh = left / (1 - kept[time]) * (1 - kept[time] / share)
            planes = share.sqrt() * clean + (left - fresh).sqrt() * noise
            planes = planes + fresh.sqrt() * shuffled(latent, time).view_as(planes)
        return planes

    def axes(self) -> Tensor:
        """Smooth patterns: low frequencies of the noise decide where things are."""
        places = (torch.arange(_DIGIT, device=self._device()) + 0.5) / _DIGIT * math.pi
        order = sorted((a + b, a, b) for a in range(5) for b in range(5))[:_AXES]
        waves = [torch.outer((places * a).cos(), (places * b).cos()).flatten() for _, a, b in order]
        return torch.stack([wave / wave.norm() for wave in waves])

    def _guided(self, planes: Tensor, time: int, label: Tensor) -> Tensor:
        """The noise that is expected for the class, and farther from that of any."""
        both = torch.cat([label, torch.full_like(label, self.classes)])
        told, untold = self._noise(torch.cat([planes, planes]), time, both).chunk(2)
        return untold + _GUIDANCE * (told - untold)

    def _noise(self, planes: Tensor, time: int, label: Tensor) -> Tensor:
        when = self._when(time, planes)
        which = self.class_emb(label)

        def told(features: Tensor, name: str) -> Tensor:
            first = self.get_submodule(f"time_proj_{name}")(when)
            second = self.get_submodule(f"class_proj_{name}")(which)
            total: Tensor = features + (first + second)[..., None, None]
            return total

        full = told(self.init_conv(planes), "init")
        half = told(self.down1(full), "down1")
        small = told(self.down2(half), "down2")
        small = told(self.bottleneck(small), "btn")
        up = self.up1_conv(torch.cat([told(self.up1_transpose(small), "up1"), half], 1))
        up = self.up2_conv(torch.cat([told(self.up2_transpose(up), "up2"), full], 1))
        noise: Tensor = self.output_head(up)
        return noise

    def _when(self, time: int, planes: Tensor) -> Tensor:
        """Sines and cosines of a time, 1 x length."""
        half = self._embedding // 2
        powers = torch.arange(half, device=planes.device) / (half - 1)
        angles = time * torch.exp(-math.log(10_000) * powers)
        when: Tensor = torch.cat([angles.sin(), angles.cos()])[None]
        return when


def shuffled(latent: Tensor, seed: int) -> Tensor:
    """The numbers of latents, N x D, in another order and with other signs, the same for all."""
    random = torch.Generator().manual_seed(seed)
    order = torch.randperm(latent.shape[1], generator=random).to(latent.device)
    signs = torch.randint(2, order.shape, generator=random).to(latent) * 2 - 1
    return latent[:, order] * signs


def _block(given: int, made: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(given, made, 3, stride, padding=1), nn.GroupNorm(8, made), nn.SiLU()
    )


def _doubled(given: int, made: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(given, made, 3, stride=2, padding=1, output_padding=1)
