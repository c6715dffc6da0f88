"""Filling a mask in windows: what is written, what is seen, and how much it costs."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from studio.nn.filling import filled
from studio.nn.filling_parts import CELL, split
from studio.nn.transparency import filled as spread


def smooth_fill(image: Tensor, mask: Tensor) -> Tensor:
    """A filling without a network: the colors of the rim."""
    return spread(image, 1 - mask)


class Recorder:
    """Fills smoothly and keeps what it was shown."""

    def __init__(self) -> None:
        self.masks: list[Tensor] = []

    def __call__(self, image: Tensor, mask: Tensor) -> Tensor:
        assert bool((image[(mask > 0).expand_as(image)] == 0).all())
        assert set(mask.unique().tolist()) <= {0.0, 1.0}
        self.masks.append(mask)
        return smooth_fill(image, mask)


def picture(height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(height * 1000 + width)
    coarse = torch.rand(1, 3, 8, 8, generator=generator)
    big = F.interpolate(coarse, (height, width), mode="bilinear")
    return (big + 0.05 * torch.randn(big.shape, generator=generator)).clamp(0, 1)


def empty(height: int, width: int) -> Tensor:
    return torch.zeros(1, 1, height, width)


def one_pixel(height: int, width: int) -> Tensor:
    mask = empty(height, width)
    mask[..., height // 2, width // 3] = 1
    return mask


def corner(height: int, width: int) -> Tensor:
    mask = empty(height, width)
    mask[..., : height // 3, : width // 2] = 1
    return mask


def frame(height: int, width: int) -> Tensor:
    mask = torch.ones(1, 1, height, width)
    mask[..., height // 5 : -(height // 5), width // 5 : -(width // 5)] = 0
    return mask


def islands(height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return (torch.rand(1, 1, height, width, generator=generator) < 0.004).float()


def soft(height: int, width: int) -> Tensor:
    y, x = torch.meshgrid(
        torch.linspace(-2, 2, height), torch.linspace(-2, 2, width), indexing="ij"
    )
    return (1 - (y * y + x * x).sqrt()).clamp(0, 1)[None, None]


def scratch(height: int, width: int) -> Tensor:
    mask = empty(height, width)
    for row in range(height):
        mask[..., row, min(width - 1, row * width // height)] = 1
    return mask


SHAPES = (
    empty,
    one_pixel,
    corner,
    frame,
    islands,
    soft,
    scratch,
    lambda h, w: torch.ones(1, 1, h, w),
)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.sampled_from(SHAPES),
    height=st.integers(5, 90),
    width=st.integers(5, 90),
    size=st.sampled_from([16, 32, 64]),
)
def test_only_what_is_masked_changes(shape, height, width, size):
    image, mask = picture(height, width), shape(height, width)
    before = image.clone()
    result = filled(image, mask, smooth_fill, size=size)
    assert torch.equal(image, before)
    assert result.shape == image.shape
    assert bool(torch.isfinite(result).all())
    assert float(result.min()) >= 0
    assert float(result.max()) <= 1
    outside = (mask == 0).expand_as(image)
    assert torch.equal(result[outside], image[outside])


@settings(max_examples=20, deadline=None)
@given(shape=st.sampled_from(SHAPES), size=st.sampled_from([64, 256]))
def test_each_masked_pixel_belongs_to_one_part(shape, size):
    mask = shape(700, 500)
    hole = mask[0, 0] > 0
    parts, grid = split(hole, size, 16)
    covered = torch.zeros_like(hole)
    for part in parts:
        inside = torch.zeros_like(hole)
        inside[part.box.top : part.box.bottom, part.box.left : part.box.right] = True
        cells = torch.from_numpy(grid == part.number)
        mine = cells.repeat_interleave(CELL, 0).repeat_interleave(CELL, 1)[:700, :500] & hole
        assert not bool((mine & ~inside).any())
        assert not bool((mine & covered).any())
        covered |= mine
        assert part.window.top <= part.box.top
        assert part.window.right >= part.box.right
    assert torch.equal(covered, hole)


@pytest.mark.parametrize("shape", [corner, soft, frame])
@pytest.mark.parametrize("size", [64, 400])
def test_a_filling_has_the_color_of_its_surroundings(shape, size):
    image = torch.tensor([0.2, 0.5, 0.7]).view(1, 3, 1, 1).expand(1, 3, 300, 300)
    result = filled(
        image,
        shape(300, 300),
        lambda image, mask: smooth_fill(image, mask) + 0.08 * mask,
        size=size,
    )
    assert float((result - image).abs().max()) < 0.02


def test_an_object_is_removed():
    """The filling knows nothing of what lay under the mask."""
    image, mask = picture(400, 400), empty(400, 400)
    mask[..., 150:250, 150:250] = 1
    red = torch.where(mask > 0, torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1), image)
    blue = torch.where(mask > 0, torch.tensor([0.0, 0, 1]).view(1, 3, 1, 1), image)
    for size in (64, 512):
        assert torch.equal(
            filled(red, mask, smooth_fill, size=size), filled(blue, mask, smooth_fill, size=size)
        )


def test_fine_detail_comes_back_where_the_window_was_reduced():
    """A fine texture that the reduced window cannot hold is there in the filling."""
    generator = torch.Generator().manual_seed(3)
    image = 0.5 + 0.1 * torch.randn(1, 3, 640, 640, generator=generator).clamp(-2, 2)
    mask = empty(640, 640)
    mask[..., 200:440, 200:440] = 1
    result = filled(image, mask, smooth_fill, size=128)
    inside = result[..., 210:430, 210:430]
    outside = image[..., :190, :]
    fine = [(part - F.avg_pool2d(part, 3, 1, 1)).std() for part in (inside, outside)]
    assert float(fine[0] / fine[1]) == pytest.approx(1, abs=0.2)


def test_grain_is_matched_where_the_window_was_not_reduced():
    generator = torch.Generator().manual_seed(3)
    image = 0.5 + 0.03 * torch.randn(1, 3, 300, 300, generator=generator)
    mask = empty(300, 300)
    mask[..., 100:200, 100:200] = 1
    result = filled(image, mask, lambda image, mask: torch.full_like(image, 0.5))
    assert float(result[..., 110:190, 110:190].std()) == pytest.approx(0.03, rel=0.3)


def test_a_clean_picture_gets_no_grain():
    image = torch.full((1, 3, 300, 300), 0.4)
    mask = empty(300, 300)
    mask[..., 100:200, 100:200] = 1
    assert float(filled(image, mask, smooth_fill).std()) < 1e-3


def test_windows_are_cut_out_with_context_and_never_enlarged():
    recorder = Recorder()
    filled(picture(900, 900), one_pixel(900, 900), recorder)
    assert recorder.masks[0].shape[2:] == (272, 272)
    recorder = Recorder()
    mask = empty(900, 900)
    mask[..., 100:500, 100:500] = 1
    filled(picture(900, 900), mask, recorder, size=256)
    height, width = recorder.masks[0].shape[2:]
    assert height % 16 == width % 16 == 0
    assert 200 <= height <= 320
    assert bool((recorder.masks[0] == 0).any())


def test_far_parts_are_filled_apart_and_specks_together():
    recorder = Recorder()
    mask = empty(400, 3000)
    mask[..., 100:150, 100:150] = 1
    mask[..., 100:150, 2800:2850] = 1
    filled(picture(400, 3000), mask, recorder)
    assert len(recorder.masks) == 2
    recorder = Recorder()
    filled(picture(1000, 1000), islands(1000, 1000), recorder)
    assert len(recorder.masks) <= 16


def test_a_scratch_is_seen_at_full_size():
    recorder = Recorder()
    filled(picture(2000, 1500), scratch(2000, 1500), recorder, size=256)
    assert len(recorder.masks) > 4
    assert all(max(mask.shape[2:]) <= 600 for mask in recorder.masks)


def test_progress_ends_at_one():
    shares: list[float] = []
    filled(picture(1200, 400), scratch(1200, 400), smooth_fill, size=128, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
