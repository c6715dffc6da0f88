"""One training of the panel."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from studio.host.training.records import Curves, RunState
from studio.host.training.run import TrainingRun
from studio.qt.background import Background, Task
from studio.qt.i18n import tr
from studio.qt.panels.card import WorkCard
from studio.qt.panels.latest import Latest
from studio.qt.theme import Theme
from studio.qt.training.plot import CurvePlot
from studio.qt.training.sheet import SheetButton
from studio.qt.training.words import STATES, run_text
from studio.qt.widgets import button, icon_button

_REFRESH_MS = 400
_STOPPABLE = (RunState.PREPARING, RunState.RUNNING)


class RunCard(WorkCard):
    """State, progress, samples, curves and buttons of a training.

    Signals:
        pause, resume, finish, discard, use: a button was pressed.
    """

    pause = Signal()
    resume = Signal()
    finish = Signal()
    discard = Signal()
    use = Signal()

    def __init__(self, run: TrainingRun, theme: Theme, background: Background) -> None:
        super().__init__(run.title, tr("Training: {title}", title=run.title), theme)
        self.run = run
        self._shown: RunState | None = None
        self._sheet_time = 0
        self._latest = Latest(background, _REFRESH_MS, self)
        self.hold = icon_button(theme, "pause", tr("Pause this training"), "muted")
        self.go_on = icon_button(theme, "run", tr("Resume this training"), "muted")
        self.keep = icon_button(theme, "check", tr("Stop and keep the best so far"), "muted")
        self.forget = icon_button(theme, "trash", tr("Discard this training"), "muted")
        self.choose = button(tr("Use it"), tr("Open its tool with this model chosen"), primary=True)
        self.seen = button(tr("Samples and curves"), link=True)
        self.seen.setCheckable(True)
        self.sheet = SheetButton(run.title)
        self.plot = CurvePlot(theme)
        self.logarithmic = QCheckBox(tr("Logarithmic scale"))
        self.inside = QWidget()
        inner = QVBoxLayout(self.inside)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(6)
        for part in (self.sheet, self.plot, self.logarithmic):
            inner.addWidget(part)
        beside = (self.hold, self.go_on, self.keep, self.forget)
        self.lay_out(run.title, beside, (self.inside,), (self.seen,), (self.choose,))
        self.hold.clicked.connect(self.pause)
        self.go_on.clicked.connect(self.resume)
        self.keep.clicked.connect(self.finish)
        self.forget.clicked.connect(self.discard)
        self.choose.clicked.connect(self.use)
        self.seen.toggled.connect(self._show_inside)
        self.logarithmic.toggled.connect(self.plot.set_logarithmic)
        self._show_inside(shown=False)
        self.refresh()

    def refresh(self) -> None:
        """Show the run's present state."""
        run, state = self.run, self.run.state
        if state is not self._shown:
            self._shown = state
            if state.active:  # now there is something to be seen
                self.seen.setChecked(True)
            _, icon, color = STATES[state]
            self.show_icon(icon, color)
            self.hold.setVisible(state in _STOPPABLE or state is RunState.WAITING)
            self.go_on.setVisible(state.resumable)
            self.forget.setVisible(state is not RunState.PAUSING)
            self.bar.setVisible(state is not RunState.FINISHED)
            self.choose.setVisible(state is RunState.FINISHED and run.card is not None)
            words = tr("Remove from the list") if state is RunState.FINISHED else ""
            self.forget.setToolTip(words or tr("Discard this training"))
            self.forget.setAccessibleName(self.forget.toolTip())
            self.show_details(run.error.details if run.error is not None else "")
        # Before the first checkpoint there is nothing to keep but what training began with.
        self.keep.setVisible(
            (state in _STOPPABLE and run.fraction > 0) or (state.resumable and run.has_learned)
        )
        self.bar.setValue(round(run.fraction * 1000))
        self.state.setText(run_text(run))
        if self.seen.isChecked():
            self._latest.request(self._read, self._show_read)

    def _show_inside(self, shown: bool) -> None:
        self.inside.setVisible(shown)
        if shown:
            self._latest.request(self._read, self._show_read)

    def _read(self, _task: Task) -> tuple[Curves, QImage, int]:
        """On a thread: the curves, and the samples if there are newer ones."""
        path = self.run.sheet
        try:
            changed = path.stat().st_mtime_ns if path is not None else 0
        except OSError:  # discarded meanwhile
            changed = 0
        fresh = path is not None and changed not in (0, self._sheet_time)
        image = _image(path) if path is not None and fresh else QImage()
        return self.run.curves, image, changed

    def _show_read(self, found: tuple[Curves, QImage, int]) -> None:
        curves, image, changed = found
        self.plot.show_curves(curves)
        self.logarithmic.setVisible(bool(curves))
        if not image.isNull():
            self._sheet_time = changed
            self.sheet.show_sheet(image)


def _image(path: Path) -> QImage:
    """A PNG of our own, as small as Qt's reader can be trusted with."""
    return QImage(str(path))
