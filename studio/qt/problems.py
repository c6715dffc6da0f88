"""Exceptions as something a person can read, and the hook that catches the unexpected ones."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from dataclasses import dataclass
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal

from studio.api.errors import PluginError, UserError
from studio.qt.i18n import tr

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """What went wrong, for the message bar.

    Attributes:
        message: one sentence.
        hint: what to do about it; may be empty.
        details: the traceback, where it helps.
    """

    message: str
    hint: str = ""
    details: str = ""


def describe_error(error: BaseException) -> Problem:
    """A problem from an exception; a `UserError` speaks for itself."""
    details = "".join(traceback.format_exception(error))
    if isinstance(error, UserError):
        # Only a plugin's author gains from the traceback of an error that is explained.
        shown = details if isinstance(error, PluginError) or error.__cause__ else ""
        return Problem(*in_words(error.message, error.hint), shown)
    if isinstance(error, MemoryError):
        hint = tr("Close other pictures or programs.")
        return Problem(tr("There is not enough memory."), hint, details)
    return Problem(
        tr("Something unexpected went wrong ({kind}).", kind=type(error).__name__),
        tr("Your picture is untouched. Please report it with the details."),
        details,
    )


def in_words(message: str, hint: str) -> tuple[str, str]:
    """Message and hint in the language of the window, or both as they are: never one of each."""
    words, known = (message, hint), (tr(message), tr(hint))
    return words if any(a and a == b for a, b in zip(words, known, strict=True)) else known


class ExceptionHook(QObject):
    """Turns uncaught exceptions of any thread into a signal, so that none ends the program.

    Signals:
        caught: the `Problem`, on the GUI thread.
    """

    caught = Signal(object)
    _raised = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._raised.connect(self.caught, Qt.ConnectionType.QueuedConnection)
        self._previous = (sys.excepthook, threading.excepthook)

    def install(self) -> None:
        """Take over from Python's hooks."""
        sys.excepthook = self._handle
        threading.excepthook = self._handle_thread

    def uninstall(self) -> None:
        """Give back Python's hooks."""
        sys.excepthook, threading.excepthook = self._previous

    def _handle(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            self._previous[0](kind, error, trace)
            return
        _log.error("Uncaught exception", exc_info=(kind, error, trace))
        self._raised.emit(describe_error(error))

    def _handle_thread(self, arguments: threading.ExceptHookArgs) -> None:
        error = arguments.exc_value
        if error is not None and not isinstance(error, SystemExit):
            self._handle(arguments.exc_type, error, arguments.exc_traceback)
