"""pip as a process: its command, its output as it comes, and its errors in words."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from studio.api.errors import UserError

Heard = Callable[[str], None]

# What makes pip fit for a program is not part of the command: that stays one to be typed.
_MANNERS = {
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_COLOR": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_QUIET": "0",  # what it says is shown
    "PYTHONUNBUFFERED": "1",
}
_HINTS = {
    "externally-managed-environment": "The system manages this Python: install Impasto, and with "
    "it plugins, into a virtual environment.",
    "no such option": "Update pip: python -m pip install --upgrade pip",
    "No matching distribution": "Check the name and the connection (and HTTPS_PROXY, if you need a "
    "proxy), and whether it is made for this Python.",
    "No space left": "Free some space and try again.",
    "Permission denied": "Install Impasto, and with it plugins, into a virtual environment of your "
    "own.",
}


def pip_command(*arguments: str) -> tuple[str, ...]:
    """The command that calls the pip of this Python.

    Raises:
        UserError: if it has none.
    """
    if importlib.util.find_spec("pip") is None:
        raise UserError(
            "Plugins are installed with pip, and this Python has none.",
            "Install it: python -m ensurepip",
        )
    return (sys.executable, "-m", "pip", *arguments)


def shown(command: Iterable[str]) -> str:
    """A command as it can be typed into a terminal."""
    words = list(command)
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def run_pip(command: Iterable[str], heard: Heard = lambda _line: None) -> None:
    """Run a command of `pip_command` to its end.

    Args:
        command: exactly what is run.
        heard: called with each line that pip writes.

    Raises:
        UserError: if pip fails, with its own reason.
    """
    lines: list[str] = []
    # `python -m` puts the current folder on the module path: an empty one holds nothing to import.
    with tempfile.TemporaryDirectory(prefix="impasto-pip-") as empty:
        process = subprocess.Popen(  # noqa: S603  # what the user asked for, and was shown
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=Path(empty),
            env={**os.environ, **_MANNERS},
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        with process:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                heard(lines[-1])
    if process.returncode != 0:
        raise _failure(lines)


def _failure(lines: list[str]) -> UserError:
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    said = [line for line in lines if line.strip()]
    reason = (errors or said or ["it gave no reason"])[-1]
    text = "\n".join(lines)
    hints = [hint for sign, hint in _HINTS.items() if sign in text]
    return UserError(
        f"pip could not do it: {reason[:300].rstrip('.')}.",
        hints[0] if hints else "Its output above says more.",
    )
