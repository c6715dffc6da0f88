"""Joining lightness and chroma: any of both gives colors of sRGB with that lightness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from studio.nn.lab import srgb_to_lab, srgb_to_lightness
from studio_plugins.colorization.joining import joined
from studio_plugins.colorization.upsampling import Chroma, at_edges

Array = np.ndarray[Any, Any]


class Silent:
    """What joining needs of a context."""

    def progress(self, fraction: float, message: str = "") -> None:
        assert 0 <= fraction <= 1


def join(image: Tensor, chroma: Chroma, strength: float = 1.0) -> Tensor:
    return joined(image, chroma, strength, None, None, Silent())  # type: ignore[arg-type]  # all it calls


sides = st.integers(1, 40)


@settings(max_examples=60, deadline=None)
@given(height=sides, width=sides, small=st.integers(1, 12), scale=st.floats(0, 300),
       strength=st.floats(0, 1), seed=st.integers(0, 2**31))  # fmt: skip
def test_any_lightness_and_chroma(
    height: int, width: int, small: int, scale: float, strength: float, seed: int
) -> None:
    random = torch.Generator().manual_seed(seed)
    image = torch.rand(1, 3, height, width, generator=random)
    shape = (1, 2, min(small, height), min(small, width))
    slope = torch.randn(shape, generator=random)
    base = scale * torch.randn(shape, generator=random)
    made = join(image, Chroma(slope, base), strength)
    assert float(made.min()) >= 0
    assert float(made.max()) <= 1
    difference = (srgb_to_lightness(made) - srgb_to_lightness(image)).abs()
    assert float(difference.max()) < 0.05  # of 100; a level of 8 bits is 0.4


def test_strips_have_no_seams() -> None:
    random = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 300, 20, generator=random)
    chroma = Chroma(torch.zeros(1, 2, 30, 4), 20 * torch.randn(1, 2, 30, 4, generator=random))
    whole = srgb_to_lab(join(image.mul(0).add(0.5), chroma))[0, 1]
    steps = (whole[1:] - whole[:-1]).abs().amax(dim=1)
    at_seams = steps[63::64].max()
    assert at_seams <= steps.max()
    assert at_seams < 3 * steps.median()


def test_chroma_ends_where_the_lightness_has_an_edge(photo: Callable[..., Array]) -> None:
    light = torch.full((1, 1, 120, 160), 30.0)
    light[..., 83:] = 75.0
    true = torch.zeros(1, 2, 120, 160)
    true[:, 0, :, :83] = 40.0
    true[:, 1, :, 83:] = -30.0
    coarse = torch.nn.functional.adaptive_avg_pool2d(true, (15, 20))
    fine = at_edges(coarse, light)
    plain = torch.nn.functional.interpolate(coarse, (120, 160), mode="bilinear")
    assert (fine - true).abs().mean() < (plain - true).abs().mean() / 3
    # And at eight times the guide's size.
    large = light.repeat_interleave(8, 2).repeat_interleave(8, 3)
    sharp = Chroma.of(true, light).rows(large[:, :, :64], 960, 0)
    blurred = Chroma.of(true, light, edges=False).rows(large[:, :, :64], 960, 0)
    wanted = true.repeat_interleave(8, 2).repeat_interleave(8, 3)[:, :, :64]
    beside = slice(640, 690)
    errors = [(each - wanted)[..., beside].abs().mean() for each in (sharp, blurred)]
    assert errors[0] < errors[1] / 2


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 1)])
def test_the_smallest_guides(size: tuple[int, int]) -> None:
    light = torch.rand(1, 1, *size) * 100
    fine = at_edges(torch.full((1, 2, 1, 1), 7.0), light)
    assert torch.allclose(fine, torch.full_like(fine, 7.0), atol=1e-3)
    chroma = Chroma.of(fine, light)
    assert torch.allclose(chroma.rows(light, size[0], 0), fine, atol=1e-2)
