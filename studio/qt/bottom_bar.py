"""The bar under the canvas: progress of the run, then Apply or Discard."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from studio.host.jobs import Job, JobState
from studio.host.results import RunResult
from studio.qt.i18n import retold, tr
from studio.qt.panels.job_card import progress_text
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, ElidedLabel, button, duration, label


class RunBar(QWidget):
    """Progress, time left and Cancel; and Stop and Keep where a run can end early.

    Signals:
        cancel, keep: a button was pressed.
    """

    cancel = Signal()
    keep = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._job: Job | None = None
        self.title = label("", "heading")
        self.state = ElidedLabel()
        self.state.setProperty("role", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(tr("Progress of the run"))
        self.stop = button(tr("Cancel"), tr("Stop the run (Ctrl+.)"))
        theme.bind(self.stop, "close", "text", 16)
        self.enough = button(
            tr("Stop and Keep"), tr("Stop now and keep what there is (Ctrl+Shift+.)"), primary=True
        )
        theme.bind(self.enough, "check", "on_accent", 16)
        self.enough.clicked.connect(self.keep)
        self.stop.clicked.connect(self.cancel)
        text = QHBoxLayout()
        text.setSpacing(GAP)
        text.addWidget(self.title)
        text.addWidget(self.state, 1)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addLayout(text)
        column.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(GAP * 2)
        row.addLayout(column, 1)
        row.addWidget(self.stop)
        row.addSpacing(-GAP)
        row.addWidget(self.enough)
        self._clock = QTimer(self)  # time goes on between two reports of the job
        self._clock.setInterval(500)
        self._clock.timeout.connect(self._refresh)

    def show_job(self, job: Job | None) -> None:
        """Show a job's present state."""
        self._job = job
        if job is None:
            self._clock.stop()
            return
        self._clock.start()
        self._refresh()

    def _refresh(self) -> None:
        job = self._job
        if job is None:
            return
        self.title.setText(
            tr("Trying {title}", title=tr(job.title)) if job.request.region else tr(job.title)
        )
        self.state.setText(tr("Waiting") if job.started is None else progress_text(job))
        self.bar.setValue(round(job.fraction * 1000))
        self.stop.setEnabled(not job.cancel_requested)
        self.enough.setVisible(job.stoppable)
        self.enough.setEnabled(can_keep(job))


class ResultBar(QWidget):
    """What was made, and what is to become of it."""

    apply = Signal()
    discard = Signal()
    run_whole = Signal()
    chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.title = label("", "heading")
        self.facts = ElidedLabel()
        self.facts.setProperty("role", "muted")
        self.notes = label("", "muted", wrap=True)
        self.variations = QComboBox()
        self.variations.setAccessibleName(tr("Variation"))
        self.variations.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.variations.activated.connect(self.chosen)
        self.whole = button(
            tr("Run on the whole picture"), tr("Run it again on everything"), primary=True
        )
        theme.bind(self.whole, "run", "on_accent", 16)
        self.drop = button(tr("Discard"), tr("Leave the picture as it was (Esc)"))
        theme.bind(self.drop, "close", "text", 16)
        self.keep = button(tr("Apply"), tr("Keep the result as one step (Enter)"), primary=True)
        theme.bind(self.keep, "check", "on_accent", 16)
        self.keep.clicked.connect(self.apply)
        self.drop.clicked.connect(self.discard)
        self.whole.clicked.connect(self.run_whole)
        text = QVBoxLayout()
        text.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self.title)
        head.addWidget(self.facts, 1)
        text.addLayout(head)
        text.addWidget(self.notes)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(GAP)
        row.addLayout(text, 1)
        for widget in (self.variations, self.drop, self.whole, self.keep):
            row.addWidget(widget)

    def show_result(self, result: RunResult) -> None:
        """Describe a result."""
        self.title.setText(
            tr("{title} · try", title=tr(result.title)) if result.is_try else tr(result.title)
        )
        width, height = result.size
        self.facts.setText(f"{width} × {height} · {duration(result.seconds)}")
        self._show_notes("\n".join(map(retold, dict.fromkeys(result.notes))))
        self.variations.clear()
        for number in range(1, result.variations + 1):
            self.variations.addItem(
                tr("Result {number} of {count}", number=number, count=result.variations)
            )
        self.variations.setVisible(result.variations > 1)
        self.whole.setVisible(result.is_try)
        self.keep.setVisible(not result.is_try)
        self.set_applicable(False, "")

    def set_applicable(self, applicable: bool, reason: str) -> None:
        """Enable Apply, or say why it cannot be applied."""
        self.keep.setEnabled(applicable)
        if reason:
            self._show_notes(reason)

    def _show_notes(self, text: str) -> None:
        self.notes.setText(text)
        self.notes.setVisible(bool(text))


class BottomBar(QFrame):
    """Shows the bar that there is something to say with, or nothing."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("bottom-bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.run = RunBar(theme)
        self.result = ResultBar(theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.run)
        column.addWidget(self.result)
        self.show_job(None)
        self.show_result(None)

    def show_job(self, job: Job | None) -> None:
        """Show or hide the progress."""
        self.run.setVisible(job is not None)
        self.run.show_job(job)
        self._settle()

    def show_result(self, result: RunResult | None) -> None:
        """Show or hide Apply and Discard."""
        self.result.setVisible(result is not None)
        if result is not None:
            self.result.show_result(result)
        self._settle()

    def _settle(self) -> None:
        self.setVisible(not (self.run.isHidden() and self.result.isHidden()))


def can_keep(job: Job) -> bool:
    """Whether a job can be asked to end now and keep what it has."""
    begun = job.state in (JobState.RUNNING, JobState.PAUSED)
    return job.stoppable and begun and not (job.stop_requested or job.cancel_requested)
