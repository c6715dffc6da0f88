"""The dialog at the start after a crash: what was open, and what is to become of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QMessageBox, QWidget

from studio.host.recovery_lost import LostDocument
from studio.qt.background import Background
from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import tr
from studio.qt.recovery.thumbnails import small_view
from studio.qt.theme import Theme
from studio.qt.widgets import button, label

THUMBNAIL = QSize(128, 96)


class RecoveryDialog(Dialog):
    """Lists the documents of an instance that died.

    Signals:
        recover: a list of `LostDocument` to open.
        discard: a list of `LostDocument` to delete, after the question.
    """

    recover = Signal(list)
    discard = Signal(list)

    def __init__(
        self,
        parent: QWidget | None,
        documents: tuple[LostDocument, ...],
        theme: Theme,
        background: Background,
    ) -> None:
        super().__init__(parent, tr("Recover your work"), 640, 540)
        self._theme = theme
        self._background = background
        self._documents = list(documents)
        heading = label(tr("Impasto did not end as it should the last time."), "heading")
        self.content.addWidget(heading)
        explanation = tr(
            "This is what was open and not saved. Recovered pictures open in tabs; no file is "
            "changed until you save."
        )
        self.content.addWidget(label(explanation, wrap=True))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Documents to recover"))
        self.list.setIconSize(THUMBNAIL)
        self.list.setSpacing(2)
        self.list.setWordWrap(True)
        self.content.addWidget(self.list, 1)
        self._fill()
        self._make_buttons()
        self.list.itemChanged.connect(lambda _: self._show_state())
        self._show_state()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_buttons(self) -> None:
        self.discard_button = button(
            tr("&Discard…"), tr("Delete what is ticked for good, after a question")
        )
        self.discard_button.clicked.connect(self._ask_discard)
        self.later_button = button(tr("&Later"), tr("Keep all of it until the next start (Esc)"))
        self.later_button.clicked.connect(self.reject)
        self.recover_button = button(
            tr("&Recover"), tr("Open what is ticked in tabs (Enter)"), primary=True
        )
        self.recover_button.setDefault(True)
        self.recover_button.clicked.connect(self._recover)
        self.buttons.insertWidget(0, self.discard_button)
        self.buttons.addWidget(self.later_button)
        self.buttons.addWidget(self.recover_button)

    @property
    def chosen(self) -> list[LostDocument]:
        """What is ticked."""
        items = [self.list.item(row) for row in range(self.list.count())]
        pairs = zip(items, self._documents, strict=True)
        return [doc for item, doc in pairs if item.checkState() == Qt.CheckState.Checked]

    def _fill(self) -> None:
        self.list.clear()
        blank = QPixmap(THUMBNAIL)
        blank.fill(Qt.GlobalColor.transparent)
        for document in self._documents:
            item = QListWidgetItem(QIcon(blank), describe(document))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            item.setToolTip(str(document.path) if document.path else tr("Never saved"))
            self.list.addItem(item)
            self._ask_thumbnail(document)
        self.list.setCurrentRow(0)

    def _ask_thumbnail(self, document: LostDocument) -> None:
        def show(image: QImage) -> None:
            if document in self._documents:
                item = self.list.item(self._documents.index(document))
                item.setIcon(_untinted(_centred(image)))

        self._background.run(
            lambda: small_view(document.recover().kept.picture),
            show,
            lambda _: None,  # what cannot be read is told when it is to be recovered
            self,
        )

    def _show_state(self) -> None:
        some = bool(self.chosen)
        self.recover_button.setEnabled(some)
        self.discard_button.setEnabled(some)

    def _recover(self) -> None:
        chosen = self.chosen
        self.accept()
        self.recover.emit(chosen)

    def _ask_discard(self) -> None:
        chosen = self.chosen
        names = "\n".join(document.name for document in chosen)
        ask(
            self,
            tr("Delete for good?"),
            tr("What was not saved of these documents cannot be brought back then:\n{names}",
               names=names),
            tr("Delete"),
            lambda: self._discard(chosen),
        )  # fmt: skip

    def _discard(self, chosen: list[LostDocument]) -> None:
        self._documents = [document for document in self._documents if document not in chosen]
        self.discard.emit(chosen)
        self._fill()
        self._show_state()
        if not self._documents:
            self.accept()


def ask(
    parent: QWidget, title: str, text: str, action: str, then: Callable[[], None]
) -> QMessageBox:
    """A question with an action and Cancel; ``then`` is called if the action is chosen."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(title)
    box.setAccessibleName(title)
    box.setText(title)
    box.setInformativeText(text)
    act = box.addButton(action, QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    cancel.setIcon(QIcon())  # the style's own icons belong to another decade
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.buttonClicked.connect(lambda clicked: then() if clicked is act else None)
    box.open()
    return box


def describe(document: LostDocument) -> str:
    """Name, when, how large, where, and what waits to be applied; one line each."""
    when = QLocale().toString(
        QDateTime.fromSecsSinceEpoch(int(document.time)), QLocale.FormatType.ShortFormat
    )
    width, height = document.size
    facts = tr("{when} · {width} × {height}", when=when, width=width, height=height)
    place = _place(document.path) if document.path else tr("Never saved")
    lines = [tr(document.name), facts, place]
    if document.results:
        names = ", ".join(map(tr, document.results))
        lines.append(tr("Not applied yet: {names}", names=names))
    return "\n".join(lines)


def _place(path: Path) -> str:
    folder = path.parent
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)


def _untinted(view: QPixmap) -> QIcon:
    """An icon with its own colors in the chosen row as well."""
    icon = QIcon(view)
    icon.addPixmap(view, QIcon.Mode.Selected)
    return icon


def _centred(image: QImage) -> QPixmap:
    """A thumbnail in the middle of a field of one size, so that names are in line."""
    from PySide6.QtGui import QPainter

    field = QPixmap(THUMBNAIL)
    field.fill(Qt.GlobalColor.transparent)
    small = image.scaled(
        THUMBNAIL,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    painter = QPainter(field)
    painter.drawImage(
        (THUMBNAIL.width() - small.width()) // 2, (THUMBNAIL.height() - small.height()) // 2, small
    )
    painter.end()
    return field
