"""What saving a document with layers means for formats that have none."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMessageBox, QWidget

from studio.document import Picture
from studio.qt.i18n import tr


class Answer(Enum):
    """What becomes of layers that the file's format cannot hold."""

    PROJECT = "project"
    MERGED = "merged"
    CANCEL = "cancel"


def loses_layers(picture: Picture, path: Path) -> bool:
    """Whether writing ``path`` would leave less than can be edited now."""
    from studio.files.documents import is_layered, keeps_layers

    return is_layered(picture) and not keeps_layers(path)


def default_suffix(picture: Picture) -> str:
    """The format for a picture that has no file which can be written."""
    from studio.files.documents import is_layered

    return ".ora" if is_layered(picture) else ".png"


def ask_about_layers(parent: QWidget, path: Path) -> Answer:
    """Let the user choose between a project file and a merged picture."""
    from studio.files.formats import writable_format

    box = QMessageBox(parent)
    box.setWindowTitle(tr("Layers"))
    kind = writable_format(path).name
    box.setText(tr("{format} files cannot keep layers.", format=kind))
    box.setInformativeText(
        tr(
            "Save a project file (OpenRaster, .ora) to keep on editing them, or write what the "
            "picture shows into {name} and keep the layers unsaved.",
            name=path.name,
        )
    )
    roles = QMessageBox.ButtonRole
    project = box.addButton(tr("Save as OpenRaster…"), roles.AcceptRole)
    merged = box.addButton(tr("Save merged"), roles.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel).setIcon(QIcon())  # as all other questions
    box.setDefaultButton(project)
    box.exec()
    chosen = box.clickedButton()
    if chosen is project:
        return Answer.PROJECT
    return Answer.MERGED if chosen is merged else Answer.CANCEL
