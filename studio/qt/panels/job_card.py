"""One job of the jobs panel."""

from __future__ import annotations

from PySide6.QtCore import Signal

from studio.host.jobs import Job, JobState
from studio.qt.i18n import retold, tr
from studio.qt.panels.card import WorkCard
from studio.qt.problems import in_words
from studio.qt.theme import Theme
from studio.qt.widgets import duration, icon_button

ICONS = {
    JobState.QUEUED: ("jobs", "muted"),
    JobState.RUNNING: ("run", "link"),
    JobState.PAUSED: ("pause", "warning"),
    JobState.DONE: ("success", "success"),
    JobState.FAILED: ("error", "error"),
    JobState.CANCELLED: ("close", "muted"),
}


class JobCard(WorkCard):
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
        title = tr(job.title)
        name = tr("Job {number}: {title}", number=job.id, title=title)
        super().__init__(title, name, theme)
        self.job = job
        self._shown: JobState | None = None
        self.up = icon_button(theme, "up", tr("Move up"), "muted")
        self.down = icon_button(theme, "down", tr("Move down"), "muted")
        self.enough = icon_button(theme, "check", tr("Stop now and keep what it has"), "muted")
        self.stop = icon_button(theme, "close", tr("Cancel this job"), "muted")
        self.again = icon_button(theme, "retry", tr("Run it again"), "muted")
        self.view = icon_button(theme, "compare", tr("Show its result again"), "muted")
        self.forget = icon_button(theme, "trash", tr("Remove from the list"), "muted")
        beside = (self.up, self.down, self.view, self.again, self.enough, self.stop, self.forget)
        self.lay_out(tr("{title} · try", title=title) if job.request.region else title, beside)
        self.up.clicked.connect(lambda: self.shift.emit(-1))
        self.down.clicked.connect(lambda: self.shift.emit(1))
        self.enough.clicked.connect(self.keep)
        self.stop.clicked.connect(self.cancel)
        self.again.clicked.connect(self.retry)
        self.view.clicked.connect(self.show_result)
        self.forget.clicked.connect(self.remove)
        self.refresh()

    def refresh(self) -> None:
        """Show the job's present state."""
        job, state = self.job, self.job.state
        if state is not self._shown:
            self._shown = state
            self.show_icon(*ICONS[state])
            waiting, over = state is JobState.QUEUED, state.finished
            self.up.setVisible(waiting)
            self.down.setVisible(waiting)
            self.stop.setVisible(not over)
            self.enough.setVisible(job.stoppable and not (waiting or over))
            self.again.setVisible(over)
            self.forget.setVisible(over)
            self.bar.setVisible(state in (JobState.RUNNING, JobState.PAUSED))
            self.show_details(job.error.details if job.error else "")
        self.enough.setEnabled(not (job.stop_requested or job.cancel_requested))
        self.view.setVisible(job.result is not None)
        self.bar.setValue(round(job.fraction * 1000))
        self.state.setText(job_text(job))


def job_text(job: Job) -> str:
    """What a job is doing, in one or two lines."""
    notes = "\n".join(map(retold, dict.fromkeys(job.notes)))
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
        parts = [retold(job.message) or tr("Running")]
    parts.append(f"{job.fraction:.0%}")
    if job.seconds_left is not None and not ending:
        parts.append(tr("{time} left", time=duration(round(job.seconds_left))))
    return " · ".join(parts)
