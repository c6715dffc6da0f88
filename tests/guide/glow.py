"""Glow: light spills over its edges, as through a misted lens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from studio.api import Context, Operation, Parameters, Preset, choice, hookimpl, number, only_when

if TYPE_CHECKING:
    from torch import Tensor

api_version = "1.0"


class Glow(Parameters):
    """What the user can choose."""

    radius: float = number(12.0, minimum=0, maximum=100, unit="px", help="How far light spills")
    amount: float = number(50.0, minimum=0, maximum=100, unit="%", help="0 changes nothing")
    light: Literal["all", "bright"] = choice(
        "all", {"all": "All of it", "bright": "Bright parts"}, title="What glows"
    )
    threshold: float = only_when(
        number(60.0, minimum=0, maximum=100, unit="%", help="What counts as bright"), light="bright"
    )


def glow(pixels: Tensor, _mask: Tensor | None, parameters: Glow, context: Context) -> Tensor:
    """Screen the picture with its blurred light."""
    import cv2  # here and not above: every start of Impasto imports this module
    import torch

    sigma = parameters.radius * context.scale  # a preview seen from afar is smaller
    if sigma < 0.1:
        return pixels
    light = pixels
    if parameters.light == "bright":
        light = (pixels - parameters.threshold / 100).clamp(min=0)
    # What knows no tensors gets an array, H x W x 3, and its answer becomes a tensor again.
    array = light[0].permute(1, 2, 0).cpu().numpy()
    blurred = cv2.GaussianBlur(array, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    light = torch.from_numpy(blurred).permute(2, 0, 1)[None].to(pixels)
    screened = 1 - (1 - pixels) * (1 - light)
    return pixels.lerp(screened, parameters.amount / 100)


@hookimpl
def operations() -> list[Operation]:
    """What this plugin offers."""
    return [
        Operation(
            id="glow.apply",
            title="Glow",
            menu="Adjust",
            help="Light spills over its edges.",
            parameters=Glow,
            function=":glow",
            live=True,
            context_pixels=300,
            presets=(
                Preset("Dream", {"radius": 30.0, "amount": 70.0}),
                Preset("Lamps", {"light": "bright", "radius": 20.0, "amount": 100.0}),
            ),
            keywords=("bloom", "soft focus", "orton"),
        )
    ]
