"""The training panel: what is trained, waits, stands still and has been trained."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.host.training.records import RunState
from studio.host.training.run import TrainingRun
from studio.qt.i18n import tr
from studio.qt.training.card import RunCard
from studio.qt.widgets import GAP, button, label, scroll_area
from studio.qt.workspace import Workspace


class TrainingPanel(QWidget):
    """A card for each run, newest first.

    Signals:
        train: the user wants to start one.
        pause, resume, finish, discard, use: a button of a `TrainingRun` was pressed.
    """

    train = Signal()
    pause = Signal(object)
    resume = Signal(object)
    finish = Signal(object)
    discard = Signal(object)
    use = Signal(object)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.cards: dict[str, RunCard] = {}
        self.empty = label(
            tr("Models that you train from your own pictures are made here."), "muted", wrap=True
        )
        self.empty.setContentsMargins(12, 12, 12, 0)
        self.new = button(tr("Train a model…"))
        workspace.theme.bind(self.new, "train", "text", 16)
        self.new.clicked.connect(self.train)
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(GAP)
        self._column.addStretch(1)
        feet = QHBoxLayout()
        feet.setContentsMargins(8, 4, 8, 8)
        feet.addWidget(self.new, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.empty)
        column.addWidget(scroll_area(content), 1)
        column.addLayout(feet)
        self.setMinimumSize(240, 120)

    def show_runs(self, runs: tuple[TrainingRun, ...]) -> None:
        """Have a card for each of these: what is trained, what waits, and the rest, newest first."""
        wanted = {run.id: run for run in sorted(runs, key=_place)}
        for gone in [id_ for id_ in self.cards if id_ not in wanted]:
            card = self.cards.pop(gone)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        kept, self.cards = self.cards, {}
        for place, (id_, run) in enumerate(wanted.items()):
            card = kept.get(id_) or self._make(run)
            self.cards[id_] = card
            self._column.removeWidget(card)
            self._column.insertWidget(place, card)
            card.refresh()
        self.empty.setVisible(not self.cards)

    def show_change(self, run: TrainingRun) -> None:
        """Bring the card of a run up to date; make it if there is none."""
        card = self.cards.get(run.id)
        runs = [other.run for other in self.cards.values()]
        if card is None:
            self.show_runs((run, *runs))
        elif runs != sorted(runs, key=_place):
            self.show_runs(tuple(runs))
        else:
            card.refresh()

    def remove(self, run: TrainingRun) -> None:
        """Take the card of a run away."""
        self.show_runs(tuple(c.run for c in self.cards.values() if c.run is not run))

    def _make(self, run: TrainingRun) -> RunCard:
        card = RunCard(run, self._workspace.theme, self._workspace.background)
        card.pause.connect(lambda: self.pause.emit(run))
        card.resume.connect(lambda: self.resume.emit(run))
        card.finish.connect(lambda: self.finish.emit(run))
        card.discard.connect(lambda: self.discard.emit(run))
        card.use.connect(lambda: self.use.emit(run))
        return card


def _place(run: TrainingRun) -> tuple[int, float]:
    """Where the card of a run belongs."""
    if run.state.active:
        return 0, 0.0
    waiting = run.state is RunState.WAITING
    return (1, run.spec.created) if waiting else (2, -run.spec.created)
