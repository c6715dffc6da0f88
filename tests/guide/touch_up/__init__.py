"""Touch up: two operations that look around a place before they change it."""

from __future__ import annotations

from studio.api import Operation, Parameters, hookimpl, integer, number

api_version = "1.0"


class Despeckle(Parameters):
    """What the user can choose."""

    size: int = integer(1, minimum=1, maximum=5, unit="px", help="Radius of the largest speck")


class BlendIn(Parameters):
    """What the user can choose."""

    ring: int = integer(24, minimum=2, maximum=200, unit="px", help="How much around it counts")
    amount: float = number(100.0, minimum=0, maximum=100, unit="%")


@hookimpl
def operations() -> list[Operation]:
    """What this plugin offers."""
    return [
        Operation(
            id="touch-up.despeckle",
            title="Despeckle",
            menu="Adjust",
            help="Takes out specks and single wrong pixels.",
            parameters=Despeckle,
            function=".engine:despeckle",
            context_pixels=5,
        ),
        Operation(
            id="touch-up.blend-in",
            title="Blend In",
            menu="Adjust",
            help="Gives what is selected the light and color of what lies around it.",
            parameters=BlendIn,
            function=".engine:blend_in",
            input="visible",
            selection="required",
            preview=False,
            context_pixels=200,
        ),
    ]
