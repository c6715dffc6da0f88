"""Stained glass: superpixels of scikit-image, set in lead."""

from __future__ import annotations

from studio.api import Operation, Parameters, Preset, color, hookimpl, integer, number

api_version = "1.0"


class GlassParameters(Parameters):
    """What the user can choose."""

    piece: int = integer(32, minimum=4, maximum=500, unit="px", help="How wide a piece of glass is")
    straightness: float = number(
        10.0, minimum=1, maximum=100, help="1: pieces follow every edge; 100: almost squares"
    )
    lead: float = number(
        2.5, minimum=0, maximum=50, step=0.5, unit="px", help="Width of the lead between the pieces"
    )
    lead_color: str = color("#16161a")


@hookimpl
def operations() -> list[Operation]:
    """What this plugin offers."""
    return [
        Operation(
            id="stained-glass.apply",
            title="Stained Glass",
            menu="Stylize",
            help="Pieces of colored glass along the edges of the picture, set in lead.",
            parameters=GlassParameters,
            function=".engine:stained_glass",
            preview=False,
            presets=(
                Preset("Cathedral", {"piece": 60, "straightness": 20.0, "lead": 5.0}),
                Preset("Mosaic", {"piece": 14, "straightness": 60.0, "lead": 1.0}),
                Preset("Facets", {"piece": 24, "straightness": 5.0, "lead": 0.0}),
            ),
            keywords=("mosaic", "superpixels", "facets", "window", "slic"),
        )
    ]
