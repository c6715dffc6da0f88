"""Filling by a diffusion model of the user's own, after a description (Rombach et al. 2022)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from studio.api import Cancelled, Context, UserError
from studio.nn.filling import filled
from studio.nn.filling_parts import Part
from studio_plugins.inpainting.parameters import FillParameters

STEPS = 30
_MULTIPLE = 64  # three halvings in front of a latent an eighth of the size
_XL = "conditioner.embedders."
_CHOOSE = (
    "Choose the folder of one, with its model_index.json, such as Stable Diffusion Inpainting."
)


class Pipeline(nn.Module):
    """A diffusers pipeline, so that the host places and watches its networks as any other.

    Args:
        pipeline: the pipeline.
    """

    def __init__(self, pipeline: Any) -> None:
        super().__init__()
        parts = [each for each in pipeline.components.values() if isinstance(each, nn.Module)]
        self.parts = nn.ModuleList(parts)
        self.pipeline = pipeline
        unet = getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)
        latent = getattr(getattr(unet, "config", None), "sample_size", None)
        factor = getattr(pipeline, "vae_scale_factor", 8)
        self.size = int(latent) * int(factor) if isinstance(latent, int) else 512

    def forward(self, **given: Any) -> Any:
        """The pipeline's own call."""
        return self.pipeline(**given)


def fill(
    image: Tensor, mask: Tensor, variation: int, parameters: FillParameters, context: Context
) -> Tensor:
    """One variation of a filling; see `studio.nn.filling.filled`.

    Args:
        image: 1 x 3 x H x W in [0, 1].
        mask: 1 x 1 x H x W in [0, 1].
        variation: from 0: each begins from other noise.
        parameters: with the pipeline, the description and the steps.
        context: of this variation's part of the run.

    Raises:
        UserError: if no pipeline was chosen, it cannot be read, or a library is missing.
    """
    pipeline = _loaded(parameters.pipeline, context)
    painting = _Painting(pipeline, parameters, context.seed + variation, context)
    return filled(
        image,
        mask,
        painting,
        size=parameters.size or pipeline.size,
        multiple=_MULTIPLE,
        begin=painting.begin,
        progress=painting.finish,
    )


class _Painting:
    """Calls the pipeline on windows."""

    def __init__(
        self, pipeline: Pipeline, parameters: FillParameters, seed: int, context: Context
    ) -> None:
        self._pipeline, self._parameters, self._context = pipeline, parameters, context
        self._seed = seed
        self._before, self._share = 0.0, 1.0

    def begin(self, _part: Part, share: float) -> None:
        self._share = share

    def finish(self, done: float) -> None:
        self._before = done

    def __call__(self, image: Tensor, mask: Tensor) -> Tensor:
        """Fill one window, 1 x 3 x h x w in [0, 1]."""
        from PIL import Image

        steps = self._parameters.steps or STEPS
        pixels = (image[0].permute(1, 2, 0) * 255).round().to(torch.uint8).cpu().numpy()
        hole = (mask[0, 0] > 0).to(torch.uint8).mul(255).cpu().numpy()
        made = self._pipeline(
            prompt=self._parameters.prompt,
            image=Image.fromarray(pixels),
            mask_image=Image.fromarray(hole),
            height=image.shape[2],
            width=image.shape[3],
            num_inference_steps=steps,
            strength=1.0,
            guidance_scale=self._parameters.guidance,
            generator=torch.Generator().manual_seed(self._seed % 2**63),
            callback_on_step_end=self._watcher(steps),
            output_type="np",
        )
        return (
            torch.from_numpy(np.ascontiguousarray(made.images[0])).to(image).permute(2, 0, 1)[None]
        )

    def _watcher(self, steps: int) -> Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]:
        def watch(_pipe: Any, step: int, _time: Any, given: dict[str, Any]) -> dict[str, Any]:
            done = self._before + self._share * (step + 1) / steps
            self._context.progress(min(done, 1.0), f"Step {step + 1} of {steps}")
            return given

        return watch


def _loaded(source: str, context: Context) -> Pipeline:
    if not source.strip():
        raise UserError("No diffusion model is chosen.", _CHOOSE)
    path = Path(source.strip()).expanduser()
    if not path.exists():
        raise UserError(f"There is no {path}.", _CHOOSE)
    _check_libraries()
    context.progress(0, "Loading the diffusion model")
    stamp = max(each.stat().st_mtime_ns for each in [path, *path.rglob("*.*")])
    found = context.network(f"inpainting.diffusion/{path}/{stamp}", lambda: Pipeline(_read(path)))
    if not isinstance(found, Pipeline):
        raise TypeError(f"the cache holds a {type(found).__name__} for {path}")
    return found


def _check_libraries() -> None:
    for name in ("diffusers", "transformers"):
        try:
            __import__(name)
        except ImportError as error:
            raise UserError(
                f"Diffusion models need the library {name}, which is not installed.",
                "Install Impasto with its extra: pip install impasto[diffusion]",
            ) from error


def _read(path: Path) -> Any:
    """A pipeline from files that are here; nothing is fetched, and no code of theirs is run.

    Raises:
        UserError: if it cannot be read or fills no holes.
    """
    import diffusers

    try:
        if path.is_dir():
            kind: Any = diffusers.AutoPipelineForInpainting  # which is typed only in part
            pipeline = kind.from_pretrained(path, local_files_only=True)
        else:
            name = "StableDiffusionXLInpaintPipeline" if _is_xl(path) else _SD
            pipeline = getattr(diffusers, name).from_single_file(path, local_files_only=True)
    except Cancelled:
        raise
    except Exception as error:  # diffusers raises nearly every type on foreign files
        why = str(error).strip().splitlines()
        raise UserError(
            f"{path.name} cannot be read as a diffusion model that fills holes: "
            f"{why[0] if why else type(error).__name__}",
            _CHOOSE + " A single file also needs the configuration of its kind on this computer.",
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


_SD = "StableDiffusionInpaintPipeline"


def _is_xl(path: Path) -> bool:
    try:
        with safe_open(path, framework="pt") as file:
            names: Mapping[str, Any] = dict.fromkeys(file.keys())
    except (SafetensorError, OSError):
        return False
    return any(name.startswith(_XL) for name in names)
