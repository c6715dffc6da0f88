"""What a recipe is: steps as plain values, checked when they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from studio.host.recipes.selections import Selection

FORMAT = 1
"""The version of the format. Raised when a recipe could be misunderstood by an older Impasto."""


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), ser_json_inf_nan="constants"
    )


class OperationStep(_Frozen):
    """One run of a plugin's operation.

    Attributes:
        operation: its id.
        title: what the history called it.
        plugin: the plugin that brings it, and `plugin_version` which one it was.
        parameters: plain values; those left out keep their defaults.
        seed: of everything random.
        variation: which of several results was taken, from 0.
        layer: number of the layer it works on, from the bottom, 0 being the lowest; None for the
            active one.
        as_layers: whether the result goes on new layers beside the one it works on.
        grow: pixels by which the selection grows, and `feather` over which its edge fades.
        selection: what of the picture it changes; None for all.
        hints: colors that are known: (x, y, radius, ``#rrggbb``) in shares of the picture's width,
            height and longer side.
        models: SHA-256 of the weights by model id; where none are named, any will do.
        pictures: SHA-256 of the reference pictures by their source.
    """

    operation: str = Field(min_length=1)
    title: str = ""
    plugin: str = ""
    plugin_version: str = ""
    parameters: Mapping[str, Any] = {}
    seed: int = Field(default=0, ge=0)
    variation: int = Field(default=0, ge=0)
    layer: int | None = Field(default=None, ge=0)
    as_layers: bool = False
    grow: int = Field(default=0, ge=0)
    feather: int = Field(default=0, ge=0)
    selection: Selection | None = None
    hints: tuple[tuple[float, float, float, str], ...] = ()
    models: Mapping[str, str] = {}
    pictures: Mapping[str, str] = {}


class EditStep(_Frozen):
    """One edit of the picture as a whole.

    Attributes:
        edit: its name.
        title: what the history called it.
        values: with what, relative to the picture.
    """

    edit: str = Field(min_length=1)
    title: str = ""
    values: Mapping[str, Any] = {}


Step = OperationStep | EditStep


class Recipe(_Frozen):
    """Steps that are done one after another, to any picture.

    Attributes:
        recipe: version of the format.
        name: what people call it.
        impasto: the version that wrote it.
        notes: what of the history is not in it, sentences for the user.
        steps: what is done.
    """

    recipe: Literal[1] = 1
    name: str = Field(default="Recipe", min_length=1, max_length=200)
    impasto: str = ""
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _kinds(cls, data: Any) -> Any:
        """Each step by what it names, so that a mistake is told of that kind alone."""
        if not isinstance(data, Mapping) or not isinstance(data.get("steps"), list | tuple):
            return data
        return {**data, "steps": tuple(_step(step) for step in data["steps"])}

    @property
    def digest(self) -> str:
        """SHA-256 of what it does: the same for the same steps, whatever it is called.

        Values that are as they are by default do not count, so that a later Impasto, which knows more
        of them, finds what an earlier one has done.
        """
        steps = [
            step.model_dump(mode="json", exclude={"title"}, exclude_defaults=True)
            for step in self.steps
        ]
        for step in steps:
            step.pop("plugin_version", None)
        text = json.dumps([FORMAT, steps], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _step(data: Any) -> Any:
    if not isinstance(data, Mapping):
        return data
    return (EditStep if "edit" in data else OperationStep).model_validate(dict(data))
