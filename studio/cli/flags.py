"""Flags out of a declaration: one per parameter, checked as it is read."""

from __future__ import annotations

import difflib
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from studio.api.curves import Levels, check_curve, check_levels, parse_curve, parse_numbers, to_text
from studio.api.errors import UserError
from studio.api.galleries import (
    GALLERY_SCHEME,
    WeightedPicture,
    check_pictures,
    parse_picture,
    pictures_text,
)
from studio.api.operation import Operation
from studio.api.parameters import ParameterSpec, describe, validate
from studio.api.trainer import Trainer
from studio.cli.session import Usage

_PREFIX = "parameter_"
_METAVARS = {
    "number": "NUMBER",
    "integer": "INTEGER",
    "boolean": "",
    "choice": "WORD",
    "text": "TEXT",
    "option": "NAME",
    "model": "MODEL",
    "picture": "FILE",
    "pictures": "FILE[*WEIGHT]",
    "color": "#RRGGBB",
    "curve": "X,Y;X,Y...",
    "levels": "BLACK,GAMMA,WHITE",
}
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def options(declared: Operation | Trainer) -> list[click.Option]:
    """The flags of an operation's parameters, or a trainer's, in their order."""
    return [_option(spec) for spec in describe(declared.parameters)]


def given(declared: Operation | Trainer, values: dict[str, Any]) -> dict[str, Any]:
    """The parameters that were given, taken out of what click read, and checked together.

    Raises:
        Usage: if they do not fit each other.
    """
    return checked(declared, those_given(declared, values))


def those_given(declared: Operation | Trainer, values: dict[str, Any]) -> dict[str, Any]:
    """The same, not checked."""
    found = {}
    for spec in describe(declared.parameters):
        value = values.pop(_PREFIX + spec.name)
        if spec.kind == "pictures":  # the flag may be repeated
            value = [each for part in value or () for each in part] or None
        if value is not None:
            found[spec.name] = value
    return found


def checked(declared: Operation | Trainer, found: dict[str, Any]) -> dict[str, Any]:
    """Parameters, if they fit each other.

    Raises:
        Usage: if they do not.
    """
    try:
        validate(declared.parameters, dict(found))
    except UserError as error:
        raise Usage(error.message, error.hint) from error
    return found


def _option(spec: ParameterSpec) -> click.Option:
    names = [_flag(spec), _PREFIX + spec.name]
    if spec.kind == "boolean":
        return click.Option(names, is_flag=True, default=None, help=_help(spec))
    kind = _Value(spec)
    if spec.kind == "pictures":
        return click.Option(names, type=kind, multiple=True, metavar=kind.name, help=_help(spec))
    return click.Option(names, type=kind, default=None, metavar=kind.name, help=_help(spec))


def _flag(spec: ParameterSpec) -> str:
    if spec.kind == "boolean":
        return f"{spec.flag}/--no-{spec.flag.removeprefix('--')}"
    return spec.flag


def _help(spec: ParameterSpec) -> str:
    sentence = spec.help or spec.title
    sentence = sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
    return f"{sentence} [{allowed(spec)}; default: {default_text(spec)}]"


def allowed(spec: ParameterSpec) -> str:
    """What a parameter may be, in a few words."""
    if spec.kind == "boolean":
        return _flag(spec)
    if spec.choices:
        return "|".join(choice.value for choice in spec.choices)
    if spec.minimum is not None and spec.maximum is not None:
        unit = f" {spec.unit}" if spec.unit else ""
        return f"{spec.minimum:g} to {spec.maximum:g}{unit}"
    task = f" --task {spec.task}" if spec.task else ""
    return {
        "model": f"an id that `impasto models list{task}` shows{_or_path(spec)}",
        "option": "a name that the model knows; empty: any",
        "picture": "a picture file" + _or_gallery(spec),
        "pictures": f"a picture file{_or_gallery(spec)}, with *WEIGHT if wanted; may be repeated",
        "color": "a color as #rrggbb",
        "curve": "points with x rising, in 0 to 1, as 0,0;0.5,0.6;1,1",
        "levels": "BLACK,GAMMA,WHITE or with ,OUTPUT_BLACK,OUTPUT_WHITE: in 0 to 1, gamma 0.1 to 10",
    }.get(spec.kind, "text")


def _or_path(spec: ParameterSpec) -> str:
    return ", or a file or folder" if spec.paths else ""


def _or_gallery(spec: ParameterSpec) -> str:
    return f" or {GALLERY_SCHEME}NAME" if spec.gallery else ""


def default_text(spec: ParameterSpec) -> str:
    """A parameter's default as it would be typed."""
    if spec.default is None:
        return "the bundled model" if spec.kind == "model" and not spec.paths else "none"
    if isinstance(spec.default, bool):
        return "on" if spec.default else "off"
    if spec.kind == "pictures":
        return pictures_text(spec.default) or "none"
    return to_text(spec.default) or "empty"


def as_json(spec: ParameterSpec) -> dict[str, Any]:
    """A parameter for ``--json``."""
    return {
        "name": spec.name,
        "flag": spec.flag,
        "kind": spec.kind,
        "title": spec.title,
        "help": spec.help,
        "default": spec.default,
        "minimum": spec.minimum,
        "maximum": spec.maximum,
        "unit": spec.unit,
        "choices": [choice.value for choice in spec.choices],
        "task": spec.task,
        "paths": spec.paths,
        "gallery": spec.gallery,
        "channel": spec.channel,
        "optional": spec.optional,
        "advanced": spec.advanced,
    }


if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic only since click 8.2


class _WrongValue(click.BadParameter):
    """A value out of range, with the range."""

    hint: str = ""


class _Value(_ParamType):
    """Reads one parameter's text and refuses what is not allowed."""

    def __init__(self, spec: ParameterSpec) -> None:
        self.spec = spec
        self.name = _METAVARS[spec.kind]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value of a flag's text."""
        spec = self.spec
        if spec.kind in ("number", "integer"):
            return self._number(str(value), param, ctx)
        if spec.choices and value not in [choice.value for choice in spec.choices]:
            words = [choice.value for choice in spec.choices]
            close = difflib.get_close_matches(str(value).lower(), words, n=1)
            self._refuse(f"{value!r} is not one of its words", param, ctx, *close)
        if spec.kind in ("curve", "levels"):
            return self._tones(value, param, ctx)
        if spec.kind == "color" and not _COLOR.fullmatch(str(value)):
            self._refuse(f"{value!r} is not a color", param, ctx)
        if spec.paths and Path(value).exists():
            return str(Path(value).absolute())
        if spec.kind == "picture":
            return self._picture(str(value), param, ctx)
        if spec.kind == "pictures":
            return self._pictures(str(value), param, ctx)
        return value

    def _picture(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The absolute path of a file that is there; a gallery's name is checked later."""
        if self.spec.gallery and text.startswith(GALLERY_SCHEME):
            return text
        path = Path(text)
        if not path.is_file():
            self._refuse(f'there is no file "{text}"', param, ctx)
        return str(path.absolute())

    def _pictures(
        self, text: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[list[Any]]:
        # A file may be called what looks like several, or like a weight.
        if Path(text).is_file():
            return [[str(Path(text).absolute()), 1.0]]
        parts = text.split(";")
        given = [
            WeightedPicture(part) if Path(part).is_file() else parse_picture(part)
            for part in parts
            if part.strip()
        ]
        try:
            check_pictures(given)
        except ValueError as error:
            self._refuse(str(error), param, ctx)
        if not given:
            self._refuse("no picture is named", param, ctx)
        return [[self._picture(each.source, param, ctx), each.weight] for each in given]

    def _tones(self, text: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            if self.spec.kind == "curve":
                points = parse_curve(str(text))
                check_curve(points)
                return points
            numbers = parse_numbers(str(text))
            if len(numbers) not in (3, 5):
                self._refuse(f"{text!r} is neither 3 nor 5 numbers", param, ctx)
            check_levels(Levels(*numbers))
        except ValueError as error:
            self._refuse(f"{text!r}: {error}", param, ctx)
        return numbers

    def _number(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        spec = self.spec
        what = "number" if spec.kind == "number" else "whole number"
        try:
            number = float(text) if spec.kind == "number" else int(text)
        except ValueError:
            self._refuse(f"{text!r} is not a {what}", param, ctx)
        low, high = spec.minimum, spec.maximum
        outside = (low is not None and number < low) or (high is not None and number > high)
        if outside or not math.isfinite(number):
            self._refuse(f"{text} is out of range", param, ctx)
        return number

    def _refuse(
        self,
        problem: str,
        param: click.Parameter | None,
        ctx: click.Context | None,
        close: str = "",
    ) -> NoReturn:
        error = _WrongValue(problem, ctx, param)
        error.hint = f"{self.spec.flag} takes {allowed(self.spec)}."
        if close:
            error.hint += f" Did you mean {close}?"
        raise error
