"""Declaring what an operation lets the user choose.

A parameter model is a frozen pydantic model; each field is made with one of the functions below,
which carry what a form and a command line need to know::

    class Invert(Parameters):
        strength: float = number(1.0, minimum=0, maximum=1, help="0 leaves the picture as it is")

The host reads the declaration back with `describe` and makes the form, the flags and the page of
documentation from it.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo

from studio.api.curves import (
    STRAIGHT,
    Curve,
    Levels,
    check_curve,
    check_levels,
    parse_curve,
    parse_numbers,
)
from studio.api.errors import PluginError, UserError
from studio.api.galleries import WeightedPicture, check_pictures, pictures_from
from studio.api.sketches import NamesOf, Sketch

Kind = Literal[
    "number",
    "integer",
    "boolean",
    "choice",
    "text",
    "option",
    "model",
    "picture",
    "pictures",
    "color",
    "curve",
    "levels",
]
Channel = Literal["all", "red", "green", "blue"]
P = TypeVar("P", bound="Parameters")
RESERVED = frozenset(
    {"again", "device", "feather", "grow", "help", "hints", "json", "mask", "output", "overwrite"}
    | {"record", "seed"}
)
KEY = "impasto"


class Parameters(BaseModel):
    """Base of every parameter model: immutable, and unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), validate_default=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _from_text(cls, value: Any, info: ValidationInfo) -> Any:
        """Curves, levels and pictures may come as they are typed behind a flag."""
        kind = _declared_kind(cls, info.field_name)
        if kind == "pictures":
            return pictures_from(value)
        if isinstance(value, str) and kind == "curve":
            return parse_curve(value)
        if isinstance(value, str) and kind == "levels":
            return parse_numbers(value)
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _well_formed(cls, value: Any, info: ValidationInfo) -> Any:
        kind = _declared_kind(cls, info.field_name)
        if kind == "curve":
            check_curve(value)
        elif kind == "levels":
            check_levels(value)
        elif kind == "pictures":
            check_pictures(value)
        return value


@dataclass(frozen=True)
class Choice:
    """One value of a choice, with the words the form shows."""

    value: str
    title: str


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter, as a form, a flag or a page shows it.

    Attributes:
        name: the field's name; its flag is ``--name`` with dashes.
        kind: which control it gets.
        title: label in the form.
        help: one line of explanation.
        default: value when nothing is given.
        minimum: smallest allowed number, inclusive, or None.
        maximum: largest allowed number, inclusive, or None.
        step: increment of the control, or None for a sensible one.
        unit: shown behind the number ("px", "%", "×").
        choices: allowed values of a choice.
        task: for a model, the task its card must have.
        paths: for a model, whether it may be something else than an id, such as a folder.
        gallery: for pictures, the id of the gallery to choose from; empty for files alone.
        multiline: for text, whether the control has several lines.
        channel: for curves and levels, the channel it is for; those that follow each other share
            one control with a choice of channels.
        names: for an option, what names the chosen model knows.
        model: for an option, the parameter that chooses the model.
        sketch: for an option, how a picture of each name is made; None if there are no pictures.
        when: names of other parameters with the values at which this one matters; all have to hold.
        optional: whether None is allowed (a model: "the bundled default").
        advanced: whether the form may fold it away.
    """

    name: str
    kind: Kind
    title: str
    help: str
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    task: str = ""
    paths: bool = False
    gallery: str = ""
    multiline: bool = False
    channel: Channel = "all"
    names: NamesOf | None = None
    model: str = ""
    sketch: Sketch | None = None
    when: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    optional: bool = False
    advanced: bool = False

    def matters(self, values: Mapping[str, Any]) -> bool:
        """Whether it has an effect while the parameters have these values."""
        return all(values.get(name) in allowed for name, allowed in self.when)

    @property
    def flag(self) -> str:
        """The command-line flag, ``--like-this``; of ``from_``, a word of Python, ``--from``."""
        return "--" + self.name.rstrip("_").replace("_", "-")


def declare(
    kind: Kind, default: Any, title: str, help: str, limits: dict[str, Any], **extra: Any
) -> Any:
    """A field of a parameter model; the functions for authors call it."""
    return Field(
        default=default,
        title=title or None,
        description=help,
        json_schema_extra={KEY: {"kind": kind, **extra}},
        **limits,
    )


def number(
    default: float,
    *,
    minimum: float,
    maximum: float,
    step: float | None = None,
    unit: str = "",
    title: str = "",
    help: str = "",
    advanced: bool = False,
) -> Any:
    """A real number in [minimum, maximum]; annotate the field with ``float``."""
    extra = {"step": step, "unit": unit, "advanced": advanced}
    limits = {"ge": minimum, "le": maximum, "allow_inf_nan": False}
    return declare("number", default, title, help, limits, **extra)


def integer(
    default: int,
    *,
    minimum: int,
    maximum: int,
    step: int = 1,
    unit: str = "",
    title: str = "",
    help: str = "",
    advanced: bool = False,
) -> Any:
    """A whole number in [minimum, maximum]; annotate the field with ``int``."""
    extra = {"step": step, "unit": unit, "advanced": advanced}
    return declare("integer", default, title, help, {"ge": minimum, "le": maximum}, **extra)


def boolean(default: bool, *, title: str = "", help: str = "", advanced: bool = False) -> Any:
    """A switch; annotate the field with ``bool``."""
    return declare("boolean", default, title, help, {}, advanced=advanced)


def choice(
    default: str,
    titles: dict[str, str] | None = None,
    *,
    title: str = "",
    help: str = "",
    advanced: bool = False,
) -> Any:
    """One of several words; annotate the field with ``Literal["a", "b"]``.

    Args:
        default: one of the literal's values.
        titles: words to show for values whose own name does not read well.
        title: label in the form.
        help: one line of explanation.
        advanced: whether the form may fold it away.
    """
    return declare("choice", default, title, help, {}, titles=titles or {}, advanced=advanced)


def text(
    default: str = "",
    *,
    multiline: bool = False,
    maximum_length: int = 10_000,
    title: str = "",
    help: str = "",
    advanced: bool = False,
) -> Any:
    """Free text, such as a prompt; annotate the field with ``str``."""
    limits = {"max_length": maximum_length}
    return declare("text", default, title, help, limits, multiline=multiline, advanced=advanced)


def model(
    task: str,
    *,
    default: str | None = None,
    paths: bool = False,
    title: str = "",
    help: str = "",
) -> Any:
    """The id of a model card with this task; annotate with ``str | None``.

    None means the task's bundled default.

    Args:
        task: of the cards to choose from.
        default: the value when nothing is chosen.
        paths: whether it may be something else, too, such as the path of a folder: whatever is no
            id is handed on as it was typed.
        title: label in the form.
        help: one line of explanation.
    """
    return declare("model", default, title, help, {}, task=task, paths=paths)


def picture(*, gallery: str = "", title: str = "", help: str = "") -> Any:
    """A reference picture, or None; annotate with ``str | None``.

    The value is the path of a file or, with a ``gallery``, also ``gallery:NAME``.
    `Context.picture` reads either.
    """
    return declare("picture", None, title, help, {}, gallery=gallery)


def pictures(*, gallery: str = "", title: str = "", help: str = "") -> Any:
    """Any number of reference pictures with weights; annotate with ``tuple[WeightedPicture, ...]``.

    None are chosen by default. Text is read, too: ``a.png*0.5;gallery:woodcut``.
    """
    return declare("pictures", (), title, help, {}, gallery=gallery)


def color(default: str | None = None, *, title: str = "", help: str = "") -> Any:
    """A colour as ``#rrggbb``; annotate with ``str | None`` or ``str``.

    People choose it in sRGB; the function gets it in the space of its ``pixels``.
    """
    return declare("color", default, title, help, {"pattern": r"^#[0-9a-fA-F]{6}$"})


def curve(
    default: Curve = STRAIGHT, *, channel: Channel = "all", title: str = "", help: str = ""
) -> Any:
    """A tone curve through points (x, y) in [0, 1]; annotate with `studio.api.Curve`.

    Several in a row, each for another ``channel``, share one control.
    """
    return declare("curve", default, title, help, {}, channel=channel)


def levels(
    default: Levels = Levels(),  # noqa: B008 - a named tuple cannot be changed
    *,
    channel: Channel = "all",
    title: str = "",
    help: str = "",
) -> Any:
    """Input range, gamma and output range; annotate with `studio.api.Levels`.

    Several in a row, each for another ``channel``, share one control.
    """
    return declare("levels", default, title, help, {}, channel=channel)


def describe(parameters: type[Parameters]) -> tuple[ParameterSpec, ...]:
    """The declared parameters in their order.

    Raises:
        PluginError: if a field was not made by one of this module's functions, its annotation or
            its default does not fit, or its name is reserved for the host.
    """
    specs = tuple(_spec(parameters, name, info) for name, info in parameters.model_fields.items())
    _check_others(parameters, {spec.name: spec for spec in specs})
    try:
        parameters()
    except ValidationError as error:
        problem = error.errors()[0]
        raise PluginError(
            f"{parameters.__name__}.{'.'.join(map(str, problem['loc']))}: the default does not fit: "
            f"{problem['msg']}."
        ) from error
    return specs


def validate(parameters: type[P], values: dict[str, Any]) -> P:
    """Build the parameters from plain values (JSON, flags, a form).

    Raises:
        UserError: naming every field that does not fit and what it allows.
    """
    try:
        return parameters(**values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'parameters'}: {item['msg']}"
            for item in error.errors()
        )
        raise UserError(f"Parameters do not fit: {problems}.", _allowed(parameters)) from error


def canonical_json(parameters: Parameters) -> str:
    """The same text for the same values, whatever their order: a cache key and a recipe's step."""
    return json.dumps(parameters.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def _allowed(parameters: type[Parameters]) -> str:
    return "Allowed: " + ", ".join(_range_text(spec) for spec in describe(parameters)) + "."


def _range_text(spec: ParameterSpec) -> str:
    if spec.choices:
        return f"{spec.name} {'|'.join(c.value for c in spec.choices)}"
    if spec.minimum is not None:
        return f"{spec.name} {spec.minimum:g} to {spec.maximum:g}"
    return spec.name


_ANNOTATIONS: dict[Kind, tuple[Any, ...]] = {
    "number": (float,),
    "integer": (int,),
    "boolean": (bool,),
    "choice": (str,),
    "text": (str,),
    "option": (str,),
    "model": (str,),
    "picture": (str,),
    "pictures": (tuple[WeightedPicture, ...],),
    "color": (str,),
    "curve": (Curve,),
    "levels": (Levels,),
}


def _declared_kind(parameters: type[Parameters], name: str | None) -> str:
    """The kind that a field was declared with; empty if it was not declared with a function of ours."""
    info = parameters.model_fields.get(name or "")
    extra = info.json_schema_extra if info is not None else None
    declared = extra.get(KEY) if isinstance(extra, dict) else None
    return str(declared["kind"]) if isinstance(declared, dict) else ""


def _spec(parameters: type[Parameters], name: str, info: FieldInfo) -> ParameterSpec:
    where = f"{parameters.__name__}.{name}"
    if name in RESERVED:
        raise PluginError(
            f"{where}: the name is reserved for the host.",
            f"Reserved: {', '.join(sorted(RESERVED))}.",
        )
    extra = info.json_schema_extra
    if not isinstance(extra, dict) or KEY not in extra:
        raise PluginError(
            f"{where} is not declared with a function of studio.api.",
            "Use number, integer, boolean, choice, text, option, model, picture, pictures, color, "
            "curve or levels as the field's default.",
        )
    declared: dict[str, Any] = dict(typing.cast("dict[str, Any]", extra[KEY]))
    kind: Kind = declared.pop("kind")
    annotation, optional = _plain(info.annotation)
    values = typing.get_args(annotation) if typing.get_origin(annotation) is Literal else ()
    base = str if values else annotation
    words = all(isinstance(value, str) for value in values)
    if base not in _ANNOTATIONS[kind] or (kind == "choice") != bool(values) or not words:
        raise PluginError(f"{where}: a {kind} cannot be annotated with {info.annotation}.")
    titles: dict[str, str] = declared.pop("titles", {})
    when = tuple(declared.pop("when", ()))
    limits = {type(item).__name__: item for item in info.metadata}
    return ParameterSpec(
        name=name,
        kind=kind,
        title=info.title or name.replace("_", " ").capitalize(),
        help=info.description or "",
        default=info.default,
        minimum=getattr(limits.get("Ge"), "ge", None),
        maximum=getattr(limits.get("Le"), "le", None),
        choices=tuple(Choice(v, titles.get(v, v.replace("_", " ").capitalize())) for v in values),
        when=when,
        optional=optional,
        **declared,
    )


def _check_others(parameters: type[Parameters], specs: Mapping[str, ParameterSpec]) -> None:
    """Parameters that depend on others name ones that there are."""
    for spec in specs.values():
        for name, _ in spec.when:
            if name not in specs:
                raise PluginError(
                    f"{parameters.__name__}.{spec.name} waits for {name}, which is none."
                )
        chooser = specs.get(spec.model)
        if spec.kind == "option" and (chooser is None or chooser.kind != "model"):
            raise PluginError(
                f"{parameters.__name__}.{spec.name}: {spec.model} is no parameter for a model."
            )


def _plain(annotation: Any) -> tuple[Any, bool]:
    """The annotation without ``| None``, and whether None was allowed."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        rest = [part for part in typing.get_args(annotation) if part is not type(None)]
        return (rest[0] if len(rest) == 1 else annotation), True
    return annotation, False
