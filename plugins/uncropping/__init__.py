"""Uncropping: the canvas grows, and what lies around the picture is invented, or mirrored."""

from __future__ import annotations

from studio.api import Operation, Preset, hookimpl
from studio_plugins.uncropping.parameters import ExtendParameters, margin_values, margins

api_version = 1


@hookimpl
def operations() -> list[Operation]:
    """The one operation."""
    return [
        Operation(
            id="uncropping.extend",
            title="Extend canvas",
            menu="Restore",
            help="Adds a part around the picture that looks as if it had always been there.",
            parameters=ExtendParameters,
            function=".engine:extend",
            provenance="composite",
            input="visible",
            output="margins",
            selection="ignored",
            preview=False,
            margins=margins,
            margin_values=margin_values,
            presets=(
                Preset("A quarter on each side", {"percent": 25.0}),
                Preset("Wide, 16:9", {"aspect": "16:9"}),
                Preset("Photograph, 3:2", {"aspect": "3:2"}),
                Preset("Square", {"aspect": "1:1"}),
                Preset("Portrait, 4:5", {"aspect": "4:5"}),
            ),
            keywords=("uncrop", "outpainting", "expand", "extend", "border", "aspect", "16:9"),
        )
    ]
