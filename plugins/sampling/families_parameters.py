"""What can be set when pictures are made from latents, or completed."""

from __future__ import annotations

from typing import Literal

from studio.api import (
    Parameters,
    Sketch,
    boolean,
    choice,
    integer,
    model,
    number,
    only_when,
    option,
    picture,
)
from studio_plugins.sampling.names import classes_of

LATENT_TASK = "latent-sampling"
COMPLETE_TASK = "completing"
SLIDERS = 6
GALLERY = "latent-pictures"
_STRIPS = ("walk", "interpolate")  # modes that make several pictures in a row


def _slider(position: int) -> float:
    value: float = number(
        0.0, minimum=-4, maximum=4, step=0.1, title=f"Direction {position}",
        help="The direction in which pictures change most; those below change less."
        if position == 1
        else "",
    )  # fmt: skip
    return value


class LatentParameters(Parameters):
    """What can be set."""

    model: str | None = model(LATENT_TASK, help="The network; left open, the first one.")
    mode: Literal["sample", "walk", "interpolate", "reconstruct"] = choice(
        "sample",
        {
            "sample": "New pictures",
            "walk": "A walk through the latent space",
            "interpolate": "From one picture to another",
            "reconstruct": "A picture of yours, as the network sees it",
        },
        help="What is made.",
    )
    label: str = option(
        classes_of, sketch=Sketch("sampling.latent", {"truncation": 0.6}), title="Class",
        help="What it shows; left open: any.",
    )  # fmt: skip
    from_: str | None = only_when(
        picture(
            gallery=GALLERY,
            title="From",
            help="Picture to begin at, or to reconstruct; without, a random one.",
        ),
        mode=(*_STRIPS, "reconstruct"),
    )
    to: str | None = only_when(
        picture(
            gallery=GALLERY, title="To", help="Picture at which it ends; without, a random one."
        ),
        mode="interpolate",
    )
    count: int = only_when(
        integer(1, minimum=1, maximum=64, help="How many pictures, or strips, to choose from."),
        mode=("sample", *_STRIPS),
    )
    steps: int = only_when(
        integer(8, minimum=2, maximum=64, help="Pictures of a walk or an interpolation."),
        mode=_STRIPS,
    )
    axis: int = only_when(
        integer(
            0, minimum=0, maximum=64, title="Walk along",
            help="Number of the direction of a walk; 0: a round trip that ends where it began.",
        ), mode="walk",
    )  # fmt: skip
    reach: float = only_when(
        number(
            2.0, minimum=0.1, maximum=6, step=0.1,
            help="How far a walk along a direction goes both ways.",
        ), mode="walk",
    )  # fmt: skip
    strip: bool = only_when(
        boolean(
            True, title="In one strip",
            help="Pictures side by side in one picture, instead of one by one.",
        ), mode=_STRIPS,
    )  # fmt: skip
    truncation: float = only_when(
        number(
            1.0, minimum=0, maximum=1.5, step=0.05,
            help="Below 1: nearer to the average, better drawn and less varied.",
        ), mode=("sample", *_STRIPS),
    )  # fmt: skip
    direction_1: float = _slider(1)
    direction_2: float = _slider(2)
    direction_3: float = _slider(3)
    direction_4: float = _slider(4)
    direction_5: float = _slider(5)
    direction_6: float = _slider(6)
    changed: int = integer(
        0, minimum=0, maximum=1024, title="Changed number",
        help="Which single number of the latent is changed; 0: none.", advanced=True,
    )  # fmt: skip
    change: float = number(
        2.0, minimum=-6, maximum=6, step=0.1, help="By how much that number is changed.",
        advanced=True,
    )  # fmt: skip
    mixing: float = only_when(
        number(
            0.0, minimum=0, maximum=1, step=0.05, title="Style mixing", advanced=True,
            help="Share of the layers, from the finest on, that follow a second style.",
        ), mode="sample",
    )  # fmt: skip
    search: int = only_when(
        integer(
            150, minimum=10, maximum=2000, step=10, title="Search steps",
            help="To find a picture in a network that has no encoder.", advanced=True,
        ), mode=(*_STRIPS, "reconstruct"),
    )  # fmt: skip

    @property
    def sliders(self) -> tuple[float, ...]:
        """The values of all directions."""
        return tuple(float(getattr(self, f"direction_{n}")) for n in range(1, SLIDERS + 1))


class CompleteParameters(Parameters):
    """What can be set."""

    model: str | None = model(COMPLETE_TASK, help="The network; left open, the first one.")
    from_row: int = integer(
        0, minimum=0, maximum=100_000, unit="px", title="From row",
        help="What is above this row is kept; 0: a new picture from nothing.",
    )  # fmt: skip
    label: str = option(classes_of, title="Class", help="What it shows; left open: any.")
    count: int = integer(1, minimum=1, maximum=16, help="How many pictures to choose from.")
    temperature: float = number(
        0.9, minimum=0, maximum=2, step=0.05, help="0: the likeliest alone; higher: bolder."
    )
    top: float = number(
        0.95, minimum=0.05, maximum=1, step=0.05, title="Likeliest share",
        help="Only the likeliest squares that together have this probability are drawn from.",
    )  # fmt: skip
