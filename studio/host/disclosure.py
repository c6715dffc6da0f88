"""What of a record goes with a picture to others, and what it says there of a run to be done again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.api.galleries import GALLERY_SCHEME
from studio.document import Document
from studio.files.metadata import Metadata

_ABSOLUTE = re.compile(r"~?[\\/]|[A-Za-z]:[\\/]|file:", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\\/]+")
PROSE = ("prompt", "negative")
"""Parameters that are words, whatever they look like."""


def public(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as a file may carry it: names of files instead of paths on this computer.

    Args:
        record: of a run, or of a file.

    Returns:
        The same without folders; ``files`` names the parameters that had one.
    """
    found = record.get("pictures")
    pictures = found if isinstance(found, Mapping) else {}
    sources = frozenset(map(str, pictures))
    shown = {key: _shown(key, value, sources) for key, value in record.items()}
    if pictures:
        shown["pictures"] = {_shown("", key, sources): value for key, value in pictures.items()}
    given, kept = record.get("parameters"), shown.get("parameters")
    if isinstance(given, Mapping) and isinstance(kept, Mapping):
        had = record.get("files")
        files = {name for name, value in given.items() if kept[name] != value}
        files.update(had if isinstance(had, list) else ())
        if files:
            shown["files"] = sorted(map(str, files))
    return shown


def records_of(metadata: Metadata, document: Document) -> tuple[Mapping[str, Any], ...]:
    """The records of all results in a document, oldest first: those it came with, and newer ones."""
    history = document.history
    done = history.steps[: history.position]
    applied = (
        {"title": each.title, "time": each.time, **each.record} for each in done if each.record
    )
    return (*metadata.recipe, *applied)


def outgoing_metadata(metadata: Metadata, document: Document) -> Metadata:
    """What a save writes: the records, too, without the folders that they name."""
    recipe = tuple(map(public, records_of(metadata, document)))
    return replace(metadata, icc=document.picture.icc, recipe=recipe)


def values_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a record that mean the same here: all but files that are elsewhere."""
    parameters = record.get("parameters")
    missing = files_of(record)
    found = parameters.items() if isinstance(parameters, Mapping) else ()
    return {str(name): value for name, value in found if name not in missing}


def files_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The files that a record of a saved picture only names, by parameter."""
    names, parameters = record.get("files"), record.get("parameters")
    if not isinstance(names, list) or not isinstance(parameters, Mapping):
        return {}
    known = [name for name in names if isinstance(name, str) and name in parameters]
    return {name: ", ".join(_texts(parameters[name])) for name in known}


def seed_of(record: Mapping[str, Any]) -> int | None:
    """The seed; None if there is none that makes sense."""
    seed = record.get("seed")
    return seed if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 else None


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))


def _shown(key: str, value: Any, sources: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _shown(str(k), each, sources) for k, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(key, each, sources) for each in value]
    if not isinstance(value, str) or key in PROSE:
        return value
    if value in sources:
        return value if value.startswith(GALLERY_SCHEME) else _name(value)
    # Several files may be given in one text, each with a weight.
    parts = re.split(r"(\s*;\s*)", value)
    return "".join(_name(part) if _is_path(part) else part for part in parts)


def _name(path: str) -> str:
    parts = [part for part in _SEPARATORS.split(path) if part]
    return parts[-1] if parts else path


def _is_path(text: str) -> bool:
    count = len(_SEPARATORS.findall(text))
    if count == 0 or len(text) > 4096:
        return False
    if _ABSOLUTE.match(text) and count > 1:
        return True
    try:
        return Path(re.sub(r"\*[\d.+-]*$", "", text)).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False
