"""``impasto models``: what there is to run, and whether it is here and whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from studio.api.errors import UserError
from studio.api.models import ModelCard
from studio.cli.interrupt import interruptible
from studio.cli.progress import shown
from studio.cli.session import (
    DONE,
    FAILED,
    Session,
    Usage,
    pass_session,
    print_json,
    print_table,
    report,
    size_text,
)
from studio.host.models import ModelStore

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("models", no_args_is_help=False)
@click.help_option("-h", "--help")
def command() -> None:
    """List, fetch, import and verify models."""


@command.command("list")
@click.option("--task", help="Only models for this, such as super-resolution.")
@_JSON
@click.help_option("-h", "--help")
@pass_session
def list_models(session: Session, task: str | None, as_json: bool) -> None:
    """List all models and where they are."""
    store = session.services.store
    cards = store.cards(task)
    tasks = sorted({card.task for card in store.cards()})
    if task is not None and task not in tasks:
        raise Usage(f"No model is for {task}.", f"Tasks: {', '.join(tasks) or 'none'}.")
    if as_json:
        print_json([_to_json(store, card) for card in cards])
    elif cards:
        rows = [
            (card.id, card.task, str(store.status(card.id)), size_text(card.bytes), card.licence)
            for card in cards
        ]
        print_table(rows, ("ID", "TASK", "STATE", "SIZE", "License"))
    else:
        click.echo("There are no models.", err=True)
    for problem in store.problems:
        click.echo(f"Note: {problem}", err=True)


def _to_json(store: ModelStore, card: ModelCard) -> dict[str, Any]:
    files = store.locate(card.id)
    return {
        **card.model_dump(mode="json"),
        "status": str(store.status(card.id)),
        "imported": store.is_imported(card.id),
        "bytes": card.bytes,
        "paths": [str(path) for path in files or ()],
    }


@command.command("fetch")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.help_option("-h", "--help")
@pass_session
def fetch(session: Session, ids: tuple[str, ...]) -> int:
    """Download models and check them; what is here already is not fetched again."""
    store = session.services.store
    _require_known(store, ids)
    code = DONE
    with interruptible() as asked:
        for name in ids:
            try:
                with shown(name, of_bytes=True) as update:
                    store.fetch(name, lambda done, total: update(done, total, ""), asked.is_set)
            except UserError as error:
                code = report(error, debug=session.debug)
            else:
                click.echo(f"{name}  ({size_text(store.card(name).bytes)})")
    return code


@command.command("import")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@click.option("--task", help="What they are for, such as cyclegan; found out if left out.")
@_JSON
@click.help_option("-h", "--help")
@pass_session
def import_files(session: Session, files: tuple[Path, ...], task: str | None, as_json: bool) -> int:
    """Copy checkpoints into the cache, so that operations can use them.

    Of an ncnn pair name either file.
    """
    store, loaders = session.services.store, session.services.registry.loaders()
    tasks = sorted({loader.task for loader in loaders})
    if task is not None and task not in tasks:
        raise Usage(f"No plugin takes checkpoints for {task}.", f"Known: {', '.join(tasks)}.")
    code = DONE
    for file in files:
        try:
            card = store.import_file(file, loaders, task)
        except UserError as error:
            code = report(error, debug=session.debug)
            continue
        if as_json:
            print_json(_to_json(store, card), compact=True)
        else:
            click.echo(f"{card.id}  ({card.summary or card.architecture})")
    return code


@command.command("verify")
@click.argument("ids", nargs=-1, metavar="[ID...]")
@click.option("--repair", is_flag=True, help="Fetch again what is damaged.")
@_JSON
@click.help_option("-h", "--help")
@pass_session
def verify(session: Session, ids: tuple[str, ...], repair: bool, as_json: bool) -> int:
    """Hash the files of all models, or of these, and compare them with their cards."""
    store = session.services.store
    _require_known(store, ids)
    if repair:
        with interruptible() as asked, shown("Repairing", of_bytes=True) as update:
            reports = store.repair(
                ids or None, lambda done, total: update(done, total, ""), asked.is_set
            )
    else:
        reports = store.verify(ids or None)
    if as_json:
        print_json(
            [
                {"id": found.id, "status": str(found.status), "problems": list(found.problems)}
                for found in reports
            ]
        )
    else:
        print_table([(found.id, str(found.status)) for found in reports], ("ID", "STATE"))
    problems = [problem for found in reports for problem in found.problems]
    if not problems:
        return DONE
    hint = "" if repair else "`impasto models verify --repair` fetches damaged models again."
    for number, problem in enumerate(problems, start=1):
        error = UserError(problem, hint if number == len(problems) else "")
        report(error, debug=session.debug)
    return FAILED


@command.command("path")
@click.argument("model_id", required=False, metavar="[ID]")
@click.help_option("-h", "--help")
@pass_session
def path(session: Session, model_id: str | None) -> None:
    """Print the folder of fetched and imported models, or the files of one model."""
    store = session.services.store
    if model_id is None:
        click.echo(click.format_filename(store.cache_dir))
        return
    _require_known(store, (model_id,))
    files = store.locate(model_id)
    if files is None:
        raise UserError(
            f"The files of {model_id} are not here.", f"Run: impasto models fetch {model_id}"
        )
    for file in files:
        click.echo(click.format_filename(file))


def _require_known(store: ModelStore, ids: tuple[str, ...]) -> None:
    for name in ids:
        try:
            store.card(name)
        except UserError as error:
            raise Usage(error.message, error.hint) from error
