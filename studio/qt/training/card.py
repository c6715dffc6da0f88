"""One training of the panel."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from studio.host.training.records import Curves, RunState
from studio.host.training.run import TrainingRun
from studio.qt.background import Background, Task
from studio.qt.i18n import tr
from studio.qt.panels.latest import Latest
from studio.qt.theme import Theme
from studio.qt.training.plot import CurvePlot
from studio.qt.training.sheet import SheetButton
from studio.qt.training.words import STATES, run_text
from studio.qt.widgets import ElidedLabel, button, icon_button, label

_REFRESH_MS = 400
_STOPPABLE = (RunState.PREPARING, RunState.RUNNING)


class RunCard(QFrame):
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
        super().__init__()
        self.run, self._theme = run, theme
        self._shown: RunState | None = None
        self._sheet_time = 0
        self._latest = Latest(background, _REFRESH_MS, self)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Training: {title}", title=run.title))
        self.icon = QLabel()
        self.icon.setFixedWidth(20)
        self.state = label("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(tr("Progress of {title}", title=run.title))
        self.hold = icon_button(theme, "pause", tr("Pause this training"), "muted")
        self.go_on = icon_button(theme, "run", tr("Resume this training"), "muted")
        self.keep = icon_button(theme, "check", tr("Stop and keep the best so far"), "muted")
        self.forget = icon_button(theme, "trash", tr("Discard this training"), "muted")
        self.choose = button(tr("Use it"), tr("Open its tool with this model chosen"), primary=True)
        self.more = button(tr("Details"), link=True)
        self.more.setCheckable(True)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setProperty("role", "details")
        self.details.setAccessibleName(tr("Full error"))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setFixedHeight(140)
        self.details.hide()
        self.seen = button(tr("Samples and curves"), link=True)
        self.seen.setCheckable(True)
        self.sheet = SheetButton(run.title)
        self.plot = CurvePlot(theme)
        self.logarithmic = QCheckBox(tr("Logarithmic scale"))
        self._lay_out()
        self.hold.clicked.connect(self.pause)
        self.go_on.clicked.connect(self.resume)
        self.keep.clicked.connect(self.finish)
        self.forget.clicked.connect(self.discard)
        self.choose.clicked.connect(self.use)
        self.more.toggled.connect(self.details.setVisible)
        self.seen.toggled.connect(self._show_inside)
        self.logarithmic.toggled.connect(self.plot.set_logarithmic)
        self._show_inside(shown=False)
        self.refresh()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.icon)
        name = ElidedLabel(self.run.title)
        name.setProperty("role", "heading")
        head.addWidget(name, 1)
        for widget in (self.hold, self.go_on, self.keep, self.forget):
            head.addWidget(widget)
        self.inside = QWidget()
        inner = QVBoxLayout(self.inside)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(6)
        inside: tuple[QWidget, ...] = (self.sheet, self.plot, self.logarithmic)
        for part in inside:
            inner.addWidget(part)
        feet = QHBoxLayout()
        feet.addWidget(self.seen)
        feet.addWidget(self.more)
        feet.addStretch(1)
        feet.addWidget(self.choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 6, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(self.state)
        column.addWidget(self.inside)
        column.addLayout(feet)
        column.addWidget(self.details)

    def refresh(self) -> None:
        """Show the run's present state."""
        run, state = self.run, self.run.state
        if state is not self._shown:
            self._shown = state
            if state.active:  # now there is something to be seen
                self.seen.setChecked(True)
            _, icon, color = STATES[state]
            self._theme.bind(self.icon, icon, color, 18)
            self.hold.setVisible(state in _STOPPABLE or state is RunState.WAITING)
            self.go_on.setVisible(state.resumable)
            self.forget.setVisible(state is not RunState.PAUSING)
            self.bar.setVisible(state is not RunState.FINISHED)
            self.choose.setVisible(state is RunState.FINISHED and run.card is not None)
            words = tr("Remove from the list") if state is RunState.FINISHED else ""
            self.forget.setToolTip(words or tr("Discard this training"))
            self.forget.setAccessibleName(self.forget.toolTip())
            details = run.error.details if run.error is not None else ""
            self.more.setVisible(bool(details))
            self.details.setPlainText(details)
            if not details:
                self.more.setChecked(False)
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
