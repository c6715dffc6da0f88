"""Adjustments: small operations on light, colour and detail, shown live while their form is open."""

from __future__ import annotations

from studio.api import Operation, hookimpl
from studio_plugins.adjustments import color, detail, light

api_version = 1


@hookimpl
def operations() -> list[Operation]:
    """All adjustments, by topic."""
    return [*light.OPERATIONS, *color.OPERATIONS, *detail.OPERATIONS]
