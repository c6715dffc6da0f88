"""What a person does in the layer panel."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from studio.document import BlendMode, Group, Layer, Picture, Raster
from studio.document import layer_edits as core
from studio.document.masks import add_mask
from studio.qt.layers.delegate import zones
from studio.qt.layers.model import FIRST, Column, Role

ROOT = QModelIndex()


def drop(bench, ids, parent, row) -> bool:
    model = bench.panel.model
    data = model.mimeData([model.index_of(node_id) for node_id in ids])
    target = model.index_of(parent, FIRST) if parent else ROOT
    action = Qt.DropAction.MoveAction
    if not model.canDropMimeData(data, action, row, 0, target):
        return False
    return model.dropMimeData(data, action, row, 0, target)


def click(qtbot, bench, place: QPoint, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.mouseClick(bench.panel.tree.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def center(bench, node_id: str, column: Column = Column.NAME) -> QPoint:
    tree = bench.panel.tree
    return tree.visualRect(bench.panel.model.index_of(node_id, column)).center()


def rows(bench) -> list[tuple[str, int]]:
    """Names and depths as the view's model has them."""
    model, found = bench.panel.model, []

    def collect(parent: QModelIndex, depth: int) -> None:
        for row in range(model.rowCount(parent)):
            found.append((model.index(row, Column.NAME, parent).data(), depth))
            collect(model.index(row, FIRST, parent), depth + 1)

    collect(ROOT, 0)
    return found


def test_shows_the_tree_top_to_bottom(bench):
    assert rows(bench) == bench.order() == [("a", 0), ("g", 0), ("b", 1), ("c", 1), ("d", 0)]
    assert bench.panel.tree.currentIndex().data() == "a"
    assert bench.panel.tree.isExpanded(bench.panel.model.index_of("g", FIRST))


@pytest.mark.parametrize(
    ("ids", "parent", "row", "after"),
    [
        (["d"], None, 0, ["d", "a", "g", "b", "c"]),
        (["a"], None, 3, ["g", "b", "c", "d", "a"]),
        (["a"], "g", 1, ["g", "b", "a", "c", "d"]),
        (["a"], "g", -1, ["g", "a", "b", "c", "d"]),
        (["c"], None, 0, ["c", "a", "g", "b", "d"]),
        (["a", "d"], "g", 2, ["g", "b", "c", "a", "d"]),
        (["b", "c"], None, -1, ["a", "g", "d", "b", "c"]),
        (["g"], None, 3, ["a", "d", "g", "b", "c"]),
        (["g", "b"], None, 0, ["g", "b", "c", "a", "d"]),
    ],
)
def test_dropped_rows_go_where_the_line_was(bench, ids, parent, row, after):
    assert drop(bench, ids, parent, row)
    assert [name for name, _ in rows(bench)] == after
    assert rows(bench) == bench.order()
    assert len(bench.titles()) == 1
    bench.document.undo()
    assert [name for name, _ in rows(bench)] == ["a", "g", "b", "c", "d"]


def test_a_group_cannot_be_dropped_into_itself(bench):
    bench.document.apply("New group", core.add_node(Group("h", id="h"), "b"))
    assert not drop(bench, ["g"], "h", -1)
    assert not drop(bench, ["g"], "g", 0)


def test_nothing_goes_into_a_locked_group(bench):
    bench.document.apply("Lock", core.change_node("g", locked=True))
    drop(bench, ["a"], "g", 0)
    assert bench.order()[0] == ("a", 0)
    assert "locked" in bench.message()


def test_renaming_in_place(qtbot: QtBot, bench):
    tree = bench.panel.tree
    tree.setFocus()
    bench.panel.rename_active()
    editor = tree.viewport().findChild(QLineEdit)
    assert editor.text() == "a"
    assert editor.accessibleName()
    editor.setText("  Sky   above ")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bench.order()[0] == ("Sky above", 0))
    assert bench.titles() == ["Rename layer"]


def test_the_eye_hides_and_shows(qtbot: QtBot, bench):
    click(qtbot, bench, center(bench, "g", Column.EYE))
    assert not bench.picture.is_visible("b")
    index = bench.panel.model.index_of("b", Column.EYE)
    assert index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    assert not index.data(Role.SHOWN)
    assert bench.picture.active == "a"  # a click on an eye chooses no layer
    click(qtbot, bench, center(bench, "g", Column.EYE))
    assert bench.titles() == ["Hide layer", "Show layer"]


def test_alt_click_shows_one_layer_and_then_all_that_showed_before(qtbot: QtBot, bench):
    bench.document.apply("Hide", core.change_node("c", visible=False))
    alt = Qt.KeyboardModifier.AltModifier
    click(qtbot, bench, center(bench, "b", Column.EYE), alt)
    assert [n.name for n, _ in bench.picture.walk() if bench.picture.is_visible(n.id)] == ["g", "b"]
    click(qtbot, bench, center(bench, "b", Column.EYE), alt)
    seen = [n.name for n, _ in bench.picture.walk() if bench.picture.is_visible(n.id)]
    assert seen == ["a", "g", "b", "d"]
    assert len(bench.titles()) == 3


def test_locked_layers_are_not_deleted(qtbot: QtBot, bench):
    click(qtbot, bench, center(bench, "a", Column.LOCK))
    assert bench.picture.is_locked("a")
    bench.panel.act.delete()
    assert "locked" in bench.message()
    assert ("a", 0) in bench.order()


def test_the_last_layer_stays_and_says_why(bench):
    bench.open(Picture.from_pixels(np.zeros((4, 4, 4), np.uint8)))
    bench.panel.act.delete()
    assert len(bench.picture.layers) == 1
    assert "at least one layer" in bench.message()
    assert bench.titles() == []


def test_a_click_chooses_a_layer_without_an_undo_step(qtbot: QtBot, bench):
    click(qtbot, bench, center(bench, "c"))
    assert bench.picture.active == "c"
    assert bench.titles() == []
    assert not bench.document.modified


def test_a_click_on_the_mask_paints_on_it(qtbot: QtBot, bench):
    bench.document.apply("Mask", add_mask("b"))
    bench.panel.act.activate("a")
    tree, model = bench.panel.tree, bench.panel.model
    parts = zones(tree.visualRect(model.index_of("b")), bench.picture.node("b"))
    click(qtbot, bench, parts.mask.center())
    assert (bench.picture.active, bench.picture.mask_active) == ("b", True)
    click(qtbot, bench, parts.pixels.center())
    assert (bench.picture.active, bench.picture.mask_active) == ("b", False)
    bench.panel.act.edit_mask()
    assert bench.picture.mask_active
    assert len(bench.titles()) == 1


def test_several_rows_are_treated_together(qtbot: QtBot, bench):
    click(qtbot, bench, center(bench, "b"))
    click(qtbot, bench, center(bench, "d"), Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tree.chosen_ids() == ("b", "d")
    bench.panel.act.group()
    assert bench.order() == [
        ("a", 0), ("g", 0), ("Group 1", 1), ("b", 2), ("d", 2), ("c", 1)
    ]  # fmt: skip
    assert bench.picture.active_node.name == "Group 1"
    bench.panel.act.ungroup()
    assert [name for name, _ in bench.order()] == ["a", "g", "b", "d", "c"]
    assert bench.titles() == ["Group layers", "Ungroup"]


def test_collapsed_groups_stay_collapsed(bench):
    tree, model = bench.panel.tree, bench.panel.model
    tree.collapse(model.index_of("g", FIRST))
    bench.panel.act.new_layer()
    assert not tree.isExpanded(model.index_of("g", FIRST))
    assert bench.picture.active_node.name == "Layer 1"
    bench.document.undo()
    assert not tree.isExpanded(model.index_of("g", FIRST))


def test_moving_by_keyboard_reaches_every_place(bench):
    act = bench.panel.act
    act.activate("d")
    seen = []
    for _ in range(6):
        act.step_up()
        seen.append(bench.order().index(next(r for r in bench.order() if r[0] == "d")))
        seen.append(dict(bench.order())["d"])
    # row, depth: in the group below c, over c, over b, out of the group, over a, and no further
    assert seen == [4, 1, 3, 1, 2, 1, 1, 0, 0, 0, 0, 0]
    for _ in range(6):
        act.step_down()
    assert bench.order()[-1] == ("d", 0)
    act.to_top()
    assert bench.order()[0] == ("d", 0)


def test_keys_in_the_list(qtbot: QtBot, bench):
    tree = bench.panel.tree
    tree.setFocus()
    qtbot.keyClick(tree, Qt.Key.Key_Down)
    assert bench.picture.active == "g"
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert not bench.picture.is_visible("g")
    qtbot.keyClick(tree, Qt.Key.Key_Delete)
    assert bench.order() == [("a", 0), ("d", 0)]
    assert bench.picture.active == "d"


def test_an_opacity_drag_is_seen_at_once_and_is_one_step(bench):
    slider = bench.panel.look.slider
    slider.setSliderDown(True)
    for value in (80, 60, 41):
        slider.setValue(value)
        assert bench.picture.active_node.opacity == value / 100
        assert bench.panel.look.field.value() == value
    assert bench.titles() == []
    slider.setSliderDown(False)
    assert bench.titles() == ["Opacity"]
    bench.document.undo()
    assert bench.picture.active_node.opacity == 1
    assert slider.value() == 100


def test_typed_opacity_is_one_step_of_all_chosen_layers(qtbot: QtBot, bench):
    click(qtbot, bench, center(bench, "b"))
    click(qtbot, bench, center(bench, "c"), Qt.KeyboardModifier.ControlModifier)
    field = bench.panel.look.field
    field.setFocus()
    for _ in range(3):
        field.stepDown()
    qtbot.waitUntil(lambda: bench.titles() == ["Opacity"])
    assert [bench.picture.layer(i).opacity for i in "bc"] == [0.97, 0.97]


def test_blend_modes(bench):
    look = bench.panel.look
    choices = {look.blend.itemData(i) for i in range(look.blend.count())} - {None}
    assert choices == {mode.value for mode in BlendMode}
    look.blend.setCurrentIndex(look.blend.findData("multiply"))
    look.blend.activated.emit(look.blend.currentIndex())
    assert bench.picture.active_node.blend is BlendMode.MULTIPLY
    bench.panel.act.activate("g")
    look.blend.setCurrentIndex(look.blend.findData("pass-through"))
    look.blend.activated.emit(look.blend.currentIndex())
    assert bench.picture.node("g").pass_through
    bench.document.undo()
    assert look.blend.currentData() == "normal"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_masks_from_the_selection_and_back(bench, dtype):
    top = np.iinfo(dtype).max
    picture = Picture.from_pixels(np.full((30, 40, 4), top, dtype))
    selection = np.zeros((30, 40, 1), np.uint8)
    selection[5:20, 8:30] = 255
    bench.open(picture.replaced(selection=Raster.from_array(selection)))
    act = bench.panel.act
    act.add_mask()
    assert bench.picture.mask_active
    act.add_mask()
    assert "has a mask already" in bench.message()
    bench.document.apply("Deselect", lambda p: p.replaced(selection=None))
    act.select_mask()
    assert np.array_equal(bench.picture.selection.read(bench.picture.bounds), selection)
    act.apply_mask()
    alpha = bench.picture.active_layer.raster.read(bench.picture.bounds)[..., 3]
    assert np.array_equal(alpha > 0, selection[..., 0] > 0)
    assert alpha.max() == top
    assert bench.picture.active_layer.mask is None


def test_merging_many_tiles_happens_on_a_thread(qtbot: QtBot, bench):
    big = np.full((2600, 2600, 4), 255, np.uint8)
    lower, upper = (Layer(n, Raster.from_array(big), id=n) for n in ("low", "up"))
    bench.open(Picture(2600, 2600, (lower, upper), "up"))
    bench.panel.act.merge_down()
    assert bench.busy == ["Merge down…"]
    assert bench.titles() == []
    bench.panel.act.activate("low")  # the picture goes on meanwhile
    bench.panel.act.activate("up")
    qtbot.waitUntil(lambda: bench.titles() == ["Merge down"], timeout=30_000)
    assert [name for name, _ in bench.order()] == ["low"]
    assert bench.busy[-1] == ""


def test_merging_says_what_stands_against_it(bench):
    act = bench.panel.act
    act.activate("d")
    act.merge_down()
    assert "nothing below" in bench.message()
    act.activate("a")
    act.merge_down()
    assert "is a group" in bench.message()
    act.flatten()
    assert len(bench.order()) == 1
    assert bench.titles() == ["Flatten picture"]


def test_chosen_layers_merge_into_one(qtbot: QtBot, bench):
    click(qtbot, bench, center(bench, "b"))
    click(qtbot, bench, center(bench, "c"), Qt.KeyboardModifier.ShiftModifier)
    bench.panel.act.merge_down()
    assert bench.order() == [("a", 0), ("g", 0), ("c", 1), ("d", 0)] or bench.order() == [
        ("a", 0), ("g", 0), ("b", 1), ("d", 0)
    ]  # fmt: skip
    assert bench.titles() == ["Merge layers"]


def test_duplicates_stand_above_their_originals(bench):
    bench.panel.act.activate("g")
    bench.panel.act.duplicate()
    names = [name for name, _ in bench.order()]
    assert names == ["a", "g copy", "b", "c", "g", "b", "c", "d"]


def test_next_and_previous_layer(bench):
    act = bench.panel.act
    seen = []
    for _ in range(6):
        act.activate_neighbour(1)
        seen.append(bench.picture.active)
    assert seen == ["g", "b", "c", "d", "d", "d"]
    act.activate_neighbour(-1)
    assert bench.picture.active == "c"


def test_another_document_is_followed_and_the_first_one_left_alone(bench):
    first = bench.document
    bench.open(Picture.from_pixels(np.zeros((4, 4, 4), np.uint8), "Other"))
    assert rows(bench) == [("Other", 0)]
    first.apply("Hide", core.change_node("a", visible=False))
    assert rows(bench) == [("Other", 0)]
    bench.workspace.session.close()
    assert [name for name, _ in rows(bench)] == ["a", "g", "b", "c", "d"]
    assert not bench.panel.model.index_of("a", Column.EYE).data(Role.SHOWN)
    bench.workspace.session.close()
    assert rows(bench) == []
    assert not bench.panel.look.isEnabled()


def test_every_row_speaks(bench):
    bench.document.apply("Mask", add_mask("b"))
    bench.document.apply("Lock", core.change_node("g", locked=True, opacity=0.5))
    model, role = bench.panel.model, Qt.ItemDataRole.AccessibleTextRole
    spoken = "b, layer, locked, painting goes to its mask"
    assert model.index_of("b").data(role) == spoken
    assert model.index_of("g").data(role) == "g, group, locked, 50%"
    assert all(button.accessibleName() for button in bench.panel.buttons.values())
