"""Filling with patches from elsewhere: repeats textures, keeps what is known, says when it cannot."""

from __future__ import annotations

import pytest
import torch

from studio.nn.filling import filled
from studio_plugins.inpainting.patches import first_filling, matched


def tiled(side=64):
    torch.manual_seed(0)
    return torch.rand(1, 3, 8, 8).tile(1, 1, side // 8, side // 8)


def hole(side=64):
    mask = torch.zeros(1, 1, side, side)
    mask[..., 20:36, 24:44] = 1
    return mask


def test_a_texture_goes_on_in_the_hole():
    image, mask = tiled(), hole()
    made = matched(image * (1 - mask), mask, 1)
    assert torch.equal(made * (1 - mask), image * (1 - mask))
    assert ((made - image).abs() * mask).sum() / (3 * mask.sum()) < 0.05


def test_pictures_of_a_batch_are_filled_one_by_one():
    image, mask = torch.cat([tiled(), 1 - tiled()]), hole().expand(2, -1, -1, -1)
    made = matched(image * (1 - mask), mask, 1)
    assert torch.equal(made[1:], matched(image[1:] * (1 - mask[1:]), mask[1:], 1))


def test_with_nothing_to_take_patches_from_there_is_no_filling():
    image = tiled()
    mask = torch.ones(1, 1, 64, 64)
    mask[..., ::5, ::5] = 0
    assert matched(image, mask, 0) is None
    assert matched(image[..., :6, :6], mask[..., :6, :6], 0) is None
    few = torch.cat([mask, hole()])
    assert matched(image.expand(2, -1, -1, -1), few, 0) is None


def test_a_network_is_given_the_filling_of_the_bare_hole():
    image, mask = tiled(), hole()
    seen = []

    def network(picture, gap, exemplar):
        seen.append((gap, exemplar))
        return exemplar

    made = filled(image, mask, network, first=first_filling(5))
    wanted = matched(image * (1 - mask), mask, 5, tries=3)
    ((gap, exemplar),) = seen
    assert gap.sum() > mask.sum(), "a ring around it as well"
    assert torch.equal(exemplar[..., :64, :64], wanted)
    torch.testing.assert_close(made, wanted, atol=0.02, rtol=0)


def test_several_tries_are_averaged():
    torch.manual_seed(1)
    image, mask = torch.rand(1, 3, 64, 64), hole()
    one, two = (matched(image, mask, seed) for seed in (3, 4))
    assert not torch.equal(one, two)
    torch.testing.assert_close(matched(image, mask, 3, tries=2), (one + two) / 2)


def test_it_can_be_ended_between_two_tries():
    asked = []

    def before():
        asked.append(len(asked))
        if len(asked) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        matched(tiled(), hole(), 0, tries=3, before=before)
    assert asked == [0, 1]
