"""The window: puts its parts together and says which part answers which command."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from studio.host.services import Services
from studio.qt.actions import COMMANDS, OPERATION, Actions, operation_command
from studio.qt.area import Desk, Panel
from studio.qt.areas import AREAS
from studio.qt.background import Background
from studio.qt.bottom_bar import BottomBar
from studio.qt.bridge import JobBridge
from studio.qt.canvas import CanvasView
from studio.qt.color import to_monitor
from studio.qt.command_palette import CommandPalette
from studio.qt.dialogs.about import AboutDialog
from studio.qt.dialogs.export import ExportDialog
from studio.qt.dialogs.models import ModelsDialog, ask_checkpoint
from studio.qt.dialogs.plugins import PluginsDialog
from studio.qt.dialogs.preferences import Preferences
from studio.qt.files import Files
from studio.qt.messages import MessageBar
from studio.qt.models import Models
from studio.qt.panels.dock import Dock
from studio.qt.panels.jobs import JobsPanel
from studio.qt.panels.tools import ToolPanel
from studio.qt.problems import Problem
from studio.qt.runs import Runs
from studio.qt.session import Session
from studio.qt.status import StatusBar
from studio.qt.theme import Theme, application_icon
from studio.qt.thumbnails import Thumbnails
from studio.qt.tools.toolbox import Toolbox
from studio.qt.warm_up import WarmUp
from studio.qt.welcome import Welcome
from studio.qt.widgets import button
from studio.qt.workspace import Workspace

if TYPE_CHECKING:
    from studio_resources.samples import Sample

STATE_VERSION = 1
CLOSE_SECONDS = 5.0


class MainWindow(QMainWindow):
    """One picture and everything to work on it."""

    def __init__(self, services: Services, theme: Theme) -> None:
        super().__init__()
        self.setWindowIcon(application_icon())
        self.setAcceptDrops(False)
        background = Background(self)
        models = Models(services.store, services.registry.loaders, background, self)
        self.workspace = Workspace(
            services, theme, background, MessageBar(theme), Session(self), models
        )
        self.services, self.session = services, self.workspace.session
        self.messages = self.workspace.messages
        self.bridge = JobBridge(services.jobs, self)
        self.canvas = CanvasView(to_display=to_monitor)
        self.files = Files(self, self.workspace)
        self.runs = Runs(self.workspace, self.canvas, self.bridge)
        self.tools = ToolPanel(self.workspace)
        self.jobs = JobsPanel(services.jobs, self.bridge, theme)
        self.welcome = Welcome(theme, Thumbnails(background, self))
        self.bottom = BottomBar(theme)
        self.palette_box = CommandPalette(self, theme)
        self._applicable = False
        self.toolbox = Toolbox(self.workspace, self.canvas, self)
        desk = Desk(self, self.workspace, self.canvas, self.files, self.runs, self.toolbox)
        self.areas = tuple(area(desk) for area in AREAS)
        operations = map(operation_command, services.registry.operations())
        added = (command for area in self.areas for command in area.commands)
        commands = (*COMMANDS, *added, *operations)
        self.actions_by_id = Actions(self, theme, commands, self._handlers())
        self._lay_out()
        self._connect()
        self.warm_up = WarmUp(services.jobs, self)
        self._show_settings(frozenset({"device"}))
        self._show_document()
        self._restore()

    # Composition

    def _handlers(self) -> dict[str, Callable[..., object]]:
        handlers: dict[str, Callable[..., object]] = {
            "open": self.files.ask_open,
            "save": self.files.save,
            "save-as": self.files.save_as,
            "export": self._export,
            "import-model": self._import_model,
            "close": self.files.close_document,
            "quit": self.close,
            "undo": lambda: self.session.document and self.session.document.undo(),
            "redo": lambda: self.session.document and self.session.document.redo(),
            "preferences": self._preferences,
            "zoom-in": self.canvas.zoom_in,
            "zoom-out": self.canvas.zoom_out,
            "fit": self.canvas.fit,
            "actual-size": self.canvas.actual_size,
            "show-before": self.canvas.set_show_before,
            "rulers": self.canvas.set_rulers,
            "pixel-grid": self.canvas.set_pixel_grid,
            "palette": lambda: self.palette_box.open(self.actions_by_id),
            "run": self.tools.request_run,
            "try": self.tools.request_try,
            "cancel": self.runs.cancel,
            "apply": self.runs.apply,
            "discard": self.runs.discard,
            "models": lambda: ModelsDialog(
                self, self.workspace.models, self.workspace.theme
            ).exec(),
            "plugins": lambda: PluginsDialog(
                self, self.services.registry, self.workspace.theme
            ).exec(),
            "about": lambda: AboutDialog(self, self.services).exec(),
        }
        for operation in self.services.registry.operations():
            handlers[OPERATION + operation.id] = partial(self._choose, operation.id)
        for area in self.areas:
            handlers.update(area.handlers())
        return handlers

    def _lay_out(self) -> None:
        theme = self.workspace.theme
        self.body = body = QWidget()
        body.setObjectName("window-body")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.center = QStackedWidget()
        self.center.addWidget(self.welcome)
        self.center.addWidget(self.canvas)
        column.addWidget(self.messages)
        column.addWidget(self.center, 1)
        column.addWidget(self.bottom)
        self.setCentralWidget(body)
        panels = (
            Panel("tools", "Tools", self.tools, "left"),
            *(panel for area in self.areas for panel in area.panels()),
            Panel("jobs", "Jobs", self.jobs),
        )
        self.docks = {
            panel.id: Dock(panel.title, f"{panel.id}-dock", panel.widget, theme) for panel in panels
        }
        Dock.place(self, panels, self.docks)
        self.resizeDocks([self.docks["tools"]], [308], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["history"]], [272], Qt.Orientation.Horizontal)
        self.status = StatusBar(self.canvas, self.session)
        self.setStatusBar(self.status)
        self._make_bars()
        self.actions_by_id["pixel-grid"].setChecked(True)
        self.resize(1360, 860)

    def _make_bars(self) -> None:
        theme = self.workspace.theme
        menus = self.actions_by_id.fill_menus(self.menuBar())
        panels = menus["View"].addMenu("&Panels")
        for dock in self.docks.values():
            panels.addAction(dock.toggleViewAction())
        bar = QToolBar("Toolbar")
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.toggleViewAction().setEnabled(False)
        self.actions_by_id.fill_toolbar(bar)
        room = QWidget()
        room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(room)
        find = button("Find a command or tool…    Ctrl+K", "Open the command palette")
        find.setObjectName("palette-button")
        find.setAccessibleName("Open the command palette")
        theme.bind(find, "search", "muted", 16)
        find.clicked.connect(lambda: self.actions_by_id.trigger("palette"))
        bar.addWidget(find)
        self.addToolBar(bar)

    def _connect(self) -> None:
        session, runs, bottom = self.session, self.runs, self.bottom
        session.replaced.connect(self._show_document)
        session.changed.connect(self._show_state)
        self.files.busy.connect(self.status.show_busy)
        self.welcome.open_requested.connect(self.files.ask_open)
        self.welcome.path_chosen.connect(lambda name: self.files.open(Path(name)))
        self.welcome.sample_chosen.connect(self.files.open_sample)
        self.welcome.files_dropped.connect(self.files.drop)
        self.canvas.files_dropped.connect(self.files.drop)
        self.tools.run.connect(runs.start)
        self.tools.try_here.connect(
            lambda operation, values: runs.start(
                operation, values, region=self.canvas.visible_region()
            )
        )
        self.tools.changed.connect(self._show_state)
        self.jobs.retry.connect(runs.retry)
        self.jobs.show_result.connect(runs.show_result)
        runs.job_moved.connect(bottom.show_job)
        runs.job_moved.connect(lambda _: self._show_state())
        runs.result_shown.connect(self._show_result)
        runs.applicable.connect(self._show_applicable)
        runs.new_picture.connect(self.files.show_new)
        bottom.run.cancel.connect(runs.cancel)
        bottom.result.apply.connect(runs.apply)
        bottom.result.discard.connect(runs.discard)
        bottom.result.run_whole.connect(runs.run_whole)
        bottom.result.chosen.connect(runs.choose)
        models = self.workspace.models
        models.failed.connect(self._show_error)
        models.imported.connect(
            lambda card: self.messages.show_message("success", f"Imported {card.title}.",
                                                    card.summary)
        )  # fmt: skip
        models.imported.connect(lambda _: self.status.show_busy(""))
        self.workspace.background.failed.connect(self.messages.show_error)
        self.services.settings.changed.connect(self._show_settings)
        self.toolbox.changed.connect(self._show_state)
        for area in self.areas:
            area.facts_changed.connect(self._show_state)
        self._editor_keys = [
            self._editor_key(self.canvas, "Return", "apply"),
            self._editor_key(self.canvas, "Enter", "apply"),
            self._editor_key(self.body, "Esc", "discard"),
        ]

    def _editor_key(self, focus: QWidget, keys: str, command: str) -> QShortcut:
        """A key that works while ``focus`` or something in it has the focus."""
        shortcut = QShortcut(QKeySequence(keys), focus)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(lambda: self.actions_by_id.trigger(command))
        shortcut.setEnabled(False)
        return shortcut

    # What is shown

    def _show_document(self) -> None:
        document = self.session.document
        self.canvas.set_document(document)
        self.center.setCurrentWidget(self.welcome if document is None else self.canvas)
        if document is None:
            self._fill_welcome()
        else:
            self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_state()

    def _show_state(self) -> None:
        """Bring title and commands up to date."""
        document = self.session.document
        history = document.history if document is not None else None
        facts = {
            "document": document is not None,
            "undo": history is not None and history.can_undo,
            "redo": history is not None and history.can_redo,
            "result": self.runs.result is not None,
            "applicable": self._applicable,
            "running": self.runs.job is not None,
            "runnable": self.tools.can_run,
            "triable": self.tools.can_try,
        }
        for area in self.areas:
            facts.update(area.facts())
        self.actions_by_id.show_state(frozenset(name for name, holds in facts.items() if holds))
        title = f"{self.session.name}[*] — Impasto" if document is not None else "Impasto[*]"
        self.setWindowTitle(title)
        self.setWindowModified(self.session.modified)
        steps = history.steps if history is not None else ()
        position = history.position if history is not None else 0
        self._name_step("undo", "&Undo", steps[position - 1].title if position else "")
        self._name_step("redo", "&Redo", steps[position].title if position < len(steps) else "")

    def _name_step(self, id: str, verb: str, step: str) -> None:
        self.actions_by_id[id].setText(f"{verb} {step.replace('&', '&&')}" if step else verb)

    def _show_result(self, result: object) -> None:
        self._applicable = False
        self.bottom.show_result(self.runs.result)
        for shortcut in self._editor_keys:
            shortcut.setEnabled(result is not None)
        before = self.actions_by_id["show-before"]
        if result is None:
            before.setChecked(False)
        elif not self._is_typing():
            self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_state()

    def _is_typing(self) -> bool:
        """Whether the focus is in a field, from which it must not be taken."""
        focus = self.focusWidget()
        return focus is not None and focus.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)

    def _show_applicable(self, applicable: bool, reason: str) -> None:
        self._applicable = applicable
        self.bottom.result.set_applicable(applicable, reason)
        self._show_state()

    def _show_error(self, error: BaseException) -> None:
        self.status.show_busy("")
        self.messages.show_error(error)

    def show_problem(self, problem: Problem) -> None:
        """Tell of something unexpected, from the exception hook."""
        self.messages.show_problem(problem)

    def _show_settings(self, names: frozenset[str]) -> None:
        settings = self.services.settings
        if "theme" in names:
            self.workspace.theme.choose(settings.theme)
        if names & {"device", "precision"}:
            device = "Automatic device" if settings.device == "auto" else settings.device
            exact = ", exact" if settings.precision == "float32" else ""
            self.status.show_device(device + exact)

    def _fill_welcome(self) -> None:
        if self.session.document is None:
            names = self.services.settings.recent_files
            background = self.workspace.background
            background.run(
                lambda: [n for n in names if Path(n).is_file()], self.welcome.show_recent
            )
            background.run(_samples, self.welcome.show_samples)

    # Commands that need no part of their own

    def _choose(self, operation_id: str) -> None:
        self.docks["tools"].show()
        self.tools.choose_id(operation_id)

    def _export(self) -> None:
        path = self.files.ask_save_path("Export a copy")
        if path is None:
            return
        try:
            dialog = ExportDialog(self, path)
        except Exception as error:  # noqa: BLE001 - a suffix that names no format
            self.messages.show_error(error)
            return
        if dialog.exec():
            self.files.write(path, options=dialog.options(), copy=True)

    def _import_model(self) -> None:
        path = ask_checkpoint(self)
        if path is not None:
            self.files.drop([str(path)])

    def _preferences(self) -> None:
        Preferences(self, self.services.settings, self.workspace.background).exec()

    # Beginning and end

    def open(self, path: Path) -> None:
        """Open a picture, as if chosen by the user."""
        self.files.open(path)

    def _restore(self) -> None:
        settings = self.services.settings
        for text, restore in (
            (settings.geometry, self.restoreGeometry),
            (settings.window_state, lambda data: self.restoreState(data, STATE_VERSION)),
        ):
            if text:
                restore(QByteArray(base64.b64decode(text)))
        if settings.problem:
            self.messages.show_message("warning", settings.problem)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask about unsaved changes, stop what runs, remember the layout."""
        if self.session.modified:
            event.ignore()
            # Saving takes time: the window is closed again, for good, once that is done.
            self.files.when_saved(self._close_for_good)
            return
        self._shut_down()
        event.accept()

    def _close_for_good(self) -> None:
        self.session.close()
        # Qt ignores a close() inside a close event.
        QTimer.singleShot(0, self.close)

    def _shut_down(self) -> None:
        self.tools.remember_all()
        geometry = base64.b64encode(self.saveGeometry().data()).decode()
        state = base64.b64encode(self.saveState(STATE_VERSION).data()).decode()
        settings = self.services.settings
        settings.update(geometry=geometry, window_state=state)
        settings.changed.disconnect(self._show_settings)
        self.warm_up.stop()
        self.runs.cancel_all()
        for area in self.areas:
            area.close()
        self.toolbox.close()
        self.bridge.close()
        self.session.close()
        self.canvas.set_document(None)
        self.hide()
        self.workspace.background.close()
        self.services.jobs.close(CLOSE_SECONDS)

    def toggle_action(self, dock: str) -> QAction:
        """The switch of a panel: ``tools``, ``history`` or ``jobs``."""
        return self.docks[dock].toggleViewAction()


def _samples() -> tuple[Sample, ...]:
    from studio_resources.samples import samples

    return samples()
