"""``impasto batch``: a recipe done to many pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from studio.cli.run import seed_and_device
from studio.cli.session import Session, Usage, pass_session
from studio.host.batch.places import place

_FILE = click.Path(path_type=Path)
_CLUSTER = ("address", "workers", "cpus", "gpus")


def _device() -> click.Option:
    return seed_and_device()[1]


@click.command("batch")
@click.argument("recipe", type=_FILE)
@click.argument("inputs", nargs=-1, required=True, type=place, metavar="INPUT...")
@click.option(
    "-o", "--output", required=True, type=place, metavar="FOLDER", help="Folder for the results."
)
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
    type=click.Choice(["local", "ray"]),
    default="local",
    help="Who does the work: this process, or the workers of a Ray cluster. [default: local]",
)
@click.option(
    "--address",
    metavar="HOST:PORT",
    help="Of a Ray cluster that runs, or auto. [default: one on this machine, for this batch]",
)
@click.option("--workers", type=click.IntRange(1), help="How many. [default: as there is room for]")
@click.option("--cpus", type=click.FloatRange(0.1), help="Processors for each worker. [default: 1]")
@click.option(
    "--gpus",
    type=click.FloatRange(0),
    help="GPUs for each worker. [default: 1 if the cluster has any, and none for --device cpu]",
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    help="Threads that the networks compute with. [default: as many as processors]",
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
    on with --resume. Inputs and the folder may be addresses: s3://bucket/photos.
    """
    from studio.cli.batches import Wish, run
    from studio.host.batch.cluster import Wanted

    engine = values.pop("engine")
    given = {name: values.pop(name) for name in _CLUSTER}
    given = {name: value for name, value in given.items() if value is not None}
    if engine == "local" and given:
        raise Usage(f"--{next(iter(given))} is for clusters.", "Add --engine ray.")
    if values["device"] == "cpu":
        given.setdefault("gpus", 0.0)
    wanted = Wanted(**given, threads=values["threads"]) if engine == "ray" else None
    return run(session, Wish(**values, cluster=wanted))


command.params.insert(-1, _device())
