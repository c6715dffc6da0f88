"""Picture quality measures, as the super-resolution literature reports them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def luma(image: Tensor) -> Tensor:
    """BT.601 studio-range luma of N x 3 x H x W RGB in [0, 1]; N x 1 x H x W in [16, 235] / 255."""
    weights = torch.tensor([65.481, 128.553, 24.966], dtype=image.dtype, device=image.device)
    return ((image * weights.view(1, 3, 1, 1)).sum(1, keepdim=True) + 16.0) / 255.0


def _cropped(image: Tensor, border: int) -> Tensor:
    return image[..., border:-border, border:-border] if border else image


def psnr(image: Tensor, reference: Tensor, border: int = 0) -> float:
    """Peak signal-to-noise ratio in dB of two tensors in [0, 1], without ``border`` edge pixels.

    Identical tensors give infinity.
    """
    error = _cropped(image, border).double() - _cropped(reference, border).double()
    mse = error.square().mean()
    return float("inf") if mse == 0 else float(-10 * torch.log10(mse))


def psnr_y(image: Tensor, reference: Tensor, border: int) -> float:
    """PSNR on luma after rounding to 8 bits: the "PSNR-Y" of super-resolution papers, in dB."""
    return psnr(luma(_rounded(image)), luma(_rounded(reference)), border)


def ssim_y(image: Tensor, reference: Tensor, border: int) -> float:
    """Mean structural similarity on luma (Wang et al. 2004), 11x11 Gaussian window, sigma 1.5."""
    a = _cropped(luma(_rounded(image)), border).double()
    b = _cropped(luma(_rounded(reference)), border).double()
    axis = torch.arange(11, dtype=torch.float64, device=a.device) - 5
    line = torch.exp(-(axis**2) / (2 * 1.5**2))
    line = line / line.sum()
    window = (line[:, None] * line[None, :])[None, None]
    mean_a, mean_b = F.conv2d(a, window), F.conv2d(b, window)
    var_a = F.conv2d(a * a, window) - mean_a**2
    var_b = F.conv2d(b * b, window) - mean_b**2
    covariance = F.conv2d(a * b, window) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    numerator = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    denominator = (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return float((numerator / denominator).mean())


def _rounded(image: Tensor) -> Tensor:
    return (image.float().clamp(0, 1) * 255).round() / 255
