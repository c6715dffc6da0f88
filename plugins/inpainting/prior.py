"""Filling without any model: a deep image prior (Ulyanov et al. 2018).

A convolutional network is fitted to the known pixels of this one picture, from noise. It learns what
repeats and what is smooth before it learns anything else, so what it shows in the hole is a guess from
the structure of convolutions alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.api import Context
from studio.nn.filling import filled
from studio.nn.filling_parts import Part
from studio_plugins.inpainting.parameters import FillParameters

SIZE = 256
STEPS = 600
_MULTIPLE = 32  # four halvings, and two pixels left for a convolution to reflect
_RATE = 0.01
_JITTER = 1 / 30  # of the input, in each step: keeps the network from learning single pixels
_KEEP = 0.97  # of the running average of results, which is the result
_CODE = 16  # channels of noise that it is fitted from
_SHOWN = 640  # longer side of the picture that shows how it goes on
_EVERY = 5  # steps between two of them


def fill(
    image: Tensor, mask: Tensor, variation: int, parameters: FillParameters, context: Context
) -> Tensor:
    """One variation of a filling; see `studio.nn.filling.filled`.

    Can be stopped: what a window shows then is kept, and the windows that follow are cut short.

    Args:
        image: 1 x 3 x H x W in [0, 1].
        mask: 1 x 1 x H x W in [0, 1].
        variation: from 0: another noise to begin from.
        parameters: with steps and working size.
        context: of this variation's part of the run.
    """
    with torch.inference_mode(False), torch.enable_grad():
        image = image.clone()
        fitting = _Fitting(image, variation, parameters.steps or STEPS, context)
        made = filled(
            image,
            mask.clone(),
            fitting,
            size=parameters.size or SIZE,
            multiple=_MULTIPLE,
            begin=fitting.begin,
            progress=fitting.finish,
        )
    if fitting.stopped:
        context.note(f"Stopped before all {fitting.steps} steps were made.")
    return made


class Hourglass(nn.Module):
    """An encoder and decoder with thin skips.

    Args:
        width: channels.
        depth: how often it halves.
        given: channels of the input.
    """

    def __init__(self, width: int = 24, depth: int = 4, given: int = _CODE) -> None:
        super().__init__()
        self.down = nn.ModuleList()
        self.skip = nn.ModuleList()
        self.up = nn.ModuleList()
        for level in range(depth):
            before = given if level == 0 else width
            self.down.append(nn.Sequential(_layer(before, width, stride=2), _layer(width, width)))
            self.skip.append(_layer(before, 4, kernel=1))
            self.up.append(_layer(width + 4, width))
        self.last = nn.Conv2d(width, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        """N x given x H x W, sides multiples of 2^depth, to N x 3 x H x W in (0, 1)."""
        skips = []
        for down, skip in zip(self.down, self.skip, strict=True):
            skips.append(skip(x))
            x = down(x)
        for up, kept in zip(reversed(self.up), reversed(skips), strict=True):
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear")
            x = up(torch.cat([x, kept], dim=1))
        return torch.sigmoid(self.last(x))


def _layer(channels: int, wider: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(
        channels,
        wider,
        kernel,
        stride,
        kernel // 2,
        padding_mode="reflect" if kernel > 1 else "zeros",
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(wider), nn.LeakyReLU(0.2))


class _Fitting:
    """Fits a network to each window and shows how it goes on."""

    def __init__(self, image: Tensor, variation: int, steps: int, context: Context) -> None:
        self.steps, self.stopped = steps, False
        self._seed, self._context = context.seed + variation, context
        self._factor = max(1.0, max(image.shape[2:]) / _SHOWN)
        size = [max(1, round(side / self._factor)) for side in image.shape[2:]]
        self._shown = F.interpolate(image, size, mode="area")
        self._part: Part | None = None
        self._before, self._share = 0.0, 1.0

    def begin(self, part: Part, share: float) -> None:
        """The window that comes next, and the share of the work that it is."""
        self._part, self._share = part, share

    def finish(self, done: float) -> None:
        """A window is done; 0 to 1 of all."""
        self._before = done

    def __call__(self, image: Tensor, mask: Tensor) -> Tensor:
        """Fill one window, 1 x 3 x h x w in [0, 1]."""
        random = torch.Generator().manual_seed(self._seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            network = Hourglass().to(image.device)
        code = torch.rand(1, _CODE, *image.shape[2:], generator=random).to(image) * 0.1
        known = 1 - mask
        optimizer = torch.optim.Adam(network.parameters(), _RATE)
        average = image.clone()
        for step in range(self.steps):
            noise = torch.randn(code.shape, generator=random).to(code) * _JITTER
            made = network(code + noise)
            loss = ((made - image).square() * known).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            average = torch.lerp(made.detach(), average, _KEEP if step > 20 else 0.0)
            self._report(step, float(loss.detach()), torch.where(mask > 0, average, image))
            if self._context.stopping:
                self.stopped = True
                break
        return average

    def _report(self, step: int, loss: float, window: Tensor) -> None:
        done = self._before + self._share * (step + 1) / self.steps
        shown = self._pasted(window) if step % _EVERY == 0 else None
        message = f"Step {step + 1} of {self.steps}: loss {loss:.2g}"
        self._context.progress(min(done, 1.0), message, shown)

    def _pasted(self, window: Tensor) -> Tensor:
        """The picture, reduced, with the window in it as it is now."""
        if self._part is None:
            return self._shown
        box = self._part.window
        top, left, bottom, right = (
            round(edge / self._factor) for edge in (box.top, box.left, box.bottom, box.right)
        )
        sides = -(-box.height // self._part.reduction), -(-box.width // self._part.reduction)
        size = [max(1, bottom - top), max(1, right - left)]
        there = self._shown[..., top : top + size[0], left : left + size[1]]
        small = F.interpolate(window[..., : sides[0], : sides[1]], size, mode="area")
        there.copy_(small[..., : there.shape[2], : there.shape[3]])
        return self._shown
