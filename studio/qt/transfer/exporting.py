"""File > Export: the dialog, the name, the writing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from studio.host.disclosure import outgoing_metadata
from studio.qt.dialogs.export import ExportDialog, suggested
from studio.qt.files import Files
from studio.qt.i18n import tr
from studio.qt.workspace import Workspace


def export_copy(parent: QWidget, workspace: Workspace, files: Files) -> None:
    """Let the user choose how and where to, then write a copy of the picture."""
    session = workspace.session
    document, source = session.document, session.source
    if document is None:
        return
    metadata = outgoing_metadata(source.metadata, document)
    suffix = source.path.suffix if source.path else ""
    dialog = ExportDialog(parent, workspace, document.picture, metadata, suffix)
    try:
        if not dialog.exec():
            return
        kind, options = dialog.kind, dialog.options()
    finally:
        dialog.deleteLater()
    folder = workspace.services.settings.last_folder
    start = suggested(source.path, folder, session.name, kind)
    patterns = " ".join(f"*{each}" for each in kind.suffixes)
    name, _ = QFileDialog.getSaveFileName(
        parent, tr("Export a copy"), str(start), f"{kind.name} ({patterns})"
    )
    if not name:
        return
    path = Path(name)
    if path.suffix.lower() not in kind.suffixes:
        path = path.with_name(path.name + kind.suffixes[0])
    files.write(path, options=options, copy=True)
