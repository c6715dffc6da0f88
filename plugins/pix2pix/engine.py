"""Running a generator on a drawing, or on a picture of another kind."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.api import Context, ModelCard, Pixels
from studio.nn.translators import Statistics, Translator
from studio_plugins.pix2pix.coloring import JOINED, between_lines, outside
from studio_plugins.pix2pix.lines import STROKE, Frame, drawn, find_lines, frame_of
from studio_plugins.pix2pix.loading import load_network
from studio_plugins.pix2pix.palettes import labels
from studio_plugins.pix2pix.parameters import TASK, TranslateParameters
from studio_plugins.pix2pix.preparation import (
    edges,
    gray,
    over_white,
    palette_of,
    resized,
)

_OVERLAP = 32
_LARGEST_WHOLE = 1024  # side up to which a network that normalizes each picture runs it whole


def translate(
    pixels: Tensor, _mask: Tensor | None, parameters: TranslateParameters, context: Context
) -> Pixels:
    """A new layer with what the network makes of the picture.

    Args:
        pixels: 1 x 3 x H x W in [0, 1]; what is transparent lies on white paper.
        _mask: not used: the host limits the new layer to the selection.
        parameters: the model, what it is to see, and what becomes of its result.
        context: of the run.

    Raises:
        UserError: if there is no such model, its file holds another network, or it cannot prepare
            the picture as is asked.
    """
    context.progress(0.0, "Preparing")
    run = _Run.of(parameters, context)
    if run.preparation == "lines":
        return _colored(pixels, context.alpha, run)
    return _translated(pixels, context.alpha, run)


@dataclass(frozen=True)
class _Run:
    """What is settled before the first pixel is looked at."""

    card: ModelCard
    translator: Translator
    preparation: str
    parameters: TranslateParameters
    context: Context

    @classmethod
    def of(cls, parameters: TranslateParameters, context: Context) -> _Run:
        card = context.card(parameters.model, TASK)
        statistics: Statistics = "trained"
        asked = parameters.statistics
        if "picture" in (asked, card.extra.get("statistics") if asked == "auto" else None):
            statistics = "picture"
        paths = context.files(card.id)
        # In half precision the network's last rounding would show as bands, and these are small.
        translator = context.network(
            f"{TASK}/{card.files[-1].sha256}/{statistics}",
            lambda: load_network(card, paths, statistics),
            half=False,
        )
        if not isinstance(translator, Translator):
            raise TypeError(f"the cache holds a {type(translator).__name__}")
        preparation: str = parameters.preparation
        if preparation == "auto":
            preparation = card.extra.get("prepares", "none")
        return cls(card, translator, preparation, parameters, context)

    @property
    def size(self) -> int:
        """Side of the square in which the network works."""
        multiple = self.translator.multiple
        wanted = self.parameters.size or int(self.card.extra.get("size", self.translator.size))
        return max(round(wanted / multiple), 1) * multiple

    def result(self, color: Tensor, alpha: Tensor | None) -> Pixels:
        """As a layer that is named for the model."""
        return Pixels(color.clamp(0, 1), alpha, self.card.title)


def _colored(pixels: Tensor, alpha: Tensor | None, run: _Run) -> Pixels:
    """Line art: the network sees it small, its colors go between the lines as they are."""
    parameters = run.parameters
    drawing = find_lines(pixels, alpha)
    lines, strokes, cover = drawing.lines, drawing.strokes, drawing.cover
    frame = frame_of(lines, "drawing" if parameters.fit == "auto" else parameters.fit)
    paper = over_white(pixels, alpha)
    if frame is None:
        run.context.note("There are no lines to color yet.")
        return run.result(paper, torch.zeros_like(lines))
    framed = frame.cut(lines, 0.0)
    given = drawn(framed, run.size, float(run.card.extra.get("stroke", STROKE)))
    run.context.progress(0.2, "Coloring")
    color = run.translator(given.expand(-1, 3, -1, -1).contiguous()).float()
    run.context.progress(0.6, "Joining the lines")
    areas = _joined(color, 1 - given, framed, frame, lines, flat=parameters.flat_colors)
    if not parameters.keep_lines:
        own = F.interpolate(color, size=framed.shape[2:], mode="bilinear")
        height, width = lines.shape[2:]
        strokes = frame.put(own, height, width, 1.0)
    made = torch.lerp(areas, strokes, cover)
    made = torch.lerp(paper, made, parameters.strength)
    if parameters.transparent_background:
        return run.result(made, 1 - outside(lines) * (1 - cover))
    return run.result(made, None)


def _joined(
    color: Tensor, seen: Tensor, framed: Tensor, frame: Frame, lines: Tensor, *, flat: bool
) -> Tensor:
    """The areas between the lines, at the size of the picture; white outside of the frame."""
    height, width = lines.shape[2:]
    scale = min(JOINED / max(framed.shape[2:]), 1.0)
    if scale == 1:
        return frame.put(between_lines(color, seen, framed, flat=flat), height, width, 1.0)
    size = (round(frame.height * scale), round(frame.width * scale))
    areas = between_lines(color, seen, F.adaptive_max_pool2d(framed, size), flat=flat)
    x = (torch.arange(width, device=color.device) + 0.5 - frame.left) / frame.width * 2 - 1
    y = (torch.arange(height, device=color.device) + 0.5 - frame.top) / frame.height * 2 - 1
    grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], dim=-1)[None]
    # Beyond the frame there is paper: sampled as the absence of darkness.
    return 1 - F.grid_sample(1 - areas, grid, mode="bilinear", align_corners=False)


def _translated(pixels: Tensor, alpha: Tensor | None, run: _Run) -> Pixels:
    """Any other picture: at the network's size and back, or in tiles at its own."""
    height, width = pixels.shape[2:]
    picture = over_white(pixels, alpha)
    free = not run.translator.whole and not run.parameters.size
    if free and not run.translator.instance_norm:
        made = run.context.tiled(
            run.translator,
            _prepared(picture, run),
            overlap=_OVERLAP,
            multiple=run.translator.multiple,
        ).to(picture)
    elif free:
        scale = min(_LARGEST_WHOLE / max(height, width), 1.0)
        small = (max(round(height * scale), 1), max(round(width * scale), 1))
        made = run.translator.padded(_prepared(_sized(picture, small, run), run)).float()
    else:
        made = _in_square(picture, run)
    made = torch.lerp(picture, resized(made, height, width), run.parameters.strength)
    return run.result(made, alpha)


def _in_square(picture: Tensor, run: _Run) -> Tensor:
    """At the working size, where it was trained; stretched, or with a margin of what is near."""
    height, width = picture.shape[2:]
    size = run.size
    if run.parameters.fit in {"auto", "stretch"}:
        prepared = _prepared(_sized(picture, (size, size), run), run)
        run.context.progress(0.2, "Translating")
        stretched: Tensor = run.translator(prepared).float()
        return stretched
    scale = size / max(height, width)
    small = (max(round(height * scale), 1), max(round(width * scale), 1))
    prepared = _prepared(_sized(picture, small, run), run)
    top, left = (size - small[0]) // 2, (size - small[1]) // 2
    margins = (left, size - small[1] - left, top, size - small[0] - top)
    run.context.progress(0.2, "Translating")
    made: Tensor = run.translator(F.pad(prepared, margins, mode="replicate")).float()
    return made[..., top : top + small[0], left : left + small[1]]


def _sized(picture: Tensor, size: tuple[int, int], run: _Run) -> Tensor:
    exact = run.preparation == "labels"
    if exact:
        picture = labels(picture, palette_of(run.card))
    return resized(picture, *size, exact=exact)


def _prepared(picture: Tensor, run: _Run) -> Tensor:
    """What the network is to see of a picture that has its working size already."""
    if run.preparation == "edges":
        return edges(picture)
    if run.preparation == "gray":
        return gray(picture)
    if run.preparation == "labels":
        return labels(picture, palette_of(run.card))
    return picture
