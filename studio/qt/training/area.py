"""The part of the window that trains models."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox

from studio.api.errors import UserError
from studio.api.trainer import Trainer
from studio.host.training.records import RunState
from studio.host.training.run import TrainingRun
from studio.qt.actions import Command
from studio.qt.area import Area, Desk, Panel
from studio.qt.i18n import N_, tr
from studio.qt.training.bridge import TrainingBridge
from studio.qt.training.dialog import TrainDialog
from studio.qt.training.panel import TrainingPanel

if TYPE_CHECKING:
    from studio.qt.main_window import MainWindow


class TrainingArea(Area):
    """Brings the command *Train a model*, its dialog, and the panel of trainings."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command("train", N_("Trai&n a model…"), "Tools", "train", (),
                N_("Make a model of your own from folders of pictures"), section=3),
    )  # fmt: skip

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        workspace = desk.workspace
        self.bench = workspace.services.training
        self.bridge = TrainingBridge(self.bench, self)
        self.panel = TrainingPanel(workspace)
        self.dialog: TrainDialog | None = None
        self.question: QMessageBox | None = None
        self._closed = self._leaving = False
        self._told: set[str] = set()
        self._gone: set[str] = set()
        self.bridge.changed.connect(self._on_changed)
        panel = self.panel
        panel.train.connect(self.ask)
        panel.pause.connect(lambda run: run.pause())
        panel.resume.connect(lambda run: self._try(run.resume))
        panel.finish.connect(lambda run: self._try(run.finish))
        panel.discard.connect(self._ask_discard)
        panel.use.connect(self.use)
        workspace.models.train_wanted.connect(self.ask)
        # Another window or a command may have trained a model meanwhile.
        QGuiApplication.instance().applicationStateChanged.connect(self._look_for_models)  # type: ignore[union-attr]  # there is one
        QTimer.singleShot(0, self, self._look)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the command does."""
        return {"train": self.ask}

    def panels(self) -> tuple[Panel, ...]:
        """The trainings, behind the layers; shown once there are some."""
        return (Panel("training", tr("Training"), self.panel, tab_with="layers", shown=False),)

    def close(self) -> None:
        """Stop what is trained, its state saved."""
        self._closed = True
        QGuiApplication.instance().applicationStateChanged.disconnect(self._look_for_models)  # type: ignore[union-attr]  # there is one
        self.bridge.close()
        self.bench.close()

    # Starting

    def ask(self, trainer: str = "") -> None:
        """Show the dialog, with a trainer chosen if one is named."""
        trainers = self.bench.registry.trainers()
        workspace = self.desk.workspace
        if not trainers:
            workspace.messages.show_message(
                "info", tr("No plugin can train models."), tr("Look at the list of plugins.")
            )
            return
        self.dialog = dialog = TrainDialog(self.desk.window, workspace, trainers)
        if trainer:
            dialog.choose(trainer)
        dialog.start.connect(self.start)
        dialog.finished.connect(self._on_dialog_closed)
        dialog.open()

    def _on_dialog_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def start(
        self, trainer: Trainer, data: list[Path], values: dict[str, Any], title: str, pictures: int
    ) -> None:
        """Train, and show how it goes."""
        device = self.desk.workspace.services.settings.device
        try:
            run = self.bench.start(
                trainer.id, data, values, title, device=device, pictures=pictures
            )
        except UserError as error:
            self.desk.workspace.messages.show_error(error)
            return
        self.panel.show_change(run)
        self.show_panel()

    def show_panel(self) -> None:
        """Bring the panel to the front."""
        dock = cast("MainWindow", self.desk.window).docks["training"]
        dock.show()
        dock.raise_()

    # What becomes of it

    def _look(self) -> None:
        """Find the trainings of earlier starts."""
        if not self._closed:
            self.desk.workspace.background.run(self.bench.runs, self._found, owner=self)

    def _found(self, runs: tuple[TrainingRun, ...]) -> None:
        self._told.update(run.id for run in runs if run.state is RunState.FINISHED)
        self.panel.show_runs(tuple(run for run in runs if run.id not in self._gone))
        left = [run for run in runs if run.state is RunState.INTERRUPTED]
        messages = self.desk.workspace.messages
        if left and messages.isHidden():
            messages.show_message(
                "info",
                tr("The training of {title} was interrupted.", title=left[0].title),
                tr("It can go on from its last checkpoint."),
                action=(tr("Show"), self.show_panel),
            )

    def _on_changed(self, run: TrainingRun) -> None:
        if self._closed or run.id in self._gone:
            return
        self.panel.show_change(run)
        if run.state is RunState.FINISHED and run.id not in self._told:
            self._told.add(run.id)
            self._tell_finished(run)
        elif run.state is RunState.FAILED and run.id not in self._told:
            self._told.add(run.id)
            self.show_panel()
        elif run.state is RunState.WAITING:
            self._told.discard(run.id)
        if self._leaving and self.bench.current is None:
            self._leaving = False
            self._again()

    def _tell_finished(self, run: TrainingRun) -> None:
        workspace, card = self.desk.workspace, run.card
        workspace.models.refresh()
        if card is not None:
            workspace.messages.show_message(
                "success",
                tr("{title} is trained.", title=card.title),
                card.summary,
                action=(tr("Use it"), partial(self.use, run)),
            )

    def use(self, run: TrainingRun) -> None:
        """Open the operation that the model is for, with the model chosen."""
        card = run.card
        window = cast("MainWindow", self.desk.window)
        try:
            operation = self.bench.registry.trainer(run.trainer).operation
            self.bench.registry.operation(operation)
        except UserError as error:
            self.desk.workspace.messages.show_error(error)
            return
        window.docks["tools"].show()
        window.tools.choose_id(operation)
        if card is not None:
            window.tools.use_model(card)

    def _look_for_models(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self.desk.workspace.models.refresh()

    def _try(self, wish: Callable[[], None]) -> None:
        try:
            wish()
        except UserError as error:
            self.desk.workspace.messages.show_error(error)

    # Discarding

    def _ask_discard(self, run: TrainingRun) -> None:
        """Ask before work is thrown away; what has become a model is none any more."""
        if run.state is RunState.FINISHED or not (run.has_learned or run.state.active):
            self._discard(run)
            return
        question = self._ask(
            tr("Discard a training"),
            tr("Discard the training of {title} and all it has learned?", title=run.title),
        )
        yes = question.addButton(tr("Discard"), QMessageBox.ButtonRole.DestructiveRole)
        question.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        yes.clicked.connect(lambda: self._discard(run))
        question.open()

    def _discard(self, run: TrainingRun) -> None:
        def failed(error: BaseException) -> None:
            self._gone.discard(run.id)
            self.panel.show_change(run)
            self.desk.workspace.messages.show_error(error)

        self._gone.add(run.id)
        self.panel.remove(run)
        self.desk.workspace.background.run(run.discard, lambda _: None, failed, owner=self)

    def _ask(self, title: str, text: str) -> QMessageBox:
        self.question = question = QMessageBox(self.desk.window)
        question.setWindowTitle(title)
        question.setText(text)
        question.setIcon(QMessageBox.Icon.Question)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return question

    # Closing the window

    def may_close(self, again: Callable[[], None]) -> bool:
        """Whether nothing is trained; otherwise the user is told that it will be paused."""
        run = self.bench.current
        if run is None:
            return True
        if not self._leaving:
            self._again = again
            question = self._ask(
                tr("A model is being trained"),
                tr("The training of {title} will be paused, its state saved.", title=run.title)
                + "\n"
                + tr("You can resume it in the Training panel the next time."),
            )
            yes = question.addButton(tr("Pause and close"), QMessageBox.ButtonRole.AcceptRole)
            question.addButton(tr("Keep open"), QMessageBox.ButtonRole.RejectRole)
            yes.clicked.connect(self._pause_and_leave)
            question.open()
        return False

    def _pause_and_leave(self) -> None:
        run = self.bench.current
        if run is None:
            self._again()
            return
        self._leaving = True
        self.desk.files.busy.emit(tr("Saving the training of {title}…", title=run.title))
        self.bench.pause_all()
