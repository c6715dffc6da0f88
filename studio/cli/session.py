"""What all commands share: services, exit codes, and how failures and tables are printed."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from studio.api.errors import UserError

if TYPE_CHECKING:
    from studio.host.services import Services

DONE, FAILED, BAD_USAGE, INTERRUPTED = 0, 1, 2, 130


class Usage(UserError):
    """The command line itself is wrong: exit code 2."""


class Session:
    """One call of the program.

    Attributes:
        debug: whether tracebacks and log messages are wanted.
    """

    def __init__(self) -> None:
        self.debug = False

    @cached_property
    def services(self) -> Services:
        """Settings, plugins and models; found at first use, without torch."""
        from studio.host.services import build_services

        return build_services()

    def close(self) -> None:
        """Leave no process behind."""
        if "services" in self.__dict__:
            self.services.isolation.close()

    def set_up_logging(self) -> None:
        """Without ``--debug`` the user reads errors and notes, not log messages."""
        logger = logging.getLogger("studio")
        if self.debug:
            logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
        elif not logger.handlers:
            logger.addHandler(logging.NullHandler())


pass_session = click.make_pass_decorator(Session)


def report(error: UserError, *, debug: bool) -> int:
    """Print one line for what happened and one for what to do; returns the exit code."""
    if debug:
        click.echo("".join(traceback.format_exception(error)), err=True)
    click.echo(f"{click.style('Error:', fg='red')} {one_line(error.message)}", err=True)
    if error.hint:
        click.echo(f"{click.style('Hint:', fg='yellow')} {one_line(error.hint)}", err=True)
    return BAD_USAGE if isinstance(error, Usage) else FAILED


def one_line(text: str) -> str:
    """``text`` without line breaks."""
    return " ".join(text.split())


def print_json(value: Any, *, compact: bool = False) -> None:
    """Print JSON; compact is one line."""
    click.echo(json.dumps(value, ensure_ascii=True, indent=None if compact else 2))


def print_table(rows: Iterable[Sequence[str]], heading: Sequence[str]) -> None:
    """Print aligned columns, never cut: what is piped into another program stays whole."""
    table = [tuple(heading), *(tuple(one_line(cell) for cell in row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for number, row in enumerate(table):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        line = "  ".join(cells).rstrip()
        click.echo(click.style(line, bold=True) if number == 0 else line)


def size_text(count: int) -> str:
    """Bytes as people read them."""
    if count < 1000:
        return f"{count} B"
    for power, unit in ((3, "kB"), (6, "MB")):
        if count < 10 ** (power + 3):
            return f"{count / 10**power:.1f} {unit}"
    return f"{count / 1e9:.1f} GB"
