"""Completing a picture below a line, by a network that draws square after square."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.api import Context, ModelCard, Pixels, UserError
from studio.nn.planes import RGBA, pack, unpack
from studio_plugins.sampling.complete_network import Completer
from studio_plugins.sampling.families_loading import label_number, labels_of, load_completer
from studio_plugins.sampling.families_parameters import COMPLETE_TASK, CompleteParameters

_SHOWN_EVERY = 16  # tokens between two previews


def complete(
    pixels: Tensor, _mask: Tensor | None, parameters: CompleteParameters, context: Context
) -> list[Pixels]:
    """The picture with what is below a row drawn anew.

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        _mask: not used: the host writes where something is selected.
        parameters: the model, the row, and how boldly to draw.
        context: of the run.

    Raises:
        UserError: if there is no such model or class, or the row is not in the picture.
    """
    context.progress(0.0, "Preparing")
    height = pixels.shape[2]
    if parameters.from_row >= height:
        raise UserError(
            f"Row {parameters.from_row} is below the picture, which has {height} rows.",
            f"Choose a row from 0 to {height - 1}.",
        )
    card = context.card(parameters.model, COMPLETE_TASK)
    network = _network(card, context)
    classes = network.transformer.classes
    number = label_number(parameters.label, labels_of(card, classes), card.title)
    # The number after the last class stands for any.
    label = torch.tensor([classes if number is None else number], device=pixels.device)
    frame = _Frame(pixels, context.alpha, network, parameters.from_row)
    results = []
    for index in range(parameters.count):
        part = context.part(index / parameters.count, (index + 1) / parameters.count)
        results.append(Pixels(*_drawn(frame, network, label, parameters, part), card.title))
    return results


def _network(card: ModelCard, context: Context) -> Completer:
    paths = context.files(card.id)
    # Half precision would draw other squares.
    network = context.network(
        f"{COMPLETE_TASK}/{card.files[-1].sha256}", lambda: load_completer(card, paths), half=False
    )
    if not isinstance(network, Completer):
        raise TypeError(f"the cache holds a {type(network).__name__}")
    return network


class _Frame:
    """The square in which the network sees the picture, and the way back."""

    def __init__(
        self, pixels: Tensor, alpha: Tensor | None, network: Completer, from_row: int
    ) -> None:
        tokenizer = network.tokenizer
        self.pixels, self.alpha, self.row = pixels, alpha, from_row
        height, width = pixels.shape[2:]
        # Transparent pictures were learned with a margin; others fill the square, stretched.
        self._clear = tokenizer.channels == RGBA
        side = max(height, width)
        self._size = (side, side) if self._clear else (height, width)
        self._top = (side - height) // 2 if self._clear else 0
        self._left = (side - width) // 2 if self._clear else 0
        planes = pack(pixels, alpha, tokenizer.channels)
        planes = F.pad(planes, self._margins(height, width), value=-1.0)
        size = (tokenizer.size, tokenizer.size)
        self.planes = F.interpolate(planes, size, mode="bilinear", antialias=True).clamp(-1, 1)
        line = (from_row + self._top) * tokenizer.size / self._size[0]
        self.rows = math.floor(line / tokenizer.patch) if from_row else 0

    def back(self, planes: Tensor) -> tuple[Tensor, Tensor | None]:
        """Color and alpha of the whole picture: its own above the line, the network's below."""
        height, width = self.pixels.shape[2:]
        large = F.interpolate(planes.float(), self._size, mode="bicubic").clamp(-1, 1)
        large = large[..., self._top : self._top + height, self._left : self._left + width]
        color, alpha = unpack(large)
        made = torch.cat([self.pixels[:, :, : self.row], color[:, :, self.row :]], 2)
        if alpha is None and self.alpha is None:
            return made, None
        own = torch.ones_like(self.pixels[:, :1]) if self.alpha is None else self.alpha
        new = torch.ones_like(own) if alpha is None else alpha
        return made, torch.cat([own[:, :, : self.row], new[:, :, self.row :]], 2)

    def _margins(self, height: int, width: int) -> tuple[int, int, int, int]:
        return (
            self._left,
            self._size[1] - width - self._left,
            self._top,
            self._size[0] - height - self._top,
        )


def _drawn(
    frame: _Frame,
    network: Completer,
    label: Tensor,
    parameters: CompleteParameters,
    context: Context,
) -> tuple[Tensor, Tensor | None]:
    tokenizer = network.tokenizer
    first, last = frame.rows * tokenizer.side, tokenizer.side**2

    def report(done: int, tokens: Tensor) -> None:
        preview = None
        if done % _SHOWN_EVERY == 0 and done < last:
            preview = frame.back(network.so_far(tokens))[0]
        context.progress((done - first) / (last - first), "Completing", preview)

    planes = network.complete(
        frame.planes, frame.rows, label, parameters.temperature, parameters.top, report
    )
    return frame.back(planes)
