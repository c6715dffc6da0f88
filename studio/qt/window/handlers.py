"""What the window's own commands do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.qt.main_window import MainWindow


def of(window: MainWindow) -> dict[str, Callable[..., object]]:
    """The function of each of the window's commands, by id."""
    files, canvas, session = window.files, window.canvas, window.session
    tools, runs = window.tools, window.runs
    return {
        "new": files.ask_new,
        "open": files.ask_open,
        "save": files.save,
        "save-as": files.save_as,
        "export": lambda: _export(window),
        "import-model": lambda: _import_model(window),
        "close": files.close_document,
        "close-all": files.close_all,
        "quit": window.close,
        "undo": lambda: _undo(window),
        "redo": lambda: session.document and session.document.redo(),
        "shortcuts": lambda: _shortcuts(window),
        "preferences": lambda: _preferences(window),
        "zoom-in": canvas.zoom_in,
        "zoom-out": canvas.zoom_out,
        "fit": canvas.fit,
        "actual-size": canvas.actual_size,
        "show-before": canvas.set_show_before,
        "show-opened": window.looking.begin,
        "rulers": canvas.set_rulers,
        "pixel-grid": canvas.set_pixel_grid,
        "hide-panels": window.hide_panels,
        "full-screen": window.show_full_screen,
        "reset-layout": window.reset_layout,
        "next-tab": lambda: session.step(1),
        "previous-tab": lambda: session.step(-1),
        "palette": lambda: window.palette_box.open(window.actions_by_id),
        "run": tools.request_run,
        "try": tools.request_try,
        "cancel": runs.cancel,
        "stop": runs.stop,
        "apply": runs.apply,
        "discard": runs.discard,
        "models": lambda: _models(window),
        "plugins": lambda: _plugins(window),
        "about": lambda: _about(window),
    }


def _undo(window: MainWindow) -> None:
    """Take back the frame that is being dragged, else what is pending, else the latest step."""
    tool, document = window.toolbox.current, window.session.document
    if tool.busy and tool.group == "transform" and not window.canvas.tool_pressed:
        tool.cancel()
    elif document is not None:
        window.toolbox.finish()
        document.undo()


# Dialogs are imported when they are opened, so that the window starts sooner.


def _export(window: MainWindow) -> None:
    from studio.qt.transfer.exporting import export_copy

    files = window.files
    files.settled(lambda: export_copy(window, window.workspace, files))


def _import_model(window: MainWindow) -> None:
    from studio.qt.dialogs.models import ask_checkpoint

    path = ask_checkpoint(window)
    if path is not None:
        window.files.drop([str(path)])


def _shortcuts(window: MainWindow) -> None:
    from studio.qt.dialogs.shortcuts import ShortcutsDialog

    ShortcutsDialog(window, window.actions_by_id, window.services.settings).exec()


def _preferences(window: MainWindow) -> None:
    from studio.qt.dialogs.preferences import Preferences

    Preferences(window, window.services.settings, window.workspace.background).exec()


def _models(window: MainWindow) -> None:
    from studio.qt.dialogs.models import ModelsDialog

    ModelsDialog(window, window.workspace.models, window.workspace.theme).exec()


def _plugins(window: MainWindow) -> None:
    from studio.qt.dialogs.plugins import PluginsDialog

    dialog = PluginsDialog(window, window.workspace.plugins, window.workspace.theme)
    dialog.exec()
    dialog.deleteLater()


def _about(window: MainWindow) -> None:
    from studio.qt.dialogs.about import AboutDialog

    AboutDialog(window, window.services).exec()
