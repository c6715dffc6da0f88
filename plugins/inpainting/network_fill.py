"""Filling by a network, in windows around each part of the mask."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from studio.api import Context
from studio.nn.filling import filled
from studio_plugins.inpainting.exemplars import SEED
from studio_plugins.inpainting.loading import OURS, Filler, load_filler
from studio_plugins.inpainting.parameters import TASK, FillParameters
from studio_plugins.inpainting.patches import TRIES, available, first_filling

Turn = Callable[[Tensor], Tensor]  # its own inverse

# What each variation changes: how the network sees the picture turned, and the working size.
_VIEWS: tuple[tuple[Turn, float], ...] = (
    (lambda image: image, 1.0),
    (lambda image: image.flip(-1), 1.0),
    (lambda image: image.flip(-2), 0.6),
    (lambda image: image.transpose(-1, -2), 0.6),
)


def fill(
    image: Tensor, mask: Tensor, variation: int, parameters: FillParameters, context: Context
) -> Tensor:
    """One variation of a filling; see `studio.nn.filling.filled`.

    Args:
        image: 1 x 3 x H x W in [0, 1].
        mask: 1 x 1 x H x W in [0, 1].
        variation: from 0: another view of the same picture is filled otherwise.
        parameters: with the model and the working size.
        context: of this variation's part of the run.
    """
    filler = filler_for(parameters.model, context)
    turn, share = _VIEWS[variation]
    size = parameters.size or filler.size
    done = 0.0

    def filling(share: float) -> None:
        nonlocal done
        done = share
        context.progress(done, "Filling")

    def looking() -> None:
        context.progress(done, "Looking for texture")

    first = None
    if filler.exemplars:
        # The first result is the surest, later ones differ more.
        seed = context.seed + variation * SEED
        first = first_filling(seed, TRIES if variation == 0 else 1, looking)
        if variation == 0 and not available():
            context.note("PatchMatch is missing: the network begins with a smooth filling.")

    def made(*given: Tensor | None) -> Tensor:
        return turn(filler(*(None if each is None else turn(each) for each in given)))

    return filled(
        image,
        mask,
        made,
        size=max(64, round(size * share)),
        multiple=filler.multiple,
        first=first,
        progress=filling,
    )


def filler_for(model: str | None, context: Context) -> Filler:
    """The network of a model, or of the bundled one, ready to run.

    Raises:
        UserError: if there is no such model, or its file holds something else.
    """
    card = context.card(model, TASK)
    path = context.files(card.id)[0]
    ours = card.architecture == OURS
    key = f"inpainting.fill/{card.id}/{card.files[0].sha256}"
    network = context.network(key, lambda: load_filler(card, path), half=ours)
    if not isinstance(network, Filler):
        raise TypeError(f"the cache holds a {type(network).__name__} as {key}")
    return network
