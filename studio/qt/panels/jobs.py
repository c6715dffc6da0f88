"""The jobs panel: what waits, runs and has run."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.host.jobs import Job
from studio.host.queue import JobQueue
from studio.qt.bridge import JobBridge
from studio.qt.i18n import tr
from studio.qt.panels.job_card import JobCard
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, button, label, scroll_area


class JobsPanel(QWidget):
    """Signals: ``retry`` and ``show_result`` carry the `Job`."""

    retry = Signal(object)
    show_result = Signal(object)

    def __init__(self, queue: JobQueue, bridge: JobBridge, theme: Theme) -> None:
        super().__init__()
        self._queue, self._theme = queue, theme
        self.cards: dict[int, JobCard] = {}
        self.empty = label(tr("Nothing has been run yet."), "muted", wrap=True)
        self.clear = button(
            tr("Clear finished"), tr("Remove all finished jobs from the list"), link=True
        )
        self.clear.clicked.connect(self._clear)
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(GAP)
        self._column.addStretch(1)
        area = scroll_area(content)
        feet = QHBoxLayout()
        feet.setContentsMargins(12, 4, 8, 4)
        feet.addStretch()
        feet.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.empty.setContentsMargins(12, 12, 12, 0)
        column.addWidget(self.empty)
        column.addWidget(area, 1)
        column.addLayout(feet)
        self.setMinimumSize(240, 120)
        bridge.job_changed.connect(self._on_job)
        self._arrange()

    def _on_job(self, job: Job) -> None:
        known = job in self._queue.jobs
        if job.state.finished:  # which may have cost an older one its result
            for card in self.cards.values():
                card.refresh()
        elif known and job.id in self.cards:
            self.cards[job.id].refresh()
        if known != (job.id in self.cards) or self._order() != list(self.cards):
            self._arrange()
        self.clear.setVisible(any(card.job.state.finished for card in self.cards.values()))

    def _sorted(self) -> list[Job]:
        """What is still to run in its order, then what has run, newest first."""
        jobs = self._queue.jobs
        finished = [job for job in jobs if job.state.finished]
        return [job for job in jobs if job not in finished] + finished[::-1]

    def _order(self) -> list[int]:
        return [job.id for job in self._sorted()]

    def _arrange(self) -> None:
        """Make a card for each job, and put the cards in order."""
        jobs = self._sorted()
        ids = {job.id for job in jobs}
        for gone in [number for number in self.cards if number not in ids]:
            card = self.cards.pop(gone)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        kept, self.cards = self.cards, {}
        for place, job in enumerate(jobs):
            card = kept.get(job.id) or self._make(job)
            self.cards[job.id] = card
            self._column.removeWidget(card)
            self._column.insertWidget(place, card)
            card.refresh()
        self.empty.setVisible(not self.cards)
        self.clear.setVisible(any(card.job.state.finished for card in self.cards.values()))

    def _make(self, job: Job) -> JobCard:
        card = JobCard(job, self._theme)
        card.cancel.connect(lambda: self._queue.cancel(job))
        card.keep.connect(lambda: self._queue.stop(job))
        card.remove.connect(lambda: self._queue.remove(job))
        card.retry.connect(lambda: self.retry.emit(job))
        card.show_result.connect(lambda: self.show_result.emit(job))
        card.shift.connect(lambda offset: self._queue.move(job, offset))
        return card

    def _clear(self) -> None:
        for card in list(self.cards.values()):
            if card.job.state.finished:
                self._queue.remove(card.job)
