"""Choosing a model: what is here, what would have to be downloaded, and the download itself."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from studio.api.models import ModelCard
from studio.api.parameters import ParameterSpec
from studio.host.models import ModelStatus
from studio.qt.forms.controls import Control
from studio.qt.i18n import tr
from studio.qt.models import Models
from studio.qt.widgets import GAP, button, label, megabytes


def download_bytes(card: ModelCard) -> int:
    """What a download transfers: a wheel may be larger than the files wanted from it."""
    declared = card.extra.get("download_bytes", "")
    return int(declared) if declared.isdigit() else card.bytes


class ModelControl(Control):
    """A list of the models of a task, with the state of the chosen one under it."""

    def __init__(self, spec: ParameterSpec, models: Models) -> None:
        super().__init__(spec)
        self._models = models
        self.box = QComboBox()
        self.box.setMinimumContentsLength(12)
        self.box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.state = label("", "muted", wrap=True)
        self.download = button(tr("Download"), link=True)
        self.download.clicked.connect(self._download)
        self.bring = button(tr("Import a file…"), tr("Bring a model along"), link=True)
        self.bring.clicked.connect(models.import_wanted)
        self.train = button(tr("Train one…"), link=True)
        self.train.clicked.connect(self._train)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Download of {model}", model=spec.title))
        self.bar.hide()
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.box)
        below = QHBoxLayout()
        below.addWidget(self.state, 1)
        below.addWidget(self.download)
        layout.addLayout(below)
        layout.addWidget(self.bar)
        self._ways = QHBoxLayout()
        self._ways.setSpacing(GAP * 2)
        self._ways.addWidget(self.bring)
        self._ways.addWidget(self.train)
        self._ways.addStretch(1)
        layout.addLayout(self._ways)
        self._row.addWidget(column, 1)
        self.box.setAccessibleName(spec.title)
        self.box.setToolTip(spec.help)
        self._guard.guard(self.box)
        self.box.currentIndexChanged.connect(lambda _: self._chosen())
        models.changed.connect(self._fill)
        models.progress.connect(self._show_progress)
        self._wanted: Any = spec.default
        self._fill()

    @property
    def entry(self) -> QWidget:
        """The list."""
        return self.box

    def value(self) -> Any:
        """The id of a card, or None for the bundled default."""
        return self.box.currentData() if self.box.count() else self._wanted

    def set_value(self, value: Any) -> None:
        """Choose a model; one that is not known (any more) becomes the default."""
        self._wanted = value
        index = self.box.findData(value)
        self.box.setCurrentIndex(max(index, 0))
        self._chosen()

    def card(self) -> ModelCard | None:
        """The card of the choice; None if the task has no bundled model."""
        wanted = self.value()
        if wanted is None:
            return self._models.default(self.spec.task)
        return next((c for c in self._models.cards(self.spec.task) if c.id == wanted), None)

    def _fill(self) -> None:
        """Show the models that there are, keeping the choice."""
        chosen = self._wanted
        with QSignalBlocker(self.box):
            self.box.clear()
            if self.spec.optional:
                bundled = self._models.default(self.spec.task) is not None
                self.box.addItem(tr("Default (bundled)") if bundled else tr("Default (none)"), None)
            for card in self._models.cards(self.spec.task):
                self.box.addItem(card.title, card.id)
            self.box.setCurrentIndex(max(self.box.findData(chosen), 0))
        self._show_state()

    def _chosen(self) -> None:
        self._wanted = self.value()
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        card = self.card()
        self.bar.setVisible(card is not None and self._models.fetching(card.id))
        trainer = self._models.trainer(self.spec.task) if card is None else None
        self.bring.setVisible(card is None)
        self.train.setVisible(trainer is not None)
        if card is None:
            self.download.hide()
            self.state.setText(self._missing())
            if trainer is not None:
                self.train.setToolTip(tr("With “{title}”", title=tr(trainer.title)))
            return
        self.box.setToolTip("\n".join(filter(None, (card.summary, card.limits))))
        text, offer = self._state_of(card, megabytes(download_bytes(card)))
        self.download.setText(offer)
        self.download.setVisible(bool(offer))
        # Which of several bundled networks the default is, an operation may decide by its settings.
        scale = f" · ×{card.scale}" if card.scale and self.value() is not None else ""
        self.state.setText(text + scale if text else "")
        self.download.setAccessibleName(f"{offer or tr('Download')}: {card.title}")

    def _missing(self) -> str:
        """How to come by a model where none comes along."""
        if self._models.cards(self.spec.task):
            return tr("No model comes with Impasto for this. Choose another one, or import one.")
        trainer = self._models.trainer(self.spec.task)
        if trainer is None:
            return tr("No model comes with Impasto for this. Import a file of one.")
        return tr(
            "No model comes with Impasto for this. Import a file of one, or train one with “{title}”.",
            title=tr(trainer.title),
        )

    def _train(self) -> None:
        trainer = self._models.trainer(self.spec.task)
        if trainer is not None:
            self._models.train_wanted.emit(trainer.id)

    def _state_of(self, card: ModelCard, size: str) -> tuple[str, str]:
        """What is said of a card, and what the button offers."""
        status = self._models.status(card.id)
        if self._models.fetching(card.id):
            return tr("Downloading {size}…", size=size), tr("Cancel")
        if card.source.startswith("bundled:"):
            if status in (ModelStatus.MISSING, ModelStatus.CORRUPT):
                return tr("Its file is missing or damaged. Install Impasto again."), ""
            return (tr("Comes with Impasto") if status else ""), ""
        imported = self._models.is_imported(card.id)
        ready = tr("Imported, ready") if imported else tr("Downloaded, ready")
        return {
            None: ("", ""),
            ModelStatus.MISSING: (tr("Will be downloaded ({size})", size=size), tr("Download")),
            ModelStatus.CORRUPT: (tr("Its file is damaged"), tr("Repair")),
        }.get(status, (ready, ""))

    def _download(self) -> None:
        card = self.card()
        if card is not None:
            if self._models.fetching(card.id):
                self._models.cancel_fetch(card.id)
            else:
                self._models.fetch(card.id)

    def _show_progress(self, id: str, done: int, total: int) -> None:
        card = self.card()
        if card is None or card.id != id:
            return
        self.bar.setVisible(self._models.fetching(id))
        self.bar.setRange(0, 1000 if total else 0)
        if total:
            self.bar.setValue(round(1000 * done / total))
            sizes = {"done": megabytes(done), "total": megabytes(total)}
            self.state.setText(tr("Downloading: {done} of {total}", **sizes))
