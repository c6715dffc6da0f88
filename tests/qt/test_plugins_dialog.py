"""The plugins dialog: states, switches, reloading, and what pip would do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from studio.qt.dialogs.plugin_pip import InstallDialog, RemoveDialog
from studio.qt.dialogs.plugins import PluginsDialog
from studio.qt.main_window import MainWindow
from studio.qt.plugins import Plugins

SHY = Path(__file__).parents[1] / "dropins" / "shy.py"


@pytest.fixture
def dialog(qtbot: QtBot, window: MainWindow) -> PluginsDialog:
    made = PluginsDialog(window, window.workspace.plugins, window.workspace.theme)
    made.show()
    qtbot.waitExposed(made)
    return made


def choose(dialog: PluginsDialog, title: str) -> None:
    rows = dialog.list
    texts = [rows.item(row).text() for row in range(rows.count())]
    rows.setCurrentRow(next(n for n, text in enumerate(texts) if text.startswith(title)))


def facts(dialog: PluginsDialog) -> dict[str, str]:
    plugin = dialog.details.plugin
    assert plugin is not None
    return dict(dialog.details.texts(plugin))


def test_what_is_known_is_shown(dialog: PluginsDialog) -> None:
    assert "1 with an error" in dialog.count.text()
    assert dialog.list.item(0).text() == "Broken — Did not load"
    choose(dialog, "Inpainting")
    assert facts(dialog)["From"] == "comes with Impasto"
    assert facts(dialog)["License"] == "Apache-2.0"
    assert facts(dialog)["Loaded in"].endswith(" ms")
    assert "Fill" in facts(dialog)["Tools"]
    assert dialog.details.remove.isHidden()
    assert dialog.details.reload.isHidden()
    choose(dialog, "Tiny")
    assert not dialog.details.remove.isHidden()
    assert not dialog.details.folder.isHidden()
    assert "Adjust: " in facts(dialog)["Tools"]
    assert dialog.details.traceback.isHidden()


def test_the_details_can_be_copied(qtbot: QtBot, dialog: PluginsDialog) -> None:
    qtbot.mouseClick(dialog.details.copy, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    assert text.startswith("Broken\n\nDid not load\n\nFrom: in the plugin folder")
    assert "RuntimeError: no luck today" in text
    assert "Traceback (most recent call last)" in text


def test_a_switch_takes_effect_at_once(
    qtbot: QtBot, window: MainWindow, dialog: PluginsDialog
) -> None:
    choose(dialog, "Tiny")
    dialog.details.switch.setFocus()
    qtbot.keyClick(dialog.details.switch, Qt.Key.Key_Space)
    assert dialog.list.currentItem().text() == "Tiny — Disabled"
    assert dialog.details.switch.text() == "Enable"
    assert not dialog.details.reload.isEnabled()
    assert "1 switched off" in dialog.count.text()
    assert "operation:tiny.invert" not in window.actions_by_id.commands
    qtbot.keyClick(dialog.details.switch, Qt.Key.Key_Space)
    assert dialog.list.currentItem().text() == "Tiny"
    assert "operation:tiny.invert" in window.actions_by_id.commands


def test_a_reload_shows_what_is_wrong_and_later_what_is_new(
    qtbot: QtBot, window: MainWindow, dialog: PluginsDialog, plugins: Path
) -> None:
    source = plugins / "tiny" / "__init__.py"
    text = source.read_text()
    source.write_text(text + "\nthis is no Python")
    choose(dialog, "Tiny")
    qtbot.mouseClick(dialog.details.reload, Qt.MouseButton.LeftButton)
    assert dialog.list.currentItem().text() == "Tiny — Reloading failed"
    assert "SyntaxError" in dialog.details.message.text()
    assert "this is no Python" in dialog.details.traceback.toPlainText()
    assert "operation:tiny.invert" in window.actions_by_id.commands
    source.write_text(text.replace('"Invert", "Adjust"', '"Reverse", "Adjust"'))
    qtbot.mouseClick(dialog.details.reload, Qt.MouseButton.LeftButton)
    assert dialog.list.currentItem().text() == "Tiny"
    assert not dialog.details.message.isVisible()
    assert window.actions_by_id["operation:tiny.invert"].text() == "Reverse"


def test_a_plugin_is_isolated_by_its_box(window: MainWindow, dialog: PluginsDialog) -> None:
    choose(dialog, "Tiny")
    dialog.details.isolated.click()
    assert window.services.settings.isolated_plugins == ("tiny",)
    choose(dialog, "Inpainting")
    assert not dialog.details.isolated.isChecked()
    choose(dialog, "Tiny")
    assert dialog.details.isolated.isChecked()
    dialog.details.isolated.click()
    assert window.services.settings.isolated_plugins == ()


def test_the_window_goes_on_while_a_process_starts(
    qtbot: QtBot, window: MainWindow, dialog: PluginsDialog, plugins: Path
) -> None:
    shutil.copy(SHY, plugins)
    window.services.settings.set_isolated("shy", True)
    window.workspace.plugins.look_again()
    details = dialog.details
    assert "operation:shy.enlarge" not in window.actions_by_id.commands, "that takes a while"
    qtbot.waitUntil(lambda: "operation:shy.enlarge" in window.actions_by_id.commands)
    choose(dialog, "Shy")
    details.switch.click()
    assert details.switch.text() == "Enable"
    (plugins / "shy.py").write_text(SHY.read_text().replace("Enlarge shyly", "Grow"))
    details.switch.click()
    assert details.state.text() == "Its process starts…"
    assert not details.switch.isEnabled()
    assert not details.isolated.isEnabled()
    qtbot.waitUntil(lambda: details.state.text() == "In use")
    assert details.switch.isEnabled()
    assert window.actions_by_id["operation:shy.enlarge"].text() == "Grow"
    assert (plugins / "imports.txt").read_text() == "once more\n" * 2, "asked once each time"


def test_one_that_fails_gets_another_chance_in_its_own_process(
    qtbot: QtBot, window: MainWindow, dialog: PluginsDialog
) -> None:
    choose(dialog, "Broken")
    dialog.details.isolated.click()
    assert dialog.details.state.text() == "Its process starts…"
    qtbot.waitUntil(lambda: dialog.details.state.text() == "Did not load")
    assert "no luck today" in dialog.details.message.text()
    assert dialog.details.isolated.isChecked()


def test_a_dropped_in_plugin_is_removed(
    qtbot: QtBot, window: MainWindow, dialog: PluginsDialog, plugins: Path
) -> None:
    shared = window.workspace.plugins
    removal = shared.plan_removal("tiny")
    assert removal is not None
    asking = RemoveDialog(dialog, shared, removal)
    asking.show()
    assert str(plugins / "tiny") in asking.effect.text()
    qtbot.mouseClick(asking.accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: asking.message.text() == "tiny is removed.")
    assert not (plugins / "tiny").exists()
    assert "operation:tiny.invert" not in window.actions_by_id.commands
    texts = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert "Tiny" not in texts
    asking.accept_button.click()
    assert not asking.isVisible()


@pytest.fixture
def installing(qtbot: QtBot, window: MainWindow) -> InstallDialog:
    made = InstallDialog(window, window.workspace.plugins)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_the_command_follows_what_is_typed(qtbot: QtBot, installing: InstallDialog) -> None:
    assert not installing.accept_button.isEnabled()
    qtbot.keyClicks(installing.wanted, "impasto-lights>=2")
    assert installing.command.text().endswith(" -m pip install 'impasto-lights>=2'")
    installing.upgrade.setChecked(True)
    assert installing.command.text().endswith(" install --upgrade 'impasto-lights>=2'")
    assert installing.accept_button.isEnabled()
    installing.wanted.setText("./nothing/here")
    assert installing.command.text() == ""
    assert "no file or folder ./nothing/here" in installing.message.text()
    assert not installing.accept_button.isEnabled()


def test_what_would_break_is_not_installed(
    qtbot: QtBot,
    installing: InstallDialog,
    wheels: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels("pluggy", "0.9").parent))
    wheel = wheels("impasto-old", "1.0", requires=("pluggy<1",))
    installing.wanted.setText(str(wheel))
    qtbot.mouseClick(installing.accept_button, Qt.MouseButton.LeftButton)
    plugins: Plugins = installing._plugins
    assert plugins.busy
    installing.reject()
    assert installing.isVisible()
    assert "pip is at work" in installing.message.text()
    qtbot.waitUntil(lambda: not plugins.busy, timeout=60_000)
    qtbot.waitUntil(lambda: "Nothing was changed" in installing.message.text())
    assert "impasto-old 1.0 is added" in installing.effect.text()
    assert "becomes 0.9" in installing.effect.text()
    assert "needs pluggy>=" in installing.message.text()
    assert not installing.accept_button.isEnabled()
    assert "impasto_old" in installing.output.toPlainText()
    installing.wanted.setText("impasto-other")
    assert installing.accept_button.isEnabled()
