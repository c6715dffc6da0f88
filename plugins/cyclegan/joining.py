"""From what a network made of a reduced picture to the picture's own size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.api import Context
from studio.nn.resample import BLOCK, bicubic_rows
from studio_plugins.cyclegan.parameters import TranslateParameters

_RADIUS = 3  # of the window in which the network's picture is compared with the one it was given
_SMOOTH = 2e-4  # variance that counts as none, of values in [0, 1]
_STEEPEST = 2.0
_LUMA = (0.299, 0.587, 0.114)


def joined(
    image: Tensor, small: Tensor, made: Tensor, parameters: TranslateParameters, context: Context
) -> Tensor:
    """Enlarge ``made`` to the size of ``image``, with its fine structure, and blend; in strips.

    What reducing took away, the difference between the picture and its enlarged reduction, is added
    in proportion to how far the network kept the structure there: where it painted over it, nothing
    comes back.

    Args:
        image: 1 x 3 x H x W in [0, 1].
        small: the same, reduced to h x w.
        made: 1 x 3 x h x w that the network made of ``small``.
        parameters: detail, strength, and whether colors are kept.
        context: of the run.

    Returns:
        1 x 3 x H x W in [0, 1].
    """
    made = made.to(image.device)
    height, width = image.shape[2:]
    same = made.shape == image.shape
    fine = not same and parameters.detail > 0
    kept = slopes(small, made).mul_(parameters.detail) if fine else made
    out = torch.empty_like(image)
    for start in range(0, height, BLOCK):
        stop = min(start + BLOCK, height)
        context.progress(start / height, "Joining")
        given = image[:, :, start:stop]
        strip = made[:, :, start:stop] if same else bicubic_rows(made, height, width, start, stop)
        if fine:
            lost = given - bicubic_rows(small, height, width, start, stop)
            strip = strip + lost.mul_(bicubic_rows(kept, height, width, start, stop))
        if parameters.preserve_colors:
            strip = given + (_luma(strip.clamp(0, 1)) - _luma(given))
        out[:, :, start:stop] = torch.lerp(given, strip, parameters.strength).clamp_(0, 1)
    return out


def slopes(given: Tensor, made: Tensor) -> Tensor:
    """How much of a small change around each place of ``given`` is found again in ``made``.

    The slope of the local linear regression, as in the guided filter (He et al. 2013): 1 where the
    network left the structure alone, 0 where it put something else there.

    Args:
        given: 1 x C x h x w in [0, 1].
        made: the same.

    Returns:
        1 x C x h x w in [0, 2].
    """
    mean, made_mean = _around(given), _around(made)
    variance = _around(given * given).sub_(mean * mean)
    covariance = _around(given * made).sub_(mean * made_mean)
    return covariance.div_(variance.clamp_(min=0).add_(_SMOOTH)).clamp_(0, _STEEPEST)


def _around(image: Tensor) -> Tensor:
    """Mean over a square window, cut off at the borders."""
    side = 2 * _RADIUS + 1
    return F.avg_pool2d(image, side, stride=1, padding=_RADIUS, count_include_pad=False)


def _luma(image: Tensor) -> Tensor:
    return (image * image.new_tensor(_LUMA)[:, None, None]).sum(dim=1, keepdim=True)
