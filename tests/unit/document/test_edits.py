"""What becomes of a selection when the canvas changes."""

from __future__ import annotations

import numpy as np
import pytest

from studio.document import Picture, Rect
from studio.document.edits import Edit, crop, paint, rescale, select
from studio.document.painting import SolidInk, Target, everywhere, laid
from studio.document.regions.masks import filled_rectangle
from studio.document.transforms import canvas_size, crop_to
from studio.document.transforms.parts import move, target_of


def picture(selected: Rect) -> Picture:
    pixels = np.full((64, 64, 4), 255, np.uint16)
    return Picture.from_pixels(pixels).replaced(selection=filled_rectangle(selected))


@pytest.mark.parametrize(
    "edit",
    [
        crop(Rect(32, 0, 32, 64)),
        crop_to(Rect(32, 0, 32, 64)),
        crop_to(Rect(32, 0, 32, 64), angle=5.0),
        canvas_size(Rect(40, 40, 100, 100)),
    ],
)
def test_a_selection_that_leaves_the_canvas_is_none_any_more(edit: Edit):
    """One of nothing would keep every brush from painting, without an outline to say so."""
    after = edit(picture(Rect(0, 0, 8, 8)))
    assert after.selection is None
    target = Target.of(after)
    painted = laid(target, SolidInk((0, 0, 0)), everywhere(), after.bounds)
    assert painted.read(Rect(5, 5, 1, 1)).ravel().tolist() == [0, 0, 0, 65535]


def test_what_is_still_selected_after_a_crop_stays_selected():
    after = crop(Rect(4, 4, 20, 20))(picture(Rect(0, 0, 8, 8)))
    assert after.selection == filled_rectangle(Rect(0, 0, 4, 4))


def test_selected_pixels_moved_off_the_canvas_leave_no_selection():
    before = picture(Rect(0, 0, 8, 8))
    assert move(target_of(before), -8, 0)(before).selection is None
    moved = move(target_of(before), -4, 0)(before)
    assert moved.selection == filled_rectangle(Rect(0, 0, 4, 8))


def test_selecting_nothing_is_no_selection():
    before = picture(Rect(0, 0, 8, 8))
    assert select(filled_rectangle(Rect(0, 0, 0, 0)))(before).selection is None


def test_a_selection_too_faint_for_the_new_size_is_none():
    before = picture(Rect(0, 0, 1, 1))
    layer = before.active_layer
    small = np.zeros((1, 1, 4), np.uint16)
    assert rescale(1, 1, {layer.id: small})(before).selection is None


def test_painting_outside_the_canvas_changes_nothing():
    before = picture(Rect(0, 0, 8, 8))
    assert paint(before.active, 80, 80, np.ones((4, 4, 4), np.uint16))(before) is before


def test_a_larger_canvas_is_filled_at_the_depth_of_the_picture():
    after = canvas_size(Rect(-1, 0, 65, 64), fill=(1, 300, 65535))(picture(Rect(0, 0, 8, 8)))
    filled = after.active_layer.raster.read(Rect(0, 0, 1, 64))
    assert (filled == (1, 300, 65535, 65535)).all()
