"""Stable Diffusion (Rombach et al. 2022) by models of the user's own, through diffusers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from studio.api import Context, Pixels, UserError
from studio.nn.transparency import filled
from studio_plugins.sampling.community_control import control_map, load_control
from studio_plugins.sampling.community_models import Components, load
from studio_plugins.sampling.community_parameters import (
    DiffusersParameters,
    DiffusersRedrawParameters,
    Settings,
)
from studio_plugins.sampling.community_places import (
    Glance,
    around,
    resized,
    whole,
    working_size,
)
from studio_plugins.sampling.community_preview import preview, projection
from studio_plugins.sampling.community_schedulers import scheduler_of

_DRAWN = 0.9  # of the progress: the rest is the decoder's
_FILLS = 9  # channels of a U-Net that was made to fill holes

Show = Callable[[Tensor], Tensor]


def generate(parameters: DiffusersParameters, context: Context) -> list[Pixels]:
    """Pictures of a prompt, one for each of ``count`` seeds that follow each other.

    Args:
        parameters: model, prompt, sampler, LoRAs and ControlNet.
        context: of the run.

    Raises:
        UserError: if the model cannot be had, or does not do this.
    """
    easel = Easel.of(parameters, context)
    components = easel.components
    if components["unet"].config.in_channels == _FILLS:
        raise UserError(
            "This model fills holes and cannot begin with nothing.",
            "Use it with Redraw by Stable Diffusion on a selection.",
        )
    if components["text_encoder"] is None:
        raise UserError(
            "This model refines pictures and cannot begin with nothing.",
            "Use it with Redraw by Stable Diffusion.",
        )
    guide = None
    if easel.control is not None:
        if parameters.control_picture is None:
            raise UserError(
                "The ControlNet has no picture to go by.", "Choose a control picture, too."
            )
        guide = context.picture(parameters.control_picture)
    height, width = _wanted_size(parameters, components, guide)
    canvas = [-(-side // components.multiple) * components.multiple for side in (height, width)]
    top, left = ((large - side) // 2 for large, side in zip(canvas, (height, width), strict=True))
    given: dict[str, Any] = {"height": canvas[0], "width": canvas[1]}
    if guide is not None:
        given["image"] = control_map(guide, parameters.control, *canvas)
    results = []
    for number in range(parameters.count):
        made = easel.paint("", number, given, lambda seen: seen)
        made = made[..., top : top + height, left : left + width]
        results.append(Pixels(made, None, _title(parameters.prompt, easel.seed(number))))
    return results


def redraw(
    pixels: Tensor, mask: Tensor | None, parameters: DiffusersRedrawParameters, context: Context
) -> list[Pixels]:
    """The selection or the whole picture drawn anew, from what is there (Meng et al. 2022).

    What lies outside of the mask comes back as it was; the host weighs the rest with the mask.

    Args:
        pixels: 1 x 3 x H x W in [0, 1].
        mask: 1 x 1 x H x W in [0, 1], or None for all of it.
        parameters: model, prompt, strength, sampler, LoRAs and ControlNet.
        context: of the run.

    Raises:
        UserError: if the model cannot be had, or does not do this.
    """
    easel = Easel.of(parameters, context)
    components, alpha = easel.components, context.alpha
    selected = mask if mask is not None and bool((mask > 0).any()) else None
    base = pixels if alpha is None else filled(pixels, alpha)
    height, width = pixels.shape[2:]
    box = whole(height, width) if selected is None else around(selected, parameters.margin)
    side = parameters.size or components.size
    size = working_size(box.height, box.width, side, components.multiple)
    if size[0] * size[1] < 0.8 * box.height * box.width:
        context.note(
            f"Drawn at {size[1]} x {size[0]} pixels and enlarged to {box.width} x {box.height}."
        )
    seen = resized(box.of(base), *size)
    given: dict[str, Any] = {"image": seen, "strength": parameters.strength}
    task = "Img2Img"
    if selected is not None or components["unet"].config.in_channels == _FILLS:
        task = "Inpaint"
        hole = torch.ones_like(seen[:, :1]) if selected is None else box.of(selected)
        given["mask_image"] = (resized(hole, *size) > 1e-3).to(seen.dtype)
        given["height"], given["width"] = size
    if easel.control is not None:
        given["control_image"] = _guide(parameters, base, box, size, context)
    glance = Glance(base, box)
    results = []
    for number in range(parameters.count):
        made = easel.paint(task, number, given, glance.show)
        result = base.clone()
        box.of(result).copy_(resized(made, box.height, box.width))
        if selected is not None:
            result = torch.where(selected > 0, result, pixels)
        shown = alpha
        if alpha is not None and selected is not None:
            shown = torch.where(selected > 0, 1.0, alpha)
        title = _title(parameters.prompt, easel.seed(number))
        results.append(Pixels(result, shown, title))
    return results


@dataclass(frozen=True)
class Easel:
    """A model, its ControlNet and the settings, ready to paint."""

    components: Components
    control: nn.Module | None
    settings: Settings
    context: Context

    @classmethod
    def of(cls, settings: Settings, context: Context) -> Easel:
        """Everything that the settings name.

        Raises:
            UserError: if something of it cannot be had.
        """
        components = load(settings, context)
        easel = cls(components, load_control(settings, components, context), settings, context)
        easel._check_prompt()
        return easel

    def paint(self, task: str, number: int, given: dict[str, Any], show: Show) -> Tensor:
        """One picture, 1 x 3 x H x W in [0, 1].

        Args:
            task: of `Components.pipeline`.
            number: from 0, of ``count``; it is added to the seed, so that a picture does not depend on
                how many there are.
            given: what the pipeline takes besides words and settings.
            show: what the canvas is shown of the small picture of a step.
        """
        settings, count = self.settings, self.settings.count
        context = self.context.part(number / count, (number + 1) / count)
        parts: dict[str, Any] = {
            "scheduler": scheduler_of(settings.sampler, self.components["scheduler"])
        }
        if self.control is not None:
            parts["controlnet"] = self.control
            given = {**given, "controlnet_conditioning_scale": settings.control_strength}
        pipeline = self.components.pipeline(task, **parts)
        self._set_tiling()
        projection(self.components)  # before the first step, which would seem slow
        made = pipeline(
            prompt=settings.prompt,
            negative_prompt=settings.negative,
            num_inference_steps=self._steps(given),
            guidance_scale=settings.guidance,
            generator=torch.Generator().manual_seed(self.seed(number) % 2**63),
            callback_on_step_end=self._watcher(context, number, show),
            output_type="pt",
            **given,
        )
        if any(getattr(made, "nsfw_content_detected", None) or ()):
            context.note("The filter that comes with the model has blackened a picture.")
        images: Tensor = made.images
        return images[:1].float().to(self.context.device).clamp(0, 1)

    def seed(self, number: int) -> int:
        """Of a picture's noise."""
        return self.context.seed + self.settings.first + number

    def _steps(self, given: dict[str, Any]) -> int:
        """As many that at least one is made with the given strength."""
        strength = float(given.get("strength", 1.0))
        return max(self.settings.steps, -int(-1 // strength))

    def _watcher(self, context: Context, number: int, show: Show) -> Callable[..., dict[str, Any]]:
        count, pulse = self.settings.count, self.components.pulse
        place = (0.0, "First step")
        if pulse is not None:
            pulse.beat = lambda: context.progress(*place)

        def watch(pipe: Any, step: int, _time: Any, given: dict[str, Any]) -> dict[str, Any]:
            nonlocal place
            steps = max(int(pipe.num_timesteps), step + 1)
            words = f"Step {step + 1} of {steps}"
            words = words if count == 1 else f"Picture {number + 1} of {count}, {words.lower()}"
            place = (_DRAWN * (step + 1) / steps, words)
            context.progress(*place, show(preview(self.components, given["latents"])))
            return given

        return watch

    def _set_tiling(self) -> None:
        vae, tiled = self.components["vae"], self.settings.tiling
        (vae.enable_tiling if tiled else vae.disable_tiling)()
        (vae.enable_slicing if tiled else vae.disable_slicing)()

    def _check_prompt(self) -> None:
        """Tell of words that the text encoder does not read."""
        tokenizer = self.components["tokenizer"] or self.components["tokenizer_2"]
        limit = int(tokenizer.model_max_length)
        for name, words in (
            ("prompt", self.settings.prompt),
            ("negative prompt", self.settings.negative),
        ):
            count = len(tokenizer(words, truncation=False).input_ids)
            if count > limit:
                self.context.note(
                    f"The model reads {limit - 2} pieces of words at most; the end of the {name} "
                    f"({count - limit} more) has no influence."
                )


def _wanted_size(
    parameters: DiffusersParameters, components: Components, guide: Tensor | None
) -> tuple[int, int]:
    """Height and width: as asked for, else in the shape of the control picture, else the model's."""
    height, width = components.size, components.size
    if guide is not None:
        size = guide.shape[2:]
        height, width = working_size(size[0], size[1], components.size, components.multiple)
    return parameters.height or height, parameters.width or width


def _guide(
    parameters: DiffusersRedrawParameters,
    base: Tensor,
    box: Any,
    size: tuple[int, int],
    context: Context,
) -> Tensor:
    """What the ControlNet sees: the same part of its picture, if that has the size of this one."""
    if parameters.control_picture is None:
        return control_map(box.of(base), parameters.control, *size)
    picture = context.picture(parameters.control_picture)
    if picture.shape[2:] == base.shape[2:]:
        picture = box.of(picture)
    return control_map(picture, parameters.control, *size)


def _title(prompt: str, seed: int) -> str:
    words = " ".join(prompt.split())[:60] or "Picture"
    return f"{words} ({seed})"
