"""Edits of the picture as a whole that a recipe can hold, with values relative to the picture."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from studio.api.errors import UserError
from studio.document import Picture, Rect
from studio.document.edits import Edit
from studio.document.named import NamedEdit
from studio.document.transforms import (
    Resampling,
    canvas_size,
    crop_to,
    flip,
    image_size,
    rotate,
    trim,
)
from studio.host.recipes.model import EditStep

_DIGITS = 7
Shares = tuple[float, float, float, float]


class Replayed(BaseModel):
    """Values of an edit, relative to the picture; the base of all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def edit(self, picture: Picture) -> Edit:
        """The edit, for a picture of this size and depth."""


class Flip(Replayed):
    """Mirroring."""

    axis: Literal["horizontal", "vertical"]

    def edit(self, picture: Picture) -> Edit:  # noqa: ARG002 - the same for all pictures
        """The edit, whatever the picture is."""
        return flip(self.axis)


class Rotate(Replayed):
    """Turning by degrees clockwise."""

    angle: float = Field(ge=-360, le=360)
    expand: bool = True
    method: Resampling = Resampling.AUTOMATIC

    def edit(self, picture: Picture) -> Edit:  # noqa: ARG002 - the same for all pictures
        """The edit, whatever the picture is."""
        return rotate(self.angle, expand=self.expand, method=self.method)


class ImageSize(Replayed):
    """Another number of pixels: by a scale, or such that one side, or the longer one, has so many.

    With one side alone the other follows in proportion.
    """

    scale: tuple[float, float] | None = None
    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)
    longest: int | None = Field(default=None, ge=1)
    method: Resampling = Resampling.AUTOMATIC
    linear: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        sides = self.width is not None or self.height is not None
        if sum((self.scale is not None, sides, self.longest is not None)) != 1:
            raise ValueError("give scale, longest, or width and height")
        return self

    def edit(self, picture: Picture) -> Edit:
        """The edit for the picture's size."""
        across = down = 1.0
        if self.scale is not None:
            across, down = self.scale
        elif self.longest is not None:
            across = down = self.longest / max(picture.width, picture.height)
        else:
            across = (self.width or 0) / picture.width
            down = (self.height or 0) / picture.height
            across, down = across or down, down or across
        size = max(round(picture.width * across), 1), max(round(picture.height * down), 1)
        return image_size(*size, self.method, linear=self.linear)


class CanvasSize(Replayed):
    """Another canvas; ``fill`` is RGB in [0, 1] in the picture's profile."""

    rectangle: Shares
    fill: tuple[float, float, float] | None = None

    def edit(self, picture: Picture) -> Edit:
        """The edit for the picture's size and depth."""
        fill = None
        if self.fill is not None:
            maximum = int(np.iinfo(picture.dtype).max)
            red, green, blue = (round(min(max(each, 0), 1) * maximum) for each in self.fill)
            fill = (red, green, blue)
        return canvas_size(_pixels(self.rectangle, picture), fill)


class Crop(Replayed):
    """A part of the picture, turned about its middle."""

    rectangle: Shares
    angle: float = 0.0
    delete: bool = True
    method: Resampling = Resampling.AUTOMATIC

    def edit(self, picture: Picture) -> Edit:
        """The edit for the picture's size."""
        rect = _pixels(self.rectangle, picture)
        return crop_to(rect, self.angle, delete=self.delete, method=self.method)


class Trim(Replayed):
    """A border cut away."""

    by: Literal["transparency", "color"] = "transparency"
    tolerance: float = Field(default=0.0, ge=0, le=1)
    sides: tuple[Literal["left", "top", "right", "bottom"], ...] = (
        "left",
        "top",
        "right",
        "bottom",
    )

    def edit(self, picture: Picture) -> Edit:  # noqa: ARG002 - the same for all pictures
        """The edit, whatever the picture is."""
        return trim(self.by, self.tolerance, frozenset(self.sides))


EDITS: Mapping[str, type[Replayed]] = {
    "canvas-size": CanvasSize,
    "crop": Crop,
    "flip": Flip,
    "image-size": ImageSize,
    "rotate": Rotate,
    "trim": Trim,
}
"""What a recipe can hold, by name."""


def edit_step(edit: NamedEdit, before: Picture, title: str = "") -> EditStep:
    """A step that does to others what ``edit`` did to ``before``.

    Raises:
        UserError: if recipes cannot hold that edit.
    """
    values, change = dict(edit.values), _RELATIVE.get(edit.name)
    values = values if change is None else change(values, before)
    step = EditStep(edit=edit.name, title=title, values=values)
    replayed(step)
    return step


def replayed(step: EditStep) -> Replayed:
    """What a step does, checked.

    Raises:
        UserError: if there is no such edit, or its values are wrong.
    """
    kind = EDITS.get(step.edit)
    if kind is None:
        raise UserError(
            f"There is no edit “{step.edit}”.", f"Recipes can hold: {', '.join(sorted(EDITS))}."
        )
    try:
        return kind.model_validate(dict(step.values))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "values"
        raise UserError(
            f"The edit “{step.edit}” does not fit: {place}: {first['msg']}.",
            f"It takes {', '.join(kind.model_fields)}.",
        ) from error


def _relative_size(values: dict[str, Any], before: Picture) -> dict[str, Any]:
    width, height = values.pop("width"), values.pop("height")
    scale = [round(width / before.width, _DIGITS), round(height / before.height, _DIGITS)]
    return {"scale": scale, **values}


def _relative_rect(values: dict[str, Any], before: Picture) -> dict[str, Any]:
    x, y, width, height = values.pop("rect")
    shares = (x / before.width, y / before.height, width / before.width, height / before.height)
    if values.get("fill") is not None:
        maximum = int(np.iinfo(before.dtype).max)
        values["fill"] = [round(int(each) / maximum, _DIGITS) for each in values["fill"]]
    values = {key: value for key, value in values.items() if value is not None}
    return {"rectangle": [round(share, _DIGITS) for share in shares], **values}


_RELATIVE: Mapping[str, Callable[[dict[str, Any], Picture], dict[str, Any]]] = {
    "image-size": _relative_size,
    "canvas-size": _relative_rect,
    "crop": _relative_rect,
}


def _pixels(shares: Shares, picture: Picture) -> Rect:
    """A rectangle in whole pixels, of at least one; its edges go to the nearest."""
    x, y, width, height = shares
    left, top = round(x * picture.width), round(y * picture.height)
    right, bottom = round((x + width) * picture.width), round((y + height) * picture.height)
    return Rect(left, top, max(right - left, 1), max(bottom - top, 1))
