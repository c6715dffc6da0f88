"""What can be set when a hole is filled."""

from __future__ import annotations

from typing import Literal

from studio.api import Parameters, choice, integer, model, number, text

TASK = "inpainting"


class FillParameters(Parameters):
    """Engine, model, and how many results to choose from."""

    engine: Literal["network", "patchmatch", "prior", "diffusion"] = choice(
        "network",
        {
            "network": "Network",
            "patchmatch": "Texture from the picture itself",
            "prior": "Deep image prior (minutes)",
            "diffusion": "Diffusion, after a description",
        },
        help="Network: fast, for most things. Texture: grass, walls, sky. Prior: needs no model.",
    )
    model: str | None = model(TASK, help="The network; left open, the bundled one")
    variations: int = integer(1, minimum=1, maximum=4, help="Results to choose from")
    size: int = integer(
        0, minimum=0, maximum=2048, step=64, unit="px", title="Working size",
        help="Larger parts are reduced to about this before they are filled; 0: what the model "
        "is made for", advanced=True,
    )  # fmt: skip
    steps: int = integer(
        0, minimum=0, maximum=5000, step=50,
        help="Of the deep image prior or of diffusion; 0: as many as usual", advanced=True,
    )  # fmt: skip
    pipeline: str = text(
        "", title="Diffusion model",
        help="Folder or single file of a diffusers pipeline that fills holes", advanced=True,
    )  # fmt: skip
    prompt: str = text(
        "", title="Description", multiline=True, maximum_length=1000,
        help="What diffusion is to paint", advanced=True,
    )  # fmt: skip
    guidance: float = number(
        7.5, minimum=1, maximum=30, step=0.5, title="Guidance scale",
        help="How closely diffusion follows the description", advanced=True,
    )  # fmt: skip


class DustParameters(Parameters):
    """What counts as dust, and how it is repaired."""

    sensitivity: float = number(
        0.5, minimum=0, maximum=1, step=0.05, help="Higher finds fainter specks and scratches"
    )
    largest: int = integer(
        9, minimum=3, maximum=41, step=2, unit="px", title="Largest width",
        help="Wider specks and scratches are taken for part of the picture",
    )  # fmt: skip
    kind: Literal["both", "bright", "dark"] = choice(
        "both",
        {"both": "Bright and dark", "bright": "Bright only", "dark": "Dark only"},
        help="What dust looks like: bright on most scans of prints, dark on slides",
    )
    show: Literal["found", "repaired"] = choice(
        "repaired",
        {"found": "What was found, in red", "repaired": "The repaired picture"},
        title="Preview",
        help="What the canvas shows while this form is open; the run itself always repairs",
    )
    engine: Literal["network", "smooth"] = choice(
        "network",
        {"network": "Network", "smooth": "Smoothly from the rim (fast)"},
        help="How what was found is filled; the preview is always smooth",
    )
    model: str | None = model(TASK, help="The network; left open, the bundled one")
