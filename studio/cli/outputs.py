"""Where results go: one file, or files in a folder. Decided before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.api.errors import UserError
from studio.cli.session import Usage
from studio.files.images import writable_format


@dataclass(frozen=True)
class Target:
    """Where the results of one input go.

    Attributes:
        source: the input; None for operations that need no picture.
        single: the file of a result that comes alone.
        pattern: the files of several results, ``{}`` standing for their number; their parent is
            the folder.
        creates_folder: whether the parent may have to be made.
    """

    source: Path | None
    single: Path
    pattern: Path
    creates_folder: bool

    def paths(self, count: int) -> list[Path]:
        """The files of ``count`` results."""
        if count == 1:
            return [self.single]
        name = self.pattern.name.replace("{}", "{:03d}")
        return [self.pattern.with_name(name.format(number)) for number in range(1, count + 1)]


def plan(inputs: Sequence[Path], output: str) -> list[Target]:
    """The targets of all inputs, in their order.

    Args:
        inputs: the pictures; none for operations that need no picture.
        output: what ``-o`` was given: a file, or a folder if it is one, ends with a slash, has no
            suffix, or several inputs need one.

    Raises:
        Usage: if two results would be one file, or the file cannot be what its name says.
    """
    path = Path(output)
    if len(inputs) > 1:
        if path.is_file() or (path.suffix and not path.is_dir() and _is_picture(path)):
            raise Usage(
                f"{len(inputs)} inputs do not fit into the one file {output}.",
                "Name a folder after -o.",
            )
        targets = [_in_folder(path, source, several=True) for source in inputs]
        _refuse_collisions(targets)
        return targets
    source = inputs[0] if inputs else None
    if path.is_dir() or output.endswith(("/", "\\")) or not path.suffix:
        return [_in_folder(path, source, several=False)]
    try:
        writable_format(path)
    except UserError as error:
        raise Usage(error.message, error.hint) from error
    if not path.parent.is_dir():
        raise Usage(f"There is no folder {path.parent}.", "Make it first, or name another file.")
    stem = path.stem.replace("{", "").replace("}", "")
    pattern = path.with_name(f"{stem}-{{}}{path.suffix}")
    return [Target(source, path, pattern, creates_folder=False)]


def refuse_overwriting(path: Path, inputs: Sequence[Path]) -> None:
    """Refuse to replace an input.

    Raises:
        Usage: naming the input.
    """
    for source in inputs:
        same = path.exists() and source.exists() and path.samefile(source)
        if same or path.resolve() == source.resolve():
            raise Usage(
                f"The result would overwrite the input {source}.",
                "Name another output, or add --overwrite.",
            )


def _in_folder(folder: Path, source: Path | None, *, several: bool) -> Target:
    if source is None:
        return Target(None, folder / "001.png", folder / "{}.png", creates_folder=True)
    name = source.name if _is_picture(source) else f"{source.stem}.png"
    numbered = folder / source.stem if several else folder
    return Target(source, folder / name, numbered / "{}.png", creates_folder=True)


def _is_picture(path: Path) -> bool:
    try:
        writable_format(path)
    except UserError:
        return False
    return True


def _refuse_collisions(targets: Sequence[Target]) -> None:
    seen: dict[str, Target] = {}
    for target in targets:
        # Folders of several results collide by stem, single files by name; case is folded because
        # some file systems do.
        for key in {str(target.single).casefold(), str(target.pattern.parent).casefold()}:
            other = seen.setdefault(key, target)
            if other is not target:
                raise Usage(
                    f"{other.source} and {target.source} would both become {target.single}.",
                    "Rename one, or run them into different folders.",
                )
