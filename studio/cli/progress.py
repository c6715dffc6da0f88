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
    """

    def __init__(self, update: Update, asked: threading.Event) -> None:
        self.notes: list[str] = []
        self._update, self._asked = update, asked

    def progress(self, fraction: float, message: str) -> None:
        """Move the bar."""
        self._update(fraction, 1.0, message)

    def note(self, message: str) -> None:
        """Keep a note until the bar is gone."""
        self.notes.append(message)

    def cancelled(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._asked.is_set()


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
