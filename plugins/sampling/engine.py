"""The operations that paint from words and by class."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.api import Context, Pixels, UserError
from studio.nn.diffusion import Predict, slerp
from studio.nn.transparency import filled
from studio_plugins.sampling.brush import Brush, number_of
from studio_plugins.sampling.drawings import premultiplied, straight
from studio_plugins.sampling.parameters import (
    BetweenParameters,
    ClassParameters,
    RedrawParameters,
    TextParameters,
)
from studio_plugins.sampling.training import CLASS_TASK, TEXT_TASK

_MARGIN = 0.06  # around what is drawn anew: pictures that were learned do not touch their borders


def paint_text(parameters: TextParameters, context: Context) -> list[Pixels]:
    """Pictures of a prompt, one for each of ``count`` seeds that follow each other.

    Args:
        parameters: prompt, guidance, style and model.
        context: of the run.

    Raises:
        UserError: if nothing is asked for, or the model cannot do it.
    """
    prompt = _asked(parameters.prompt)
    brush = Brush.of(parameters.model, TEXT_TASK, parameters, context)
    predict = brush.predict(prompt, parameters.negative)
    return _several(brush, predict, prompt, parameters.count)


def paint_class(parameters: ClassParameters, context: Context) -> list[Pixels]:
    """Pictures of a class, one for each of ``count`` seeds that follow each other.

    Args:
        parameters: label, guidance, style and model.
        context: of the run.

    Raises:
        UserError: if the model has no such class.
    """
    brush = Brush.of(parameters.model, CLASS_TASK, parameters, context)
    labels = brush.painter.design.labels
    label = number_of(parameters.label, labels, "class")
    name = labels[label] if label >= 0 else "Any class"
    return _several(brush, brush.predict(label, -1), name, parameters.count)


def paint_between(parameters: BetweenParameters, context: Context) -> Pixels:
    """A strip of pictures that go from one prompt, or one seed, to another.

    The first and the last are those of `paint_text`. Between two prompts the velocities of both are
    mixed (Liu et al. 2022, "composable diffusion"), between two seeds their noise.

    Args:
        parameters: both ends, and how many.
        context: of the run.

    Raises:
        UserError: if nothing is asked for, or both ends are the same.
    """
    prompt = _asked(parameters.prompt)
    to = parameters.to.strip() or prompt
    if to == prompt and parameters.to_seed in {-1, context.seed}:
        raise UserError(
            "Both ends of the strip are the same.",
            "Give another prompt, or the seed of another end.",
        )
    brush = Brush.of(parameters.model, TEXT_TASK, parameters, context)
    first, last = brush.predict(prompt, ""), brush.predict(to, "")
    noise = brush.noise(context.seed)
    other = noise if parameters.to_seed < 0 else brush.noise(parameters.to_seed)
    made = []
    for number in range(parameters.count):
        share = number / (parameters.count - 1)
        predict = _mixed(first, last, share if to != prompt else 0.0)
        part = (number, parameters.count)
        made.append(brush.paint(predict, slerp(noise, other, share), part))
    color, alpha = straight(torch.cat(made, dim=3))
    return Pixels(color, alpha, f"{prompt} to {to}" if to != prompt else prompt)


def redraw(
    pixels: Tensor, mask: Tensor | None, parameters: RedrawParameters, context: Context
) -> list[Pixels]:
    """A part of the picture drawn anew: noise is laid on it, and taken away as words say.

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        mask: 1 x 1 x H x W; the square around it is drawn, or the whole picture without one.
        parameters: prompt, strength, guidance, style and model.
        context: of the run.

    Raises:
        UserError: if nothing is asked for, or the model cannot do it.
    """
    prompt = _asked(parameters.prompt)
    brush = Brush.of(parameters.model, TEXT_TASK, parameters, context)
    height, width = pixels.shape[2:]
    top, left, side = _square(mask, height, width)
    alpha = context.alpha
    whole = torch.ones_like(pixels[:, :1]) if alpha is None else alpha
    given = premultiplied(filled(pixels, whole), whole)
    begin = _window(given, top, left, side, brush.size)
    predict = brush.predict(prompt, parameters.negative)
    results = []
    for number in range(parameters.count):
        noise = brush.noise(context.seed + number)
        part = (number, parameters.count)
        made = brush.paint(predict, noise, part, begin, parameters.strength)
        large = F.interpolate(made, size=(side, side), mode="bicubic")
        color, clear = straight(_placed(large, top, left, height, width))
        results.append(Pixels(color, clear, _title(prompt, context.seed + number)))
    return results


def _several(brush: Brush, predict: Predict, name: str, count: int) -> list[Pixels]:
    """One picture for each of the seeds from that of the run on.

    They are painted one by one: so each is the same to the bit, however many there are.
    """
    results = []
    for number in range(count):
        seed = brush.context.seed + number
        color, alpha = straight(brush.paint(predict, brush.noise(seed), (number, count)))
        results.append(Pixels(color, alpha, _title(name, seed)))
    return results


def _asked(prompt: str) -> str:
    if not prompt.strip():
        raise UserError("There is no prompt.", "Write what the picture is to show.")
    return prompt.strip()


def _title(words: str, seed: int) -> str:
    return f"{words[:60]} ({seed})"


def _mixed(first: Predict, last: Predict, share: float) -> Predict:
    if share <= 0 or share >= 1:
        return first if share <= 0 else last
    return lambda noisy, time: torch.lerp(first(noisy, time), last(noisy, time), share)


def _square(mask: Tensor | None, height: int, width: int) -> tuple[int, int, int]:
    """Top, left and side of what is drawn anew; it may reach beyond the picture."""
    rows, columns = range(height), range(width)
    margin = 0.0
    if mask is not None and bool((mask > 0).any()):
        seen = mask[0, 0] > 0
        found = [torch.nonzero(seen.any(dim)).flatten().tolist() for dim in (1, 0)]
        rows, columns = (range(line[0], line[-1] + 1) for line in found)
        margin = _MARGIN
    side = max(round(max(len(rows), len(columns)) * (1 + 2 * margin)), 1)
    top = rows.start + (len(rows) - side) // 2
    left = columns.start + (len(columns) - side) // 2
    return top, left, side


def _window(given: Tensor, top: int, left: int, side: int, size: int) -> Tensor:
    """That square, clear where it reaches beyond the picture, reduced or enlarged to ``size``."""
    height, width = given.shape[2:]
    edges = (-left, left + side - width, -top, top + side - height)
    wide = F.pad(given, tuple(max(edge, 0) for edge in edges), value=-1.0)
    top, left = max(top, 0), max(left, 0)
    square = wide[..., top : top + side, left : left + side]
    return F.interpolate(square, size=(size, size), mode="bilinear", antialias=side > size)


def _placed(square: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """A square on a clear canvas."""
    side = square.shape[2]
    canvas = square.new_full((1, square.shape[1], height, width), -1.0)
    rows, columns = _overlap(top, side, height), _overlap(left, side, width)
    canvas[..., rows.start : rows.stop, columns.start : columns.stop] = square[
        ..., rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]
    return canvas


def _overlap(start: int, side: int, length: int) -> range:
    return range(max(start, 0), min(start + side, length))
