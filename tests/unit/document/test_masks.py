"""Masks and locks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from studio.api.errors import UserError
from studio.document import Document, Group, Layer, Picture, Raster
from studio.document import masks as core
from studio.document.edits import Edit


def picture(*, locked: bool = False, group_locked: bool = False, mask: bool = False) -> Picture:
    pixels = np.full((8, 8, 4), 200, np.uint8)
    shown = Raster.from_array(np.full((8, 8, 1), 90, np.uint8)) if mask else None
    layer = Layer("Paper", Raster.from_array(pixels), locked=locked, mask=shown)
    group = Group("Folder", (layer,), locked=group_locked)
    return Picture(8, 8, (group,), layer.id)


@pytest.mark.parametrize("where", ["locked", "group_locked"])
@pytest.mark.parametrize(
    "edit", [core.add_mask, core.mask_from_selection, core.mask_from_alpha, core.remove_mask]
)
def test_the_mask_of_what_is_locked_stays(edit: Callable[[str], Edit], where: str):
    before = picture(**{where: True, "mask": edit is core.remove_mask})
    document = Document(before)
    with pytest.raises(UserError, match="locked"):
        document.apply("Mask", edit(before.active))
    assert document.picture is before


def test_a_mask_of_nothing_selects_nothing_in_particular():
    before = picture(mask=True)
    layer = before.active_layer
    assert layer.mask is not None
    hidden = before.with_layer(layer.replaced(mask=Raster(np.uint8, 1)))
    after = core.selection_from_mask(layer.id)(hidden)
    assert after.selection is None
    assert core.selection_from_mask(layer.id)(before).selection == layer.mask


def test_the_opacity_of_an_empty_layer_selects_nothing_in_particular():
    before = picture()
    clear = before.with_layer(before.active_layer.replaced(raster=Raster()))
    assert core.selection_from_alpha(clear.active)(clear).selection is None
