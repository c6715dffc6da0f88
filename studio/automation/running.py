"""Running one operation on the calling thread, with a bar where somebody sees it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from studio.automation.services import services
from studio.host.memory import keep_pages
from studio.host.observer import Observer
from studio.host.requests import RunRequest
from studio.host.results import RunResult

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def execute(request: RunRequest, observer: Observer | None = None) -> RunResult:
    """Run a request to its end; Ctrl+C, or the notebook's stop button, ends it and changes nothing.

    Raises:
        UserError: for bad parameters, too little memory, or a plugin that fails.
    """
    keep_pages()
    if observer is not None:
        return services().runner.execute(request, observer)
    title = services().registry.operation(request.operation).title
    with shown(title) as bar:
        return services().runner.execute(request, bar)


def plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as a record holds them: paths as text."""
    return {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value
        for name, value in parameters.items()
    }


class _Bar(Observer):
    """Brings what a run reports into a bar."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task = bar, task

    def progress(self, fraction: float, message: str) -> None:
        self._bar.update(self._task, completed=fraction, message=message)


@contextmanager
def shown(title: str) -> Iterator[Observer]:
    """An observer with a bar on the terminal or in the notebook, gone when the work is over.

    Where neither is, as in a script whose output goes to a file, nothing is printed.
    """
    if not (sys.stderr.isatty() or _in_notebook()):
        yield Observer()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    words = TextColumn("{task.fields[message]}", markup=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    console = Console(stderr=not _in_notebook())
    with Progress(*columns, words, console=console, transient=True, redirect_stdout=False) as bar:
        yield _Bar(bar, bar.add_task(title, total=1.0, message=""))


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")
