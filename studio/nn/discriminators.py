"""Discriminators, and the game that generators play against them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.generators import Norm, norm_layer


class PatchDiscriminator(nn.Module):
    """The PatchGAN of Isola et al. 2017: judges overlapping patches instead of the picture.

    Args:
        in_channels: of what is judged; 6 for a pair of RGB pictures.
        width: channels of the first convolution (ndf), 64 as published.
        layers: stride-2 convolutions; 3 sees patches of 70 x 70 pixels.
        norm: normalization of the middle convolutions.
    """

    def __init__(
        self, in_channels: int = 3, width: int = 64, layers: int = 3, norm: Norm = "batch"
    ) -> None:
        super().__init__()
        bias = norm != "batch"
        parts: list[nn.Module] = [
            nn.Conv2d(in_channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
        ]
        wide = width
        for number in range(1, layers + 1):
            wider = min(width * 2**number, width * 8)
            stride = 2 if number < layers else 1
            parts += [
                nn.Conv2d(wide, wider, 4, stride=stride, padding=1, bias=bias),
                norm_layer(norm, wider),
                nn.LeakyReLU(0.2),
            ]
            wide = wider
        parts.append(nn.Conv2d(wide, 1, 4, padding=1))
        self.model = nn.Sequential(*parts)

    def forward(self, image: Tensor) -> Tensor:
        """N x in_channels x H x W to N x 1 x h x w, one logit for each patch."""
        out: Tensor = self.model(image)
        return out


def adversarial_loss(logits: Tensor, *, real: bool) -> Tensor:
    """Least squares against 1 or 0 (Mao et al. 2017): steadier than the cross entropy."""
    target = torch.ones_like(logits) if real else torch.zeros_like(logits)
    return F.mse_loss(logits.float(), target.float())


class ImagePool:
    """Earlier fakes, from which a discriminator gets half of what it judges (Shrivastava et al. 2017).

    Args:
        size: pictures that are kept; 50 in CycleGAN.
    """

    def __init__(self, size: int = 50) -> None:
        self.size = size
        self._kept: list[Tensor] = []

    def exchange(self, fakes: Tensor) -> Tensor:
        """Each of N pictures, or with even chance an earlier one whose place it takes.

        Draws from torch's generator.
        """
        out = []
        for fake in fakes.detach().split(1):
            if len(self._kept) < self.size:
                self._kept.append(fake)
                out.append(fake)
            elif bool(torch.rand(()) < 0.5):
                place = int(torch.randint(self.size, ()))
                out.append(self._kept[place])
                self._kept[place] = fake
            else:
                out.append(fake)
        return torch.cat(out)

    def state_dict(self) -> dict[str, Tensor]:
        """What is kept, for a checkpoint."""
        return {"kept": torch.cat(self._kept)} if self._kept else {}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take over what `state_dict` returned."""
        self._kept = list(state["kept"].split(1)) if state else []
