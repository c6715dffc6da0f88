"""Moving and transforming layers, groups, masks and selected pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.api.errors import UserError
from studio.document import Group, Layer, Picture, Raster, Rect, Text, composite
from studio.document.layer_edits import change_node, set_active
from studio.document.transforms import (
    flip_part,
    lifted,
    move,
    rotate_part,
    target_of,
    transform,
)
from studio.document.transforms.matrices import (
    from_quads,
    is_convex,
    lattice,
    mapped_points,
    rotation,
    scaling,
    translation,
)
from studio.document.transforms.sampling import Resampling, content_bounds
from studio.document.transforms.warping import warped


def two_layers(dtype=np.uint8):
    top = np.iinfo(dtype).max
    below = np.full((60, 80, 4), top, dtype)
    below[..., 2] = 0
    thing = np.random.default_rng(1).integers(1, top, (12, 20, 4), dtype, endpoint=True)
    thing[..., 3] = top
    upper = Layer("Upper", Raster.from_array(thing, 10, 8))
    picture = Picture.from_pixels(below)
    return picture.replaced(nodes=(*picture.nodes, upper), active=upper.id), thing


def rectangle(x, y, w, h):
    return Raster.from_array(np.full((h, w, 1), 255, np.uint8), x, y)


@given(st.integers(-300, 300), st.integers(-300, 300), st.sampled_from([np.uint8, np.uint16]))
def test_moving_is_exact_and_can_be_taken_back(dx, dy, dtype):
    picture, thing = two_layers(dtype)
    target = target_of(picture)
    assert target.area == Rect(10, 8, 20, 12)
    moved = move(target, dx, dy)(picture)
    raster = moved.active_layer.raster
    assert np.array_equal(raster.read(Rect(10 + dx, 8 + dy, 20, 12)), thing)
    assert content_bounds(raster) == Rect(10 + dx, 8 + dy, 20, 12)
    back = move(target, -dx, -dy)(moved)
    assert back.active_layer.raster == picture.active_layer.raster


def test_mask_and_text_move_with_the_layer_and_a_mask_moves_alone():
    picture, _ = two_layers()
    layer = picture.active_layer
    text = Text("a", "Sans", 10, (0, 0, 0), 10.0, 8.0)
    picture = picture.with_layer(layer.replaced(mask=rectangle(12, 9, 5, 5), text=text))
    moved = move(target_of(picture), 3, 4)(picture).active_layer
    assert content_bounds(moved.mask) == Rect(15, 13, 5, 5)
    assert (moved.text.x, moved.text.y) == (13, 12)
    masked = set_active(layer.id, mask=True)(picture)
    target = target_of(masked)
    assert (target.kind, target.area) == ("mask", Rect(12, 9, 5, 5))
    alone = move(target, 3, 4)(masked).active_layer
    assert content_bounds(alone.mask) == Rect(15, 13, 5, 5)
    assert alone.raster == layer.raster


def test_turning_text_leaves_pixels():
    picture, _ = two_layers()
    text = Text("a", "Sans", 10, (0, 0, 0), 10.0, 8.0)
    picture = picture.with_layer(picture.active_layer.replaced(text=text))
    target = target_of(picture)
    bigger = transform(target, scaling(2, 2))(picture).active_layer.text
    assert (bigger.x, bigger.size) == (20, 20)
    assert transform(target, rotation(20))(picture).active_layer.text is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_selected_pixels_leave_a_hole_and_the_selection_goes_along(dtype):
    picture, thing = two_layers(dtype)
    picture = picture.replaced(selection=rectangle(12, 10, 4, 3))
    target = target_of(picture)
    assert (target.kind, target.area) == ("selected", Rect(12, 10, 4, 3))
    moved = move(target, 30, 20)(picture)
    raster = moved.active_layer.raster
    assert np.array_equal(raster.read(Rect(42, 30, 4, 3)), thing[2:5, 2:6])
    assert not raster.read(Rect(12, 10, 4, 3)).any()
    assert content_bounds(moved.selection) == Rect(42, 30, 4, 3)
    outside = raster.read(Rect(10, 8, 20, 12))
    keep = np.ones((12, 20), bool)
    keep[2:5, 2:6] = False
    assert np.array_equal(outside[keep], thing[keep])
    without, only = lifted(picture, target)
    assert np.array_equal(
        composite(without)[10:13, 12:16],
        composite(picture.replaced(nodes=picture.nodes[:1]))[10:13, 12:16],
    )
    assert content_bounds(only.active_layer.raster) == Rect(12, 10, 4, 3)


def test_half_selected_pixels_part_their_alpha_without_loss():
    picture, thing = two_layers()
    half = Raster.from_array(np.full((12, 20, 1), 100, np.uint8), 10, 8)
    picture = picture.replaced(selection=half)
    raster = move(target_of(picture), 40, 0)(picture).active_layer.raster
    left = raster.read(Rect(10, 8, 20, 12))
    right = raster.read(Rect(50, 8, 20, 12))
    assert (left[..., 3].astype(int) + right[..., 3] == 255).all()
    assert np.array_equal(left[..., :3], thing[..., :3])
    assert np.array_equal(right[..., :3], thing[..., :3])


def test_groups_are_transformed_whole():
    picture, thing = two_layers()
    other = Layer("Other", Raster.from_array(thing, 40, 30))
    group = Group("Group", (picture.nodes[1], other))
    picture = picture.replaced(nodes=(picture.nodes[0], group), active=group.id)
    target = target_of(picture)
    assert target.area == Rect(10, 8, 50, 34)
    moved = move(target, 5, -5)(picture)
    assert content_bounds(moved.layers[1].raster) == Rect(15, 3, 20, 12)
    assert content_bounds(moved.layers[2].raster) == Rect(45, 25, 20, 12)


def test_flip_and_quarter_turns_stay_where_they_are():
    picture, thing = two_layers()
    target = target_of(picture)
    flipped = flip_part(target, "horizontal")(picture)
    assert np.array_equal(flipped.active_layer.raster.read(target.area), thing[:, ::-1])
    turned = rotate_part(target, 1)(picture)
    assert content_bounds(turned.active_layer.raster) == Rect(14, 4, 12, 20)
    back = rotate_part(target_of(turned), -1)(turned)
    assert back.active_layer.raster == picture.active_layer.raster


def test_what_is_locked_hidden_or_empty_is_refused():
    picture, _ = two_layers()
    with pytest.raises(UserError, match="locked"):
        target_of(change_node(picture.active, locked=True)(picture))
    with pytest.raises(UserError, match="hidden"):
        target_of(change_node(picture.active, visible=False)(picture))
    with pytest.raises(UserError, match="empty"):
        target_of(picture.replaced(selection=rectangle(70, 50, 3, 3)))
    with pytest.raises(UserError, match="cannot be made"):
        transform(target_of(picture), np.diag([1.0, 0.0, 1.0]))(picture)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("angle", [3, 45, 100])
def test_the_inside_of_an_opaque_layer_stays_exactly_opaque(dtype, angle):
    top = np.iinfo(dtype).max
    pixels = np.full((200, 300, 4), top, dtype)
    picture = Picture.from_pixels(pixels)
    matrix = rotation(angle, (150, 100)) @ scaling(1.3, 0.9)
    raster = transform(target_of(picture), matrix)(picture).active_layer.raster
    corners = mapped_points(matrix, [(6, 6), (294, 6), (294, 194), (6, 194), (150, 100)])
    for x, y in corners:
        assert (raster.read(Rect(int(x), int(y), 1, 1)) == top).all()


def test_shrinking_fine_stripes_gives_gray_not_a_pattern():
    stripes = np.full((256, 256, 4), 255, np.uint8)
    stripes[:, ::2, :3] = 0
    picture = Picture.from_pixels(stripes)
    target = target_of(picture)
    wedge = from_quads(
        [(0, 0), (256, 0), (256, 256), (0, 256)], [(100, 0), (156, 0), (180, 200), (76, 200)]
    )
    for matrix in (scaling(0.3, 0.3), rotation(31) @ scaling(0.3, 0.3), wedge):
        raster = transform(target, matrix)(picture).active_layer.raster
        area = content_bounds(raster)
        pixels = raster.read(area)
        inside = pixels[pixels[..., 3] == 255][..., 0]
        assert inside.size > 500
        assert abs(inside.mean() - 127.5) < 3
        assert inside.std() < 12


def test_perspective_takes_the_corners_where_they_are_wanted():
    square = [(0.0, 0.0), (100.0, 0.0), (100.0, 60.0), (0.0, 60.0)]
    quad = [(5.0, 4.0), (90.0, 20.0), (120.0, 80.0), (-10.0, 50.0)]
    assert is_convex(quad)
    assert not is_convex([quad[0], quad[2], quad[1], quad[3]])
    for found, wanted in zip(mapped_points(from_quads(square, quad), square), quad, strict=True):
        assert found == pytest.approx(wanted)
    with pytest.raises(ValueError, match="line"):
        from_quads([(0, 0), (1, 0), (2, 0), (3, 0)], quad)


@given(st.integers(0, 3), st.booleans(), st.integers(-50, 50), st.integers(-50, 50))
def test_exact_maps_are_recognised(quarters, mirrored, dx, dy):
    matrix = translation(dx, dy) @ rotation(90 * quarters)
    if mirrored:
        matrix = matrix @ np.diag([-1.0, 1.0, 1.0])
    assert lattice(matrix) == (quarters, mirrored, dx, dy)
    assert lattice(translation(0.5, 0) @ matrix) is None
    assert lattice(scaling(2, 1) @ matrix) is None


@pytest.mark.parametrize("signs", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_scaling_to_whole_pixels_leaves_sharp_edges(signs):
    picture, _ = two_layers()
    target = target_of(picture)
    matrix = scaling(1.5 * signs[0], 0.5 * signs[1], (10, 8))
    raster = transform(target, matrix)(picture).active_layer.raster
    area = content_bounds(raster)
    assert area[2:] == (30, 6)
    assert area.x == (10 if signs[0] > 0 else -20)
    assert area.y == (8 if signs[1] > 0 else 2)
    assert (raster.read(area)[..., 3] == 255).all()
    straight = transform(target, scaling(1.5, 0.5, (10, 8)))(picture).active_layer.raster
    wanted = straight.read(content_bounds(straight))[:: signs[1], :: signs[0]]
    assert np.abs(raster.read(area).astype(int) - wanted).max() <= 1


def test_what_turns_outside_of_what_is_kept_leaves_nothing():
    """A layer that was moved off the canvas, and the picture straightened and cropped."""
    thing = Raster.from_array(np.full((9, 20, 4), 200, np.uint8), 0, -6)
    kept = Rect(3, 5, 73, 61)
    for method in Resampling:
        assert warped(thing, rotation(0.05), method, kept).blank
