"""The models dialog: what there is, downloads, imports, checks."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from studio.api.models import ModelCard
from studio.host.models import ModelReport, ModelStatus
from studio.qt.dialogs.base import Dialog
from studio.qt.dialogs.model_row import ModelRow
from studio.qt.i18n import tr
from studio.qt.models import CHECKPOINT_SUFFIXES, Models
from studio.qt.problems import describe_error
from studio.qt.theme import Theme
from studio.qt.widgets import button, clear_layout, label, restyle, scroll_area


def ask_checkpoint(parent: QWidget) -> Path | None:
    """Let the user choose a checkpoint file."""
    patterns = " ".join(f"*{suffix}" for suffix in CHECKPOINT_SUFFIXES)
    name, _ = QFileDialog.getOpenFileName(
        parent,
        tr("Import a model"),
        "",
        tr("Checkpoints ({patterns})", patterns=patterns) + ";;" + tr("All files (*)"),
    )
    return Path(name) if name else None


class ModelsDialog(Dialog):
    """Rows of models with their state; everything slow runs on threads."""

    def __init__(self, parent: QWidget | None, models: Models, theme: Theme) -> None:
        super().__init__(parent, tr("Models"), 720, 600)
        self._models, self._theme = models, theme
        self.rows: dict[str, ModelRow] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search models"))
        self.search.setAccessibleName(tr("Search models"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.bring = button(tr("Import a file…"), tr("Bring a checkpoint file along"))
        theme.bind(self.bring, "import", "text", 16)
        self.check = button(tr("Verify all"), tr("Hash every file and repair what is damaged"))
        theme.bind(self.check, "check", "text", 16)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.search, 1)
        head.addWidget(self.bring)
        head.addWidget(self.check)
        self.content.addLayout(head)
        self.message = label("", "muted", wrap=True)
        self.message.hide()
        self.content.addWidget(self.message)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(8)
        area = scroll_area(inner)
        self.content.addWidget(area, 1)
        self.add_close()
        self.bring.clicked.connect(self._import)
        self.check.clicked.connect(self._verify)
        models.changed.connect(self._refresh)
        models.progress.connect(self._show_progress)
        models.failed.connect(self._show_error)
        models.imported.connect(self._show_imported)
        models.verified.connect(self._show_reports)
        self._refresh()
        models.refresh()

    def _refresh(self) -> None:
        cards = self._models.cards()
        if [card.id for card in cards] != list(self.rows):
            clear_layout(self._column)
            self.rows = {card.id: ModelRow(card, self._models, self._theme) for card in cards}
            for row in self.rows.values():
                self._column.addWidget(row)
            self._column.addStretch(1)
            self._filter(self.search.text())
        for row in self.rows.values():
            row.refresh()

    def _filter(self, query: str) -> None:
        words = query.lower().split()
        for row in self.rows.values():
            card = row.card
            text = f"{card.id} {card.title} {card.task} {card.architecture}".lower()
            row.setVisible(all(word in text for word in words))

    def _import(self) -> None:
        path = ask_checkpoint(self)
        if path is not None:
            self._say(tr("Importing {name}…", name=path.name))
            self._models.import_file(path)

    def _verify(self) -> None:
        self.check.setEnabled(False)
        self._say(tr("Reading every file…"))
        self._models.repair()

    def _show_progress(self, id: str, done: int, total: int) -> None:
        if id in self.rows:
            self.rows[id].show_progress(done, total)

    def _show_imported(self, card: ModelCard) -> None:
        self._say(
            tr("Imported {title}.", title=card.title) + f" {card.summary or card.architecture}"
        )

    def _show_reports(self, reports: list[ModelReport]) -> None:
        self.check.setEnabled(True)
        here = [r for r in reports if r.status in (ModelStatus.CACHED, ModelStatus.BUNDLED)]
        problems = [problem for report in reports for problem in report.problems]
        fine = tr("{n} models are complete and unchanged.", n=len(here))
        self._say("\n".join(problems) or fine, error=bool(problems))

    def _show_error(self, error: BaseException) -> None:
        self.check.setEnabled(True)
        problem = describe_error(error)
        self._say(f"{problem.message} {problem.hint}".strip(), error=True)

    def _say(self, text: str, *, error: bool = False) -> None:
        restyle(self.message, "role", "error" if error else "muted")
        self.message.setText(text)
        self.message.show()
