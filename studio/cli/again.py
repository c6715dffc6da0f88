"""Making a picture once more, from what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from studio.api.errors import UserError
from studio.api.operation import Operation
from studio.api.parameters import describe
from studio.cli.flags import checked
from studio.cli.interrupt import interruptible
from studio.cli.outputs import plan, refuse_overwriting
from studio.cli.progress import Watch, shown
from studio.cli.session import DONE, Session, Usage, one_line, print_json
from studio.document import Picture, composite
from studio.files.documents import recipe_of
from studio.files.images import SaveOptions, read_image, write_image
from studio.files.metadata import Metadata
from studio.host.disclosure import files_of, public, seed_of, values_of
from studio.host.memory import keep_pages
from studio.host.recipes import Recipe
from studio.host.recipes.checking import check_models, check_recipe
from studio.host.recipes.export import step_of_record
from studio.host.recipes.model import OperationStep
from studio.host.recipes.replay import Manner, replay
from studio.host.requests import RunRequest

Records = Sequence[Mapping[str, Any]]
_LOSSY = ("JPEG", "WebP", "AVIF")


@dataclass(frozen=True)
class Repeat:
    """What a command line asks for.

    Attributes:
        source: the picture that is made once more.
        output: the file.
        device: where to compute.
        overwrite: whether the file may be the picture itself.
        records: whether it says how it was made.
        as_json: whether the result is told as JSON.
    """

    source: Path
    output: str
    device: str = "auto"
    overwrite: bool = False
    records: bool = True
    as_json: bool = False


def recalled(
    path: Path, operation: Operation, given: dict[str, Any]
) -> tuple[dict[str, Any], int | None]:
    """The parameters with which a picture was made by an operation, and its seed.

    Args:
        path: the picture; of several runs in it the last counts.
        operation: which one.
        given: parameters that are to be other ones.

    Raises:
        Usage: if it says nothing of that operation, or needs a file that is not given.
        UserError: if it cannot be read.
    """
    records = recipe_of(path)
    found = next((r for r in reversed(records) if r.get("operation") == operation.id), None)
    if found is None:
        raise Usage(f"{path.name} does not say that {operation.id} made it.", _others(records))
    specs = {spec.name: spec for spec in describe(operation.parameters)}
    missing = [n for n in files_of(found) if n not in given and n in specs]
    if missing:
        name = missing[0]
        raise Usage(
            f"{path.name} was made with the file {files_of(found)[name]}, which is not in it.",
            f"Name it with {specs[name].flag}.",
        )
    values = values_of(found)
    for unknown in sorted(values.keys() - specs.keys()):
        click.echo(f"Note: {operation.id} has no {unknown} here.", err=True)
    known = {name: value for name, value in values.items() if name in specs}
    return checked(operation, {**known, **given}), seed_of(found)


def make_again(session: Session, wish: Repeat) -> int:
    """Make a picture once more and say whether it came out the same; returns the exit code.

    Raises:
        Usage: if the file cannot be written, before anything runs.
        UserError: if the picture does not say how it was made, or something of it is not here.
        Cancelled: at Ctrl-C.
    """
    target = plan((), wish.output)[0]
    if not wish.overwrite:
        refuse_overwriting(target.single, (wish.source,))
    records = _from_nothing(wish.source, recipe_of(wish.source))
    keep_pages()
    made = _Maker(session, wish, records)
    picture = made.picture()
    if target.creates_folder:
        target.single.parent.mkdir(parents=True, exist_ok=True)
    metadata = Metadata(icc=picture.icc, recipe=tuple(map(public, made.records)))
    options = SaveOptions(records=wish.records)
    notes = [*made.notes, *write_image(target.single, composite(picture), metadata, options)]
    same = _is_same(wish.source, picture)
    if same is False:
        notes.append(_difference(wish.source, records[0], made.records[0]))
    _tell(wish, target.single, picture, same, notes)
    return DONE


def _others(records: Records) -> str:
    ids = [str(record["operation"]) for record in records if record.get("operation")]
    if not ids:
        return "It carries no record of how it was made."
    return f"It was made by {', '.join(dict.fromkeys(ids))}."


def _from_nothing(path: Path, records: Records) -> Records:
    """The records from the last one on that needed no picture.

    Raises:
        UserError: if there is none, or a file is needed that is not in the picture.
    """
    starts = [i for i, record in enumerate(records) if record.get("provenance") == "generated"]
    if not starts:
        last = next((r["operation"] for r in reversed(records) if r.get("operation")), None)
        raise UserError(
            f"{path.name} does not say that it was generated.",
            f"It was made from another picture: `impasto run {last} PICTURE --again {path.name}` does "
            "the same to one."
            if last
            else "Only pictures with a record of it can be made again.",
        )
    wanted = records[starts[-1] :]
    for record in wanted:
        for name, file in files_of(record).items():
            flag = name.rstrip("_").replace("_", "-")
            raise UserError(
                f"{path.name} was made with the file {file}, which is not in it.",
                f"Run `impasto run {record['operation']} --again {path.name} --{flag} FILE`.",
            )
    return wanted


class _Maker:
    """Runs what records say, one after the other."""

    def __init__(self, session: Session, wish: Repeat, wanted: Records) -> None:
        services = session.services
        self.store, self.runner = services.store, services.runner
        self.wish, self.wanted = wish, wanted
        self.records: list[Mapping[str, Any]] = []
        self.notes: list[str] = []
        steps = tuple(step_of_record(record, str(record.get("title", ""))) for record in wanted)
        self.steps = steps
        check_recipe(Recipe(steps=steps), services.registry, self.store)

    def picture(self) -> Picture:
        first = self.steps[0]
        with interruptible() as asked, shown(first.title or first.operation) as update:
            watch = Watch(update, asked)
            picture = self._first(first, watch)
            if len(self.steps) > 1:
                manner = Manner(device=self.wish.device)
                rest = Recipe(steps=self.steps[1:])
                done = replay(rest, picture, self.runner.execute, self.store, manner, watch)
                picture = done.picture
                self.records += done.records
                self.notes += done.notes
        return picture

    def _first(self, step: OperationStep, watch: Watch) -> Picture:
        exact = self.wanted[0].get("precision") == "float32"
        request = RunRequest(
            operation=step.operation,
            parameters=step.parameters,
            seed=step.seed,
            device=self.wish.device,
            precision="float32" if exact else "auto",
        )
        result = self.runner.execute(request, watch)
        check_models(step, result.record["models"], self.store)
        variation = min(step.variation, result.variations - 1)
        self.records.append({"title": result.title, **result.record_of(variation)})
        self.notes += result.notes
        return result.after(variation)


def _is_same(path: Path, picture: Picture) -> bool | None:
    """Whether a file has these pixels; None where its format changes them."""
    opened = read_image(path)
    shown = composite(picture)
    if opened.pixels.dtype == shown.dtype and np.array_equal(opened.pixels, shown):
        return True
    return None if opened.format in _LOSSY else False


def _difference(path: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Why a picture may have come out otherwise."""
    keys = ("impasto", "plugin_version", "device", "precision")
    other = [f"{key} {before.get(key)}, not {now.get(key)}" for key in keys
             if before.get(key) != now.get(key)]  # fmt: skip
    if other:
        return f"The pixels differ from {path.name}, which was made with {'; '.join(other)}."
    return f"The pixels differ from {path.name}: it was changed by hand after it was made."


def _tell(wish: Repeat, path: Path, picture: Picture, same: bool | None, notes: list[str]) -> None:
    if wish.as_json:
        line = {
            "input": str(wish.source),
            "output": str(path),
            "size": [picture.width, picture.height],
            "identical": same,
            "notes": notes,
        }
        print_json(line, compact=True)
        return
    for note in dict.fromkeys(notes):
        click.echo(f"Note: {one_line(note)}", err=True)
    said = ", the same pixels" if same else ""
    size = f"{picture.width} x {picture.height}{said}"
    click.echo(f"{click.format_filename(path)}  ({size})")
