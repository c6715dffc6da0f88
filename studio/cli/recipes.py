"""``impasto batch``: a recipe done to many pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from studio.cli.run import seed_and_device
from studio.cli.session import Session, pass_session

_FILE = click.Path(path_type=Path)


def _device() -> click.Option:
    return seed_and_device()[1]


@click.command("batch")
@click.argument("recipe", type=_FILE)
@click.argument("inputs", nargs=-1, required=True, type=_FILE, metavar="INPUT...")
@click.option("-o", "--output", required=True, type=_FILE, help="Folder for the results.")
@click.option(
    "--template",
    default="{name}.{ext}",
    metavar="TEXT",
    help="Names of the results, of {name}, {recipe}, {ext} and {number}. [default: {name}.{ext}]",
)
@click.option("--resume", is_flag=True, help="Leave what an earlier batch has done as it is.")
@click.option("--watch", is_flag=True, help="Wait for more pictures, until Ctrl+C.")
@click.option("--new-seeds", is_flag=True, help="Other random numbers, for each picture its own.")
@click.option(
    "--other-models", is_flag=True, help="Allow other models than the recipe was made with."
)
@click.option("--overwrite", is_flag=True, help="Allow inputs and files of others to be replaced.")
@click.option("--report", type=_FILE, help="Write what became of each picture: .csv or .json.")
@click.option(
    "--engine",
    type=click.Choice(["local"]),
    default="local",
    help="Who does the work: this machine. [default: local]",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32"]),
    default="auto",
    help="Half precision where the device is fast in it, or float32. [default: auto]",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON line per picture.")
@click.help_option("-h", "--help")
@pass_session
def command(session: Session, /, **values: Any) -> int:
    """Do to pictures, and folders of pictures, what a recipe says.

    File > Export recipe makes one of a picture's history. A picture that fails stops no other;
    failures are listed at the end, and the exit code is 1. A batch that was stopped or killed goes
    on with --resume.
    """
    from studio.cli.batches import Wish, run

    del values["engine"]  # there is one
    return run(session, Wish(**values))


command.params.insert(-1, _device())
