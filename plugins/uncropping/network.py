"""Extending by what fills holes: the whole picture first, reduced, then its fine detail."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.api import Context, UserError
from studio.nn.filling import Fill, filled
from studio.nn.filling_parts import Box
from studio.nn.inpainting import InpaintingNetwork, read_inpainting_network
from studio_plugins.uncropping.detail import add_detail
from studio_plugins.uncropping.parameters import TASK, ExtendParameters
from studio_plugins.uncropping.places import steps

SIZE = 384
"""Side of the square, in pixels, that the network is given about as many pixels as."""
_SLACK = 1.25  # of that side, before the picture is reduced further
_LEAST_KNOWN = 64  # pixels of the picture's shorter side that reducing leaves, if it has them
_DETAIL = 0.4  # share of the progress bar


def extend(result: Tensor, known: Box, parameters: ExtendParameters, context: Context) -> None:
    """Fill what lies around the known part, in place.

    The horizon and the lines of perspective are decided on the whole picture, reduced to what the
    network sees at once, in steps outward; its enlargement gets back what the reduction lost.

    Args:
        result: 1 x 3 x H x W in [0, 1], 0 around ``known``.
        known: the part to go by.
        parameters: the model, and how far a step goes.
        context: of the run.
    """
    height, width = result.shape[2:]
    reduction = _reduction(height, width, known)
    small, inner = _reduced(result, known, reduction)
    coarse = context if reduction == 1 else context.part(0, 1 - _DETAIL)
    _outward(small, inner, parameters, coarse)
    if reduction == 1:
        result.copy_(small)
    else:
        add_detail(result, known, small, reduction, context.part(1 - _DETAIL, 1))


def _fill(parameters: ExtendParameters, context: Context) -> tuple[Fill, Mapping[str, Any]]:
    """What fills a window, and how `filled` is to call it."""
    if parameters.fill == "texture":
        return partial(_lent, context, {"engine": "patchmatch"}), {"ring": 0}
    if parameters.fill == "diffusion":
        shared = ("pipeline", "prompt", "guidance", "steps")
        given = {name: getattr(parameters, name) for name in shared}
        return partial(_lent, context, {"engine": "diffusion", **given}), {}
    card = context.card(parameters.model, TASK)
    if card.architecture != InpaintingNetwork.__name__:
        return partial(_lent, context, {"model": card.id}), {}
    path = context.files(card.id)[0]
    key = f"{TASK}/{card.id}/{card.files[0].sha256}"
    network = context.network(key, lambda: read_inpainting_network(path))
    if not isinstance(network, InpaintingNetwork):
        raise TypeError(f"the cache holds a {type(network).__name__} as {key}")
    return network, {"first": partial(_first, context)}


def _first(context: Context, image: Tensor, mask: Tensor) -> Tensor | None:
    """With patches of the picture; None where that cannot be had, and the network does without."""
    try:
        return _lent(context, {"engine": "patchmatch"}, image, mask)
    except UserError as error:
        context.note(error.message)
        return None


def _lent(context: Context, parameters: Mapping[str, Any], image: Tensor, mask: Tensor) -> Tensor:
    made: Tensor = context.run("inpainting.fill", image, mask, **parameters)[0].color
    return made


def _reduction(height: int, width: int, known: Box) -> int:
    wanted = math.ceil(math.sqrt(height * width) / (_SLACK * SIZE))
    possible = min(known.height, known.width) // _LEAST_KNOWN
    return max(1, min(wanted, possible))


def _reduced(image: Tensor, known: Box, reduction: int) -> tuple[Tensor, Box]:
    """The mean of what is known in squares of pixels, and the squares that are known by half."""
    if reduction == 1:
        return image.clone(), known
    pooled = F.avg_pool2d(image, reduction, ceil_mode=True)
    rows = _share(image.shape[2], known.top, known.bottom, reduction).to(image)
    columns = _share(image.shape[3], known.left, known.right, reduction).to(image)
    share = rows[:, None] * columns[None, :]
    whole = (rows >= 0.5).nonzero(), (columns >= 0.5).nonzero()
    tops, lefts = (axis[0].item() for axis in whole)
    bottoms, rights = (axis[-1].item() + 1 for axis in whole)
    return pooled / share.clamp(min=1e-6), Box(int(tops), int(lefts), int(bottoms), int(rights))


def _share(length: int, start: int, stop: int, reduction: int) -> Tensor:
    line = torch.zeros(length)
    line[start:stop] = 1
    return F.avg_pool1d(line[None], reduction, ceil_mode=True)[0]


def _outward(small: Tensor, known: Box, parameters: ExtendParameters, context: Context) -> None:
    """Fill around the known part in steps, in place."""
    found = steps(known, small.shape[2], small.shape[3], parameters.reach / 100)
    for number, box in enumerate(found):
        message = f"Step {number + 1} of {len(found)}" if len(found) > 1 else "Inventing"
        part = context.part(number / len(found), (number + 1) / len(found))
        part.progress(0, message, small if number else None)
        window = box.of(small)
        hole = torch.ones_like(window[:, :1])
        inner = Box(
            known.top - box.top,
            known.left - box.left,
            known.bottom - box.top,
            known.right - box.left,
        )
        inner.of(hole).zero_()
        fill, how = _fill(parameters, part)
        given = window * (1 - hole)
        window.copy_(filled(given, hole, fill, size=SIZE, progress=part.progress, **how))
        known = box
    context.progress(1, "", small)
