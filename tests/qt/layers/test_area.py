"""The Layer menu in the window."""

from __future__ import annotations

from typing import TypeVar

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from studio.document.masks import add_mask
from studio.qt.area import Area
from studio.qt.layers.area import LayersArea
from studio.qt.layers.commands import COMMANDS, CONTEXT_MENU
from studio.qt.main_window import MainWindow
from studio.qt.panels.area import HistoryArea

A = TypeVar("A", bound=Area)


@pytest.fixture
def layers(opened: MainWindow) -> LayersArea:
    return area(opened, LayersArea)


def area(window: MainWindow, kind: type[A]) -> A:
    return next(found for found in window.areas if isinstance(found, kind))


def names(window: MainWindow) -> list[str]:
    return [node.name for node, _ in window.session.document.picture.walk()]


def test_every_command_can_be_chosen_without_a_fault(
    qtbot: QtBot, opened: MainWindow, layers: LayersArea
):
    for command in COMMANDS:
        if command.id != "layer-rename":
            opened.actions_by_id.trigger(command.id)
            document = opened.session.document
            assert document.picture.layers
            document.go_to(0)
            while document.history.can_redo and document.history.position < 1:
                document.redo()


def test_commands_need_what_they_act_on(opened: MainWindow):
    actions = opened.actions_by_id
    assert not actions["layer-ungroup"].isEnabled()
    assert not actions["mask-apply"].isEnabled()
    assert not actions["mask-selection"].isEnabled()
    actions.trigger("layer-group")
    assert actions["layer-ungroup"].isEnabled()
    document = opened.session.document
    document.apply("Mask", add_mask(document.picture.active))
    assert actions["mask-delete"].isEnabled()
    assert not opened.actions_by_id["mask-selection"].isEnabled()


def test_the_context_menu_offers_what_can_be_done(opened: MainWindow, layers: LayersArea):
    menu = layers.make_menu()
    offered = {action.objectName() for action in menu.actions() if not action.isSeparator()}
    known = {name for kind in CONTEXT_MENU for name in kind}
    assert offered <= known
    assert {"layer-new", "layer-duplicate", "layer-flatten"} <= offered
    assert "layer-ungroup" not in offered
    menu.deleteLater()


def test_layers_by_keyboard_alone(qtbot: QtBot, opened: MainWindow):
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    canvas, key = opened.canvas, Qt.Key
    canvas.setFocus()
    opened.activateWindow()
    qtbot.keyClick(canvas, key.Key_N, control | shift)
    qtbot.keyClick(canvas, key.Key_J, control)
    assert names(opened) == ["Layer 1 copy", "Layer 1", "Background"]
    qtbot.keyClick(canvas, key.Key_BracketLeft, control)
    assert names(opened) == ["Layer 1", "Layer 1 copy", "Background"]
    qtbot.keyClick(canvas, key.Key_PageUp)
    qtbot.keyClick(canvas, key.Key_G, control)
    assert names(opened) == ["Group 1", "Layer 1", "Layer 1 copy", "Background"]
    qtbot.keyClick(canvas, key.Key_G, control | shift)
    qtbot.keyClick(canvas, key.Key_E, control)
    assert names(opened) == ["Layer 1 copy", "Background"]


def test_rename_opens_an_editor_in_the_panel(opened: MainWindow, layers: LayersArea):
    opened.docks["layers"].hide()
    opened.actions_by_id.trigger("layer-rename")
    assert layers.panel.isVisible()
    editor = layers.panel.tree.viewport().findChild(QLineEdit)
    assert editor is not None
    editor.setText("Photo")
    layers.panel.tree.itemDelegate().commitData.emit(editor)  # as Return does, a little later
    assert names(opened) == ["Photo"]


def test_the_snapshot_command(opened: MainWindow):
    opened.actions_by_id.trigger("snapshot")
    assert [snapshot.name for snapshot in opened.session.document.snapshots] == ["Snapshot 1"]
    assert area(opened, HistoryArea).panel.snapshots.model.rowCount() == 1


def test_keys_go_to_the_picture_after_the_opacity_and_where_the_pointer_is(
    qtbot: QtBot, opened: MainWindow, layers: LayersArea
):
    field, tree = layers.panel.look.field, layers.panel.tree
    opened.activateWindow()
    qtbot.waitUntil(opened.isActiveWindow)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "40")
    enter(opened)
    assert field.hasFocus(), "what is typed is not interrupted"
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert opened.canvas.hasFocus()
    assert opened.session.document.picture.active_node.opacity == 0.4
    tree.setFocus()
    enter(opened)
    assert opened.canvas.hasFocus()


def enter(window: MainWindow) -> None:
    """The pointer comes onto the canvas."""
    at = QPointF(5, 5)
    QApplication.sendEvent(window.canvas, QEnterEvent(at, at, window.canvas.mapToGlobal(at)))
