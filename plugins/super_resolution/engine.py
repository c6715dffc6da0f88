"""Running an upscaler over a picture of any size, to any scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.api import Context, Pixels
from studio.nn.resample import BLOCK, bicubic_resize, bicubic_rows
from studio.nn.transparency import filled
from studio_plugins.super_resolution.loading import load_network
from studio_plugins.super_resolution.parameters import TASK, UpscaleParameters, output_size
from studio_plugins.super_resolution.transparency import bounded
from studio_plugins.super_resolution.upscaler import Upscaler

BUNDLED = {2: "compact-x2", 4: "compact-x4"}
_HEADROOM = 4 / 3  # of a pass over what is wanted, so that the resample behind it only shrinks
_RESAMPLE = 0.05  # share of the progress bar


def upscale(
    pixels: Tensor, _mask: Tensor | None, parameters: UpscaleParameters, context: Context
) -> Pixels:
    """Enlarge a picture; transparency goes through the same tiles as the colours.

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        _mask: not used: the whole picture is enlarged.
        parameters: scale, model and strength.
        context: of the run.

    Returns:
        Pixels of `output_size`, with alpha if the picture has it.
    """
    width, height = output_size(parameters, pixels.shape[3], pixels.shape[2])
    alpha = context.alpha
    constant = alpha is None or bool(alpha.amin() == alpha.amax())
    image = pixels
    if alpha is not None and not constant:
        image = torch.cat([filled(pixels, alpha), alpha], dim=1)
    if parameters.strength > 0:
        enlarged = _enlarged(image, parameters, context.part(0, 1 - _RESAMPLE))
    else:
        enlarged = image
    ending = context.part(1 - _RESAMPLE, 1)
    result = _finished(enlarged, image, (height, width), parameters.strength, ending)
    if constant:
        flat = None if alpha is None else alpha[:, :, :1, :1].expand(1, 1, height, width)
        return Pixels(result, flat)
    return Pixels(result[:, :3], result[:, 3:])


@dataclass(frozen=True)
class Pass:
    """One run of a network over the whole picture.

    Attributes:
        network: the network.
        step: how many times as large the picture becomes; at most the network's own scale, and
            where it is less, each tile is shrunk to it at once.
    """

    network: Upscaler
    step: int

    def __call__(self, tile: Tensor) -> Tensor:
        """1 x 3|4 x h x w to the same, ``step`` times as large, float32."""
        if tile.shape[1] == 3:
            return self._run(tile)
        color, alpha = tile[:, :3], tile[:, 3:]
        low, high = float(alpha.amin()), float(alpha.amax())
        if high == 0:  # nothing to be seen, whatever the colours
            return F.interpolate(tile, scale_factor=float(self.step), mode="nearest")
        large = self._run(color)
        if low == high:
            return torch.cat([large, torch.full_like(large[:, :1], low)], dim=1)
        gray = self._run(alpha.expand(-1, 3, -1, -1)).mean(dim=1, keepdim=True)
        return torch.cat([large, bounded(gray, alpha, self.step)], dim=1)

    def _run(self, image: Tensor) -> Tensor:
        out: Tensor = self.network(image).float()
        if self.step == self.network.scale:
            return out
        return bicubic_resize(out, image.shape[2] * self.step, image.shape[3] * self.step)


def _enlarged(image: Tensor, parameters: UpscaleParameters, context: Context) -> Tensor:
    passes = _passes(parameters, context)
    areas = [math.prod(each.step for each in passes[:i]) ** 2 for i in range(len(passes))]
    done = 0
    for each, area in zip(passes, areas, strict=True):
        part = context.part(done / sum(areas), (done + area) / sum(areas))
        network = each.network
        image = part.tiled(
            each,
            image,
            scale=each.step,
            overlap=network.overlap,
            multiple=network.multiple,
            tile=network.tile,
        )
        done += area
    return image


def _passes(parameters: UpscaleParameters, context: Context) -> list[Pass]:
    """The networks to run one after the other until the picture is large enough."""
    passes: list[Pass] = []
    done = 1
    while True:
        network = _network(_model_id(parameters, len(passes)), context)
        step = _step(parameters.scale / done, network.scale)
        passes.append(Pass(network, step))
        done *= step
        if done >= parameters.scale:
            return passes
        if network.scale == 1:
            context.note("This model restores without enlarging: the rest is a bicubic resample.")
            return passes


def _model_id(parameters: UpscaleParameters, number: int) -> str:
    if parameters.model is not None:
        return parameters.model
    return BUNDLED[4 if parameters.scale > 2 and number == 0 else 2]


def _step(wanted: float, scale: int) -> int:
    """Enlargement of a pass: a whole number as it is, a fraction with room for the resample."""
    whole = wanted == int(wanted)
    return min(scale, int(wanted) if whole else math.ceil(wanted * _HEADROOM))


def _network(model_id: str, context: Context) -> Upscaler:
    card = context.card(model_id, TASK)
    paths = context.files(card.id)
    key = f"{TASK}/{card.id}/{card.files[-1].sha256}"
    network = context.network(key, lambda: load_network(card, paths))
    if not isinstance(network, Upscaler):
        raise TypeError(f"the cache holds a {type(network).__name__} as {key}")
    return network


def _finished(
    enlarged: Tensor, image: Tensor, size: tuple[int, int], strength: float, context: Context
) -> Tensor:
    """The exact size, blended with a plain enlargement, in [0, 1]; strip by strip."""
    height, width = size
    fits = tuple(enlarged.shape[2:]) == size
    if fits and strength == 1:
        return enlarged.clamp_(0, 1) if enlarged is not image else enlarged.clamp(0, 1)
    out = (
        enlarged
        if fits and enlarged is not image
        else enlarged.new_empty((*enlarged.shape[:2], height, width))
    )
    plain = image.to(enlarged.device)
    for start in range(0, height, BLOCK):
        stop = min(start + BLOCK, height)
        context.progress(start / height, "Resampling")
        strip = (
            enlarged[..., start:stop, :]
            if fits
            else bicubic_rows(enlarged, height, width, start, stop)
        )
        if 0 < strength < 1:
            strip = torch.lerp(bicubic_rows(plain, height, width, start, stop), strip, strength)
        out[..., start:stop, :] = strip.clamp(0, 1)
    return out
