"""``impasto run``: one command per operation, made from its declaration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from studio.api.errors import UserError
from studio.api.operation import Operation
from studio.api.parameters import Parameters, describe
from studio.api.trainer import Trainer
from studio.cli import flags
from studio.cli.session import Session, Usage

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?|xpu(:\d+)?")
_FILE = click.Path(path_type=Path)


def _device(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not _DEVICE.fullmatch(value):
        raise click.BadParameter(
            f"{value!r} is not auto, cpu, cuda, cuda:N, mps or xpu.", ctx, param
        )
    return value


class _Operations(click.Group):
    """Operations by id; without one, what made a picture."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The ids of all operations."""
        registry = ctx.ensure_object(Session).services.registry
        return sorted(operation.id for operation in registry.operations())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one operation."""
        session = ctx.ensure_object(Session)
        try:
            operation = session.services.registry.operation(cmd_name)
        except UserError as error:
            raise Usage(error.message, error.hint) from error
        return _command(session, operation)


@click.group(
    "run",
    cls=_Operations,
    no_args_is_help=False,
    invoke_without_command=True,
    subcommand_metavar="ID INPUT... -o OUTPUT [--PARAMETER VALUE ...]",
)
@click.option(
    "--again", type=_FILE, metavar="PICTURE", help="Without an ID: make this picture once more."
)
@click.option("-o", "--output", metavar="OUTPUT", help="With --again: the file it is made as.")
@click.option("--device", default="auto", hidden=True, callback=_device)
@click.option("--overwrite", is_flag=True, hidden=True)
@click.option("--record/--no-record", "records", default=True, hidden=True)
@click.option("--json", "as_json", is_flag=True, hidden=True)
@click.help_option("-h", "--help")
@click.pass_context
def command(ctx: click.Context, /, again: Path | None, **values: Any) -> int | None:
    """Run the operation with this ID on pictures.

    `impasto run ID --help` shows the parameters of an operation. One input and a file after -o
    makes that file; several inputs, or an operation with several results, need a folder.

    `impasto run --again PICTURE -o OUTPUT` makes a generated picture once more, from what it says of
    itself; `impasto run ID --again PICTURE` takes over its settings, but for those that are given.
    """
    alone = ctx.invoked_subcommand is None
    if again is None and alone:
        raise click.UsageError("Missing command.", ctx)
    if not alone:
        given = [name for name in values if is_given(ctx, name)]
        if again is not None or given:
            raise Usage(
                "What is before the operation's id is not for it.", "Put all flags behind the id."
            )
        return None
    if again is None or values["output"] is None:
        raise Usage("There is no name for the picture.", "Add -o FILE.")
    from studio.cli.again import Repeat, make_again

    return make_again(ctx.ensure_object(Session), Repeat(again, **values))


def _command(session: Session, operation: Operation) -> click.Command:
    def call(**values: Any) -> int:
        from studio.cli.batch import Wish, run_all

        again = values.pop("again")
        if again is None:
            parameters = flags.given(operation, values)
        else:
            from studio.cli.again import recalled

            given_seed = is_given(click.get_current_context(), "seed")
            parameters, seed = recalled(again, operation, flags.those_given(operation, values))
            values["seed"] = values["seed"] if given_seed or seed is None else seed
        check_models(session, operation, parameters)
        check_pictures(session, operation.parameters, parameters)
        return run_all(session, Wish(operation=operation, parameters=parameters, **values))

    own: list[click.Parameter] = [] if operation.input == "none" else [_inputs()]
    return click.Command(
        operation.id,
        params=[*own, *_common(operation), *flags.options(operation)],
        callback=call,
        help=f"{operation.title}: {operation.help}",
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _inputs() -> click.Argument:
    return click.Argument(["inputs"], nargs=-1, required=True, type=_FILE, metavar="INPUT...")


def _common(operation: Operation) -> list[click.Parameter]:
    """The flags that every operation has; those of masks where a mask is used."""
    options: list[click.Parameter] = [
        click.Option(
            ["-o", "--output"], required=True, help="File, or folder for several results."
        ),
        *seed_and_device(),
        click.Option(
            ["--precision"],
            type=click.Choice(["auto", "float32"]),
            default="auto",
            help="Half precision where the device is fast in it, or float32. [default: auto]",
        ),
        click.Option(["--overwrite"], is_flag=True, help="Allow the result to replace its input."),
        click.Option(
            ["--again"],
            type=_FILE,
            metavar="PICTURE",
            help="Take the settings and the seed that are not given from what this picture says of how "
            "it was made.",
        ),
        click.Option(
            ["--record/--no-record", "records"],
            default=True,
            help="Whether the result says how it was made. [default: it does]",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print a JSON line per result."),
    ]
    if operation.hints == "colors":
        options.append(
            click.Option(
                ["--hints"],
                type=_FILE,
                help="RGBA picture of the input's size: where it is not transparent, its color is a "
                "hint.",
            )
        )
    if operation.input == "none" or operation.selection == "ignored":
        return options
    pixels = click.IntRange(0, 10_000)
    return [
        *options,
        click.Option(
            ["--mask"],
            type=_FILE,
            required=operation.selection == "required",
            help="Gray picture of the input's size: white is changed, black is kept.",
        ),
        click.Option(
            ["--grow"], type=pixels, default=0, metavar="PX", help="Grow the mask. [default: 0]"
        ),
        click.Option(
            ["--feather"],
            type=pixels,
            default=0,
            metavar="PX",
            help="Soften the mask's edge. [default: 0]",
        ),
    ]


def seed_and_device() -> list[click.Option]:
    """Two flags that whatever computes has."""
    return [
        click.Option(
            ["--seed"],
            type=click.IntRange(0, 2**63 - 1),
            default=0,
            metavar="N",
            help="The same seed gives the same result. [default: 0]",
        ),
        click.Option(
            ["--device"],
            default="auto",
            metavar="DEVICE",
            callback=_device,
            help="auto|cpu|cuda|cuda:N|mps|xpu [default: auto]",
        ),
    ]


def is_given(ctx: click.Context, name: str) -> bool:
    """Whether a flag was typed, and is not only its default."""
    return ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def check_models(
    session: Session, declared: Operation | Trainer, parameters: dict[str, Any]
) -> None:
    """Refuse a model that does not exist, or is for something else, before anything is read."""
    store = session.services.store
    for spec in describe(declared.parameters):
        name = parameters.get(spec.name)
        if spec.kind != "model" or name is None or (spec.paths and re.search(r"[/\\]", name)):
            continue
        try:
            card = store.card(name)
        except UserError as error:
            raise Usage(error.message, error.hint) from error
        if card.task != spec.task:
            raise Usage(
                f"The model {name} is for {card.task}, not for {spec.task}.",
                f"{spec.flag} takes {flags.allowed(spec)}.",
            )


def check_pictures(
    session: Session, declared: type[Parameters], parameters: dict[str, Any]
) -> None:
    """Refuse a reference picture that no gallery has, before anything is read.

    Raises:
        Usage: naming the flag and the names that come close.
    """
    galleries = session.services.galleries
    for spec in describe(declared):
        value = parameters.get(spec.name)
        if value is None or spec.kind not in ("picture", "pictures"):
            continue
        for source in [value] if spec.kind == "picture" else [each[0] for each in value]:
            try:
                galleries.check(source, spec.gallery)
            except UserError as error:
                raise Usage(f"{spec.flag}: {error.message}", error.hint) from error
