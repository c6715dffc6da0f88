"""The record of a run: enough to do it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from studio import __version__
from studio.api.operation import Operation
from studio.host.hints import given, plain
from studio.host.plugins import PluginRegistry
from studio.host.recipes.selections import relative
from studio.host.requests import RunRequest
from studio.host.run_state import RunState

FORMAT = 1
"""Raised when a record could be misunderstood by an older Impasto.

A record is one JSON object. Results have it, steps of the history, saved files and, put differently,
the steps of recipes:

* ``operation``, ``parameters``, ``seed``: what to do again; ``variation``: which of several results;
* ``layer``, ``selection``, ``grow``, ``feather``, ``hints``: where in the picture, if not all of it;
* ``provenance``: what the model did, as `studio.api.Operation.provenance` has it, for this result;
* ``models``, ``pictures``: SHA-256 of weights by model id, and of reference pictures by their source;
* ``impasto``, ``plugin``, ``plugin_version``, ``device``, ``precision``: what it was made with;
* ``title``, ``time``: in a document's history;
* ``files``: in saved files, the parameters that are names of files there, and were paths before.
"""


def record(
    registry: PluginRegistry, operation: Operation, parameters: str, state: RunState
) -> Mapping[str, Any]:
    """What made a result, as plain JSON values.

    Args:
        registry: to name the plugin and its version.
        operation: what was run.
        parameters: canonical JSON of its parameters.
        state: of the finished run: models and reference pictures used, device, arithmetic.
    """
    plugin = registry.plugin_of(operation.id)
    request = state.request
    hints = request.hints
    mask = {"grow": request.grow, "feather": request.feather}
    return {
        "format": FORMAT,
        "impasto": __version__,
        "operation": operation.id,
        **_provenance(operation, request),
        "plugin": plugin.name,
        "plugin_version": plugin.version,
        "parameters": json.loads(parameters),
        "seed": request.seed,
        **(mask if any(mask.values()) else {}),
        **_place(operation, request),
        **({"hints": plain(hints)} if given(hints) else {}),
        "models": dict(state.models),
        "pictures": dict(state.references.used),
        "device": str(state.ladder.device),
        "precision": str(state.ladder.dtype).removeprefix("torch."),
    }


def _provenance(operation: Operation, request: RunRequest) -> dict[str, Any]:
    """What is to be said of the result; what is generated into a picture makes it a composite."""
    kind = operation.provenance
    if kind == "generated" and operation.output != "document" and request.picture is not None:
        kind = "composite"
    return {} if kind == "none" else {"provenance": kind}


def _place(operation: Operation, request: RunRequest) -> dict[str, Any]:
    """Where in the picture it worked: the layer's number and the selection, as a recipe has them."""
    picture = request.picture
    if picture is None or operation.input == "none" or request.live:
        return {}
    place: dict[str, Any] = {}
    if operation.input == "layer" and len(picture.layers) > 1 and operation.output != "canvas":
        layer = picture.layer(request.layer or picture.active) or picture.active_layer
        place["layer"] = [each.id for each in picture.layers].index(layer.id)
    used = operation.selection != "ignored" and operation.output not in ("canvas", "margins")
    if used and picture.selection is not None and request.region is None:
        found = relative(picture.selection, picture.width, picture.height)
        place["selection"] = found.model_dump(mode="json")
    return place
