"""What a step looks like, without running the decoder: a linear guess from latents to colors."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor

from studio_plugins.sampling.community_models import Components

_LEVELS = (0.1, 0.5, 0.9)
_CELL = 4  # latents to the side of a patch of one color
_COLUMNS = 9


@torch.no_grad()
def projection(components: Components) -> Tensor:
    """The affine map from latents to RGB that fits the model's own autoencoder best.

    Patches of 27 colors are encoded once, and their latents fitted to the colors by least squares; so
    it holds for any autoencoder.

    Args:
        components: of the model; keeps what was found.

    Returns:
        (C + 1) x 3, float32, on the CPU: the last row is added.
    """
    if components.projection is None:
        vae, factor = components["vae"], components.factor
        colors = torch.tensor(list(itertools.product(_LEVELS, repeat=3)))
        grid = colors.T.reshape(1, 3, len(colors) // _COLUMNS, _COLUMNS)
        patches = grid.repeat_interleave(_CELL * factor, 2).repeat_interleave(_CELL * factor, 3)
        pixels = (patches * 2 - 1).to(_device(components))
        latents = vae.encode(pixels).latent_dist.mode().float().cpu() * vae.config.scaling_factor
        points = latents[0].flatten(1).T
        wanted = F.interpolate(grid, size=latents.shape[2:], mode="nearest")[0].flatten(1).T
        given = torch.cat([points, torch.ones(len(points), 1)], dim=1)
        # By the normal equations, a trifle damped: patches may say nothing about a channel.
        square = given.T @ given + 1e-3 * torch.eye(given.shape[1])
        components.projection = torch.linalg.solve(square, given.T @ wanted)
    return components.projection


def preview(components: Components, latents: Tensor) -> Tensor:
    """A small picture of latents.

    Args:
        components: of the model.
        latents: 1 x C x h x w, as a step leaves them.

    Returns:
        1 x 3 x h x w in [0, 1], float32, on the CPU.
    """
    matrix = projection(components)
    seen = latents[:1].detach().float().cpu()
    colors = torch.einsum("nchw,cd->ndhw", seen, matrix[:-1]) + matrix[-1][None, :, None, None]
    return colors.clamp(0, 1)


def _device(components: Components) -> torch.device:
    weight: Tensor = next(components["vae"].parameters())
    return weight.device
