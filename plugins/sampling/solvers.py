"""From noise to pictures, through the schedulers of diffusers, imported at the first run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from studio.nn.diffusion import NoiseSchedule, Predict

Sampler = Literal["ddim", "dpm"]


class _Scheduler(Protocol):
    """What is used of a scheduler of diffusers."""

    timesteps: Tensor

    def set_timesteps(self, count: int) -> None: ...

    def step(self, velocity: Tensor, time: Any, noisy: Tensor, **options: Any) -> Any: ...


def make_scheduler(name: Sampler, schedule: NoiseSchedule, steps: int) -> _Scheduler:
    """A deterministic sampler that takes ``steps`` steps.

    Args:
        name: ``ddim`` (Song et al. 2021) or ``dpm``, DPM-Solver++ of second order (Lu et al. 2022).
        schedule: that the network was trained with.
        steps: at least 1.
    """
    import diffusers

    library: Any = diffusers  # its classes carry no types
    before = torch.cat([torch.ones(1), schedule.products[:-1]])
    betas = (1 - schedule.products / before).tolist()
    shared = {
        "num_train_timesteps": len(schedule),
        "trained_betas": betas,
        "prediction_type": "v_prediction",
        "timestep_spacing": "trailing",
    }
    scheduler: Any
    if name == "ddim":
        scheduler = library.DDIMScheduler(**shared, clip_sample=False, set_alpha_to_one=True)
        # Products of rounded factors would drift from the ones that the network knows.
        scheduler.alphas_cumprod = schedule.products.clone()
    else:
        scheduler = library.DPMSolverMultistepScheduler(
            **shared, lower_order_final=True, final_sigmas_type="zero"
        )
        # As an array, which is what its arithmetic makes of it; the last step, where nothing is
        # left, as nearly that, since it divides by it.
        scheduler.alphas_cumprod = schedule.products.clamp(min=2.0**-24).numpy()
    scheduler.set_timesteps(max(min(steps, len(schedule)), 1))
    found: _Scheduler = scheduler
    return found


@dataclass(frozen=True)
class Drawing:
    """How pictures are drawn from noise.

    Attributes:
        schedule: that the network was trained with.
        sampler: the solver.
        steps: of the solver, if it begins with noise alone.
        strength: how much of the way is gone when it begins with a picture: 1 leaves nothing of it.
    """

    schedule: NoiseSchedule
    sampler: Sampler = "dpm"
    steps: int = 20
    strength: float = 1.0

    @property
    def made(self) -> int:
        """Steps that are really made."""
        return max(min(round(self.steps * self.strength), self.steps), 1)

    @torch.no_grad()
    def draw(
        self,
        predict: Predict,
        noise: Tensor,
        begin: Tensor | None = None,
        watch: Callable[[int, Tensor], None] = lambda _step, _clean: None,
    ) -> Tensor:
        """Pictures, N x C x H x W in about [-1, 1].

        Args:
            predict: the network, guidance included.
            noise: N x C x H x W, normally distributed: the same noise gives the same pictures.
            begin: pictures of that shape to start from, with ``strength`` below 1.
            watch: told the number of each step, from 1, and the pictures as they are guessed then;
                whatever it raises ends the drawing.
        """
        scheduler = make_scheduler(self.sampler, self.schedule, self.steps)
        times = scheduler.timesteps[len(scheduler.timesteps) - self.made :]
        x = noise
        if begin is not None and self.strength < 1:
            if hasattr(scheduler, "set_begin_index"):
                scheduler.set_begin_index(len(scheduler.timesteps) - self.made)
            x = self.schedule.noisy(begin, noise, times[:1].long().expand(len(noise)))
        for number, time in enumerate(times):
            now = time.long().to(noise.device).expand(len(noise))
            velocity = predict(x, now)
            clean = self.schedule.clean(x, velocity, now)
            x = scheduler.step(velocity, time, x).prev_sample
            watch(number + 1, clean)
        return x
