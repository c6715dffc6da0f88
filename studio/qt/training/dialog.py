"""The dialog that starts a training: what, of which pictures, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from studio.api.trainer import Trainer
from studio.qt.dialogs.base import Dialog
from studio.qt.forms.form import Form
from studio.qt.i18n import tr
from studio.qt.training.folders import FolderField
from studio.qt.widgets import GAP, clear_layout, label, scroll_area
from studio.qt.workspace import Workspace


class TrainDialog(Dialog):
    """Everything a training needs; it can start once each folder was found to be good.

    Signals:
        start: a trainer, its folders, its parameters, the model's name, and how many pictures
            were found.
    """

    start = Signal(object, list, dict, str, int)

    def __init__(
        self, parent: QWidget | None, workspace: Workspace, trainers: tuple[Trainer, ...]
    ) -> None:
        super().__init__(parent, tr("Train a model"), 620, 640)
        self._workspace, self._trainers = workspace, trainers
        self.folders: list[FolderField] = []
        self.form: Form | None = None
        self.chooser = QComboBox()
        self.chooser.setAccessibleName(tr("What to train"))
        for trainer in trainers:
            self.chooser.addItem(tr(trainer.title), trainer.id)
        self.help = label("", "muted", wrap=True)
        self.name = QLineEdit()
        self.name.setMaxLength(80)
        self.name.setAccessibleName(tr("Name of the model"))
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(GAP)
        for text, control in (
            (tr("What to train"), self.chooser),
            (tr("Name of the model"), self.name),
        ):
            heading = label(text, "heading")
            heading.setBuddy(control)
            column.addWidget(heading)
            column.addWidget(control)
            if control is self.chooser:
                column.addWidget(self.help)
                column.addSpacing(GAP)
        self._inside = QVBoxLayout()
        self._inside.setSpacing(GAP * 2)
        column.addSpacing(GAP)
        column.addLayout(self._inside)
        column.addStretch(1)
        self.content.addWidget(scroll_area(body), 1)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        self.content.addWidget(self.problem)
        self.add_accept(tr("Start"))
        self.accepted.connect(self._start)
        self.finished.connect(lambda _: self._leave_folders())
        self.name.textChanged.connect(lambda _: self._allow())
        self.chooser.currentIndexChanged.connect(lambda _: self._show_trainer())
        self._show_trainer()

    @property
    def trainer(self) -> Trainer:
        """The chosen one."""
        return self._trainers[max(self.chooser.currentIndex(), 0)]

    def choose(self, trainer_id: str) -> None:
        """Choose a trainer."""
        self.chooser.setCurrentIndex(max(self.chooser.findData(trainer_id), 0))

    @property
    def data(self) -> list[Path]:
        """The folders that were named, in the trainer's order."""
        return [path for field in self.folders for path in field.paths]

    def _show_trainer(self) -> None:
        trainer, workspace = self.trainer, self._workspace
        self._leave_folders()
        clear_layout(self._inside)
        self.help.setText(tr(trainer.help))
        self.name.setText(tr(trainer.title))
        self.folders = [
            FolderField(folder, workspace.theme, workspace.background) for folder in trainer.folders
        ]
        for field in self.folders:
            field.changed.connect(self._allow)
            self._inside.addWidget(field)
        self.form = Form(trainer.parameters, workspace.models, workspace.theme, workspace.library)
        self.form.changed.connect(self._allow)
        remembered: dict[str, Any] = dict(
            workspace.services.settings.parameters.get(_key(trainer), {})
        )
        self.form.set_values({**self.form.values(), **remembered})
        self._inside.addWidget(self.form)
        workspace.models.refresh()
        self._allow()

    def _leave_folders(self) -> None:
        for field in self.folders:
            field.close_field()

    def _allow(self) -> None:
        """Let it start once all is good; say what is missing."""
        twice = len({path.resolve() for path in self.data}) < len(self.data)
        self.problem.setText(tr("Each folder needs pictures of its own: one was named twice."))
        self.problem.setVisible(twice)
        good = all(field.found is not None for field in self.folders)
        named = bool(self.name.text().strip())
        valid = self.form is not None and self.form.valid
        self.accept_button.setEnabled(good and named and valid and not twice)

    def _start(self) -> None:
        if self.form is None:
            return
        values = self.form.values()
        settings = self._workspace.services.settings
        settings.remember_parameters(_key(self.trainer), values)
        pictures = sum(field.found.count for field in self.folders if field.found is not None)
        self.start.emit(self.trainer, self.data, values, self.name.text().strip(), pictures)


def _key(trainer: Trainer) -> str:
    """Where its values are remembered: an operation may have the same id."""
    return f"train:{trainer.id}"
