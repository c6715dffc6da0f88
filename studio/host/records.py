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
