"""Finding a picture in the latent space of a network that has no encoder."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from studio_plugins.sampling.latent_models import LatentModel

_TRIED = 64
_RATE = 0.05
_STRAYING = 0.002  # what a unit of squared length of the latent costs, in parts of the difference
_LEVELS = 4


def found(
    model: LatentModel,
    planes: Tensor,
    label: Tensor,
    steps: int,
    report: Callable[[float, Tensor], None],
) -> Tensor:
    """The latent whose picture comes nearest: gradient descent from the best of some random ones.

    Abdal et al. 2019, "Image2StyleGAN", with differences of pixels at several sizes alone.

    Args:
        model: draws pictures; its weights are not changed.
        planes: 1 x C x size x size in [-1, 1].
        label: 1, the class to stay in.
        steps: of the descent.
        report: called with the share done and the planes so far; what it raises ends the search.

    Returns:
        1 x length.
    """
    target = planes.clone()
    mean = model.mean().clone()
    with torch.no_grad():
        normal = torch.randn(_TRIED, model.length).to(target)
        many = label.expand(_TRIED)
        tried = model.sample(normal, many)
        spread = tried.std(0).mean().clamp(min=1e-3)
        apart = torch.stack([_apart(model(one[None], label), target) for one in tried])
        start = tried[apart.argmin()][None].clone()
    # A run computes without gradients; here they are wanted.
    with torch.inference_mode(False), torch.enable_grad():
        target, mean, spread = (each.clone() for each in (target, mean, spread))
        label = label.clone()
        latent = start.clone().requires_grad_()
        optimiser = torch.optim.Adam([latent], lr=_RATE * float(spread))
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = 2 * _RATE * float(spread) * (1 - step / steps)
            made = model(latent, label)
            straying = ((latent - mean) / spread).square().mean()
            loss = _apart(made, target) + _STRAYING * straying
            (latent.grad,) = torch.autograd.grad(loss, [latent])
            optimiser.step()
            report((step + 1) / steps, made.detach())
        return latent.detach()


def _apart(made: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference at full size and reduced to halves."""
    difference = torch.zeros((), device=target.device)
    for _ in range(_LEVELS):
        difference = difference + (made - target).abs().mean()
        made, target = F.avg_pool2d(made, 2), F.avg_pool2d(target, 2)
    return difference
