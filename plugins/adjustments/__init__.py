"""Adjustments: small operations on light, color and detail, shown live while their form is open.

The plugin to read first; README.md says how one of its operations is made, step by step. A plugin
is a module with `api_version` and hooks. This one has one hook: it offers the operations that
`light`, `color` and `detail` declare. The functions behind them are in the modules ``*_engine``,
which are imported when they first run, so that the program starts without torch.
"""

from __future__ import annotations

from studio.api import Operation, hookimpl
from studio_plugins.adjustments import color, detail, light

api_version = 1


@hookimpl
def operations() -> list[Operation]:
    """All adjustments, by topic."""
    return [*light.OPERATIONS, *color.OPERATIONS, *detail.OPERATIONS]
