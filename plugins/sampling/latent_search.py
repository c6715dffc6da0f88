"""Finding a picture in the latent space of a network that has no encoder."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from studio_plugins.sampling.latent_models import LatentModel

_TRIED = 256
_KEPT = 8  # candidates that begin the descent, of which the best one ends it
_ALONE = 1 / 3  # share of the steps after which one is left
_RATE = 0.2  # of a deviation of the latents
_SHAKING = 0.2  # of a deviation: noise that gets candidates out of dead ends, up to
_CALM = 0.6  # this share of the steps
_STRAYING = 0.01  # what a latent costs that is one deviation from the middle
_LEVELS = 4

Report = Callable[[float, Tensor], None]


def found(model: LatentModel, planes: Tensor, label: Tensor, steps: int, report: Report) -> Tensor:
    """The latent whose picture comes nearest: gradient descent from the best of many random ones.

    Abdal et al. 2019, "Image2StyleGAN", with differences of pixels at several sizes alone, and with
    the fading noise of Karras et al. 2020 ("StyleGAN2", appendix D).

    Args:
        model: draws pictures; its weights are not changed.
        planes: 1 x C x size x size in [-1, 1].
        label: 1, the class to stay in.
        steps: of the descent.
        report: called with the share done and the planes so far; what it raises ends the search.

    Returns:
        1 x length.
    """
    # A run computes without gradients; here they are wanted.
    with torch.inference_mode(False):
        target, label, mean = planes.clone(), label.clone(), model.mean().clone()
        with torch.no_grad():
            start, spread = _tried(model, target, label, report)
        with torch.enable_grad():
            return _descended(model, target, label, start, (mean, spread), steps, report)


def _tried(
    model: LatentModel, target: Tensor, label: Tensor, report: Report
) -> tuple[Tensor, float]:
    """The best of random latents, and their mean deviation."""
    latents = model.sample(torch.randn(_TRIED, model.length).to(target), label.expand(_TRIED))
    apart = []
    for number, part in enumerate(torch.split(latents, _KEPT)):
        made = model(part, label.expand(len(part)))
        apart.append(_apart(made, target))
        report(0.2 * number * _KEPT / _TRIED, made[:1])
    order = torch.cat(apart).argsort()
    return latents[order[:_KEPT]].clone(), max(float(latents.std(0).mean()), 1e-3)


def _descended(
    model: LatentModel,
    target: Tensor,
    label: Tensor,
    start: Tensor,
    space: tuple[Tensor, float],
    steps: int,
    report: Report,
) -> Tensor:
    mean, spread = space
    latent = start.requires_grad_()
    optimiser = _adam(latent)
    for step in range(steps):
        done = step / steps
        for group in optimiser.param_groups:
            group["lr"] = _RATE * spread * (1 - done)
        shaking = _SHAKING * spread * max(0.0, 1 - done / _CALM) ** 2
        made = model(latent + shaking * torch.randn_like(latent), label.expand(len(latent)))
        apart = _apart(made, target)
        straying = ((latent - mean) / spread).square().mean(1)
        (latent.grad,) = torch.autograd.grad((apart + _STRAYING * straying).sum(), [latent])
        optimiser.step()
        if len(latent) > 1 and done + 1 / steps >= _ALONE:
            latent = latent[apart.argmin()][None].detach().clone().requires_grad_()
            optimiser = _adam(latent)
        report(0.2 + 0.8 * (step + 1) / steps, made[:1].detach())
    return latent.detach()


def _adam(latent: Tensor) -> torch.optim.Adam:
    return torch.optim.Adam([latent], betas=(0.9, 0.99))


def _apart(made: Tensor, target: Tensor) -> Tensor:
    """Mean absolute differences of N pictures to one, at full size and reduced to halves, summed."""
    difference = torch.zeros(len(made), device=target.device)
    for _ in range(_LEVELS):
        difference = difference + (made - target).abs().flatten(1).mean(1)
        made, target = F.avg_pool2d(made, 2), F.avg_pool2d(target, 2)
    return difference
