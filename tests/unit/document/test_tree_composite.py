"""Groups, blend modes and masks together, against a naive reference in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import BlendMode, Group, Layer, Picture, Raster, Rect, composite
from studio.document.blend import blended
from studio.document.composite import composite_nodes
from studio.document.differences import shown_differences
from studio.document.layer_edits import change_node
from studio.document.merging import flatten, merge_down, merge_group, merge_visible

SEEDS = st.integers(0, 2**32 - 1)
DEPTHS = st.sampled_from([np.uint8, np.uint16])
SIZE = 300, 280


def noise(rng, shape, dtype):
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def looks(rng, dtype):
    """Attributes that layers and groups share."""
    mask = None
    if rng.random() < 0.3:
        x, y = int(rng.integers(-20, 150)), int(rng.integers(-20, 150))
        mask = Raster.from_array(noise(rng, (200, 200, 1), dtype), x, y)
    return {
        "visible": bool(rng.random() < 0.85),
        "opacity": float(rng.choice([1, 1, 0, rng.random()])),
        "mask": mask,
        "blend": list(BlendMode)[int(rng.integers(len(BlendMode)))],
    }


def random_node(rng, dtype, depth):
    if depth < 2 and rng.random() < 0.3:
        children = tuple(random_node(rng, dtype, depth + 1) for _ in range(rng.integers(0, 4)))
        return Group("group", children, pass_through=bool(rng.random() < 0.4), **looks(rng, dtype))
    pixels = noise(rng, (int(rng.integers(1, 200)), int(rng.integers(1, 200)), 4), dtype)
    if rng.random() < 0.5:
        pixels[..., 3] = np.iinfo(dtype).max
    x, y = int(rng.integers(-40, 250)), int(rng.integers(-40, 250))
    return Layer("layer", Raster.from_array(pixels, x, y), **looks(rng, dtype))


def random_tree(seed, dtype):
    rng = np.random.default_rng(seed)
    base = Layer("base", Raster.from_array(noise(rng, (150, 300, 4), dtype)))
    nodes = (base, *(random_node(rng, dtype, 0) for _ in range(rng.integers(1, 5))))
    return Picture(*SIZE, nodes, base.id)


def reference(nodes, rect, color, alpha):
    """General formula of the recommendation, section 5.1 and 5.2, in float64."""
    for node in nodes:
        if not node.visible or node.opacity == 0:
            continue
        share = np.full((rect.height, rect.width), node.opacity)
        if node.mask is not None:
            share = share * (node.mask.read(rect)[..., 0] / node.mask.maximum)
        if isinstance(node, Group) and node.pass_through:
            inner_color, inner_alpha = reference(node.children, rect, color, alpha)
            color = color + (inner_color - color) * share
            alpha = alpha + (inner_alpha - alpha) * share
            continue
        if isinstance(node, Group):
            nothing = np.zeros_like(color), np.zeros_like(alpha)
            source, source_alpha = reference(node.children, rect, *nothing)
            source = source / np.where(source_alpha > 0, source_alpha, 1)
        else:
            pixels = node.raster.read(rect) / node.raster.maximum
            source, source_alpha = pixels[..., :3].transpose(2, 0, 1), pixels[..., 3]
        source_alpha = source_alpha * share
        below = color / np.where(alpha > 0, alpha, 1)
        mixed = blended(node.blend, below.astype(np.float32), source.astype(np.float32))
        source = (1 - alpha) * source + alpha * mixed
        color = source_alpha * source + (1 - source_alpha) * color
        alpha = source_alpha + (1 - source_alpha) * alpha
    return color, alpha


def shown(nodes, rect):
    empty = np.zeros((3, rect.height, rect.width)), np.zeros((rect.height, rect.width))
    color, alpha = reference(nodes, rect, *empty)
    return color.transpose(1, 2, 0), alpha


def difference(picture, pixels, rect):
    """Largest premultiplied difference from the reference, in levels of 255."""
    color, alpha = shown(picture.nodes, rect)
    got = pixels / np.iinfo(picture.dtype).max
    premultiplied = got[..., :3] * got[..., 3:]
    return max(np.abs(premultiplied - color).max(), np.abs(got[..., 3] - alpha).max()) * 255


@settings(deadline=None, max_examples=40)
@given(seed=SEEDS, dtype=DEPTHS)
def test_a_tree_composes_as_the_formula_says(seed, dtype):
    picture = random_tree(seed, dtype)
    allowed = 1.0 if dtype == np.uint8 else 0.05
    assert difference(picture, composite(picture), picture.bounds) <= allowed


@settings(deadline=None, max_examples=20)
@given(seed=SEEDS, x=st.integers(-80, 320), y=st.integers(-80, 320))
def test_any_part_of_the_plane_composes_alike(seed, x, y):
    picture = random_tree(seed, np.uint16)
    rect = Rect(x, y, 70, 60)
    assert difference(picture, composite_nodes(picture.nodes, rect), rect) <= 0.05


@settings(deadline=None, max_examples=25)
@given(seed=SEEDS, dtype=DEPTHS)
def test_flattening_and_merging_what_shows_change_nothing_that_is_seen(seed, dtype):
    picture = random_tree(seed, dtype)
    before = composite(picture)
    flat = flatten()(picture)
    assert len(flat.nodes) == 1
    np.testing.assert_array_equal(composite(flat), before)
    merged = merge_visible()(picture)
    np.testing.assert_array_equal(composite(merged), before)
    hidden = {node.id for node in picture.nodes if not node.visible}
    assert hidden <= {node.id for node in merged.nodes}


@settings(deadline=None, max_examples=25)
@given(seed=SEEDS)
def test_merging_groups_and_layers_keeps_the_looks(seed):
    """Where the formulas allow it: isolated groups, and normal layers below."""
    picture = random_tree(seed, np.uint16)
    before = composite(picture).astype(float)
    for node in picture.nodes:
        if isinstance(node, Group) and node.children and not node.pass_through:
            if not any(node in picture.path(layer.id) for layer in picture.layers):
                continue
            merged = merge_group(node.id)(picture)
            assert isinstance(merged.node(node.id), Layer)
            # The group's children are rounded to 16 bits once more.
            assert difference_between(composite(merged), before) <= 0.2
    for lower, upper in zip(picture.nodes, picture.nodes[1:], strict=False):
        if isinstance(lower, Group) or not (lower.visible and upper.visible):
            continue
        if lower is picture.nodes[0]:
            merged = merge_down(upper.id)(picture)
            assert merged.node(upper.id) is None
            assert difference_between(composite(merged), before) <= 0.2


def difference_between(after, before):
    def premultiplied(pixels):
        return np.concatenate([pixels[..., :3] * (pixels[..., 3:] / 65535), pixels[..., 3:]], 2)

    return np.abs(premultiplied(after.astype(float)) - premultiplied(before)).max() / 257


@settings(deadline=None, max_examples=30)
@given(seed=SEEDS)
def test_only_tiles_that_are_named_look_different(seed):
    rng = np.random.default_rng(seed)
    before = random_tree(seed, np.uint8)
    nodes = [node for node, _ in before.walk()]
    node = nodes[int(rng.integers(len(nodes)))]
    changes = looks(rng, np.uint8)
    chosen = {key: changes[key] for key in rng.choice(list(changes), 2, replace=False)}
    after = change_node(node.id, **chosen)(before)
    tiles = shown_differences(before, after)
    assert tiles is not None
    different = (composite(before) != composite(after)).any(axis=2)
    really = {(int(x) // 256, int(y) // 256) for y, x in np.argwhere(different)}
    assert really <= tiles


def test_a_hidden_layer_that_is_edited_makes_no_tile_dirty():
    picture = random_tree(1, np.uint8)
    base = picture.nodes[0].replaced(visible=False)
    hidden = picture.with_node(base)
    painted = base.replaced(raster=base.raster.write(0, 0, np.full((9, 9, 4), 7, np.uint8)))
    assert shown_differences(hidden, hidden.with_node(painted)) == set()


def test_a_pass_through_group_lets_its_children_blend_with_what_is_below():
    red, gray = (
        Raster.from_array(np.full((1, 1, 4), value, np.uint8))
        for value in ((200, 100, 50, 255), (128, 128, 128, 255))
    )
    base, top = Layer("base", red), Layer("top", gray, blend=BlendMode.MULTIPLY)
    group = Group("group", (top,))

    def shown_with(node):
        return composite(Picture(1, 1, (base, node), base.id))[0, 0, :3].tolist()

    assert shown_with(group) == [128, 128, 128]
    assert shown_with(group.replaced(pass_through=True)) == [100, 50, 25]
    assert shown_with(group.replaced(pass_through=True, opacity=0.5)) == [150, 75, 38]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_empty_group_and_one_of_hidden_layers_show_nothing(dtype):
    rng = np.random.default_rng(0)
    base = Layer("base", Raster.from_array(noise(rng, (9, 9, 4), dtype)))
    hidden = Layer("hidden", Raster.from_array(noise(rng, (9, 9, 4), dtype)), visible=False)
    plain = Picture(9, 9, (base,), base.id)
    for group in (Group("empty"), Group("hidden", (hidden,)), Group("both", (Group("in"),))):
        got = composite(plain.replaced(nodes=(base, group)))
        np.testing.assert_array_equal(got, composite(plain))
