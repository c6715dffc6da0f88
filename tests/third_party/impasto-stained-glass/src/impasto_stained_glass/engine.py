"""What runs; imported at the first run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage.segmentation import slic
from torch import Tensor

from studio.api import Context

if TYPE_CHECKING:
    from impasto_stained_glass import GlassParameters

T = TypeVar("T")
Array = NDArray[Any]


def stained_glass(
    pixels: Tensor, _mask: Tensor | None, parameters: GlassParameters, context: Context
) -> Tensor:
    """Cut the picture into pieces, give each one color, and draw the lead between them."""
    image = pixels[0].permute(1, 2, 0).cpu().double().numpy()
    weights = np.ones(image.shape[:2])
    if context.alpha is not None:
        weights = context.alpha[0, 0].cpu().double().numpy()
    count = max(round(weights.size / parameters.piece**2), 1)
    context.progress(0.0, "Cutting the glass")
    pieces = _heard(lambda: cut(image, count, parameters.straightness), context)
    context.progress(0.7, "Choosing colors")
    glass = colored(image, weights, pieces)
    if parameters.lead:
        context.progress(0.8, "Setting it in lead")
        covered = lead_between(pieces, parameters.lead)[..., None]
        dark = [int(parameters.lead_color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        glass = glass * (1 - covered) + np.array(dark) * covered
    return torch.from_numpy(glass).permute(2, 0, 1)[None].to(pixels)


def cut(image: Array, count: int, straightness: float) -> Array:
    """The number of the piece that each pixel belongs to, from 0; H x W."""
    if count == 1:
        return np.zeros(image.shape[:2], int)
    found = slic(image, n_segments=count, compactness=straightness, start_label=0)
    numbered: Array = np.unique(found, return_inverse=True)[1].reshape(found.shape)
    return numbered


def colored(image: Array, weights: Array, pieces: Array) -> Array:
    """Each piece in the mean color of what is visible of it."""
    places, weights = pieces.ravel(), weights.ravel() + 1e-9  # where nothing is visible, all counts
    sums = [np.bincount(places, weights * channel.ravel()) for channel in np.moveaxis(image, -1, 0)]
    means: Array = np.stack(sums, -1) / np.bincount(places, weights)[:, None]
    return means[pieces]


def lead_between(pieces: Array, width: float) -> Array:
    """How much of each pixel the lead covers, in [0, 1]; H x W."""
    seams = np.zeros(pieces.shape, bool)
    across, down = pieces[:, 1:] != pieces[:, :-1], pieces[1:] != pieces[:-1]
    for side in (np.s_[:, 1:], np.s_[:, :-1]):
        seams[side] |= across
    for end in (np.s_[1:], np.s_[:-1]):
        seams[end] |= down
    if not seams.any():
        return np.zeros(pieces.shape)
    # Two pixels are a seam, so its middle is half a pixel away from both.
    around = (~seams).astype(np.uint8)
    away = cv2.distanceTransform(around, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) + 0.5
    covered: Array = np.clip(width / 2 + 0.5 - away, 0, 1)
    return covered


def _heard(work: Callable[[], T], context: Context) -> T:
    """Do what cannot be interrupted, and still hear within a moment that it is not wanted any more."""
    done: list[T] = []
    wrong: list[Exception] = []

    def run() -> None:
        try:
            done.append(work())
        except Exception as error:  # noqa: BLE001 - raised again, on the thread that waits
            wrong.append(error)

    thread = threading.Thread(target=run, name="stained glass", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.05)
        context.progress(0.0, "Cutting the glass")  # raises Cancelled
    if wrong:
        raise wrong[0]
    return done[0]
