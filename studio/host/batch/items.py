"""What a batch works on, as plain data: where each picture comes from and where it goes."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from studio.api.errors import UserError
from studio.files.formats import READABLE_SUFFIXES, WRITABLE_SUFFIXES, writable_format
from studio.host.batch.places import Place, Url, identity, place

DEFAULT_TEMPLATE = "{name}.{ext}"
FIELDS = ("name", "recipe", "ext", "number")
PARTIAL = ".impasto-partial-"
"""How the names of files begin that are not finished."""
State = Literal["done", "skipped", "failed"]


@dataclass(frozen=True)
class Item:
    """One picture of a batch.

    Attributes:
        source: path of the picture, or its address.
        output: where the result goes, relative to the folder of the batch, with slashes.
        seed: the first of new seeds; None: those of the recipe.
    """

    source: str
    output: str
    seed: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one picture.

    Attributes:
        item: which one.
        state: ``done``, ``skipped`` because an earlier batch had done it, or ``failed``.
        key: names its content, the recipe and the models; empty if it was not read.
        sha256: of the result's file.
        partial: the finished file under its passing name, until it is given its own.
        size: width and height of the result.
        seconds: how long the recipe took.
        message: why it failed, and `hint` what to do.
        notes: what the user should know.
        seeds: of the runs, in their order.
    """

    item: Item
    state: State
    key: str = ""
    sha256: str = ""
    partial: str = ""
    size: tuple[int, int] | None = None
    seconds: float = 0.0
    message: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()
    seeds: tuple[int, ...] = field(default=())


@dataclass(frozen=True)
class Found:
    """A picture that was found.

    Attributes:
        path: of the file, or its address.
        folder: relative to the folder that was named, "" for a file that was named itself.
    """

    path: Place
    folder: str = ""


def find_pictures(inputs: Iterable[Place], output: Place) -> list[Found]:
    """The pictures that are named, and those in folders and the folders in them, in order of names.

    Args:
        inputs: files and folders; paths, or addresses.
        output: folder of the results; what lies in it is left out, unless it was named itself.

    Raises:
        UserError: if there is no such file or folder.
    """
    found: dict[str, Found] = {}
    away = identity(output)
    for path in inputs:
        if path.is_dir():
            inside = _inside(path, away) if isinstance(path, Path) else _behind(path, away)
            for each in inside:
                found.setdefault(identity(each.path), each)
        elif path.exists():
            found.setdefault(identity(path), Found(path))
        else:
            raise UserError(f"There is no file or folder {path}.", "Name pictures or folders.")
    return list(found.values())


def check_template(template: str) -> None:
    """Refuse a template for names that cannot work.

    Raises:
        UserError: saying what it may hold.
    """
    fields = ", ".join(f"{{{name}}}" for name in FIELDS)
    hint = f"It may hold {fields}, as {{name}}-{{recipe}}.{{ext}}."
    try:
        named = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        unknown = [name for name in named if name not in FIELDS]
        if unknown:
            raise UserError(f"The template “{template}” holds the unknown {{{unknown[0]}}}.", hint)
        sample = _filled(template, "a", "b", "png", 1)
    except ValueError as error:
        raise UserError(f"The template “{template}” cannot be filled in.", hint) from error
    path = PurePosixPath(sample.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise UserError(f"The template “{template}” leads out of the output folder.", hint)
    writable_format(Path(path))


def plan(
    found: Sequence[Found], template: str, recipe: str, seeds: Iterator[int] | None = None
) -> tuple[Item, ...]:
    """Where the result of each picture goes.

    Args:
        found: the pictures.
        template: of the names; folders within a folder that was named are kept.
        recipe: its name.
        seeds: new seeds, one for each picture; None for those of the recipe.

    Raises:
        UserError: if two pictures would get one name, or the template is wrong.
    """
    check_template(template)
    items: list[Item] = []
    taken: dict[str, Place] = {}
    for number, each in enumerate(found, 1):
        suffix = each.path.suffix.lower()
        ext = suffix[1:] if suffix in WRITABLE_SUFFIXES else "png"
        name = _filled(template, each.path.stem, _safe(recipe), ext, number)
        output = (PurePosixPath(each.folder) / name.replace("\\", "/")).as_posix()
        # Case is folded because some file systems do.
        other = taken.setdefault(output.casefold(), each.path)
        if other is not each.path:
            raise UserError(
                f"{other} and {each.path} would both become {output}.",
                "Put {number} into the template, or run them into different folders.",
            )
        items.append(Item(str(each.path), output, next(seeds) if seeds is not None else None))
    return tuple(items)


def refuse_overwriting(items: Iterable[Item], folder: Place) -> None:
    """Refuse to replace an input.

    Raises:
        UserError: naming it.
    """
    sources = {identity(place(item.source)) for item in items}
    for item in items:
        target = identity(folder / item.output)
        if target in sources:
            raise UserError(
                f"The result would overwrite the input {target}.",
                "Name another folder or template, or allow overwriting.",
            )


def _inside(folder: Path, away: str) -> list[Found]:
    found = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not _is_picture(PurePosixPath(relative.as_posix())) or not path.is_file():
            continue
        if away != identity(folder) and path.resolve().is_relative_to(away):
            continue
        inner = relative.parent.as_posix()
        found.append(Found(path, "" if inner == "." else inner))
    return found


def _behind(folder: Url, away: str) -> list[Found]:
    found = []
    for name in folder.files():
        path, relative = folder / name, PurePosixPath(name)
        if not _is_picture(relative):
            continue
        if away != identity(folder) and identity(path).startswith(f"{away}/"):
            continue
        inner = relative.parent.as_posix()
        found.append(Found(path, "" if inner == "." else inner))
    return found


def _is_picture(path: PurePosixPath) -> bool:
    """Whether a path in a folder is of a kind that is read, and nothing of it is hidden."""
    hidden = any(part.startswith(".") for part in path.parts)
    return path.suffix.lower() in READABLE_SUFFIXES and not hidden


def _filled(template: str, name: str, recipe: str, ext: str, number: int) -> str:
    return template.format(name=name, recipe=recipe, ext=ext, number=number)


def _safe(name: str) -> str:
    """A recipe's name as a part of a file's name."""
    kept = "".join(c if c.isalnum() or c in "-_. " else "-" for c in name).strip(" .")
    return kept or "recipe"
