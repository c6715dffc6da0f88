"""``impasto`` and ``python -m studio``: the window, or a command."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window, on the pictures named if any, or run a command.

    Args:
        argv: arguments without the program's name; those of the process if None.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not sys.warnoptions:
        # Warnings of libraries are for developers; `python -W default -m studio` shows them.
        warnings.simplefilter("ignore")
    if opens_window(arguments):
        return _open_window([Path(argument) for argument in arguments])
    from studio import cli

    return cli.main(arguments)


def opens_window(arguments: Sequence[str]) -> bool:
    """Whether these arguments name no command: there are none, or the first is a file or folder."""
    from studio.cli import COMMANDS

    if not arguments:
        return True
    first = arguments[0]
    return first not in COMMANDS and not first.startswith("-") and Path(first).exists()


def _open_window(paths: list[Path]) -> int:
    from studio.api.errors import UserError
    from studio.cli.session import report

    try:
        from studio.app import run
    except ImportError as error:
        problem = UserError(
            f"The window cannot start: {error}.",
            "The command line works without it: impasto --help",
        )
        return report(problem, debug=False)
    return run(paths)


if __name__ == "__main__":
    sys.exit(main())
