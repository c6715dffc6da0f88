"""One job of the jobs panel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
)

from studio.host.jobs import Job, JobState
from studio.qt.i18n import tr
from studio.qt.problems import in_words
from studio.qt.theme import Theme
from studio.qt.widgets import ElidedLabel, button, duration, icon_button, label

ICONS = {
    JobState.QUEUED: ("jobs", "muted"),
    JobState.RUNNING: ("run", "link"),
    JobState.PAUSED: ("pause", "warning"),
    JobState.DONE: ("success", "success"),
    JobState.FAILED: ("error", "error"),
    JobState.CANCELLED: ("close", "muted"),
}


class JobCard(QFrame):
    """State, progress and buttons of a job; the full error of one that failed.

    Signals:
        cancel, keep, retry, remove, show_result: a button was pressed.
        shift: a waiting job is to go up (-1) or down (+1).
    """

    cancel = Signal()
    keep = Signal()
    retry = Signal()
    remove = Signal()
    show_result = Signal()
    shift = Signal(int)

    def __init__(self, job: Job, theme: Theme) -> None:
        super().__init__()
        self.job, self._theme = job, theme
        self._shown: JobState | None = None
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Job {number}: {title}", number=job.id, title=tr(job.title)))
        self.icon = QLabel()
        self.icon.setFixedWidth(20)
        self.state = label("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(tr("Progress of {title}", title=tr(job.title)))
        self.up = icon_button(theme, "up", tr("Move up"), "muted")
        self.down = icon_button(theme, "down", tr("Move down"), "muted")
        self.enough = icon_button(theme, "check", tr("Stop now and keep what it has"), "muted")
        self.stop = icon_button(theme, "close", tr("Cancel this job"), "muted")
        self.again = icon_button(theme, "retry", tr("Run it again"), "muted")
        self.view = icon_button(theme, "compare", tr("Show its result again"), "muted")
        self.forget = icon_button(theme, "trash", tr("Remove from the list"), "muted")
        self.more = button(tr("Details"), link=True)
        self.more.setCheckable(True)
        self.copy = button(tr("Copy"), tr("Copy the full error"), link=True)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setProperty("role", "details")
        self.details.setAccessibleName(tr("Full error"))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setFixedHeight(160)
        self.details.hide()
        self._lay_out()
        self.up.clicked.connect(lambda: self.shift.emit(-1))
        self.down.clicked.connect(lambda: self.shift.emit(1))
        self.enough.clicked.connect(self.keep)
        self.stop.clicked.connect(self.cancel)
        self.again.clicked.connect(self.retry)
        self.view.clicked.connect(self.show_result)
        self.forget.clicked.connect(self.remove)
        self.more.toggled.connect(self.details.setVisible)
        self.copy.clicked.connect(self._copy)
        self.refresh()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.icon)
        title = tr(self.job.title)
        if self.job.request.region:
            title = tr("{title} · try", title=title)
        name = ElidedLabel(title)
        name.setProperty("role", "heading")
        head.addWidget(name, 1)
        for widget in (
            *(self.up, self.down, self.view, self.again),
            *(self.enough, self.stop, self.forget),
        ):
            head.addWidget(widget)
        feet = QHBoxLayout()
        feet.addWidget(self.more)
        feet.addWidget(self.copy)
        feet.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 6, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(self.state)
        column.addLayout(feet)
        column.addWidget(self.details)

    def refresh(self) -> None:
        """Show the job's present state."""
        job, state = self.job, self.job.state
        if state is not self._shown:
            self._shown = state
            self._theme.bind(self.icon, *ICONS[state], 18)
            waiting, over = state is JobState.QUEUED, state.finished
            self.up.setVisible(waiting)
            self.down.setVisible(waiting)
            self.stop.setVisible(not over)
            self.enough.setVisible(job.stoppable and not (waiting or over))
            self.again.setVisible(over)
            self.forget.setVisible(over)
            self.bar.setVisible(state in (JobState.RUNNING, JobState.PAUSED))
            failed = job.error is not None
            self.more.setVisible(failed)
            self.copy.setVisible(failed)
            self.details.setPlainText(job.error.details if job.error else "")
        self.enough.setEnabled(not (job.stop_requested or job.cancel_requested))
        self.view.setVisible(job.result is not None)
        self.bar.setValue(round(job.fraction * 1000))
        self.state.setText(job_text(job))

    def _copy(self) -> None:
        text = f"{self.state.text()}\n\n{self.details.toPlainText()}"
        QGuiApplication.clipboard().setText(text)


def job_text(job: Job) -> str:
    """What a job is doing, in one or two lines."""
    notes = "\n".join(map(tr, dict.fromkeys(job.notes)))
    if job.state is JobState.QUEUED:
        return tr("Waiting")
    if job.state is JobState.PAUSED:
        return tr("Paused for a more urgent job")
    if job.state is JobState.CANCELLED:
        return tr("Canceled")
    if job.state is JobState.FAILED and job.error is not None:
        return "\n".join(in_words(job.error.message, job.error.hint)).strip()
    if job.state is JobState.DONE:
        return "\n".join(filter(None, (tr("Done in {time}", time=duration(job.seconds)), notes)))
    return progress_text(job)


def progress_text(job: Job) -> str:
    """How far a running job is and how long it still takes."""
    ending = job.cancel_requested or job.stop_requested
    if ending:
        parts = [tr("Canceling…") if job.cancel_requested else tr("Stopping…")]
    else:
        parts = [tr(job.message) or tr("Running")]
    parts.append(f"{job.fraction:.0%}")
    if job.seconds_left is not None and not ending:
        parts.append(tr("{time} left", time=duration(round(job.seconds_left))))
    return " · ".join(parts)
