"""Progress bars on a terminal's stderr; silence anywhere else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from studio.host.observer import Observer

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

Update = Callable[[float, float | None, str], None]
"""Called with what is done, what is all (None while unknown), and a message."""


class Watch(Observer):
    """Shows a run's progress, collects its notes and passes on the wish to stop.

    Args:
        update: where progress is shown.
        asked: set when the user asked to stop.
        enough: set when the user asked to end early and keep what there is.
    """

    def __init__(
        self, update: Update, asked: threading.Event, enough: threading.Event | None = None
    ) -> None:
        self.notes: list[str] = []
        self._update, self._asked = update, asked
        self._enough = enough or threading.Event()

    def progress(self, fraction: float, message: str) -> None:
        """Move the bar."""
        stopping = self._enough.is_set()
        self._update(fraction, 1.0, "Stopping (Ctrl+C again cancels)" if stopping else message)

    def note(self, message: str) -> None:
        """Keep a note until the bar is gone."""
        self.notes.append(message)

    def cancelled(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._asked.is_set()

    def stopping(self) -> bool:
        """Whether Ctrl-C was pressed once, in a run that can end early."""
        return self._enough.is_set()


@contextmanager
def shown(title: str, *, of_bytes: bool = False) -> Iterator[Update]:
    """A bar for one piece of work, gone when it is over; nothing when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield _nowhere
        return
    with _bar(of_bytes) as bar:
        task = bar.add_task(title, total=None, message="")

        def update(done: float, total: float | None, message: str) -> None:
            bar.update(task, completed=done, total=total, message=message)

        yield update


def _nowhere(_done: float, _total: float | None, _message: str) -> None:
    """Progress that nobody watches."""


def _bar(of_bytes: bool) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    middle: ProgressColumn = DownloadColumn() if of_bytes else TaskProgressColumn()
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        middle,
        TimeRemainingColumn(),
        TextColumn("{task.fields[message]}", markup=False),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
    )
