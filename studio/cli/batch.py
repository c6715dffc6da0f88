"""Running one operation on one picture after another."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from studio.api.errors import Cancelled, UserError
from studio.api.operation import Operation
from studio.cli.interrupt import Interrupts, interrupts
from studio.cli.outputs import Target, plan, refuse_overwriting
from studio.cli.pictures import check_hints, read_hints, read_mask, with_mask
from studio.cli.progress import Watch, shown
from studio.cli.session import (
    BAD_USAGE,
    DONE,
    FAILED,
    Session,
    Usage,
    one_line,
    print_json,
    report,
)
from studio.document import Array, Picture, composite
from studio.files.images import SaveOptions, read_image, write_image
from studio.files.metadata import Metadata
from studio.host.disclosure import public
from studio.host.memory import keep_pages
from studio.host.requests import Precision, RunRequest
from studio.host.results import RunResult


@dataclass(frozen=True)
class Wish:
    """What a command line asks for.

    Attributes:
        operation: what to run.
        parameters: the values that were given.
        output: as typed after ``-o``.
        seed: of everything random.
        device: where to compute.
        precision: of the arithmetic.
        overwrite: whether a result may replace an input.
        as_json: whether records are printed.
        inputs: pictures to run it on.
        mask: gray picture, or None.
        grow: pixels by which the mask grows.
        feather: pixels over which its edge fades.
        hints: RGBA picture of colors that are known, or None.
        records: whether results say how they were made.
    """

    operation: Operation
    parameters: Mapping[str, Any]
    output: str
    seed: int
    device: str
    precision: Precision
    overwrite: bool
    as_json: bool
    inputs: tuple[Path, ...] = ()
    mask: Path | None = None
    grow: int = 0
    feather: int = 0
    hints: Path | None = None
    records: bool = True

    @property
    def sources(self) -> tuple[Path, ...]:
        """Every picture that is read."""
        beside = (self.mask, self.hints)
        return (*self.inputs, *(path for path in beside if path is not None))


def run_all(session: Session, wish: Wish) -> int:
    """Run the wish on every input; one that fails does not stop the others.

    Returns:
        The exit code.

    Raises:
        Usage: if the command line is wrong, before anything runs.
        UserError: if the mask or the hints cannot be read.
        Cancelled: at Ctrl-C.
    """
    targets = plan(wish.inputs, wish.output)
    if not wish.overwrite:
        for target in targets:
            refuse_overwriting(target.single, wish.sources)
    keep_pages()
    batch = _Batch(session, wish)
    codes = set()
    with interrupts() as found:
        for target in targets:
            if found.enough.is_set():  # the one that was under way is kept, no other is begun
                raise Cancelled
            codes.add(batch.attempt(target, found))
    failed = codes - {DONE}
    return DONE if not failed else BAD_USAGE if failed == {BAD_USAGE} else FAILED


class _Batch:
    def __init__(self, session: Session, wish: Wish) -> None:
        self.session, self.wish = session, wish
        self.max_pixels = session.services.settings.max_megapixels * 1_000_000
        self.mask: Array | None = None
        if wish.mask is not None:
            self.mask = read_mask(wish.mask, wish.grow, wish.feather, self.max_pixels)
        self.hints: Array | None = None
        if wish.hints is not None:
            self.hints = read_hints(wish.hints, self.max_pixels)

    def attempt(self, target: Target, found: Interrupts) -> int:
        """Run one input and report what fails; returns its exit code."""
        try:
            self._run(target, found)
        except UserError as error:
            return self._failed(target, error)
        except MemoryError as error:
            problem = UserError("There is not enough memory.", "Close other programs, or use less.")
            problem.__cause__ = error
            return self._failed(target, problem)
        return DONE

    def _failed(self, target: Target, error: UserError) -> int:
        if self.wish.as_json:
            source = str(target.source) if target.source else None
            failure = {"message": error.message, "hint": error.hint}
            print_json({"input": source, "output": None, "error": failure}, compact=True)
        if len(self.wish.inputs) > 1 and str(target.source) not in error.message:
            where = type(error)(f"{target.source}: {error.message}", error.hint)
            where.__cause__ = error
            error = where
        return report(error, debug=self.session.debug)

    def _run(self, target: Target, found: Interrupts) -> None:
        title = target.source.name if target.source else self.wish.operation.title
        with shown(title) as update:
            watch = Watch(update, found.asked, found.enough)
            picture, metadata = self._read(target.source)
            # In a script nobody sees that the result is not the whole one.
            with found.keeping(self.wish.operation.stoppable and at_a_terminal()):
                result = self._execute(picture, watch)
            update(1.0, 1.0, "Saving")
            written = self._write(target, result, metadata, found.asked)
        seen = dict.fromkeys((*metadata.notes, *result.notes, *watch.notes))
        told: set[str] = set()
        for path, after, notes in written:
            self._tell(target, path, after, result, [*seen, *notes], told)

    def _read(self, source: Path | None) -> tuple[Picture | None, Metadata]:
        if source is None:
            return None, Metadata()
        opened = read_image(source, max_pixels=self.max_pixels)
        picture = with_mask(opened, self.mask, source)
        if self.hints is not None:
            check_hints(self.hints, picture, source)
        return picture, opened.metadata

    def _execute(self, picture: Picture | None, watch: Watch) -> RunResult:
        wish = self.wish
        if watch.cancelled():
            raise Cancelled
        request = RunRequest(
            operation=wish.operation.id,
            parameters=wish.parameters,
            picture=picture,
            seed=wish.seed,
            device=wish.device,
            precision=wish.precision,
            hints=() if self.hints is None else self.hints,
        )
        return self.session.services.runner.execute(request, watch)

    def _write(
        self, target: Target, result: RunResult, metadata: Metadata, asked: threading.Event
    ) -> list[tuple[Path, Picture, tuple[str, ...]]]:
        paths = target.paths(result.variations)
        if not self.wish.overwrite:
            for path in paths:
                refuse_overwriting(path, self.wish.sources)
        written = []
        for variation, path in enumerate(paths):
            if asked.is_set():
                raise Cancelled
            if target.creates_folder:
                _make_folder(path.parent)
            after = result.flat(variation)
            made = public({"title": result.title, **result.record_of(variation)})
            told = replace(metadata, icc=after.icc, recipe=(*metadata.recipe, made))
            options = SaveOptions(records=self.wish.records)
            notes = write_image(path, composite(after), told, options)
            written.append((path, after, notes))
        return written

    def _tell(
        self,
        target: Target,
        path: Path,
        after: Picture,
        result: RunResult,
        notes: list[str],
        told: set[str],
    ) -> None:
        """Say what was written; people read a note of a run once, not for each of its pictures."""
        source = str(target.source) if target.source else None
        if self.wish.as_json:
            line = {
                "input": source,
                "output": str(path),
                "seconds": round(result.seconds, 3),
                "size": [after.width, after.height],
                "notes": notes,
                "record": dict(result.record),
            }
            print_json(line, compact=True)
            return
        for note in notes:
            if note not in told:
                click.echo(f"Note: {one_line(note)}", err=True)
        told.update(notes)
        size = f"{after.width} x {after.height}, {result.seconds:.1f} s"
        name = click.format_filename(path)
        click.echo(f"{name}  ({size})")


def at_a_terminal() -> bool:
    """Whether somebody sees the progress bar."""
    return sys.stderr.isatty()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise Usage(f"{folder} is a file, not a folder.", "Name a folder after -o.") from None
    except OSError as error:
        raise UserError(
            f"The folder {folder} cannot be made: {error.strerror or error}.", "Name another one."
        ) from error
