"""No control lacks a name that a screen reader can say, and each can be reached without a mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollBar,
    QSlider,
    QSpinBox,
    QTabBar,
    QTextEdit,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.qt.main_window import MainWindow
from studio.qt.tools.toolbox import TOOLS

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
)
POINTER_ONLY = {"DragHandle"}
"""Dragging into another application; Ctrl+Shift+C does it without a mouse."""


def inside_another(widget: QWidget) -> bool:
    """Whether it is a part that Qt itself puts into a control or beside it."""
    if isinstance(widget, QScrollBar | QHeaderView) or widget.objectName().startswith("qt_"):
        return True
    parent = widget.parentWidget()
    if isinstance(parent, QAbstractSpinBox | QComboBox | QTabBar | QHeaderView | QLineEdit):
        return True
    # The field of a spin box's own, the corner of a table, the list of a combo box.
    if isinstance(parent, QAbstractScrollArea) and widget is not parent.viewport():
        return isinstance(widget, QAbstractButton)
    owner = parent.parentWidget() if parent is not None else None
    return isinstance(owner, QComboBox)  # the list that drops down


def is_control(widget: QWidget) -> bool:
    """Whether a person does something with it: a known kind, or whatever takes the Tab key."""
    if inside_another(widget) or isinstance(widget, QMenu):
        return False
    takes_keys = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    frame = type(widget) in (QAbstractScrollArea, QWidget)
    return isinstance(widget, CONTROLS) or (takes_keys and not frame)


def name_of(widget: QWidget) -> str:
    """What a screen reader says: text, buddy's label or accessible name."""
    interface = QAccessible.queryAccessibleInterface(widget)
    said = "" if interface is None else interface.text(QAccessible.Text.Name)
    return (said or widget.accessibleName()).strip()


def path_of(widget: QWidget) -> str:
    parts: list[str] = []
    here: QWidget | None = widget
    while here is not None and len(parts) < 6:
        parts.append(here.objectName() or type(here).__name__)
        here = here.parentWidget()
    return " < ".join(parts)


def nameless(root: QWidget) -> list[str]:
    """The controls under a widget, itself included, that have no name."""
    widgets = [root, *root.findChildren(QWidget)]
    return [path_of(w) for w in widgets if is_control(w) and not name_of(w)]


def unreachable(root: QWidget) -> list[str]:
    """The visible controls that neither take the keyboard's focus nor have another way."""
    widgets = root.findChildren(QWidget)
    return [
        f"{path_of(w)}: {name_of(w)}"
        for w in widgets
        if is_control(w)
        and w.isVisibleTo(root)
        and w.isEnabled()
        and type(w).__name__ not in POINTER_ONLY
        and w.focusPolicy() == Qt.FocusPolicy.NoFocus
        and not has_other_way(w)
    ]


def has_other_way(widget: QWidget) -> bool:
    """A button of an action that is in a menu, too, or one with a key."""
    if isinstance(widget, QToolButton) and widget.defaultAction() is not None:
        return True
    if isinstance(widget, QAbstractButton) and widget.shortcut() != QKeySequence():
        return True
    return isinstance(widget, QScrollBar | QTabBar)


@pytest.fixture
def check() -> Iterator[Callable[[str, QWidget], None]]:
    """Collects what is wrong, so that one run tells of all of it."""
    wrong: dict[str, str] = {}

    def look(where: str, root: QWidget) -> None:
        for path in nameless(root):
            wrong.setdefault(path, f"{where}: no name: {path}")
        for path in unreachable(root):
            wrong.setdefault(path, f"{where}: not reachable by keyboard: {path}")

    yield look
    assert not wrong, "\n" + "\n".join(wrong.values())


def test_the_check_finds_what_it_looks_for(qtbot: QtBot):
    root = QWidget()
    qtbot.addWidget(root)
    row = QHBoxLayout(root)
    for control in (QToolButton(), QLineEdit(), QComboBox(), QSpinBox(), QListWidget(), QSlider()):
        row.addWidget(control)
    named = QPushButton("Named")
    named.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    row.addWidget(named)
    assert len(nameless(root)) == 6
    assert unreachable(root) == [f"{path_of(named)}: Named"]


def test_the_welcome_page(window: MainWindow, check: Callable[[str, QWidget], None]):
    check("window", window)


def test_every_panel_with_a_picture(
    opened: MainWindow, qtbot: QtBot, check: Callable[[str, QWidget], None]
):
    for dock in opened.docks.values():
        dock.show()
        dock.raise_()
        check(dock.windowTitle(), dock)
    check("window", opened)


def test_the_options_of_every_tool(opened: MainWindow, check: Callable[[str, QWidget], None]):
    for tool in TOOLS:
        opened.toolbox.choose(tool.id)
        check(tool.id, opened)


def test_the_form_of_every_operation(opened: MainWindow, check: Callable[[str, QWidget], None]):
    for operation in opened.services.registry.operations():
        opened.tools.choose_id(operation.id)
        check(operation.id, opened.tools)


def test_a_result_and_its_job(
    opened: MainWindow,
    run_to_result: Callable[[MainWindow, str], None],
    check: Callable[[str, QWidget], None],
):
    run_to_result(opened, "tiny.many")
    opened.docks["jobs"].show()
    check("result", opened)


def test_every_dialog(opened: MainWindow, qtbot: QtBot, check: Callable[[str, QWidget], None]):
    """Each command is done; what it opens is looked at and put away."""
    seen: list[str] = []
    present: list[str] = []

    def look() -> None:
        for widget in QApplication.topLevelWidgets():
            if not isinstance(widget, QDialog) or not widget.isVisible():
                continue
            if not isinstance(widget, QFileDialog):  # not ours
                assert widget.windowTitle(), f"{present[-1]} opens a dialog without a title"
                seen.append(widget.windowTitle())
                check(present[-1], widget)
            widget.reject()

    timer = QTimer()
    timer.setInterval(30)
    timer.timeout.connect(look)
    timer.start()
    opened.actions_by_id.trigger("select-all")
    for command in opened.actions_by_id.commands.values():
        if command.title.endswith("…") and opened.actions_by_id[command.id].isEnabled():
            present.append(command.id)
            opened.actions_by_id.trigger(command.id)
            qtbot.wait(40)
            look()
    timer.stop()
    assert {"Preferences", "Models", "Plugins", "Export"} <= {t.split(" ")[0] for t in seen}, seen
    opened.messages.hide()
