"""Edits of the layer tree, of masks, and merging, as the layer panel uses them."""

from __future__ import annotations

import numpy as np
import pytest

from studio.api.errors import UserError
from studio.document import (
    BlendMode,
    Group,
    Guide,
    Layer,
    Picture,
    Raster,
    Rect,
    Text,
    composite,
    edits,
    layer_edits,
    masks,
    merging,
)

SIZE = 60, 40


def filled(name, value, dtype=np.uint8, **changes):
    pixels = np.full((SIZE[1], SIZE[0], 4), value, dtype)
    return Layer(name, Raster.from_array(pixels), id=name, **changes)


@pytest.fixture
def picture():
    """Background, and above it a group of two with a layer on top."""
    group = Group("g", (filled("low", 10), filled("high", 20)), id="g")
    return Picture(*SIZE, (filled("back", 200), group, filled("top", 90)), "top")


def order(picture):
    """The tree from the top, a group's children in brackets."""

    def words(nodes):
        return " ".join(
            f"{node.id}({words(node.children)})" if isinstance(node, Group) else node.id
            for node in reversed(nodes)
        )

    return words(picture.nodes)


def test_the_tree_can_be_walked_and_searched(picture):
    assert [(node.id, depth) for node, depth in picture.walk()] == [
        ("top", 0),
        ("g", 0),
        ("high", 1),
        ("low", 1),
        ("back", 0),
    ]
    assert [layer.id for layer in picture.layers] == ["back", "low", "high", "top"]
    assert picture.parent("low").id == "g"
    assert picture.parent("top") is None
    assert picture.node("g").children[1] is picture.layer("high")
    assert picture.layer("g") is None
    assert picture.replaced(active="g").active_layer.id == "high"
    hidden = layer_edits.change_node("g", visible=False)(picture)
    assert not hidden.is_visible("low")
    assert layer_edits.change_node("g", locked=True)(picture).is_locked("high")


@pytest.mark.parametrize(
    ("node", "parent", "index", "after"),
    [
        ("top", None, 0, "g(high low) back top"),
        ("top", "g", 1, "g(high top low) back"),
        ("low", None, 9, "low top g(high) back"),
        ("g", None, 0, "top back g(high low)"),
        ("high", "g", 0, "top g(low high) back"),
        ("g", "g", 0, "top g(high low) back"),
    ],
)
def test_nodes_move_anywhere_but_into_themselves(picture, node, parent, index, after):
    assert order(layer_edits.move_node(node, parent, index)(picture)) == after


def test_a_move_to_where_it_is_changes_nothing(picture):
    assert layer_edits.move_node("g", None, 1)(picture) is picture


def test_grouping_takes_nodes_from_anywhere_to_the_place_of_the_topmost(picture):
    after = layer_edits.group(("low", "top"), "New")(picture)
    new = after.active_node
    assert order(after) == f"{new.id}(top low) g(high) back"
    assert new.name == "New"
    whole = layer_edits.group(("g", "low"), "New")(picture)
    assert order(whole) == f"top {whole.active}(g(high low)) back"
    assert layer_edits.group(())(picture) is picture


def test_ungrouping_puts_the_children_in_its_place(picture):
    after = layer_edits.ungroup("g")(picture.replaced(active="g"))
    assert order(after) == "top high low back"
    assert after.active == "high"
    assert layer_edits.ungroup("top")(picture) is picture
    empty = picture.with_node(Group("g", id="g")).replaced(active="g")
    assert order(layer_edits.ungroup("g")(empty)) == "top back"


def test_a_copy_has_ids_of_its_own_and_shares_tiles(picture):
    after = layer_edits.duplicate("g")(picture)
    copy = after.active_node
    assert copy.name == "g copy"
    assert [child.name for child in copy.children] == ["low", "high"]
    assert len({node.id for node, _ in after.walk()}) == 8
    assert copy.children[0].raster is picture.layer("low").raster
    again = layer_edits.duplicate(copy.id)(after)
    assert again.active_node.name == "g copy"


def test_a_copy_is_named_in_the_language_of_the_user(picture):
    after = layer_edits.duplicate("g", "Kopie")(picture)
    assert after.active_node.name == "g Kopie"
    again = layer_edits.duplicate(after.active, "Kopie")(after)
    assert again.active_node.name == "g Kopie"


def test_removing_chooses_a_neighbour_and_keeps_a_last_layer(picture):
    after = layer_edits.remove_node("high")(picture.replaced(active="high"))
    assert (order(after), after.active) == ("top g(low) back", "low")
    emptied = layer_edits.remove_node("low")(after)
    assert (order(emptied), emptied.active) == ("top g() back", "g")
    only = layer_edits.remove_node("top")(layer_edits.remove_node("back")(picture))
    assert layer_edits.remove_node("g")(only) is only


def test_a_new_layer_goes_above_the_active_one_or_into_an_empty_group(picture):
    new = filled("new", 1)
    assert order(layer_edits.add_node(new)(picture.replaced(active="low"))) == (
        "top g(high new low) back"
    )
    empty = picture.with_node(Group("g", id="g")).replaced(active="g")
    assert order(layer_edits.add_node(new)(empty)) == "top g(new) back"
    assert order(layer_edits.add_node(new, above="g")(picture)) == "top new g(high low) back"


def test_locked_and_hidden_layers_and_groups_are_not_painted_on(picture):
    pixels = np.full((3, 3, 4), 255, np.uint8)
    locked = layer_edits.change_node("g", locked=True)(picture)
    with pytest.raises(UserError, match="“g” is locked"):
        edits.paint("low", 0, 0, pixels)(locked)
    with pytest.raises(UserError, match="locked"):
        edits.paint_target(locked.replaced(active="low"))
    with pytest.raises(UserError, match="is a group"):
        edits.paint_target(picture.replaced(active="g"))
    hidden = layer_edits.change_node("g", visible=False)(picture)
    with pytest.raises(UserError, match="hidden"):
        edits.paint_target(hidden.replaced(active="low"))
    assert edits.paint_target(picture).id == "top"


def test_painting_on_text_leaves_pixels_only(picture):
    text = Text("Hello", "Sans", 12, (0, 0, 0), 3, 4)
    written = layer_edits.change_node("top", text=text)(picture)
    painted = edits.paint("top", 0, 0, np.full((3, 3, 4), 255, np.uint8))(written)
    assert written.layer("top").text == text
    assert painted.layer("top").text is None


def test_guides_and_text_follow_the_canvas(picture):
    text = Text("Hello", "Sans", 12, (0, 0, 0), 30, 20)
    marked = layer_edits.change_node("top", text=text)(picture).replaced(
        guides=(Guide(vertical=True, position=30), Guide(vertical=False, position=10))
    )
    cut = edits.crop(Rect(20, 15, 30, 20))(marked)
    assert cut.guides == (Guide(vertical=True, position=10),)
    assert (cut.layer("top").text.x, cut.layer("top").text.y) == (10, 5)
    large = edits.rescale(SIZE[0] * 2, SIZE[1] * 2, {})(marked)
    assert [guide.position for guide in large.guides] == [60, 20]
    assert large.layer("top").text == text.replaced(x=60, y=40, size=24)
    assert edits.rescale(SIZE[0] * 2, SIZE[1], {})(marked).layer("top").text is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_mask_that_reveals_everything_changes_nothing_and_hides_when_told(dtype):
    picture = Picture(*SIZE, (filled("only", 200, dtype),), "only")
    before = composite(picture)
    shown = masks.add_mask("only")(picture)
    assert shown.mask_active
    np.testing.assert_array_equal(composite(shown), before)
    assert not composite(masks.add_mask("only", reveal=False)(picture)).any()
    removed = masks.remove_mask("only")(shown)
    assert removed.layer("only").mask is None
    assert not removed.mask_active


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_mask_goes_into_the_alpha_and_back_to_a_selection(dtype):
    rng = np.random.default_rng(4)
    picture = Picture(*SIZE, (filled("back", 0, dtype), filled("only", 200, dtype)), "only")
    soft = rng.integers(0, 255, (SIZE[1], SIZE[0], 1), np.uint8, endpoint=True)
    selected = picture.replaced(selection=Raster.from_array(soft))
    masked = masks.mask_from_selection("only")(selected)
    applied = masks.apply_mask("only")(masked)
    assert applied.layer("only").mask is None
    got, want = composite(applied).astype(int), composite(masked).astype(int)
    got[got[..., 3] == 0] = want[want[..., 3] == 0] = 0  # where nothing shows, colour is free
    np.testing.assert_allclose(got, want, atol=1)
    back = masks.selection_from_mask("only")(masked.replaced(selection=None))
    np.testing.assert_array_equal(back.selection.read(picture.bounds), soft)
    alpha = masks.selection_from_alpha("only")(applied)
    want = np.rint(soft * (200 / np.iinfo(dtype).max))
    np.testing.assert_allclose(alpha.selection.read(picture.bounds), want, atol=1)
    assert masks.mask_from_selection("only")(picture).layer("only").mask is not None


def test_transparency_becomes_a_mask_that_shows_the_same(picture):
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 255, (40, 60, 4), np.uint8, endpoint=True)
    soft = picture.with_layer(Layer("top", Raster.from_array(pixels), id="top"))
    after = masks.mask_from_alpha("top")(soft)
    np.testing.assert_allclose(composite(after).astype(int), composite(soft).astype(int), atol=1)
    assert after.layer("top").raster.read(picture.bounds)[..., 3].min() == 255
    with pytest.raises(UserError, match="has a mask"):
        masks.mask_from_alpha("top")(after)
    with pytest.raises(UserError, match="group"):
        masks.apply_mask("g")(masks.add_mask("g")(picture))


def test_merging_down_refuses_what_it_cannot_keep(picture):
    with pytest.raises(UserError, match="nothing below"):
        merging.merge_down("back")(picture)
    with pytest.raises(UserError, match="is a group"):
        merging.merge_down("top")(picture)
    with pytest.raises(UserError, match="hidden"):
        merging.merge_down("high")(layer_edits.change_node("low", visible=False)(picture))
    with pytest.raises(UserError, match="locked"):
        merging.merge_down("high")(layer_edits.change_node("low", locked=True)(picture))
    with pytest.raises(UserError, match="no layer in"):
        merging.merge_group("g")(picture.with_node(Group("g", id="g")))


def test_merging_down_keeps_the_name_and_place_of_the_lower_layer(picture):
    after = merging.merge_down("high")(picture)
    assert order(after) == "top g(low) back"
    assert after.active == "low"
    below = layer_edits.change_node("back", blend=BlendMode.SCREEN, opacity=0.5)(picture)
    joined = merging.merge_down("g")(below)
    assert joined.layer("back").blend is BlendMode.SCREEN
    assert joined.layer("back").opacity == 1


def test_flattening_a_flat_picture_changes_nothing():
    picture = Picture(*SIZE, (filled("only", 200),), "only")
    assert merging.flatten()(picture) is picture
    assert merging.merge_visible()(picture) is picture


def test_grouping_keeps_the_look_of_blend_modes():
    rng = np.random.default_rng(3)
    pixels = [rng.integers(0, 256, (20, 30, 4), np.uint8) for _ in range(2)]
    low, top = (
        Layer(name, Raster.from_array(array), id=name, blend=blend)
        for name, array, blend in zip(
            ("low", "top"), pixels, (BlendMode.NORMAL, BlendMode.SOFT_LIGHT), strict=True
        )
    )
    picture = Picture(30, 20, (low, top), active="top")
    grouped = layer_edits.group(("top",), "New")(picture)
    again = layer_edits.group((grouped.active,), "Outer")(grouped)
    seen = composite(picture, picture.bounds)
    assert np.array_equal(composite(grouped, picture.bounds), seen)
    assert np.array_equal(composite(again, picture.bounds), seen)
    assert not layer_edits.group(("low",), "New")(picture).active_node.pass_through
