"""The root command, and how every way to end becomes an exit code."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence

import click

from studio import __version__
from studio.api.errors import Cancelled, UserError
from studio.cli.session import BAD_USAGE, DONE, FAILED, INTERRUPTED, Session, Usage, report

COMMANDS = {
    "batch": ("studio.cli.recipes", "Do to many pictures what a recipe says."),
    "doctor": ("studio.cli.doctor", "Show versions, devices, memory, plugins and models."),
    "models": ("studio.cli.models", "List, fetch, import and verify models."),
    "operations": ("studio.cli.operations", "List operations, or describe one."),
    "plugins": ("studio.cli.plugins", "List plugins and what is wrong with them."),
    "run": ("studio.cli.run", "Run an operation on pictures."),
    "serve": ("studio.cli.serve", "Let other programs run operations, over HTTP."),
    "train": ("studio.cli.train", "Train a model of your own from folders of pictures."),
}
"""Every command by name: the module that holds it as ``command``, and its line in the help."""


class _Root(click.Group):
    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            close = difflib.get_close_matches(cmd_name, COMMANDS, n=2)
            raise Usage(
                f'There is no command and no file "{cmd_name}".',
                f"Did you mean {' or '.join(close)}?" if close else "`impasto --help` lists them.",
            )
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """The list in the help, without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(COMMANDS.items())])


@click.group(cls=_Root, name="impasto", no_args_is_help=False)
@click.version_option(__version__, prog_name="impasto")
@click.option("--debug", is_flag=True, help="Show the traceback of what fails, and log messages.")
@click.help_option("-h", "--help")
@click.pass_context
def root(ctx: click.Context, debug: bool) -> None:
    """An image editor whose tools are learned models.

    Without a command, or with pictures in its place, the window opens.
    """
    session: Session = ctx.ensure_object(Session)
    session.debug = debug
    session.set_up_logging()


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        argv: arguments without the program's name; those of the process if None.

    Returns:
        0 done, 1 failed, 2 bad usage, 130 interrupted.
    """
    session = Session()
    try:
        code = root.main(
            args=None if argv is None else list(argv),
            prog_name="impasto",
            standalone_mode=False,
            obj=session,
        )
        sys.stdout.flush()
    except click.ClickException as error:
        code = _report_usage(error)
    except (click.Abort, KeyboardInterrupt, Cancelled):
        click.echo("Canceled.", err=True)
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader has what it wanted (`impasto operations | head`). What is still buffered would
        # fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    except UserError as error:
        code = report(error, debug=session.debug)
    except Exception as error:  # noqa: BLE001 - the last stop: a user shall not meet a traceback
        fault = UserError(
            f"Impasto failed: {type(error).__name__}: {error}",
            "This is a fault in Impasto; `impasto --debug ...` shows where.",
        )
        fault.__cause__ = error
        code = report(fault, debug=session.debug)
    finally:
        session.close()
    return code if isinstance(code, int) else DONE


def _report_usage(error: click.ClickException) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "impasto"
    hint = f"`{path} --help` shows what it takes."
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        hint = f"Did you mean {' or '.join(sorted(error.possibilities))}?"
    hint = getattr(error, "hint", "") or hint
    message = error.format_message()
    report(Usage(message if message.endswith((".", "?")) else f"{message}.", hint), debug=False)
    return BAD_USAGE if isinstance(error, click.UsageError) else FAILED
