"""Discriminators, and the game that generators play against them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.features import FeatureNetwork
from studio.nn.generators import Norm, norm_layers


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
                *norm_layers(norm, wider),
                nn.LeakyReLU(0.2),
            ]
            wide = wider
        parts.append(nn.Conv2d(wide, 1, 4, padding=1))
        self.model = nn.Sequential(*parts)

    def forward(self, image: Tensor) -> Tensor:
        """N x in_channels x H x W to N x 1 x h x w, one logit for each patch."""
        out: Tensor = self.model(image)
        return out


class FeatureDiscriminator(nn.Module):
    """Judges the features of a frozen network instead of pixels.

    It need not learn to see first, and so leads a generator in a fraction of the steps (Sauer et al.
    2021, "Projected GANs Converge Faster"; here without their random projections).

    Args:
        features: the frozen network; its weights are no part of the state dict.
        layers: what is judged, a small convolutional head for each.
        pictures: some real ones, N x 3 x H x W in [-1, 1], by which the features are brought to
            one scale.
        width: channels of the heads.
    """

    def __init__(
        self, features: FeatureNetwork, layers: Sequence[str], pictures: Tensor, width: int = 64
    ) -> None:
        super().__init__()
        self._features = [features]  # in a list, so that it is no submodule
        self._layers = tuple(layers)
        with torch.no_grad():
            found = features(pictures / 2 + 0.5, layers)
        self.heads = nn.ModuleList()
        for number, layer in enumerate(layers):
            self.register_buffer(f"scale_{number}", 1 / (found[layer].float().std() + 1e-6))
            self.heads.append(
                nn.Sequential(
                    nn.Conv2d(found[layer].shape[1], width, 3, padding=1),
                    nn.LeakyReLU(0.2),
                    nn.Conv2d(width, width, 4, stride=2, padding=1),
                    nn.LeakyReLU(0.2),
                    nn.Conv2d(width, 1, 3, padding=1),
                )
            )

    def forward(self, image: Tensor) -> Tensor:
        """N x 3 x H x W in [-1, 1] to N x K, the logits of all patches of all layers."""
        found = self._features[0](image / 2 + 0.5, self._layers)
        logits = []
        for number, (layer, head) in enumerate(zip(self._layers, self.heads, strict=True)):
            scaled = found[layer] * getattr(self, f"scale_{number}")
            logits.append(head(scaled).flatten(1))
        # Deep layers have fewer patches: each layer's count as much as the first one's.
        most = max(each.shape[1] for each in logits)
        return torch.cat(
            [each.repeat(1, max(round(most / each.shape[1]), 1)) for each in logits], 1
        )


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
        for fake in torch.split(fakes.detach(), 1):
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
        self._kept = list(torch.split(state["kept"], 1)) if state else []
