"""One batch of the queue."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit

from studio.host.batch.runs import BatchRun, BatchState
from studio.qt.batch.words import STATES, problem_text, run_text
from studio.qt.i18n import tr
from studio.qt.panels.card import WorkCard
from studio.qt.theme import Theme
from studio.qt.widgets import ElidedLabel, icon_button


class BatchCard(WorkCard):
    """State, progress and buttons of a batch; the pictures that failed.

    Signals:
        pause, resume, cancel, remove, open_folder, report: a button was pressed.
    """

    pause = Signal()
    resume = Signal()
    cancel = Signal()
    remove = Signal()
    open_folder = Signal()
    report = Signal()

    def __init__(self, run: BatchRun, theme: Theme) -> None:
        title = run.order.recipe.name
        super().__init__(title, tr("Batch: {title}", title=title), theme)
        self.run = run
        self._shown: BatchState | None = None
        self._problems = 0
        self.hold = icon_button(theme, "pause", tr("Pause this batch"), "muted")
        self.go_on = icon_button(theme, "run", tr("Go on with this batch"), "muted")
        self.folder = icon_button(theme, "folder", tr("Show the results' folder"), "muted")
        self.save = icon_button(theme, "save", tr("Save a report…"), "muted")
        self.stop = icon_button(theme, "close", tr("Cancel this batch"), "muted")
        self.forget = icon_button(theme, "trash", tr("Remove from the list"), "muted")
        self.name = ElidedLabel()
        self.name.setProperty("role", "muted")
        self.more.setText(tr("What failed"))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        beside = (self.hold, self.go_on, self.folder, self.save, self.stop, self.forget)
        self.lay_out(title, beside, (self.name,))
        self.hold.clicked.connect(self.pause)
        self.go_on.clicked.connect(self.resume)
        self.folder.clicked.connect(self.open_folder)
        self.save.clicked.connect(self.report)
        self.stop.clicked.connect(self.cancel)
        self.forget.clicked.connect(self.remove)
        self.show_details("")
        self.refresh()

    def refresh(self) -> None:
        """Show the batch's present state."""
        run, state = self.run, self.run.state
        over, held = state.finished, not run.go_on.is_set()
        if state is not self._shown:
            self._shown = state
            _, icon, color = STATES[state]
            self.show_icon(icon, color)
            self.bar.setVisible(not over)
            self.stop.setVisible(not over)
            self.forget.setVisible(over)
            self.save.setVisible(over and run.summary is not None)
        self.hold.setVisible(not over and not held)
        self.go_on.setVisible(not over and held)
        self.bar.setValue(round(run.share * 1000))
        self.state.setText(run_text(run))
        self.name.setText(Path(run.name).name if not over else str(run.order.folder))
        problems = len(run.problems)
        if run.error is not None:
            self.show_details(run.error.details)
        elif problems != self._problems:
            self._problems = problems
            self.show_details("\n".join(map(problem_text, run.problems[:problems])))
