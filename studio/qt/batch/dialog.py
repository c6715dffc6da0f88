"""The dialog of batches: what to do, and the queue of what is done. It stays open beside the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.api.errors import UserError
from studio.host.batch.batch import Order
from studio.host.batch.queued import BatchBench
from studio.host.batch.runs import BatchRun
from studio.host.recipes import Recipe, read_recipe
from studio.qt.background import Task
from studio.qt.batch.card import BatchCard
from studio.qt.batch.form import OrderForm
from studio.qt.batch.words import recipe_text
from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import tr
from studio.qt.panels.latest import Latest
from studio.qt.problems import in_words
from studio.qt.widgets import button, label, restyle, scroll_area
from studio.qt.workspace import Workspace

_SETTLE_MS = 300
_FORM = 420  # width in pixels, or as wide as its words are
_BAR = 24  # of its scroll bar and frame


class BatchDialog(Dialog):
    """The form on the left, the queue on the right.

    Signals:
        start: an `Order`.
        pause, resume, cancel, remove, open_folder, report: a button of a `BatchRun` was pressed.
    """

    start = Signal(object)
    pause = Signal(object)
    resume = Signal(object)
    cancel = Signal(object)
    remove = Signal(object)
    open_folder = Signal(object)
    report = Signal(object)

    def __init__(self, parent: QWidget | None, workspace: Workspace, bench: BatchBench) -> None:
        super().__init__(parent, tr("Batch"), 900, 640)
        self._workspace, self._bench = workspace, bench
        self._order: Order | None = None
        self._latest = Latest(workspace.background, _SETTLE_MS, self)
        self.cards: dict[BatchRun, BatchCard] = {}
        self.form = OrderForm(workspace.theme, workspace.services.settings)
        self.empty = label(
            tr("Batches that you start are done one after another, behind everything else."),
            "muted",
            wrap=True,
        )
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        queue = QVBoxLayout()
        queue.setSpacing(8)
        queue.addWidget(label(tr("Queue"), "heading"))
        queue.addWidget(self.empty)
        queue.addWidget(scroll_area(inside), 1)
        left = scroll_area(self.form)
        left.setMinimumWidth(max(_FORM, self.form.sizeHint().width() + _BAR))
        both = QHBoxLayout()
        both.setSpacing(24)
        both.addWidget(left, 0)
        both.addLayout(queue, 1)
        self.content.addLayout(both, 1)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        self.content.addWidget(self.problem)
        close = button(tr("Close"), tr("Batches go on"))
        close.clicked.connect(self.reject)
        self.add = button(tr("Start"), primary=True)
        self.add.setDefault(True)
        self.add.clicked.connect(self._start)
        self.buttons.addWidget(close)
        self.buttons.addWidget(self.add)
        self.form.changed.connect(self._look)
        self._look()

    def use_recipe(self, path: Path) -> None:
        """Fill in a recipe."""
        self.form.recipe.edit.setText(str(path))

    def show_runs(self, runs: tuple[BatchRun, ...]) -> None:
        """Have a card for each, in the order in which they run."""
        for gone in [run for run in self.cards if run not in runs]:
            card = self.cards.pop(gone)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, run in enumerate(runs):
            if run not in self.cards:
                self.cards[run] = self._make(run)
                self._column.insertWidget(place, self.cards[run])
            self.cards[run].refresh()
        self.empty.setVisible(not self.cards)
        self.add.setText(
            tr("Add to the queue") if any(not r.state.finished for r in runs) else tr("Start")
        )

    def close_form(self) -> None:
        """Look at nothing any more."""
        self._latest.cancel()

    def _make(self, run: BatchRun) -> BatchCard:
        card = BatchCard(run, self._workspace.theme)
        card.pause.connect(lambda: self.pause.emit(run))
        card.resume.connect(lambda: self.resume.emit(run))
        card.cancel.connect(lambda: self.cancel.emit(run))
        card.remove.connect(lambda: self.remove.emit(run))
        card.open_folder.connect(lambda: self.open_folder.emit(run))
        card.report.connect(lambda: self.report.emit(run))
        return card

    def _start(self) -> None:
        if self._order is not None:
            self.start.emit(self._order)

    # Checking what is filled in

    def _look(self) -> None:
        self._order = None
        self.add.setEnabled(False)
        self._latest.cancel()
        recipe, complete = self.form.recipe.path, self.form.complete
        self.form.found.setText("")
        self._say("")
        if recipe is None:
            self.form.steps.setText(tr("File › Export recipe makes one of a picture's history."))
            return
        # Widgets are read here, on their own thread; the files on another.
        make = self.form.order() if complete else None
        self._latest.request(lambda task: self._check(task, recipe, make), self._show)

    def _check(
        self, _task: Task, path: Path, make: Callable[[Recipe], Order] | None
    ) -> tuple[Recipe | None, Order | None, int, UserError | None]:
        """On a thread: the recipe, the order if it can run, how many pictures, or what is wrong."""
        recipe = None
        try:
            recipe = read_recipe(path)
            if make is None:
                return recipe, None, 0, None
            order = make(recipe)
            return recipe, order, len(self._bench.check(order)), None
        except UserError as error:
            return recipe, None, 0, error

    def _show(self, found: tuple[Recipe | None, Order | None, int, UserError | None]) -> None:
        recipe, self._order, count, error = found
        self.form.steps.setText("" if recipe is None else recipe_text(recipe))
        self.form.found.setText(tr("{n} pictures", n=count) if self._order is not None else "")
        self._say("" if error is None else " ".join(in_words(error.message, error.hint)))
        self.add.setEnabled(self._order is not None)

    def _say(self, text: str) -> None:
        restyle(self.problem, "role", "error")
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
