"""Translating a picture of any size."""

from __future__ import annotations

import math
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from torch import Tensor

from studio.api import Context
from studio.nn.resample import bicubic_resize
from studio.nn.statistics import SIDE, samples, shared_statistics
from studio.nn.transparency import filled
from studio_plugins.cyclegan.joining import joined
from studio_plugins.cyclegan.loading import Generator, load_generator
from studio_plugins.cyclegan.parameters import TASK, TranslateParameters

WHOLE = 1_200_000
"""Pixels up to which a picture is run in one piece: exactly as in training."""
TILE = 768
OVERLAP = 96
"""With a ResNet-9, 4 levels of 255 in single pixels from no tiles at all; 9 at 64, 46 at 32."""
_PARTS = WHOLE // SIDE**2  # of the picture, from which statistics are taken in one run
_SMALLEST = 96  # pixels a side below which a part is mostly border
_JOINING = 0.1  # share of the progress bar


def translate(
    pixels: Tensor, _mask: Tensor | None, parameters: TranslateParameters, context: Context
) -> Tensor:
    """Translate a picture.

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        _mask: not used: the network judges by the whole picture, and the host writes the part.
        parameters: model, working size, strength and what is kept of the picture.
        context: of the run.

    Returns:
        1 x 3 x H x W in [0, 1].
    """
    if parameters.strength == 0:
        return pixels
    network = _network(parameters, context)
    image = pixels if context.alpha is None else filled(pixels, context.alpha)
    small = reduced(image, parameters.size)
    made = run(network, small, context.part(0, 1 - _JOINING))
    return joined(image, small, made, parameters, context.part(1 - _JOINING, 1))


def reduced(image: Tensor, size: int) -> Tensor:
    """The picture with its shorter side at ``size`` pixels; as it is where that is no less, or 0."""
    height, width = image.shape[2:]
    shorter = min(height, width)
    if size == 0 or shorter <= size:
        return image
    height, width = (max(round(side * size / shorter), 1) for side in (height, width))
    return bicubic_resize(image, height, width).clamp_(0, 1)


def run(network: Generator, image: Tensor, context: Context) -> Tensor:
    """The network's picture of 1 x 3 x H x W, of the same size, in [0, 1].

    In one piece where that fits; else in tiles that share the statistics of the whole picture.
    """
    height, width = image.shape[2:]
    side = max(height, width) if height * width <= WHOLE else TILE
    with _Tiles(network, image) as tiles:
        return context.tiled(
            tiles, image, overlap=OVERLAP, multiple=network.translator.multiple, tile=side
        )


class _Tiles:
    """The network; from its first tile that is only a part, with the statistics of the whole.

    That a picture has to be cut may turn out late, when memory runs out.
    """

    def __init__(self, network: Generator, image: Tensor) -> None:
        self._network, self._image = network, image
        self._stack = ExitStack()
        self._shared = not network.translator.instance_norm
        self._room = image.shape[2] * image.shape[3] > WHOLE  # else memory has run out already

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def __call__(self, tile: Tensor) -> Tensor:
        """N x 3 x h x w in [0, 1] to the same."""
        part = any(tile.shape[axis] < self._image.shape[axis] for axis in (2, 3))
        if part and not self._shared:
            seen = samples(self._image, *self._share(tile)).to(tile.device)
            self._stack.enter_context(shared_statistics(self._network, seen))
            self._shared = True
        out: Tensor = self._network(tile)
        return out

    def _share(self, tile: Tensor) -> tuple[int, int]:
        """Side and number of the parts of which statistics are taken: all in one run.

        After memory ran out they hold no more pixels than the tile, for which there is enough.
        """
        if self._room:
            self._room = False
            return SIDE, _PARTS
        pixels = tile.shape[2] * tile.shape[3]
        side = min(max(math.isqrt(pixels // _PARTS), _SMALLEST), SIDE)
        return side, max(pixels // side**2, 1)


def _network(parameters: TranslateParameters, context: Context) -> Generator:
    card = context.card(parameters.model, TASK)
    paths = context.files(card.id)
    key = f"{TASK}/{card.files[0].sha256}/{parameters.direction}"
    network = context.network(
        key, lambda: load_generator(card, paths, parameters.direction), float32=("last",)
    )
    if not isinstance(network, Generator):
        raise TypeError(f"the cache holds a {type(network).__name__} as {key}")
    if parameters.direction == "backward" and not network.two_way:
        context.note("This model works in one direction only, which was used.")
    return network
