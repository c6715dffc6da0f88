"""Opening the settings with which a model made a picture, from what the picture says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from studio.api.errors import UserError
from studio.host.disclosure import files_of, records_of, seed_of, values_of
from studio.qt.actions import OPERATION
from studio.qt.area import Desk
from studio.qt.i18n import tr
from studio.qt.panels.tools import ToolPanel

Record = Mapping[str, Any]


class MadeWith(QObject):
    """Knows how the picture in front was made, and brings the form back with which it was."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._window, self._workspace = desk.window, desk.workspace

    @property
    def latest(self) -> Record | None:
        """The newest record in the picture in front whose operation is here."""
        entry = self._workspace.session.current
        if entry is None:
            return None
        records = records_of(entry.source.metadata, entry.document)
        if not records:
            return None
        ids = {operation.id for operation in self._workspace.services.registry.operations()}
        return next((each for each in reversed(records) if each.get("operation") in ids), None)

    def offer(self) -> None:
        """Tell of a picture that was just opened that its settings can be had."""
        record = self.latest
        action = None if record is None else self._action_of(record)
        if record is None or action is None:
            return
        generated = record.get("provenance") in ("generated", "composite")
        self._workspace.messages.show_message(
            "info",
            tr("This picture says that a model made it, and how.")
            if generated
            else tr("This picture carries the record of how it was made."),
            tr("The last step was “{title}”.", title=action.text()),
            action=(tr("Open the settings"), lambda: self.restore(record)),
        )

    def open_latest(self) -> None:
        """Open the settings of the newest result."""
        record = self.latest
        if record is not None:
            self.restore(record)

    def restore(self, record: Record) -> None:
        """Show a record's operation with the parameters and the seed that it was run with."""
        operation, action = str(record.get("operation", "")), self._action_of(record)
        if action is None:
            self._workspace.messages.show_error(
                UserError(
                    tr("The operation “{name}” is not installed.", name=operation),
                    tr("Install the plugin that brings it."),
                )
            )
            return
        action.trigger()
        values, tools = values_of(record), self._window.findChild(ToolPanel)
        if isinstance(tools, ToolPanel):
            tools.recall(operation, values, seed_of(record))
        missing = ", ".join(files_of(record).values())
        if missing:
            self._workspace.messages.show_message(
                "info",
                tr("{names} is not in the picture.", names=missing),
                tr("Choose it again to get the same result."),
            )

    def _action_of(self, record: Record) -> QAction | None:
        found = self._window.findChild(QAction, f"{OPERATION}{record.get('operation', '')}")
        return found if isinstance(found, QAction) else None
