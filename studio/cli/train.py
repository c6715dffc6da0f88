"""``impasto train``: one command per trainer, made from its declaration."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, BinaryIO

import click

from studio.api.errors import UserError
from studio.api.parameters import validate
from studio.api.trainer import Trainer
from studio.cli import flags
from studio.cli.run import check_models, check_pictures, seed_and_device
from studio.cli.session import Session, Usage
from studio.cli.training import Watcher, Wish

_FILE = click.Path(path_type=Path)
SUFFIX = ".safetensors"


class _Trainers(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """The ids of all trainers."""
        registry = ctx.ensure_object(Session).services.registry
        return sorted(trainer.id for trainer in registry.trainers())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one trainer."""
        session = ctx.ensure_object(Session)
        try:
            trainer = session.services.registry.trainer(cmd_name)
        except UserError as error:
            raise Usage(error.message, error.hint) from error
        return _command(session, trainer)


class _Command(click.Command):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Several folders may follow one ``--data``, which click does not know of flags."""
        return super().parse_args(ctx, _one_each(args))


@click.group(
    "train",
    cls=_Trainers,
    no_args_is_help=False,
    subcommand_metavar="ID --data DIR... -o MODEL.safetensors [--PARAMETER VALUE ...]",
)
@click.help_option("-h", "--help")
def command() -> None:
    """Train a model of your own from folders of pictures.

    The model is written after -o and added to your models, so that its operation can use it at
    once. `impasto train ID --help` shows what a trainer learns from. Ctrl-C pauses; the same
    command goes on from there, and so it does after a crash.
    """


def _command(session: Session, trainer: Trainer) -> click.Command:
    def call(**values: Any) -> int:
        parameters = flags.given(trainer, values)
        check_models(session, trainer, parameters)
        check_pictures(session, trainer.parameters, parameters)
        return _train(session, trainer, parameters, **values)

    wanted = "; ".join(
        f"{number}: {folder.title}{f' ({folder.help})' if folder.help else ''}"
        for number, folder in enumerate(trainer.folders, start=1)
    )
    options: list[click.Parameter] = [
        click.Option(
            ["--data"],
            type=_FILE,
            multiple=True,
            required=True,
            metavar="DIR...",
            help=f"Folders of pictures. {wanted}.",
        ),
        click.Option(
            ["-o", "--output"],
            type=_FILE,
            required=True,
            metavar=f"MODEL{SUFFIX}",
            help="File of the finished model; its name becomes the model's.",
        ),
        click.Option(
            ["--folder"],
            type=_FILE,
            metavar="DIR",
            help="Where checkpoints and samples are kept, to go on from. [default: MODEL.training]",
        ),
        click.Option(["--restart"], is_flag=True, help="Begin anew, whatever the folder holds."),
        *seed_and_device(),
        click.Option(
            ["--json", "as_json"], is_flag=True, help="Print a JSON line per report and result."
        ),
    ]
    return _Command(
        trainer.id,
        params=[*options, *flags.options(trainer)],
        callback=call,
        help=f"{trainer.title}: {trainer.help}",
        short_help=trainer.help,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _one_each(args: list[str]) -> list[str]:
    """``--data A B`` as ``--data A --data B``."""
    found: list[str] = []
    in_data = False
    for argument in args:
        if argument.startswith("-"):
            in_data = argument == "--data"
            found += [] if in_data else [argument]
        else:
            found += ["--data", argument] if in_data else [argument]
    return found


def _train(
    session: Session,
    trainer: Trainer,
    parameters: dict[str, Any],
    *,
    data: tuple[Path, ...],
    output: Path,
    folder: Path | None,
    restart: bool,
    seed: int,
    device: str,
    as_json: bool,
) -> int:
    if output.suffix.lower() != SUFFIX:
        raise Usage(f"{output} is no name of a model.", f"Name a file that ends in {SUFFIX}.")
    if not output.parent.is_dir():
        raise Usage(f"There is no folder {output.parent}.", "Make it first, or name another file.")
    wish = Wish(
        trainer=trainer,
        parameters=validate(trainer.parameters, parameters).model_dump(mode="json"),
        data=data,
        title=output.stem,
        folder=folder or output.with_name(f"{output.stem}.training"),
        restart=restart,
        seed=seed,
        device=device,
    )
    bench = session.services.training
    try:
        watcher = Watcher(bench, wish, as_json=as_json)
        code = watcher.watch()
        if code is not None:
            return code
        model = watcher.run.model
        (file,) = session.services.store.ensure(model)
        _copy(file, output)
        watcher.tell_done(output)
    finally:
        bench.close()
    return 0


def _copy(source: Path, target: Path) -> None:
    from studio.files.atomic import replace_file

    def write(file: BinaryIO) -> None:
        with source.open("rb") as stream:
            shutil.copyfileobj(stream, file)

    replace_file(target, write)
