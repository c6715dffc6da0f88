"""Copying, cutting, pasting: what travels, and what stays."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from studio.api.errors import UserError
from studio.document import Group, Layer, Picture, Raster, Rect, composite
from studio.files import clips
from studio.files.documents import OpenedDocument
from studio.files.metadata import Metadata
from studio.files.profiles import named_profiles

P3 = named_profiles()["Display P3"]
LIMIT = 10_000_000


@pytest.fixture
def two_layers() -> Picture:
    """60 x 40: noise below, an opaque square of 10 at (5, 6) above, active."""
    noise = np.random.default_rng(3).integers(1, 256, (40, 60, 4), np.uint8)
    picture = Picture.from_pixels(noise)
    square = Layer("Square", Raster.from_array(np.full((10, 10, 4), 255, np.uint8), 5, 6))
    return picture.replaced(nodes=(*picture.nodes, square), active=square.id)


def selected(picture: Picture, rect: Rect, level: int = 255) -> Picture:
    mask = np.full((rect.height, rect.width, 1), level, np.uint8)
    return picture.replaced(selection=Raster.from_array(mask, rect.x, rect.y))


def test_a_layer_without_a_selection_is_copied_to_its_edges(two_layers):
    clip = clips.copied(two_layers)
    assert (clip.x, clip.y, clip.size, clip.name) == (5, 6, (10, 10), "Square")


def test_merged_is_what_shows(two_layers):
    clip = clips.copied(two_layers, merged=True)
    np.testing.assert_array_equal(clip.pixels, composite(two_layers))


def test_a_half_selected_pixel_is_half_transparent(two_layers):
    clip = clips.copied(selected(two_layers, Rect(7, 8, 4, 3), 128))
    assert (clip.x, clip.y, clip.size) == (7, 8, (4, 3))
    assert (clip.pixels[..., 3] == 128).all()
    assert (clip.pixels[..., :3] == 255).all()


def test_a_group_is_copied_as_it_looks(two_layers):
    group = Group("G", two_layers.nodes)
    picture = two_layers.replaced(nodes=(group,), active=group.id)
    np.testing.assert_array_equal(clips.copied(picture).pixels, composite(two_layers))


@pytest.mark.parametrize("rect", [Rect(50, 30, 5, 5), Rect(500, 500, 5, 5)])
def test_nothing_to_copy_is_said(two_layers, rect):
    with pytest.raises(UserError, match="nothing to copy"):
        clips.copied(selected(two_layers, rect))


def test_cutting_leaves_the_rest_bit_for_bit(two_layers):
    rect = Rect(7, 8, 4, 3)
    after = clips.erased(selected(two_layers, rect))
    before = two_layers.active_layer.raster.read(two_layers.bounds)
    left = after.active_layer.raster.read(two_layers.bounds)
    assert not left[8:11, 7:11, 3].any()
    left[8:11, 7:11] = before[8:11, 7:11]
    np.testing.assert_array_equal(left, before)
    assert after.nodes[0] == two_layers.nodes[0]


def test_cutting_from_a_locked_layer_is_refused(two_layers):
    locked = two_layers.with_layer(two_layers.active_layer.replaced(locked=True))
    with pytest.raises(UserError):
        clips.erased(locked)


def test_copy_and_paste_in_place_shows_no_change(two_layers):
    clip = clips.copied(two_layers)
    layer = clips.as_layer(clip, two_layers, clip.x, clip.y, "Pasted")
    after = clips.pasted(layer)(two_layers)
    assert after.active == layer.id
    np.testing.assert_array_equal(composite(after), composite(two_layers))


def test_pasting_into_the_selection_masks_by_it(two_layers):
    picture = selected(two_layers, Rect(20, 20, 8, 8))
    layer = clips.as_layer(clips.copied(two_layers), picture, 18, 18, "")
    after = clips.pasted(layer, into_selection=True)(picture)
    assert after.selection is None
    assert after.active_layer.mask == picture.selection
    changed = (composite(after) != composite(two_layers)).any(axis=2)
    assert changed[20:28, 20:28].any()
    changed[20:28, 20:28] = False
    assert not changed.any()


def test_another_profile_and_depth_are_met(two_layers):
    target = Picture.from_pixels(np.zeros((20, 20, 4), np.uint16), icc=P3)
    red = clips.Clip(np.full((3, 3, 4), (255, 0, 0, 255), np.uint8))
    layer = clips.as_layer(red, target, 0, 0, "Red")
    got = layer.raster.read(Rect(0, 0, 1, 1))[0, 0] / 65535
    np.testing.assert_allclose(got, (0.9175, 0.2003, 0.1386, 1), atol=0.004)


def test_the_private_form_loses_nothing():
    deep = np.random.default_rng(0).integers(0, 65536, (9, 11, 4), np.uint16)
    clip = clips.Clip(deep, -4, 7, P3, "Näme")
    back = clips.from_private(clips.to_private(clip), LIMIT)
    np.testing.assert_array_equal(back.pixels, deep)
    assert (back.x, back.y, back.icc, back.name) == (-4, 7, P3, "Näme")


@pytest.mark.parametrize("data", [b"", b"\0\0\0\4abcd", b"\xff" * 40, b"\0\0\0\2{}rest"])
def test_damaged_private_data_is_refused(data):
    with pytest.raises(UserError):
        clips.from_private(data, LIMIT)


def test_others_get_srgb_of_eight_bits_with_alpha():
    """Pillow, which ignores profiles, has to see the colour that was meant."""
    pixels = np.full((4, 5, 4), (60138, 13127, 9083, 32768), np.uint16)  # sRGB red in Display P3
    with Image.open(io.BytesIO(clips.to_png(clips.Clip(pixels, icc=P3)))) as image:
        got = np.asarray(image)
    assert got.dtype == np.uint8
    assert np.abs(got[0, 0].astype(int) - (255, 0, 0, 128)).max() <= 1


def test_pictures_from_others_keep_their_profile(foreign_profile):
    out = io.BytesIO()
    Image.new("RGB", (6, 5), (1, 2, 3)).save(out, "PNG", icc_profile=foreign_profile)
    clip = clips.from_png(out.getvalue(), LIMIT)
    assert (clip.size, clip.icc) == ((6, 5), foreign_profile)
    with pytest.raises(UserError, match="megapixels"):
        clips.from_png(out.getvalue(), 10)


def test_a_file_becomes_a_layer_or_a_group_in_the_middle(two_layers):
    mask = Raster.from_array(np.full((4, 4, 1), 99, np.uint8))
    one = Picture.from_pixels(np.full((20, 30, 4), 7, np.uint8))
    node = clips.document_node(OpenedDocument(one, Metadata(), "PNG"), "one", two_layers)
    assert isinstance(node, Layer)
    assert node.name == "one"
    assert (node.raster.read(Rect(15, 10, 30, 20)) == 7).all()
    two = one.replaced(nodes=(*one.nodes, Layer("m", Raster(np.uint8), mask=mask)))
    group = clips.document_node(OpenedDocument(two, Metadata(), "OpenRaster"), "two", two_layers)
    assert isinstance(group, Group)
    assert [child.name for child in group.children] == ["Background", "m"]
    moved = group.children[1].mask
    assert moved is not None
    assert (moved.read(Rect(15, 10, 4, 4)) == 99).all()
    ids = {child.id for child in group.children} | {group.id}
    again = clips.document_node(OpenedDocument(two, Metadata(), "OpenRaster"), "x", two_layers)
    assert isinstance(again, Group)
    assert not ids & {child.id for child in again.children}
