"""Looking at a training's pictures before it starts, so that bad data gets a clear answer. No torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from studio.api.errors import Cancelled, UserError
from studio.api.trainer import Folder, Trainer
from studio.nn.pictures import list_pairs, list_pictures

Report = Callable[[int, int], None]
"""Called with the pictures looked at and how many there are."""

_NAMED = 8
_ORIENTATION = 0x0112
_MOST_THREADS = 4


@dataclass(frozen=True)
class FolderCheck:
    """What a folder of training pictures holds.

    Attributes:
        folder: what the trainer wants of it.
        paths: the folder, or the two of a pair.
        count: pictures, or pairs, that can be learned from.
        left_out: those that are too small.
    """

    folder: Folder
    paths: tuple[Path, ...]
    count: int
    left_out: int


@dataclass(frozen=True)
class _Look:
    """One picture: its upright size, or what is wrong with it."""

    path: Path
    size: tuple[int, int] = (0, 0)
    problem: str = ""


def assign(trainer: Trainer, data: Sequence[Path]) -> tuple[tuple[Path, ...], ...]:
    """Which of the given folders are for which of the trainer's; a folder of pairs may take two.

    Raises:
        UserError: if there are too few or too many, or one of them does not exist or comes twice.
    """
    wanted = trainer.folders
    pairs = next((i for i, folder in enumerate(wanted) if folder.kind == "pairs"), None)
    if len(data) != len(wanted) and (pairs is None or len(data) != len(wanted) + 1):
        raise UserError(
            f"{trainer.title} needs {_how_many(trainer)}; {len(data)} given.",
            "They are: " + "; ".join(map(_in_words, wanted)) + ".",
        )
    resolved = []
    for path in data:
        if not path.is_dir():
            what = "is a file, not a folder" if path.exists() else "does not exist"
            raise UserError(f'The folder "{path}" {what}.', "Choose a folder of pictures.")
        if path.resolve() in resolved:
            raise UserError(
                f'The folder "{path}" was given twice.', "Each folder needs pictures of its own."
            )
        resolved.append(path.resolve())
    rest = list(data)
    spare = len(data) - len(wanted)
    takes = [1 + (spare if index == pairs else 0) for index in range(len(wanted))]
    return tuple(tuple(rest.pop(0) for _ in range(count)) for count in takes)


def check_data(
    trainer: Trainer,
    data: Sequence[Path],
    report: Report = lambda _done, _all: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[FolderCheck, ...]:
    """Read every picture of every folder once.

    Args:
        trainer: what it is for.
        data: the folders, in the order of the trainer's.
        report: hears how far it is.
        cancelled: asked before each picture.

    Returns:
        What each of the trainer's folders holds.

    Raises:
        UserError: if pictures are too few, without partner, unreadable or of different size.
        Cancelled: once ``cancelled`` turns true.
    """
    assigned = assign(trainer, data)
    return tuple(
        check_folder(folder, paths, report, cancelled)
        for folder, paths in zip(trainer.folders, assigned, strict=True)
    )


def check_folder(
    folder: Folder,
    paths: tuple[Path, ...],
    report: Report = lambda _done, _all: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FolderCheck:
    """The same for one folder, or the two of a pair.

    Raises:
        UserError: as `check_data`.
        Cancelled: as `check_data`.
    """
    items: list[tuple[Path, ...]]
    if folder.kind == "pictures":
        items = [(file,) for file in list_pictures(paths[0])]
    else:
        pairs, alone = list_pairs(paths)
        if alone:
            raise UserError(
                f"{_count(len(alone), 'picture has', 'pictures have')} no partner: "
                f"{names(path.name for path in alone)}.",
                "The two pictures of a pair have the same name in both folders; add what is missing "
                "or remove these.",
            )
        items = [(first,) if second is None else (first, second) for first, second in pairs]
    looks = _look_at(items, report, cancelled)
    _refuse_unreadable(looks, paths)
    _refuse_unequal(looks)
    halves = 2 if folder.kind == "pairs" and len(paths) == 1 else 1
    sides = [min(min(look.size[0] // halves, look.size[1]) for look in item) for item in looks]
    count = sum(side >= folder.smallest for side in sides)
    found = FolderCheck(folder, paths, count, len(sides) - count)
    if count < folder.minimum:
        raise _too_few(found)
    return found


def names(found: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    listed = list(found)
    text = ", ".join(listed[:_NAMED])
    return text if len(listed) <= _NAMED else f"{text} and {len(listed) - _NAMED} more"


def _look_at(
    items: Sequence[tuple[Path, ...]], report: Report, cancelled: Callable[[], bool]
) -> list[tuple[_Look, ...]]:
    def look(item: tuple[Path, ...]) -> tuple[_Look, ...]:
        if cancelled():
            raise Cancelled
        return tuple(map(_look, item))

    done: list[tuple[_Look, ...]] = []
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads, "training-check") as pool:
        try:
            for looked in pool.map(look, items):
                done.append(looked)
                report(len(done), len(items))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return done


def _look(path: Path) -> _Look:
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION, 1) >= 5
            # A JPEG is read to its end all the same, only its pixels are made smaller.
            image.draft("RGB", (max(1, width // 8), max(1, height // 8)))
            image.load()
    except Exception as error:  # noqa: BLE001 - decoders raise anything for a broken file
        return _Look(path, problem=str(error) or type(error).__name__)
    return _Look(path, (height, width) if turned else (width, height))


def _refuse_unreadable(looks: Iterable[tuple[_Look, ...]], paths: tuple[Path, ...]) -> None:
    broken = [look for item in looks for look in item if look.problem]
    if broken:
        where = " and ".join(f'"{path}"' for path in paths)
        raise UserError(
            f"{_count(len(broken), 'file', 'files')} in {where} cannot be read: "
            f"{names(look.path.name for look in broken)}.",
            "Remove these files or replace them by whole pictures.",
        )


def _refuse_unequal(looks: Iterable[tuple[_Look, ...]]) -> None:
    unequal = [item for item in looks if len({look.size for look in item}) > 1]
    if unequal:
        first = " and ".join(f"{w} × {h}" for w, h in (look.size for look in unequal[0]))
        raise UserError(
            f"{_count(len(unequal), 'pair has', 'pairs have')} pictures of different size: "
            f"{names(item[0].path.name for item in unequal)} (the first: {first}).",
            "Both pictures of a pair must have the same width and height.",
        )


def _too_few(found: FolderCheck) -> UserError:
    folder = found.folder
    kind = "picture" if folder.kind == "pictures" else "pair"
    where = " and ".join(f'"{path}"' for path in found.paths)
    message = (
        f"{folder.title}: {_count(found.count, kind, kind + 's')} found in {where}, at least "
        f"{folder.minimum} are needed."
    )
    if found.left_out:
        message += (
            f" {found.left_out} more cannot be used: they are narrower or lower than "
            f"{folder.smallest} pixels."
        )
    return UserError(message, f"Add {kind}s{' that are large enough' if found.left_out else ''}.")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _how_many(trainer: Trainer) -> str:
    count = len(trainer.folders)
    text = _count(count, "folder", "folders")
    pairs = any(folder.kind == "pairs" for folder in trainer.folders)
    return f"{text}, or {count + 1} with pairs in two folders" if pairs else text


def _in_words(folder: Folder) -> str:
    return f"{folder.title} ({folder.help})" if folder.help else folder.title
