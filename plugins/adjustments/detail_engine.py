"""Detail: sharpening, Gaussian blur, denoising. Radii are multiplied by ``context.scale``."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.api import Context, Pixels
from studio_plugins.adjustments.detail import (
    SCALES,
    BlurParameters,
    DenoiseParameters,
    SharpenParameters,
)
from studio_plugins.adjustments.strips import in_strips

DIRECT = 8.0  # px: a wider Gaussian is computed on a reduced picture
# Standard deviation of each wavelet scale of white noise of deviation 1 (Starck and Murtagh 1994).
NOISE = (0.8908, 0.2007, 0.0856, 0.0413)
# Threshold in deviations of the noise of a scale; about the best PSNR at sigma 10 to 25.
FIRM = 1.8
SPLINE = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def gaussian_blur(
    pixels: Tensor, _mask: Tensor | None, parameters: BlurParameters, context: Context
) -> Pixels | Tensor:
    """Convolution with a Gaussian; transparency is blurred too, and hidden colours do not bleed."""
    sigma = parameters.radius * context.scale
    if sigma < 0.05:
        return pixels
    if context.alpha is None:
        return blurred(pixels, sigma, context)
    return _blurred_under(pixels, context.alpha, sigma, context)


def sharpen(
    pixels: Tensor, _mask: Tensor | None, parameters: SharpenParameters, context: Context
) -> Tensor:
    """Unsharp mask: x + amount * shrink(x - blurred(x), threshold), each channel by itself.

    ``shrink`` takes the threshold off every difference, so that none jumps (Donoho 1995).
    """
    sigma, amount = parameters.radius * context.scale, parameters.amount / 100
    if sigma < 0.05 or amount == 0:
        return pixels
    if context.alpha is None:
        soft = blurred(pixels, sigma, context)
    else:
        soft = _blurred_under(pixels, context.alpha, sigma, context).color
    difference = F.softshrink(pixels - soft, parameters.threshold / 255)
    return (pixels + amount * difference).clamp_(0, 1)


def denoise(
    pixels: Tensor, _mask: Tensor | None, parameters: DenoiseParameters, context: Context
) -> Tensor:
    """Wavelets shrunk by the garrote, w - t^2 / w: luminance and colour by themselves.

    The undecimated transform "a trous" with the cubic B-spline (Starck and Murtagh 1994), in
    orthonormal opponent colours, so that noise alike in R, G and B is alike in all three. Shrinkage
    by Gao, Wavelet shrinkage denoising using the non-negative garrote (1998).
    """
    # Reducing a picture averages its noise away, about as far as it is reduced.
    deviations = [parameters.luminance * context.scale / 255]
    deviations += [parameters.color * context.scale / 255] * 2
    if not any(deviations):
        return pixels
    root2, root3, root6 = math.sqrt(2), math.sqrt(3), math.sqrt(6)
    opponent = torch.tensor(
        [
            [1 / root3, 1 / root3, 1 / root3],
            [1 / root2, 0, -1 / root2],
            [1 / root6, -2 / root6, 1 / root6],
        ],
        device=pixels.device,
    )
    sigma = torch.tensor(deviations, device=pixels.device).view(1, 3, 1, 1)

    def strip(part: Tensor) -> Tensor:
        smooth = torch.einsum("ij,njhw->nihw", opponent, part)
        kept = torch.zeros_like(smooth)
        for scale in range(SCALES):
            coarser = _spline(smooth, 2**scale)
            kept += garrote(smooth - coarser, FIRM * NOISE[scale] * sigma)
            smooth = coarser
        return torch.einsum("ji,njhw->nihw", opponent, kept + smooth).clamp_(0, 1)

    return in_strips(pixels, strip, context, margin=2 * (2**SCALES - 1))


def garrote(detail: Tensor, threshold: Tensor) -> Tensor:
    """``w - t^2 / w`` above the threshold, 0 below."""
    size = detail.abs().clamp(min=1e-12)
    return detail * (1 - (threshold / size) ** 2).clamp_(min=0)


def blurred(image: Tensor, sigma: float, context: Context) -> Tensor:
    """A Gaussian of ``sigma`` pixels over 1 x C x H x W, the edges mirrored.

    A wide one is computed on a picture reduced 2^k times, whose averaging and later interpolation
    add the variance of a box and of a triangle: that much is left out of the Gaussian between.
    """
    height, width = image.shape[2:]
    factor = 2 ** max(math.floor(math.log2(sigma / DIRECT)) + 1, 0) if sigma > DIRECT else 1
    if factor == 1:
        taps = gaussian_taps(sigma)
        return in_strips(image, lambda part: _separable(part, taps), context, len(taps) // 2)
    taps = gaussian_taps(math.sqrt((sigma / factor) ** 2 - 0.25))
    reduced = _reduced(_reduced(image, 2, factor, len(taps)), 3, factor, len(taps))
    small = in_strips(reduced, lambda part: _separable(part, taps), context, len(taps) // 2)
    large = F.interpolate(small, scale_factor=float(factor), mode="bilinear", align_corners=False)
    return large[:, :, :height, :width]


def _reduced(image: Tensor, axis: int, factor: int, reach: int) -> Tensor:
    """Means of ``factor`` pixels along an axis, with ``reach`` more behind its end, mirrored."""
    length = image.shape[axis]
    whole = length // factor * factor
    more = -(-(length - whole) // factor) + reach
    index = torch.arange(whole, whole + more * factor, device=image.device)
    parts = [image.index_select(axis, _inside(index, length))]
    if whole:
        parts.insert(0, image.narrow(axis, 0, whole))
    window = (factor, 1) if axis == 2 else (1, factor)
    return torch.cat([F.avg_pool2d(part, window) for part in parts], dim=axis)


def gaussian_taps(sigma: float) -> tuple[float, ...]:
    """A Gaussian sampled to 3.5 sigma on either side, with the sum 1."""
    reach = max(math.ceil(3.5 * sigma), 1)
    taps = [math.exp(-0.5 * (i / sigma) ** 2) for i in range(-reach, reach + 1)]
    return tuple(tap / sum(taps) for tap in taps)


def _blurred_under(image: Tensor, alpha: Tensor, sigma: float, context: Context) -> Pixels:
    """Colours weighted by their alpha: what is hidden does not count."""
    both = blurred(torch.cat([image * alpha, alpha], dim=1), sigma, context)
    soft = both[:, 3:]
    color = torch.where(soft > 1e-6, both[:, :3] / soft.clamp(min=1e-6), image)
    return Pixels(color, soft)


def _spline(image: Tensor, step: int) -> Tensor:
    """The cubic B-spline with ``step - 1`` holes between its taps."""
    return _separable(image, SPLINE, step)


def _separable(image: Tensor, taps: tuple[float, ...], step: int = 1) -> Tensor:
    """``taps`` along both axes, ``step`` pixels apart.

    As sums of shifted views: on a processor that is 20 times as fast as a convolution of so few
    channels.
    """
    for axis in (2, 3):
        length = image.shape[axis]
        reach = len(taps) // 2 * step
        padded = _mirrored(image, axis, reach)
        out = padded.narrow(axis, 0, length) * taps[0]
        for i, tap in enumerate(taps[1:], start=1):
            out.add_(padded.narrow(axis, i * step, length), alpha=tap)
        image = out
    return image


def _mirrored(image: Tensor, axis: int, reach: int) -> Tensor:
    """``reach`` more pixels at both ends of an axis, mirrored about the edge as often as it takes."""
    length = image.shape[axis]
    index = torch.arange(-reach, length + reach, device=image.device)
    return image.index_select(axis, _inside(index, length))


def _inside(index: Tensor, length: int) -> Tensor:
    """Positions along an axis of ``length`` pixels that is mirrored again and again."""
    index = index % (2 * length)
    return torch.where(index < length, index, 2 * length - 1 - index)
