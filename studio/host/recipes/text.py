"""Recipes as TOML: written to be read by people, and read with clear words for what is wrong."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studio.api.errors import UserError
from studio.files.atomic import replace_file
from studio.host.recipes.model import FORMAT, Recipe

SUFFIX = ".toml"
LARGEST = 16 << 20
"""A recipe file of more bytes is none."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NONE = "none"
_TABLES = ("parameters", "values", "selection", "models", "pictures")
_ZEROS = ("variation", "grow", "feather", "as_layers")
_HEAD = """\
# A recipe of Impasto: what was done to one picture, to be done to others.
#   impasto batch {name}.toml PICTURES... -o FOLDER
# Lengths and places are shares of the picture's width and height: 0.5 is the half.
"""


def to_toml(recipe: Recipe) -> str:
    """A recipe as text; `from_toml` of it is the same recipe."""
    data = recipe.model_dump(mode="json")
    steps = data.pop("steps")
    head = {key: value for key, value in data.items() if value not in ("", [])}
    lines = [_HEAD.format(name=_file_name(recipe.name)), *_pairs(head)]
    for number, step in enumerate(steps, 1):
        lines += ["", f"# {number}. {_comment(step)}", "[[steps]]"]
        plain = {k: v for k, v in step.items() if k not in _TABLES and v not in (None, "", [])}
        lines += _pairs({k: v for k, v in plain.items() if k not in _ZEROS or v})
        for name in _TABLES:
            if step.get(name):
                lines += ["", f"[steps.{name}]", *_pairs(step[name])]
    return "\n".join(lines) + "\n"


def from_toml(text: str, where: str = "The recipe") -> Recipe:
    """A recipe out of its text.

    Args:
        text: TOML.
        where: what messages call it.

    Raises:
        UserError: if it is no TOML, no recipe, or one of a newer version.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(
            f"{where} cannot be read: {error}.", "It is a TOML file that Impasto exported."
        ) from error
    version = data.get("recipe")
    if not isinstance(version, int) or isinstance(version, bool):
        raise UserError(
            f"{where} is no recipe: it does not say `recipe = {FORMAT}`.",
            "File > Export recipe makes one.",
        )
    if version > FORMAT:
        raise UserError(
            f"{where} is of version {version}; this Impasto reads up to version {FORMAT}.",
            "Update Impasto, or export the recipe with this one.",
        )
    if isinstance(data.get("steps"), list):
        data["steps"] = [_with_none(step) for step in data["steps"]]
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "recipe"
        raise UserError(
            f"{where} is not right: {place}: {first['msg']}.", "Correct it, or export it again."
        ) from error


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file.

    Raises:
        UserError: if there is no such file, or it is no recipe that this Impasto understands.
    """
    where = f"The recipe {path}"
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"{where} is too large to be one.", "Name the recipe's TOML file.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{where} cannot be read: {error.strerror or error}.", "Name the recipe's TOML file."
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{where} is no text.", "Name the recipe's TOML file.") from error
    return from_toml(text, where)


def write_recipe(path: Path, recipe: Recipe) -> None:
    """Write a recipe; an old file is replaced in one step.

    Raises:
        UserError: if the file cannot be written.
    """
    text = to_toml(recipe).encode()
    replace_file(path, lambda file: _write_all(file, text))


def _write_all(file: Any, data: bytes) -> None:
    file.write(data)


def _comment(step: Mapping[str, Any]) -> str:
    title = step["title"] or step.get("operation") or step.get("edit") or ""
    return "".join(c for c in " ".join(str(title).split()) if c.isprintable())


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-") or "recipe"


def _with_none(step: Any) -> Any:
    """Values that are none, which TOML has no word for, are named in a list."""
    if not isinstance(step, Mapping):
        return step
    return {key: _whole(value) if key in _TABLES else value for key, value in step.items()}


def _whole(table: Any) -> Any:
    if not isinstance(table, Mapping):
        return table
    out = {key: _whole(value) for key, value in table.items()}
    if isinstance(out.get(_NONE), list):
        out |= dict.fromkeys(map(str, out.pop(_NONE)))
    return out


def _pairs(table: Mapping[str, Any]) -> list[str]:
    missing = [key for key, value in table.items() if value is None]
    lines = [f"{_key(key)} = {_value(v)}" for key, v in table.items() if v is not None]
    return [*lines, f"{_NONE} = {_value(missing)}"] if missing else lines


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(_pairs(value)) + "}"
    if isinstance(value, list | tuple):
        return _array([_value(each) for each in value])
    raise TypeError(f"no TOML for {value!r}")


def _array(parts: list[str]) -> str:
    line = ", ".join(parts)
    if len(line) <= 88 or not any(part.startswith("[") for part in parts):
        return f"[{line}]"
    return "[\n" + "".join(f"    {part},\n" for part in parts) + "]"


def _string(text: str) -> str:
    # JSON escapes are TOML's, but for characters beyond U+FFFF, which stay as they are, and DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
