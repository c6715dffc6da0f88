"""Super-resolution: enlarges pictures by 1 to 8 with networks that restore what enlarging blurs."""

from __future__ import annotations

from pathlib import Path

from studio.api import (
    CheckpointLoader,
    ModelCard,
    Operation,
    Preset,
    Trainer,
    hookimpl,
    read_cards,
)
from studio_plugins.super_resolution.parameters import TASK, UpscaleParameters, output_size
from studio_plugins.super_resolution.training import TRAINER

api_version = 1


@hookimpl
def operations() -> list[Operation]:
    """The one operation."""
    return [
        Operation(
            id="super-resolution.upscale",
            title="Upscale",
            menu="Enhance",
            help="Enlarges the picture with a network that restores fine structure.",
            parameters=UpscaleParameters,
            function=".engine:upscale",
            provenance="enhanced",
            output="canvas",
            selection="ignored",
            context_pixels=48,
            output_size=output_size,
            presets=(
                Preset("Photo 2×, faithful", {"scale": 2.0, "model": None}),
                Preset("Photo 4×, faithful", {"scale": 4.0, "model": None}),
                Preset("Photo 4×, sharp", {"scale": 4.0, "model": "realesrgan-x4plus"}),
                Preset(
                    "Photo 2×, sharp and mild",
                    {"scale": 2.0, "model": "realesrgan-x4plus", "strength": 0.6},
                ),
                Preset("Drawing 4×", {"scale": 4.0, "model": "realesrgan-x4plus-anime"}),
                Preset("Drawing 2×, fast", {"scale": 2.0, "model": "realesr-animevideov3-x2"}),
                Preset("Restore without enlarging", {"scale": 1.0, "model": "realesrgan-x4plus"}),
            ),
            keywords=("enlarge", "resize", "super-resolution", "sharpen", "restore", "denoise"),
        )
    ]


@hookimpl
def model_cards() -> tuple[ModelCard, ...]:
    """The bundled networks, and Real-ESRGAN's to fetch."""
    return read_cards(Path(__file__).parent / "models.toml")


@hookimpl
def checkpoint_loaders() -> list[CheckpointLoader]:
    """Upscalers and restorers that people bring along."""
    return [
        CheckpointLoader(
            id="super-resolution",
            title="Upscaling and restoration networks",
            task=TASK,
            suffixes=(".pth", ".pt", ".ckpt", ".tar", ".safetensors", ".param", ".onnx"),
            function=".loading:recognise",
        )
    ]


@hookimpl
def trainers() -> list[Trainer]:
    """Upscalers for the user's own kind of picture."""
    return [TRAINER]
