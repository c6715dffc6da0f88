"""Diffusion models: the noise, what is learned of it, and how pictures are drawn from it.

The forward process is ``x_t = sqrt(a_t) x + sqrt(1 - a_t) noise`` with ``a_t`` the products of Ho et
al. 2020; networks predict the velocity ``v = sqrt(a_t) noise - sqrt(1 - a_t) x`` (Salimans and Ho
2022), which stays defined where nothing of the picture is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Predict = Callable[[Tensor, Tensor], Tensor]
"""From N x C x H x W noisy pictures and their N times to their velocities."""


@dataclass(frozen=True)
class NoiseSchedule:
    """How much of a picture is left at each step.

    Attributes:
        products: the ``a_t`` of the steps, falling from nearly 1 to 0.
    """

    products: Tensor

    @classmethod
    def cosine(cls, steps: int = 1000, shift: float = 1.0) -> NoiseSchedule:
        """The cosine schedule (Nichol and Dhariwal 2021) that ends in nothing but noise.

        Args:
            steps: of the forward process.
            shift: above 1 for more noise: ``a / (1 - a)`` is divided by its square, as wanted for
                large or simple pictures (Hoogeboom et al. 2023). The last step has no picture left
                ("zero terminal SNR", Lin et al. 2024).
        """
        angle = torch.linspace(0, 1, steps + 1, dtype=torch.float64)[1:] * (math.pi / 2)
        left, noise = angle.cos().square(), angle.sin().square()
        products = left / (left + shift**2 * noise)
        products[-1] = 0.0
        return cls(products.float())

    def __len__(self) -> int:
        return len(self.products)

    def noisy(self, clean: Tensor, noise: Tensor, time: Tensor) -> Tensor:
        """Pictures at their times, N x C x H x W; ``time`` is N whole numbers."""
        signal, spread = self._roots(time, clean)
        return signal * clean + spread * noise

    def velocity(self, clean: Tensor, noise: Tensor, time: Tensor) -> Tensor:
        """What a network has to predict."""
        signal, spread = self._roots(time, clean)
        return signal * noise - spread * clean

    def clean(self, noisy: Tensor, velocity: Tensor, time: Tensor) -> Tensor:
        """The picture that a prediction amounts to."""
        signal, spread = self._roots(time, noisy)
        return signal * noisy - spread * velocity

    def weights(self, time: Tensor, most: float = 5.0) -> Tensor:
        """Weight of the squared error of a velocity at each time, N.

        1 where there is much noise, less where a signal-to-noise ratio above ``most`` - 1 makes the
        task easy and its gradient large (min-SNR, Hang et al. 2023, for velocities).
        """
        products = self.products.to(time.device)[time]
        return (most * (1 - products)).clamp(max=1.0)

    def _roots(self, time: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        products = self.products.to(like.device)[time].view(-1, 1, 1, 1)
        return products.sqrt(), (1 - products).sqrt()


def spread_times(count: int, steps: int, random: Tensor) -> Tensor:
    """Times for a batch that cover all steps evenly: one in each of ``count`` equal parts.

    Args:
        count: of pictures.
        steps: of the schedule.
        random: ``count`` numbers in [0, 1).
    """
    return ((torch.arange(count) + random) / count * steps).long().clamp(0, steps - 1)


def guided(conditional: Tensor, other: Tensor, guidance: float, rescale: float = 0.0) -> Tensor:
    """Classifier-free guidance (Ho and Salimans 2022): away from ``other``, through ``conditional``.

    Args:
        conditional: what the network predicts for what is wanted, N x C x H x W.
        other: for nothing, or for what is not wanted.
        guidance: 1 gives ``conditional``, more goes further.
        rescale: how far the spread of values is brought back to that of ``conditional``, 0 to 1
            (Lin et al. 2024): it keeps strong guidance from burning out colors.
    """
    if guidance == 1.0:
        return conditional
    found = other + guidance * (conditional - other)
    if rescale:
        spread = (1, 2, 3)
        share = conditional.std(spread, keepdim=True) / found.std(spread, keepdim=True).clamp(1e-6)
        found = found * (rescale * share + 1 - rescale)
    return found


@torch.no_grad()
def sketched(predict: Predict, schedule: NoiseSchedule, noise: Tensor, steps: int) -> Tensor:
    """Pictures by DDIM alone, without diffusers: for sheets of samples while a network is trained.

    Args:
        predict: the network, guidance included.
        schedule: of its training.
        noise: N x C x H x W, normally distributed.
        steps: evenly spaced, beginning with the last of the schedule.
    """
    stride = len(schedule) / steps
    times = [round(len(schedule) - number * stride) - 1 for number in range(steps)]
    x = noise
    for time, later in zip(times, [*times[1:], -1], strict=True):
        now = torch.full((len(x),), time, device=x.device)
        velocity = predict(x, now)
        clean = schedule.clean(x, velocity, now)
        if later < 0:
            return clean
        signal, spread = schedule.products[time].sqrt(), (1 - schedule.products[time]).sqrt()
        found = signal * velocity + spread * x
        x = schedule.noisy(clean, found, torch.full_like(now, later))
    return x


def slerp(first: Tensor, second: Tensor, share: float) -> Tensor:
    """Between two samples of noise, along the sphere, so that what lies between is as long.

    Args:
        first: N x ...; given back as it is for a share of 0.
        second: the same shape; for a share of 1.
        share: in [0, 1].
    """
    if share <= 0 or share >= 1:
        return first if share <= 0 else second
    a, b = first.flatten(1), second.flatten(1)
    cosine = (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)).clamp(min=1e-12)
    angle = cosine.clamp(-0.9995, 0.9995).acos()
    shape = (-1, *(1 for _ in first.shape[1:]))
    left, right = ((part * angle).sin() / angle.sin() for part in (1 - share, share))
    between: Tensor = left.view(shape) * first + right.view(shape) * second
    return between
