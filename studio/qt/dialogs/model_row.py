"""One model of the models dialog."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMessageBox, QProgressBar, QVBoxLayout

from studio.api.models import ModelCard
from studio.host.models import ModelStatus
from studio.qt.forms.model_control import download_bytes
from studio.qt.i18n import N_, tr
from studio.qt.models import Models
from studio.qt.theme import Theme
from studio.qt.widgets import button, icon_button, label, megabytes

WORDS = {
    ModelStatus.BUNDLED: (N_("comes with Impasto"), "success", "success"),
    ModelStatus.CACHED: (N_("on this computer"), "success", "success"),
    ModelStatus.MISSING: (N_("not downloaded"), "download", "muted"),
    ModelStatus.CORRUPT: (N_("damaged"), "error", "error"),
}


class ModelRow(QFrame):
    """What a model is, where it is, and what can be done with it."""

    def __init__(self, card: ModelCard, models: Models, theme: Theme) -> None:
        super().__init__()
        self.card, self._models, self._theme = card, models, theme
        self.setProperty("role", "card")
        self.setAccessibleName(card.title)
        self.icon = QLabel()
        self.icon.setFixedWidth(22)
        self.state = label("", "muted")
        self.download = button(tr("Download"), tr("Download {model}", model=card.title))
        self.stop = button(tr("Cancel"), tr("Stop downloading {model}", model=card.title))
        self.repair = button(tr("Repair"), tr("Download {model} again", model=card.title))
        self.remove = icon_button(theme, "trash", tr("Remove {model}", model=card.title), "muted")
        for control in (self.download, self.stop, self.repair):
            control.setAccessibleName(control.toolTip())
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Download of {model}", model=card.title))
        self._lay_out()
        self.download.clicked.connect(lambda: models.fetch(card.id))
        self.repair.clicked.connect(lambda: models.repair([card.id]))
        self.stop.clicked.connect(lambda: models.cancel_fetch(card.id))
        self.remove.clicked.connect(self._remove)
        self.refresh()

    def _lay_out(self) -> None:
        card = self.card
        head = QHBoxLayout()
        head.addWidget(self.icon)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(card.title, "heading"))
        words.addWidget(self.state)
        head.addLayout(words, 1)
        for widget in (self.download, self.stop, self.repair, self.remove):
            head.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 10, 10)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.bar)
        about = " ".join(filter(None, (card.summary, card.limits)))
        if about:
            column.addWidget(label(about, wrap=True))
        column.addWidget(
            label(f"{card.architecture} · {card.licence} · {card.origin}", "muted", wrap=True)
        )

    def refresh(self) -> None:
        """Show the present state."""
        card, models = self.card, self._models
        status, fetching = models.status(card.id), models.fetching(card.id)
        bundled = card.source.startswith("bundled:")
        words, icon, color = WORDS.get(status, ("", "model", "muted")) if status else (
            N_("looking…"), "model", "muted")  # fmt: skip
        if models.is_imported(card.id) and status is ModelStatus.CACHED:
            words = N_("imported")
        if bundled and status is ModelStatus.MISSING:
            words, icon, color = N_("missing: install Impasto again"), "error", "error"
        size = card.bytes if status is not ModelStatus.MISSING else download_bytes(card)
        scale = f" · ×{card.scale}" if card.scale else ""
        self._theme.bind(self.icon, icon, color)
        self.state.setText(f"{card.task}{scale} · {megabytes(size)} · {tr(words)}")
        self.download.setVisible(status is ModelStatus.MISSING and not fetching and not bundled)
        self.repair.setVisible(status is ModelStatus.CORRUPT and not fetching and not bundled)
        self.stop.setVisible(fetching)
        self.bar.setVisible(fetching)
        self.remove.setVisible(not bundled and status is ModelStatus.CACHED and not fetching)

    def show_progress(self, done: int, total: int) -> None:
        """Show how far the download is."""
        if not self._models.fetching(self.card.id):
            return
        self.bar.setRange(0, 1000 if total else 0)
        if total:
            self.bar.setValue(round(1000 * done / total))
            self.state.setText(
                tr("{done} of {total}", done=megabytes(done), total=megabytes(total))
            )

    def _remove(self) -> None:
        if self._models.is_imported(self.card.id):
            answer = QMessageBox.question(
                self,
                tr("Remove a model"),
                tr("Remove {model} and its file from Impasto?", model=self.card.title),
            )
            if answer != QMessageBox.StandardButton.Yes:
                return
        self._models.remove(self.card.id)
