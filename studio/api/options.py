"""Parameters that depend on others: names that the chosen model knows, and what matters at times."""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo

from studio.api.errors import PluginError
from studio.api.parameters import KEY, declare
from studio.api.sketches import NamesOf, Sketch


def option(
    names: NamesOf,
    *,
    model: str = "model",
    sketch: Sketch | None = None,
    title: str = "",
    help: str = "",
    advanced: bool = False,
) -> Any:
    """One of the names that a model knows, such as its classes; annotate the field with ``str``.

    Empty means any of them. The form shows the names of the model that is chosen, and hides the field
    if it has none; what else is typed behind a flag is the function's to refuse.

    Args:
        names: the names that a card's model knows; imports no torch.
        model: name of the parameter that chooses the model.
        sketch: how a picture of each name is made; None shows the names alone.
        title: label in the form.
        help: one line of explanation.
        advanced: whether the form may fold it away.
    """
    extra = {"names": names, "model": model, "sketch": sketch, "advanced": advanced}
    return declare("option", "", title, help, {"max_length": 200}, **extra)


def only_when(field: Any, **values: Any) -> Any:
    """A field that matters only while other parameters have certain values; the form hides it else.

    ``steps: int = only_when(integer(8, minimum=2, maximum=64), mode=("walk", "interpolate"))``

    Args:
        field: what one of the functions for parameters made.
        values: by the name of another parameter, the value, or a tuple of values, that it must have.
    """
    extra = field.json_schema_extra if isinstance(field, FieldInfo) else None
    if not isinstance(extra, dict) or not isinstance(declared := extra.get(KEY), dict):
        raise PluginError("only_when takes a field that a function of studio.api made.")
    # In place: pydantic copies fields, with what they were made of.
    when: Any = [
        (name, value if isinstance(value, tuple) else (value,)) for name, value in values.items()
    ]
    declared["when"] = when
    return field
