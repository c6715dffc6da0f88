"""The window as a whole: commands, palette, theme, accessibility, start and end."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.document import Picture
from studio.files.metadata import Metadata
from studio.host.jobs import JobState
from studio.host.services import Services
from studio.qt.areas import AREAS
from studio.qt.dialogs.about import AboutDialog
from studio.qt.dialogs.base import Dialog
from studio.qt.dialogs.export import ExportDialog
from studio.qt.dialogs.models import ModelsDialog
from studio.qt.dialogs.plugins import PluginsDialog
from studio.qt.dialogs.preferences import Preferences
from studio.qt.fuzzy import ranked, score
from studio.qt.main_window import MainWindow
from studio.qt.theme import Theme, load_colors, style_sheet
from studio.qt.window.commands import COMMANDS

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
)


def test_the_palette_runs_a_command(qtbot: QtBot, opened: MainWindow) -> None:
    opened.actions_by_id.trigger("palette")
    box = opened.palette_box
    assert box.isVisible()
    qtbot.keyClicks(box.search, "rulers")
    assert box.list.item(0).text().startswith("Rulers")
    qtbot.keyClick(box.search, Qt.Key.Key_Return)
    assert not box.isVisible()
    assert opened.canvas.rulers


def test_the_palette_chooses_an_operation_by_keyboard(qtbot: QtBot, opened: MainWindow) -> None:
    opened.actions_by_id.trigger("palette")
    box = opened.palette_box
    qtbot.keyClicks(box.search, "i")
    before = box.list.currentRow()
    qtbot.keyClick(box.search, Qt.Key.Key_Down)
    assert box.list.currentRow() == before + 1
    box.search.setText("invrt")
    qtbot.keyClick(box.search, Qt.Key.Key_Return)
    assert opened.tools.page is not None
    assert opened.tools.page.operation.id.endswith(".invert")


def test_the_palette_offers_only_what_can_be_done(window: MainWindow) -> None:
    window.actions_by_id.trigger("palette")
    rows = window.palette_box.list
    shown = [rows.item(i).text() for i in range(rows.count())]
    assert not any(text.startswith(("Save", "Undo", "Apply")) for text in shown)
    assert any(text.startswith("Open") for text in shown)


def test_fuzzy_matching_prefers_word_starts() -> None:
    titles = ["Pixel grid", "Zoom in", "Invert", "Fit in the window"]
    assert ranked("inv", titles, str) == ["Invert"]
    assert ranked("zi", titles, str)[0] == "Zoom in"
    assert ranked("", titles, str) == titles
    assert score("xyz", "Invert") is None


def test_every_command_has_a_handler_and_no_shortcut_twice() -> None:
    keys = [key for command in COMMANDS for key in command.shortcuts]
    assert len(keys) == len(set(keys))
    ids = [command.id for command in COMMANDS]
    assert len(ids) == len(set(ids))


def test_menus_hold_every_command_and_operation(window: MainWindow) -> None:
    found = {
        action.objectName() for menu in window.menuBar().findChildren(QWidget)
        for action in menu.actions() if action.objectName()
    }  # fmt: skip
    assert {command.id for command in COMMANDS if command.menu} <= found
    assert "operation:tiny.invert" in found


def _nameless(root: QWidget) -> list[str]:
    return [
        f"{type(w).__name__} in {type(w.parent()).__name__}"
        for w in root.findChildren(QWidget)
        if isinstance(w, CONTROLS)
        and not w.objectName().startswith("qt_")
        and w.window() is root  # the lists that combo boxes drop down are Qt's own
        and w.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not (w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()))
        and not isinstance(w.parent(), QComboBox | QLineEdit)
    ]


def test_every_control_has_an_accessible_name(opened: MainWindow) -> None:
    opened.tools.choose_id("tiny.many")
    assert _nameless(opened) == []


@pytest.mark.parametrize("name", ["models", "plugins", "preferences", "about", "export"])
def test_dialogs_open_and_name_their_controls(qtbot: QtBot, window: MainWindow, name: str) -> None:
    makers: dict[str, Dialog] = {
        "models": ModelsDialog(window, window.workspace.models, window.workspace.theme),
        "plugins": PluginsDialog(window, window.workspace.plugins, window.workspace.theme),
        "preferences": Preferences(window, window.services.settings, window.workspace.background),
        "about": AboutDialog(window, window.services),
        "export": ExportDialog(
            window,
            window.workspace,
            Picture.from_pixels(np.zeros((8, 9, 4), np.uint8)),
            Metadata(),
            ".webp",
        ),
    }
    dialog = makers[name]
    dialog.show()
    qtbot.waitExposed(dialog)
    assert _nameless(dialog) == []
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_plugin_that_failed_is_shown_with_its_traceback(window: MainWindow, theme: Theme) -> None:
    dialog = PluginsDialog(window, window.workspace.plugins, theme)
    assert dialog.list.currentItem().text() == "Broken — Did not load"  # what is wrong comes first
    assert "no luck today" in dialog.details.message.text()
    assert "Traceback" in dialog.details.traceback.toPlainText()


def test_preferences_take_effect_at_once(qtbot: QtBot, window: MainWindow) -> None:
    settings, theme = window.services.settings, window.workspace.theme
    dialog = Preferences(window, settings, window.workspace.background)
    dialog.theme.setCurrentIndex(dialog.theme.findData("light"))
    dialog.theme.activated.emit(0)
    assert settings.theme == "light"
    assert theme.name == "light"
    dialog.history.setValue(64)
    assert settings.history_budget_mb == 64
    dialog.precision.setCurrentIndex(1)
    dialog.precision.activated.emit(1)
    assert "exact" in window.status.device.text()
    qtbot.waitUntil(lambda: not window.workspace.background.busy, timeout=60_000)


def test_the_theme_recolours_icons(window: MainWindow, theme: Theme) -> None:
    action = window.actions_by_id["open"]
    window.workspace.theme.choose("dark")
    dark = action.icon().pixmap(20, 20).toImage()
    window.workspace.theme.choose("light")
    assert action.icon().pixmap(20, 20).toImage() != dark


def test_both_themes_name_the_same_colours() -> None:
    dark, light = load_colors("dark"), load_colors("light")
    assert dark.keys() == light.keys()
    assert "$" not in style_sheet(dark)


@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize(
    ("front", "back"),
    [("text", "panel"), ("muted", "panel"), ("on_accent", "accent"), ("link", "panel"),
     ("error", "error_surface"), ("text", "error_surface"), ("text", "selection")],
)  # fmt: skip
def test_text_contrasts_with_its_background(name: str, front: str, back: str) -> None:
    colors = load_colors(name)
    light, dark = sorted((_luminance(colors[front]), _luminance(colors[back])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def _luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_status_bar_shows_pixel_and_zoom(qtbot: QtBot, opened: MainWindow) -> None:
    opened.canvas.cursor_moved.emit((3, 4, (255, 0, 16, 255)))
    assert opened.status.pixel.text() == "3, 4   #ff0010  α 255"
    opened.canvas.cursor_moved.emit(None)
    assert opened.status.pixel.text() == ""
    opened.status.zoom_text.setText("250")
    opened.status.zoom_text.returnPressed.emit()
    assert opened.canvas.zoom == pytest.approx(2.5)
    assert opened.status.zoom_text.text() == "250 %"
    opened.status.zoom.setCurrentText("Fit")
    opened.status.zoom.activated.emit(7)
    assert opened.canvas.fitted


def test_closing_while_a_job_runs_cancels_it(qtbot: QtBot, opened: MainWindow) -> None:
    opened.tools.choose_id("tiny.slow")
    opened.tools.request_run()
    job = opened.runs.job
    assert job is not None
    qtbot.waitUntil(lambda: job.state is JobState.RUNNING, timeout=20_000)
    assert opened.close()
    assert job.state is JobState.CANCELLED
    assert not [t for t in threading.enumerate() if t.name.startswith("impasto-worker")]


def test_layout_is_remembered(qtbot: QtBot, services: Services, theme: Theme) -> None:
    first = MainWindow(services, theme)
    qtbot.addWidget(first)
    first.show()
    first.docks["jobs"].hide()
    first.resize(1100, 700)
    first.close()
    second = MainWindow(services, theme)
    qtbot.addWidget(second)
    assert second.docks["jobs"].isHidden()
    assert not second.docks["history"].isHidden()
    second.close()


def test_the_window_shows_before_torch_is_imported() -> None:
    code = (
        "import sys\n"
        "from PySide6.QtCore import QTimer\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from studio import app\n"
        "def look():\n"
        "    heavy = {'torch', 'diffusers', 'spandrel', 'skimage'} & set(sys.modules)\n"
        "    shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]\n"
        "    print('shown', len(shown), 'heavy', sorted(heavy))\n"
        "    [w.close() for w in shown]\n"
        "QApplication([])\n"
        "QTimer.singleShot(200, look)\n"
        "sys.exit(app.run([]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "shown 1 heavy []"


def test_application_has_no_windows_left(qapp: QApplication, window: MainWindow) -> None:
    window.close()
    assert not [w for w in qapp.topLevelWidgets() if w.isVisible()]


def test_no_command_has_two_names_for_one_press() -> None:
    """Qt takes both for an ambiguity, and does nothing."""
    shifted = dict(zip('{}:"<>?|~_', "[];',./\\`-", strict=True))
    for command in (*COMMANDS, *(c for area in AREAS for c in area.commands)):
        presses = [
            f"{head}Shift+{shifted[key]}" if key in shifted else head + key
            for head, key in (re.match(r"(.*\+)?(.+)", k).groups("") for k in command.shortcuts)
        ]
        assert len(set(presses)) == len(presses), command.id
