"""Clearing and filling: inside the selection only, at both depths, on masks and on locked layers."""

from __future__ import annotations

import numpy as np
import pytest

from studio.api.errors import UserError
from studio.document import Group, Picture
from studio.document.masks import add_mask
from studio.document.regions import clear_selected, ellipse, fill_selected
from studio.document.regions.target import SelectionTarget


def picture(dtype, *, selected=True):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, np.iinfo(dtype).max, (300, 600, 4), dtype, endpoint=True)
    made = Picture.from_pixels(pixels)
    selection = ellipse(50.3, 40.2, 400, 200, made.bounds) if selected else None
    return made.replaced(selection=selection), pixels


def after(picture):
    return picture.active_layer.raster.read(picture.bounds)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_filling_mixes_by_the_selection(dtype):
    before, pixels = picture(dtype)
    top = int(np.iinfo(dtype).max)
    got = after(fill_selected(lambda _: (top, 0, top // 2))(before))
    share = before.selection.read(before.bounds)[..., 0]
    np.testing.assert_array_equal(got[share == 0], pixels[share == 0])
    assert (got[share == 255] == (top, 0, top // 2, top)).all()
    soft = (share > 0) & (share < 255)
    alpha = pixels[soft][:, 3].astype(float)
    want = alpha + (top - alpha) * share[soft] / 255
    assert np.abs(got[soft][:, 3] - want).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_clearing_takes_alpha_by_the_selection_and_leaves_colours(dtype):
    before, pixels = picture(dtype)
    got = after(clear_selected()(before))
    share = before.selection.read(before.bounds)[..., 0].astype(float) / 255
    np.testing.assert_array_equal(got[..., :3], pixels[..., :3])
    np.testing.assert_allclose(got[..., 3], pixels[..., 3] * (1 - share), atol=0.51)


def test_without_a_selection_everything_on_the_canvas_is_meant():
    before, _ = picture(np.uint8, selected=False)
    filled = fill_selected(lambda _: (1, 2, 3))(before)
    assert (after(filled) == (1, 2, 3, 255)).all()
    assert not after(clear_selected()(filled))[..., 3].any()
    outside = filled.active_layer.raster.read(before.bounds.grown(50))
    assert outside[..., 3].sum() == 255 * 300 * 600


def test_an_active_mask_is_what_is_filled():
    before, pixels = picture(np.uint8)
    masked = add_mask(before.active)(before)
    hidden = clear_selected()(masked)
    share = before.selection.read(before.bounds)
    np.testing.assert_array_equal(hidden.active_layer.mask.read(before.bounds), 255 - share)
    np.testing.assert_array_equal(after(hidden), pixels)
    gray = fill_selected(lambda _: (100,))(masked).active_layer.mask.read(before.bounds)
    assert (gray[share == 255] == 100).all()
    assert (gray[share == 0] == 255).all()


def test_a_locked_layer_stays_as_it_is():
    before, _ = picture(np.uint8)
    locked = before.with_layer(before.active_layer.replaced(locked=True))
    for edit in (clear_selected(), fill_selected(lambda _: (0, 0, 0))):
        with pytest.raises(UserError, match="locked"):
            edit(locked)


def test_filling_with_what_is_there_is_no_change():
    before, _ = picture(np.uint8)
    filled = fill_selected(lambda _: (9, 9, 9))(before)
    hard = filled.replaced(selection=None)
    hard = fill_selected(lambda _: (9, 9, 9))(hard)
    assert fill_selected(lambda _: (9, 9, 9))(hard) is hard


def test_the_mask_of_a_group_is_filled_like_that_of_a_layer():
    before, _ = picture(np.uint16)
    group = Group("Folder", (before.active_layer,))
    grouped = add_mask(group.id)(before.replaced(nodes=(group,), active=group.id))
    hidden = clear_selected()(grouped).active_node.mask
    share = before.selection.read(before.bounds)[..., 0]
    assert (hidden.read(before.bounds)[share == 255] == 0).all()
    assert (hidden.read(before.bounds)[share == 0] == 65535).all()


def test_the_selection_itself_is_filled_whole_and_nothing_left_of_it_is_none():
    before, pixels = picture(np.uint8)
    half = fill_selected(lambda _: (128,), SelectionTarget.of_selection)(before)
    assert (half.selection.read(before.bounds) == 128).all()
    assert half.selection.read(before.bounds.grown(9)).sum() == 128 * 300 * 600
    np.testing.assert_array_equal(after(half), pixels)
    cleared = clear_selected(SelectionTarget.of_selection)(before)
    assert cleared.selection is None
    assert clear_selected(SelectionTarget.of_selection)(cleared) is cleared
