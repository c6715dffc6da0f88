"""Whether a recipe can be replayed here: its operations, values, models and reference pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from studio.api.errors import UserError
from studio.api.galleries import GALLERY_SCHEME
from studio.api.parameters import validate
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry
from studio.host.recipes.edits import replayed
from studio.host.recipes.model import OperationStep, Recipe
from studio.host.recipes.selections import Changed

_EXPORT = "Export the recipe again with the models you have, or allow other models."


def check_recipe(
    recipe: Recipe, registry: PluginRegistry, store: ModelStore, *, other_models: bool = False
) -> None:
    """Refuse a recipe that cannot be replayed here, before a picture is opened.

    Args:
        recipe: what is to be replayed.
        registry: operations that are here.
        store: models that are here.
        other_models: whether models may differ from those that the recipe was made with.

    Raises:
        UserError: naming the step and what it lacks.
    """
    for number, step in enumerate(recipe.steps, 1):
        try:
            if isinstance(step, OperationStep):
                _check_operation(step, registry)
                if not other_models:
                    check_models(step, step.models, store)
                    _check_pictures(step.pictures)
            else:
                replayed(step)
        except UserError as error:
            raise UserError(f"Step {number}: {error.message}", error.hint) from error


def check_models(step: OperationStep, models: Mapping[str, str], store: ModelStore) -> None:
    """Refuse models that are not here, are others by that name, or are none of the step's.

    Raises:
        UserError: naming the model.
    """
    for model, sha256 in models.items():
        if model not in step.models:
            raise UserError(
                f"{step.operation} uses the model {model}, which the recipe does not know.", _EXPORT
            )
        try:
            card = store.card(model)
        except UserError as error:
            raise UserError(
                f"The recipe needs the model {model}, which is not here.",
                "`impasto models list` shows those that are; import it, or allow other models.",
            ) from error
        weights = max(card.files, key=lambda file: file.bytes)
        if weights.sha256 != sha256 or step.models[model] != sha256:
            raise UserError(
                f"The model {model} is not the one that the recipe was made with: "
                f"its SHA-256 is {weights.sha256[:12]}…, not {step.models[model][:12]}….",
                _EXPORT,
            )


def _check_operation(step: OperationStep, registry: PluginRegistry) -> None:
    names = {step.operation: step.parameters}
    if isinstance(step.selection, Changed):
        names[step.selection.changed_by] = step.selection.parameters
    for name, parameters in names.items():
        try:
            operation = registry.operation(name)
        except UserError as error:
            plugin = f" “{step.plugin}”" if step.plugin and name == step.operation else ""
            raise UserError(
                f"There is no operation {name} here.", f"Install the plugin{plugin} that brings it."
            ) from error
        validate(operation.parameters, dict(parameters))
        needs = operation.selection == "required" and name == step.operation
        if needs and step.selection is None:
            raise UserError(
                f"{name} needs a selection, and the step has none.",
                "Give it one: a rectangle, outlines, or an operation that finds it.",
            )


def _check_pictures(pictures: Mapping[str, str]) -> None:
    for source, sha256 in pictures.items():
        if source.startswith(GALLERY_SCHEME):
            continue
        try:
            with Path(source).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise UserError(
                f"The reference picture {source} cannot be read: {error.strerror or error}.",
                "Put it back, or name another one in the recipe.",
            ) from error
        if found != sha256:
            raise UserError(
                f"The reference picture {source} is not the one that the recipe was made with.",
                "Put the old one back, or export the recipe again.",
            )
