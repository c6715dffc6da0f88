"""The window follows plugins that are disabled, enabled and reloaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from studio.host.jobs import JobState
from studio.host.plugin_changes import PluginChanges
from studio.qt.geometry.canvas_tool import CanvasTool
from studio.qt.main_window import MainWindow


@pytest.fixture
def changes(window: MainWindow) -> PluginChanges:
    return PluginChanges(window.services)


def tools_menu(window: MainWindow) -> list[str]:
    """Titles of the Tools menu, its submenus with what is in them."""
    (menu,) = [a.menu() for a in window.menuBar().actions() if a.text() == "&Tools"]
    assert isinstance(menu, QMenu)
    shown = []
    for action in menu.actions():
        inner = action.menu()
        if not action.isVisible():
            continue
        if isinstance(inner, QMenu):
            shown.append(f"{action.text()}: {', '.join(a.text() for a in inner.actions())}")
        else:
            shown.append("-" if action.isSeparator() else action.text())
    return shown


def listed(window: MainWindow) -> list[str]:
    rows = window.tools.operations.list
    return [rows.item(row).text() for row in range(rows.count())]


def test_menus_panel_and_palette_follow(window: MainWindow, changes: PluginChanges) -> None:
    before = tools_menu(window)
    assert any(line.startswith("Adjust: ") and "Invert" in line for line in before)
    kept = window.actions_by_id["operation:inpainting.fill"]
    changes.disable("tiny")
    after = tools_menu(window)
    assert not any("Variations" in line for line in after)
    assert [line for line in after if ":" not in line] == [
        line for line in before if ":" not in line
    ]
    assert "Variations" not in listed(window)
    assert "operation:tiny.many" not in window.actions_by_id.commands
    assert window.findChild(QAction, "operation:inpainting.fill") is kept
    assert kept.isEnabled()
    window.actions_by_id.trigger("palette")
    window.palette_box.search.setText("variations")
    rows = window.palette_box.list
    assert not any("Variations" in rows.item(i).text() for i in range(rows.count()))
    window.palette_box.close()
    changes.enable("tiny")
    assert tools_menu(window) == before
    assert "Variations" in listed(window)
    window.actions_by_id.trigger("operation:tiny.many")
    page = window.tools.page
    assert page is not None
    assert page.operation.id == "tiny.many"


def test_all_plugins_may_go_and_come(window: MainWindow, changes: PluginChanges) -> None:
    before = tools_menu(window)
    names = [plugin.name for plugin in window.services.registry.plugins]
    for name in names:
        changes.disable(name)
    titles = {line.partition(":")[0] for line in tools_menu(window)}
    assert "Canvas tools" in titles
    assert not titles & {"Adjust", "Enhance", "Generate"}
    assert not window.tools.operations.empty.isHidden()
    for name in reversed(names):
        changes.enable(name)
    assert tools_menu(window) == before


def test_the_form_of_a_plugin_that_goes_is_closed(
    opened: MainWindow, changes: PluginChanges
) -> None:
    opened.tools.choose_id("tiny.many")
    changes.disable("tiny")
    assert opened.tools.page is None
    assert not opened.tools.can_run
    opened.tools.choose_id("inpainting.fill")
    page = opened.tools.page
    changes.enable("tiny")
    assert opened.tools.page is page


def test_a_reload_makes_the_form_anew_with_its_values(
    opened: MainWindow, changes: PluginChanges, plugins: Path
) -> None:
    opened.tools.choose_id("tiny.many")
    page = opened.tools.page
    assert page is not None
    page.form.set_values({"steps": 7})
    source = plugins / "tiny" / "__init__.py"
    text = source.read_text().replace("Variations", "Versions")
    source.write_text(text.replace("integer(20, minimum=1,", "integer(20, minimum=5,"))
    assert changes.reload("tiny").message == ""
    renewed = opened.tools.page
    assert renewed is not None
    assert renewed is not page
    assert renewed.operation.title == "Versions"
    assert renewed.form.values()["steps"] == 7
    assert opened.actions_by_id["operation:tiny.many"].text() == "Versions"


def test_a_live_preview_ends_with_its_plugin(
    qtbot: QtBot, opened: MainWindow, changes: PluginChanges, plugins: Path
) -> None:
    opened.tools.choose_id("adjustments.invert")
    qtbot.waitUntil(lambda: opened.canvas.overlay is not None, timeout=20_000)
    changes.disable("adjustments")
    qtbot.waitUntil(lambda: opened.canvas.overlay is None)


def test_a_running_job_ends_and_its_result_is_applied(
    qtbot: QtBot, opened: MainWindow, changes: PluginChanges, plugins: Path
) -> None:
    engine = plugins / "tiny" / "engine.py"
    text = engine.read_text().replace("6000", "40")
    engine.write_text(
        text.replace(
            "time.sleep(0.005)\n    return pixels", "time.sleep(0.005)\n    return 1 - pixels"
        )
    )
    opened.tools.choose_id("tiny.slow")
    opened.tools.request_run()
    job = opened.runs.job
    assert job is not None
    qtbot.waitUntil(lambda: job.state is JobState.RUNNING, timeout=20_000)
    changes.disable("tiny")
    qtbot.waitUntil(lambda: job.state.finished, timeout=20_000)
    assert job.state is JobState.DONE, job.error
    qtbot.waitUntil(lambda: opened.canvas.overlay is not None, timeout=20_000)
    opened.runs.apply()
    document = opened.session.document
    assert document is not None
    qtbot.waitUntil(lambda: document.history.can_undo)


def test_growing_the_canvas_follows(opened: MainWindow, changes: PluginChanges) -> None:
    opened.tools.choose_id("uncropping.extend")
    tool = opened.toolbox.current
    assert isinstance(tool, CanvasTool)
    changes.disable("uncropping")
    assert tool.fill == "clear"
    changes.enable("uncropping")
    opened.tools.choose_id("uncropping.extend")
    page = opened.tools.page
    assert page is not None
    assert tool.operation is page.operation
