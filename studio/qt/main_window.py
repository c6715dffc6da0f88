"""The window: puts its parts together and shows the document in front."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from studio.api.models import CheckpointLoader
from studio.api.operation import Operation
from studio.api.trainer import Trainer
from studio.document.events import listen
from studio.host.services import Services
from studio.qt.actions import Actions
from studio.qt.area import Desk, Panel
from studio.qt.areas import AREAS
from studio.qt.background import Background
from studio.qt.bottom_bar import BottomBar, can_keep
from studio.qt.bridge import JobBridge
from studio.qt.canvas import CanvasView
from studio.qt.canvas.viewport import ViewState
from studio.qt.color import to_monitor
from studio.qt.command_palette import CommandPalette
from studio.qt.files import Files
from studio.qt.i18n import tr
from studio.qt.messages import MessageBar
from studio.qt.models import Models
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
from studio.qt.window import handlers
from studio.qt.window.bars import add_toolbar
from studio.qt.window.center import Center
from studio.qt.window.commands import COMMANDS, operation_commands
from studio.qt.window.docks import Docks
from studio.qt.window.looking import Looking
from studio.qt.window.recent import RecentMenu
from studio.qt.window.tabs import DocumentTabs
from studio.qt.workspace import Workspace

if TYPE_CHECKING:
    from studio_resources.samples import Sample

CLOSE_SECONDS = 5.0
HINT_MS = 5000


class MainWindow(QMainWindow):
    """Pictures in tabs and everything to work on them."""

    def __init__(self, services: Services, theme: Theme) -> None:
        super().__init__()
        self.setWindowIcon(application_icon())
        self.setAcceptDrops(False)
        background = Background(self)

        def loaders() -> tuple[CheckpointLoader, ...]:
            return services.registry.loaders()  # plugins come and go, and with them the registry

        def trainers() -> tuple[Trainer, ...]:
            return services.registry.trainers()

        models = Models(services.store, loaders, background, self, trainers)
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
        self.toolbox = Toolbox(self.workspace, self.canvas, self)
        self.looking = Looking(self.canvas, self.session)
        self.tabs = DocumentTabs(self.session, theme)
        self.status = StatusBar(self.canvas, self.session)
        self._applicable = self._closed = False
        desk = Desk(self, self.workspace, self.canvas, self.files, self.runs, self.toolbox)
        self.areas = tuple(area(desk) for area in AREAS)
        self.actions_by_id = self._make_actions()
        self._lay_out()
        self._connect()
        self.warm_up = WarmUp(services.jobs, self)
        self._show_settings(frozenset({"device"}))
        self._show_tool()
        self._show_document()
        self._restore()

    # Composition

    def _make_actions(self) -> Actions:
        operations, chosen = operation_commands(self.services.registry, self._choose)
        added = (command for area in self.areas for command in area.commands)
        commands = (*COMMANDS, *added, *operations)
        handled: dict[str, Callable[..., object]] = {**handlers.of(self), **chosen}
        for area in self.areas:
            handled.update(area.handlers())
        made = Actions(self, self.workspace.theme, commands, handled, self.canvas)
        made.set_keys(self.services.settings.shortcuts)
        self.looking.follow(made["show-opened"])
        return made

    def _lay_out(self) -> None:
        theme = self.workspace.theme
        beside = [widget for area in self.areas for widget in area.beside()]
        self.body = Center(self.tabs, self.messages, self.welcome, self.canvas, self.bottom, beside)
        self.center = self.body.stack
        self.setCentralWidget(self.body)
        panels = (
            Panel("tools", tr("Tools"), self.tools, "left"),
            *(panel for area in self.areas for panel in area.panels()),
            Panel("jobs", tr("Jobs"), self.jobs, tab_with="layers"),
        )
        self.panels = Docks(self, panels, theme)
        self.docks = self.panels.by_id
        self.setStatusBar(self.status)
        menus = self.actions_by_id.fill_menus(self.menuBar())
        # Windows other than this one have no menu of recent files, so it is no command.
        recent = RecentMenu(self, self.services.settings, self.files.open)
        file = menus["File"].actions()
        after = file[file.index(self.actions_by_id["open"]) + 1]
        menus["File"].insertMenu(after, recent)
        panels_menu = QMenu(tr("&Panels"), self)
        menus["View"].insertMenu(self.actions_by_id["hide-panels"], panels_menu)
        self.panels.fill_menu(panels_menu)
        add_toolbar(self, self.actions_by_id, theme)
        self.actions_by_id["pixel-grid"].setChecked(True)
        self.resize(1360, 860)

    def _connect(self) -> None:
        session, runs, bottom = self.session, self.runs, self.bottom
        session.replaced.connect(self._show_document)
        session.changed.connect(self._show_state)
        session.listed.connect(self._show_state)
        self.tabs.close_wanted.connect(self.files.close_one)
        self.files.busy.connect(self.status.show_busy)
        self.files.finishing.connect(self.toolbox.finish)
        self.workspace.edits.busy.connect(self.status.show_busy)
        self.welcome.open_requested.connect(self.files.ask_open)
        self.welcome.path_chosen.connect(lambda name: self.files.open(Path(name)))
        self.welcome.sample_chosen.connect(self.files.open_sample)
        self.welcome.files_dropped.connect(self.files.drop)
        self.canvas.files_dropped.connect(self.files.drop)
        self.tools.run.connect(self._run)
        self.tools.try_here.connect(partial(self._run, visible=True))
        self.tools.changed.connect(self._show_state)
        self.jobs.retry.connect(runs.retry)
        self.jobs.show_result.connect(runs.show_result)
        runs.job_moved.connect(bottom.show_job)
        runs.job_moved.connect(lambda _: self._show_state())
        runs.result_shown.connect(self._show_result)
        runs.applicable.connect(self._show_applicable)
        runs.new_picture.connect(self.files.show_new)
        bottom.run.cancel.connect(runs.cancel)
        bottom.run.keep.connect(runs.stop)
        bottom.result.apply.connect(runs.apply)
        bottom.result.discard.connect(runs.discard)
        bottom.result.run_whole.connect(runs.run_whole)
        bottom.result.chosen.connect(runs.choose)
        models = self.workspace.models
        models.failed.connect(self._show_error)
        models.import_wanted.connect(lambda: self.actions_by_id.trigger("import-model"))
        models.imported.connect(
            lambda card: self.messages.show_message(
                "success", tr("Imported {title}.", title=card.title), card.summary
            )
        )
        models.imported.connect(lambda _: self.status.show_busy(""))
        self.workspace.background.failed.connect(self.messages.show_error)
        self.services.settings.changed.connect(self._show_settings)
        self._unlisten = listen(self.services.plugins_changed, self._show_plugins)
        self.toolbox.changed.connect(self._show_tool)
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

    def _run(
        self, operation: Operation, values: Mapping[str, object], *, visible: bool = False
    ) -> None:
        """Run on the picture as it is seen: with what is pending in a tool or made on a thread."""
        seed = self.tools.seed(operation)

        def start() -> None:
            region = self.canvas.visible_region() if visible else None
            self.runs.start(operation, values, region=region, seed=seed)

        if self.session.document is None:
            start()
        else:
            self.files.settled(start)

    def _show_plugins(self) -> None:
        """Plugins came, went or were loaded again: so do their commands and forms."""
        self.actions_by_id.replace_operations(
            *operation_commands(self.services.registry, self._choose)
        )
        self.actions_by_id.set_keys(self.services.settings.shortcuts)
        self.tools.renew()
        self.workspace.models.refresh()
        self._show_state()

    # What is shown

    def _show_document(self) -> None:
        document = self.session.document
        left = self.session.entry(self.canvas.document)
        if left is not None:
            left.view = self.canvas.viewport.state
        self.canvas.set_document(document)
        self.body.show_canvas(document is not None)
        current = self.session.current
        if current is None:
            self._fill_welcome()
        else:
            if isinstance(current.view, ViewState):
                self.canvas.look_at(current.view)
            if not self.tabs.hasFocus():
                self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_tool()

    def _show_tool(self) -> None:
        hint = tr(self.toolbox.current.hint) if self.session.document is not None else ""
        self.status.show_hint(hint)
        self._show_state()

    def _show_state(self) -> None:
        """Bring title and commands up to date."""
        document = self.session.document
        history = document.history if document is not None else None
        facts = {
            "document": document is not None,
            "several": len(self.session.entries) > 1,
            "undo": history is not None and history.can_undo,
            "redo": history is not None and history.can_redo,
            "result": self.runs.result is not None,
            "applicable": self._applicable,
            "running": self.runs.job is not None,
            "stoppable": self.runs.job is not None and can_keep(self.runs.job),
            "runnable": self.tools.can_run,
            "triable": self.tools.can_try,
            "hide-panels": self.panels.put_away,
            "full-screen": self.isFullScreen(),
        }
        for area in self.areas:
            facts.update(area.facts())
        self.actions_by_id.show_state(facts)
        title = f"{self.session.name}[*] — Impasto" if document is not None else "Impasto[*]"
        self.setWindowTitle(title)
        self.setWindowModified(self.session.modified)
        steps = history.steps if history is not None else ()
        position = history.position if history is not None else 0
        self._name_step("undo", tr("&Undo"), steps[position - 1].title if position else "")
        ahead = steps[position].title if position < len(steps) else ""
        self._name_step("redo", tr("&Redo"), ahead)

    def _name_step(self, id: str, verb: str, step: str) -> None:
        name = tr(step).replace("&", "&&")
        self.actions_by_id[id].setText(f"{verb} {name}" if step else verb)

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
        if "shortcuts" in names:
            self.actions_by_id.set_keys(settings.shortcuts)
        if "recent_files" in names and not settings.recent_files:
            self._fill_welcome()
        if names & {"device", "precision"}:
            device = tr("Automatic device") if settings.device == "auto" else settings.device
            exact = tr(", exact") if settings.precision == "float32" else ""
            self.status.show_device(device + exact)

    def _fill_welcome(self) -> None:
        if self.session.document is None:
            names = self.services.settings.recent_files
            background = self.workspace.background
            background.run(
                lambda: [n for n in names if Path(n).is_file()], self.welcome.show_recent
            )
            background.run(_samples, self.welcome.show_samples)

    def _choose(self, operation_id: str) -> None:
        self.docks["tools"].show()
        self.tools.choose_id(operation_id)

    def hide_panels(self, hidden: bool) -> None:
        """Leave only the picture, or bring the panels back."""
        self.panels.put_all_away(hidden)
        keys = self.actions_by_id["hide-panels"].shortcut().toString()
        if hidden and keys:
            text = tr("The panels are hidden. {keys} on the canvas brings them back.", keys=keys)
            self.status.showMessage(text, HINT_MS)
        else:
            self.status.clearMessage()
        self._show_state()

    def reset_layout(self) -> None:
        """Put all panels where they were at first."""
        self.panels.reset()
        self._show_state()

    def show_full_screen(self, full: bool) -> None:
        """Use the whole screen, or go back to a window."""
        self.setWindowState(
            self.windowState() | Qt.WindowState.WindowFullScreen
            if full
            else self.windowState() & ~Qt.WindowState.WindowFullScreen
        )

    # Beginning and end

    def open(self, *paths: Path) -> None:
        """Open pictures, as if chosen by the user."""
        self.files.open(*paths)

    def _restore(self) -> None:
        settings = self.services.settings
        if settings.geometry:
            self.restoreGeometry(QByteArray(base64.b64decode(settings.geometry)))
        self.panels.restore(settings.window_state)
        if settings.problem:
            self.messages.show_message("warning", settings.problem)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask about unsaved changes, stop what runs, remember the layout."""
        self.toolbox.finish()
        if not self.workspace.edits.idle():
            event.ignore()
            self.workspace.edits.when_idle(self._close_for_good)
            return
        if any(entry.modified for entry in self.session.entries):
            event.ignore()
            # Saving takes time: the window is closed again, for good, once that is done.
            self.files.close_all(self._close_for_good)
            return
        if self.files.writing:  # such as an export: it would be cut off
            event.ignore()
            self.files.when_written(self._close_for_good)
            return
        if not all(area.may_close(self._close_for_good) for area in self.areas):
            event.ignore()
            return
        event.accept()
        if not self._closed:  # Qt asks again for a window that is closed already
            self._closed = True
            self._shut_down()

    def _close_for_good(self) -> None:
        # Qt ignores a close() inside a close event.
        QTimer.singleShot(0, self.close)

    def _shut_down(self) -> None:
        self.tools.remember_all()
        geometry = base64.b64encode(self.saveGeometry().data()).decode()
        settings = self.services.settings
        settings.update(geometry=geometry, window_state=self.panels.save())
        settings.changed.disconnect(self._show_settings)
        self._unlisten()
        self.warm_up.stop()
        self.runs.cancel_all()
        for area in self.areas:
            area.close()
        self.toolbox.close()
        self.bridge.close()
        self.session.close_all()
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
