"""Picture quality measures, as the super-resolution and the translation literature report them."""

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


def frechet_distance(features: Tensor, others: Tensor, shrinkage: float | None = None) -> float:
    """Distance of two sets of features, each taken for a Gaussian (Heusel et al. 2017, the "FID").

    ``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2)``: the squared 2-Wasserstein distance of the two
    (Dowson and Landau 1982). With fewer features than about ten times their dimension the plain
    covariances make it far too large, and with fewer than the dimension they are singular: both
    are then pulled towards a multiple of the identity (Ledoit and Wolf 2004). Values compare only
    among themselves: same features, same numbers of them, same shrinkage.

    Args:
        features: N x K, at least two rows.
        others: M x K, at least two rows.
        shrinkage: weight of the identity in [0, 1]; None takes Ledoit and Wolf's for each set, 0 is
            the plain distance.

    Returns:
        The squared distance, 0 for equal means and covariances.

    Raises:
        ValueError: for sets of other shapes.
    """
    if features.dim() != 2 or others.dim() != 2 or features.shape[1] != others.shape[1]:
        raise ValueError(
            f"expected N x K and M x K, got {tuple(features.shape)} and {tuple(others.shape)}"
        )
    if min(len(features), len(others)) < 2:
        raise ValueError("a covariance takes at least two rows")
    mean, covariance = _gaussian(features.double(), shrinkage)
    other_mean, other_covariance = _gaussian(others.double(), shrinkage)
    # tr((C1 C2)^1/2) is the nuclear norm of R1 R2, R being the symmetric roots: no complex numbers.
    product = _root(covariance) @ _root(other_covariance)
    common = torch.linalg.svdvals(product).sum()
    spread = covariance.trace() + other_covariance.trace() - 2 * common
    return float((mean - other_mean).square().sum() + spread.clamp(min=0))


def _gaussian(rows: Tensor, shrinkage: float | None) -> tuple[Tensor, Tensor]:
    """Mean and covariance of N x K, shrunk towards a multiple of the identity."""
    number, size = rows.shape
    mean = rows.mean(0)
    centred = rows - mean
    covariance = centred.T @ centred / number
    even = torch.eye(size, dtype=rows.dtype, device=rows.device) * (covariance.trace() / size)
    if shrinkage is None:
        distance = (covariance - even).square().sum()
        # Sum over rows of |x x' - C|^2, without making a K x K matrix for each of them.
        noise = (
            centred.square().sum(1).square().sum() / number - covariance.square().sum()
        ) / number
        shrinkage = float((noise / distance).clamp(0, 1)) if distance > 0 else 1.0
    return mean, (1 - shrinkage) * covariance + shrinkage * even


def _root(matrix: Tensor) -> Tensor:
    """Symmetric root of a symmetric positive semidefinite matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


def colorfulness(image: Tensor) -> Tensor:
    """How colorful a picture looks (Hasler and Süsstrunk 2003, equation for M3), in levels of 255.

    Args:
        image: N x 3 x H x W in [0, 1].

    Returns:
        A value for each picture, N: 0 for gray, about 15 for pale and 60 for vivid ones.
    """
    red, green, blue = (image.float() * 255).flatten(2).unbind(1)
    first, second = red - green, (red + green) / 2 - blue
    spread = (first.var(1, correction=0) + second.var(1, correction=0)).sqrt()
    mean = (first.mean(1).square() + second.mean(1).square()).sqrt()
    return spread + 0.3 * mean
