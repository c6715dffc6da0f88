"""The record of a run: enough to do it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from studio import __version__
from studio.api.operation import Operation
from studio.host.hints import given, plain
from studio.host.plugins import PluginRegistry
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
        **({"hints": plain(hints)} if given(hints) else {}),
        "models": dict(state.models),
        "pictures": dict(state.references.used),
        "device": str(state.ladder.device),
        "precision": str(state.ladder.dtype).removeprefix("torch."),
    }
