"""Panels, full screen, the original at a key, shortcuts, recent files, new pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QStyleHints
from pytestqt.qtbot import QtBot

from studio.document import Rect, composite, edits
from studio.document.layer_edits import change_node
from studio.host.services import Services
from studio.host.settings import Settings
from studio.qt.actions import Actions, Command
from studio.qt.areas import AREAS
from studio.qt.dialogs.new_picture import NewPictureDialog
from studio.qt.dialogs.preferences import Preferences
from studio.qt.dialogs.shortcuts import ShortcutsDialog
from studio.qt.main_window import MainWindow
from studio.qt.theme import Theme
from studio.qt.window.commands import COMMANDS
from studio.qt.window.recent import RecentMenu

Run = Callable[[MainWindow, str], None]


@pytest.fixture
def focused(qtbot: QtBot, opened: MainWindow) -> MainWindow:
    """The window with a picture, the focus on the canvas."""
    opened.activateWindow()
    opened.canvas.setFocus()
    qtbot.waitUntil(opened.canvas.hasFocus)
    return opened


# Panels


def test_tab_hides_the_panels_and_brings_them_back(qtbot: QtBot, focused: MainWindow) -> None:
    focused.docks["jobs"].hide()
    shown = {name for name, dock in focused.docks.items() if not dock.isHidden()}
    assert "tools" in shown
    qtbot.keyClick(focused.canvas, Qt.Key.Key_Tab)
    assert all(dock.isHidden() for dock in focused.docks.values())
    assert focused.actions_by_id["hide-panels"].isChecked()
    qtbot.waitUntil(focused.canvas.hasFocus)
    qtbot.keyClick(focused.canvas, Qt.Key.Key_Tab)
    assert {name for name, dock in focused.docks.items() if not dock.isHidden()} == shown
    assert not focused.actions_by_id["hide-panels"].isChecked()


def test_tab_moves_the_focus_outside_the_canvas(qtbot: QtBot, focused: MainWindow) -> None:
    focused.tools.operations.search.setFocus()
    qtbot.keyClick(focused.tools.operations.search, Qt.Key.Key_Tab)
    assert not focused.docks["tools"].isHidden()
    assert not focused.tools.operations.search.hasFocus()


def test_the_layout_survives_a_restart_with_panels_put_away(
    qtbot: QtBot, services: Services, theme: Theme
) -> None:
    first = MainWindow(services, theme)
    qtbot.addWidget(first)
    first.show()
    first.docks["jobs"].hide()
    first.hide_panels(True)
    first.close()
    second = MainWindow(services, theme)
    qtbot.addWidget(second)
    assert second.docks["jobs"].isHidden()
    assert not second.docks["tools"].isHidden()
    second.close()


def test_the_layout_can_be_reset(qtbot: QtBot, window: MainWindow) -> None:
    dock = window.docks["tools"]
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.docks["jobs"].hide()
    window.actions_by_id.trigger("reset-layout")
    assert window.dockWidgetArea(dock) == Qt.DockWidgetArea.LeftDockWidgetArea
    assert not window.docks["jobs"].isHidden()


def test_a_panel_that_a_saved_layout_does_not_know_is_shown(
    qtbot: QtBot, window: MainWindow
) -> None:
    dock = window.docks["jobs"]
    dock.setObjectName("another-dock")
    saved = window.panels.save()
    dock.setObjectName("jobs-dock")
    window.panels.restore(saved)
    assert not dock.isHidden()
    assert window.dockWidgetArea(dock) == Qt.DockWidgetArea.RightDockWidgetArea


def test_full_screen_and_back(window: MainWindow) -> None:
    window.actions_by_id.trigger("full-screen")
    assert window.isFullScreen()
    window.actions_by_id.trigger("full-screen")
    assert not window.isFullScreen()


# Looking at the original


def test_holding_a_key_shows_the_picture_as_opened(qtbot: QtBot, focused: MainWindow) -> None:
    document = focused.session.document
    assert document is not None
    opened = document.picture
    document.apply("Fade", change_node(opened.active, opacity=0.25))
    qtbot.keyPress(focused.canvas, Qt.Key.Key_O)
    assert focused.canvas.overlay is not None
    assert focused.canvas.overlay.after is opened
    qtbot.keyRelease(focused.canvas, Qt.Key.Key_O)
    assert focused.canvas.overlay is None
    assert document.picture is not opened


def test_saving_makes_another_picture_the_original(
    qtbot: QtBot, focused: MainWindow, tmp_path: Path
) -> None:
    document = focused.session.document
    assert document is not None
    document.apply("Fade", change_node(document.picture.active, opacity=0.25))
    saved = document.picture
    with qtbot.waitSignal(focused.files.saved):
        focused.files.write(tmp_path / "x.ora")
    document.apply("Fade", change_node(document.picture.active, opacity=0.75))
    focused.actions_by_id.trigger("show-opened")
    assert focused.canvas.overlay is not None
    assert focused.canvas.overlay.after is saved
    qtbot.mouseClick(focused.canvas, Qt.MouseButton.MiddleButton)
    assert focused.canvas.overlay is None


def test_over_a_result_the_key_hides_the_result(
    qtbot: QtBot, focused: MainWindow, run_to_result: Run
) -> None:
    run_to_result(focused, "tiny.invert")
    overlay = focused.canvas.overlay
    focused.activateWindow()
    focused.canvas.setFocus()
    qtbot.waitUntil(focused.canvas.hasFocus)
    qtbot.keyPress(focused.canvas, Qt.Key.Key_O)
    assert focused.canvas.showing_before
    qtbot.keyRelease(focused.canvas, Qt.Key.Key_O)
    assert not focused.canvas.showing_before
    assert focused.canvas.overlay is overlay


# Commands and keys


def test_no_two_commands_share_a_key(window: MainWindow) -> None:
    owners: dict[str, list[str]] = {}
    for name in window.actions_by_id.commands:
        for keys in window.actions_by_id.keys(name):
            owners.setdefault(keys, []).append(name)
    assert {keys: ids for keys, ids in owners.items() if len(ids) > 1} == {}


def test_areas_bring_a_handler_for_each_command(window: MainWindow) -> None:
    for area in window.areas:
        wanted = {command.id for command in area.commands}
        assert wanted <= area.handlers().keys(), type(area).__name__
    assert {type(area) for area in window.areas} == set(AREAS)


def test_two_commands_of_one_name_are_refused(window: MainWindow, theme: Theme) -> None:
    twice = (COMMANDS[0], COMMANDS[0])
    with pytest.raises(ValueError, match="new"):
        Actions(window, theme, twice, {"new": lambda: None})


def test_switches_follow_facts_without_calling_back(window: MainWindow, theme: Theme) -> None:
    heard: list[bool] = []
    command = Command("on", "On", checkable=True)
    actions = Actions(window, theme, (command,), {"on": heard.append})
    actions.show_state({"on": True})
    assert actions["on"].isChecked()
    assert heard == []
    actions.trigger("on")
    assert heard == [False]


def test_menus_nest_and_are_parted_by_sections(window: MainWindow, theme: Theme) -> None:
    made = [
        Command("a", "A", "Layer", section=0),
        Command("b", "B", "Layer/Mask", section=1),
        Command("c", "C", "Layer/Mask", section=2),
        Command("d", "D", "Layer", section=2),
    ]
    actions = Actions(window, theme, made, dict.fromkeys("abcd", lambda: None))
    bar = window.menuBar()
    menus = actions.fill_menus(bar)

    def titles(name: str) -> list[str]:
        return [action.text() if not action.isSeparator() else "-"
                for action in menus[name].actions()]  # fmt: skip

    assert titles("Layer") == ["A", "-", "Mask", "-", "D"]
    assert titles("Layer/Mask") == ["B", "-", "C"]


@pytest.fixture
def editor(qtbot: QtBot, window: MainWindow) -> ShortcutsDialog:
    """The shortcut editor."""
    dialog = ShortcutsDialog(window, window.actions_by_id, window.services.settings)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def press(dialog: ShortcutsDialog, keys: str) -> None:
    """Enter keys as if they were pressed."""
    dialog.keys.setKeySequence(QKeySequence(keys))


def test_keys_can_be_searched(editor: ShortcutsDialog) -> None:
    def shown(query: str) -> list[str]:
        editor.search.setText(query)
        rows = [editor.list.topLevelItem(i) for i in range(editor.list.topLevelItemCount())]
        return [row.text(0) for row in rows if row is not None and not row.isHidden()]

    assert shown("ctrl+shift+s") == ["Save as"]
    assert "Invert" in shown("tools adjust")
    assert shown("no such thing") == []
    assert editor.empty.isVisible()


def test_new_keys_work_at_once_and_are_remembered(
    window: MainWindow, editor: ShortcutsDialog
) -> None:
    actions, settings = window.actions_by_id, window.services.settings
    editor.choose("import-model")
    press(editor, "Ctrl+Alt+M")
    editor.use.click()
    assert actions["import-model"].shortcut() == QKeySequence("Ctrl+Alt+M")
    assert "Ctrl+Alt+M" in actions["import-model"].toolTip()
    assert settings.shortcuts == {"import-model": ("Ctrl+Alt+M",)}
    folder = settings.path
    assert folder is not None
    assert Settings.load(folder.parent).shortcuts == settings.shortcuts
    editor.reset.click()
    assert actions.keys("import-model") == ()
    assert settings.shortcuts == {}


def test_a_key_is_taken_only_after_saying_from_whom(
    window: MainWindow, editor: ShortcutsDialog
) -> None:
    actions = window.actions_by_id
    editor.choose("import-model")
    press(editor, "Ctrl+S")
    assert "Save" in editor.problem.text()
    assert actions.keys("save") == ("Ctrl+S",)
    editor.use.click()
    assert actions.keys("import-model") == ("Ctrl+S",)
    assert actions.keys("save") == ()
    editor.reset_all.click()
    assert actions.keys("import-model") == ()
    assert actions.keys("save") == ("Ctrl+S",)


def test_a_second_key_and_none_at_all(window: MainWindow, editor: ShortcutsDialog) -> None:
    actions = window.actions_by_id
    editor.choose("save")
    press(editor, "F12")
    editor.add.click()
    assert actions.keys("save") == ("Ctrl+S", "F12")
    editor.clear.click()
    assert actions.keys("save") == ()
    assert actions["save"].toolTip() == "Save"


def test_keys_of_the_canvas_cannot_be_taken(editor: ShortcutsDialog) -> None:
    editor.choose("save")
    press(editor, "Space")
    assert not editor.use.isEnabled()


def test_operations_can_have_keys(window: MainWindow, editor: ShortcutsDialog) -> None:
    editor.choose("operation:tiny.invert")
    press(editor, "Ctrl+Alt+F")
    editor.use.click()
    second = window.actions_by_id["operation:tiny.invert"]
    assert second.shortcut() == QKeySequence("Ctrl+Alt+F")


def test_chosen_keys_are_there_at_the_next_start(
    qtbot: QtBot, services: Services, theme: Theme
) -> None:
    services.settings.update(shortcuts={"open": ("F4",), "gone": ("F7",)})
    made = MainWindow(services, theme)
    qtbot.addWidget(made)
    assert made.actions_by_id.keys("open") == ("F4",)
    dialog = ShortcutsDialog(made, made.actions_by_id, services.settings)
    dialog.choose("save")
    press(dialog, "F6")
    dialog.use.click()
    assert services.settings.shortcuts["gone"] == ("F7",), "a plugin may come back"
    made.close()


# Files


def test_recent_files_are_listed_and_cleared(qtbot: QtBot, opened: MainWindow, photo: Path) -> None:
    heard: list[Path] = []
    menu = RecentMenu(opened, opened.services.settings, heard.append)
    assert "photo.png" in menu.actions()[0].text()
    menu.actions()[0].trigger()
    assert heard == [photo]
    menu.actions()[-1].trigger()
    assert opened.services.settings.recent_files == ()
    menu.fill()
    assert not menu.actions()[0].isEnabled()


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("background", ["white", "black", "transparent"])
def test_new_pictures(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, depth: int, background: str
) -> None:
    def fill(dialog: NewPictureDialog) -> int:
        dialog.width_box.setValue(300)
        dialog.height_box.setValue(20)
        dialog.depth_box.setCurrentIndex(dialog.depth_box.findData(depth))
        dialog.background.setCurrentIndex(dialog.background.findData(background))
        return 1

    monkeypatch.setattr(NewPictureDialog, "exec", fill)
    window.actions_by_id.trigger("new")
    document = window.session.document
    assert document is not None
    assert document.modified
    pixels = composite(document.picture)
    most = 2**depth - 1
    wanted = {"white": [most] * 4, "black": [0, 0, 0, most], "transparent": [0] * 4}
    assert pixels.shape == (20, 300, 4)
    assert np.iinfo(pixels.dtype).max == most
    assert (pixels == wanted[background]).all()
    again = NewPictureDialog(window, window.services.settings)
    assert again.width_box.value() == 300
    assert again.background.currentData() == background


def test_a_new_picture_beyond_the_limit_is_refused(window: MainWindow) -> None:
    dialog = NewPictureDialog(window, window.services.settings)
    dialog.width_box.setValue(90_000)
    dialog.height_box.setValue(90_000)
    assert not dialog.accept_button.isEnabled()
    assert "300" in dialog.facts.text()


def test_sizes_can_be_chosen_by_name(window: MainWindow) -> None:
    dialog = NewPictureDialog(window, window.services.settings)
    row = dialog.preset.findText("Photo, 3000 × 2000")
    dialog.preset.setCurrentIndex(row)
    dialog.preset.activated.emit(row)
    assert (dialog.width_box.value(), dialog.height_box.value()) == (3000, 2000)
    dialog.width_box.setValue(3001)
    assert dialog.preset.currentIndex() == 0


def test_the_language_is_chosen_in_preferences(qtbot: QtBot, window: MainWindow) -> None:
    dialog = Preferences(window, window.services.settings, window.workspace.background)
    row = dialog.language.findData("de")
    assert dialog.language.itemText(row) == "Deutsch"
    dialog.language.setCurrentIndex(row)
    dialog.language.activated.emit(row)
    assert window.services.settings.language == "de"
    qtbot.waitUntil(lambda: not window.workspace.background.busy, timeout=60_000)


def test_the_theme_follows_the_system(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    hints = QGuiApplication.styleHints()
    scheme = [Qt.ColorScheme.Unknown]
    # The offscreen platform has no scheme of its own and tells of none.
    monkeypatch.setattr(QStyleHints, "colorScheme", lambda _hints: scheme[0])
    theme.choose("system")
    for scheme[0], name in (
        (Qt.ColorScheme.Light, "light"),
        (Qt.ColorScheme.Dark, "dark"),
        (Qt.ColorScheme.Light, "light"),
        (Qt.ColorScheme.Unknown, "dark"),
    ):
        hints.colorSchemeChanged.emit(scheme[0])
        assert theme.name == name
    theme.choose("dark")
    scheme[0] = Qt.ColorScheme.Light
    hints.colorSchemeChanged.emit(scheme[0])
    assert theme.name == "dark"


def test_the_status_bar_tells_how_the_tool_is_used(window: MainWindow, opened: MainWindow) -> None:
    hint = type(opened.toolbox.current).hint
    assert opened.status.busy.text() == hint
    opened.status.show_busy("Reading…")
    assert opened.status.busy.text() == "Reading…"
    opened.status.show_busy("")
    opened.toolbox.choose("zoom")
    assert opened.status.busy.text() == type(opened.toolbox.current).hint != hint


def test_a_picture_of_another_shape_keeps_it_when_looked_at(
    qtbot: QtBot, focused: MainWindow, tmp_path: Path
) -> None:
    document = focused.session.document
    assert document is not None
    before = document.picture
    document.apply("Crop", edits.crop(Rect(0, 0, 10, 40)))
    focused.actions_by_id.trigger("show-opened")
    overlay = focused.canvas.overlay
    assert overlay is not None
    assert overlay.after is before
    assert overlay.area == before.bounds
    focused.looking.end()
