"""Telling broken output from a result: NaN, infinity, and black from a picture that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.api.errors import PluginError

if TYPE_CHECKING:
    from torch import Tensor

_BLACK = 1 / 255
_NOT_BLACK = 8 / 255


class BrokenOutput(PluginError):
    """A network's output is not a picture; in half precision the run is repeated in float32."""


def check_finite(output: Tensor) -> None:
    """Raise `BrokenOutput` if a value of a float32 tensor is NaN or infinite."""
    import torch

    # One reduction: a sum is finite only if every value is, up to an overflow that 32 bits cannot
    # reach from values that are a picture.
    if not bool(torch.isfinite(output.sum())):
        raise BrokenOutput(
            "The model produced values that are not numbers.",
            "Run it in full precision (Preferences, Precision), or tell the plugin's author.",
        )


def brightest(image: Tensor) -> float:
    """The largest value of a picture; taken before a plugin that may write into it sees it."""
    return float(image.amax())


def check_not_black(output: Tensor, brightest_given: float) -> None:
    """Raise `BrokenOutput` if ``output`` is black although what it was made of is not."""
    if brightest(output) < _BLACK and brightest_given > _NOT_BLACK:
        raise BrokenOutput(
            "The model produced a black picture from one that is not black.",
            "Run it in full precision (Preferences, Precision), or try another model.",
        )
