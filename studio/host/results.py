"""What a run returns: pixels, and the edit that brings them into the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.api.errors import UserError
from studio.api.margins import Margins
from studio.api.operation import Input, Output
from studio.document import Array, Layer, Picture, Raster
from studio.document.edits import Edit, paint, rescale
from studio.document.layer_edits import add_node
from studio.document.nodes import swapped
from studio.document.transforms import canvas_size, grow, grown_canvas, margin_weights
from studio.host.requests import RunRequest


@dataclass(frozen=True)
class ResultImage:
    """Pixels of a result.

    Attributes:
        pixels: h x w x 4 straight RGBA in the document's depth.
        x: left column on the result's canvas.
        y: top row on the result's canvas.
        layer: id of the layer they belong to; None for a new one.
        title: name of a new layer.
        mask: h x w floats in [0, 1] that weigh them, or None; where 0, nothing is written.
    """

    pixels: Array
    x: int
    y: int
    layer: str | None
    title: str
    mask: Array | None = None


@dataclass(frozen=True)
class RunResult:
    """A finished run.

    Attributes:
        request: what was asked for, its picture included.
        title: of the operation: the name of the undo step.
        input: what the operation was given.
        output: what the pixels are.
        variants: the variations to choose from; each is the images of one.
        size: (width, height) of the canvas after applying, or of the enlarged region of a try.
        notes: what the user should know.
        record: how it came about: operation, plugin, version, model hashes, parameters, seed.
        seconds: how long it took.
        margins: by which the canvas grows around the picture; None if it does not.
    """

    request: RunRequest
    title: str
    input: Input
    output: Output
    variants: tuple[tuple[ResultImage, ...], ...]
    size: tuple[int, int]
    notes: tuple[str, ...]
    record: Mapping[str, Any]
    seconds: float
    margins: Margins | None = None

    @property
    def variations(self) -> int:
        """How many results there are to choose from."""
        return len(self.variants)

    @property
    def images(self) -> tuple[ResultImage, ...]:
        """The images of the first variation."""
        return self.variants[0]

    @property
    def is_try(self) -> bool:
        """Whether only a region was run, to see what the whole would look like."""
        return self.request.region is not None

    def record_of(self, variation: int) -> Mapping[str, Any]:
        """The record of one of several results."""
        return {**self.record, "variation": variation} if variation else self.record

    def edit(self, variation: int = 0) -> Edit:
        """The edit that applies a variation, for `Document.apply`.

        The edit raises UserError when the picture's size has changed since the run started, as the
        pixels then belong nowhere. A layer deleted meanwhile comes back as a new one.
        """
        if self.output == "document" or (self.is_try and self.output == "canvas"):
            raise UserError(
                f"{self.title} made a picture of its own.",
                "Open it as a new document." if not self.is_try else "Run it on the whole picture.",
            )
        images = self.variants[variation]

        def edit(picture: Picture) -> Picture:
            self.check_size(picture)
            if self.margins is not None:
                (image,) = images
                return grow(self.margins, image.pixels, image.title)(picture)
            if self.output == "canvas":
                enlarged = {image.layer: image.pixels for image in images if image.layer}
                return rescale(*self.size, enlarged)(picture)
            for image in images:
                picture = _placed(image, picture)
            return picture

        return edit

    def flat(self, variation: int = 0) -> Picture:
        """The picture with a variation in it, for a file, which has one layer.

        A region, margins, or a layer that was made of that one, is written into it: as a layer above
        it, the result would show through itself where the picture is half transparent.
        """
        picture = self.request.picture
        of_layer = self.output == "layers" and self.input == "layer"
        if picture is None or not (self.output in ("region", "margins") or of_layer):
            return self.after(variation)
        size = picture.width, picture.height
        if self.margins is not None:
            picture = canvas_size(grown_canvas(self.margins, *size))(picture)
        for image in self.variants[variation]:
            mask = image.mask if self.margins is None else margin_weights(self.margins, *size)
            picture = paint(picture.active, image.x, image.y, image.pixels, mask)(picture)
        return picture

    def check_size(self, picture: Picture) -> None:
        """Refuse a picture that has another size than the one that was worked on.

        Raises:
            UserError: as the pixels then belong nowhere.
        """
        origin = self.request.picture
        if origin and (picture.width, picture.height) != (origin.width, origin.height):
            raise UserError(
                "The canvas has another size than when this was started.",
                "Undo back to that size, or run it again.",
            )

    def after(self, variation: int = 0) -> Picture:
        """The picture with the result applied; for a try of a new size, only the enlarged region."""
        picture = self.request.picture
        if (
            picture is None
            or self.output == "document"
            or (self.is_try and self.output == "canvas")
        ):
            images = self.variants[variation]
            layers = tuple(
                Layer(image.title, Raster.from_array(image.pixels, image.x, image.y))
                for image in images
            )
            icc = picture.icc if picture else None
            return Picture(*self.size, layers, layers[-1].id, icc)
        return self.edit(variation)(picture)


def _placed(image: ResultImage, picture: Picture) -> Picture:
    if image.layer is not None and picture.layer(image.layer):
        return paint(image.layer, image.x, image.y, image.pixels, image.mask)(picture)
    return add_node(_layer(image))(picture)


def _layer(image: ResultImage) -> Layer:
    """A new layer of an image, its alpha weighted by the mask."""
    pixels = image.pixels
    if image.mask is not None and image.mask.shape == pixels.shape[:2]:
        pixels = pixels.copy()
        pixels[..., 3] = (pixels[..., 3] * image.mask).round()
    return Layer(image.title, Raster.from_array(pixels, image.x, image.y))


def as_layers(result: RunResult) -> Edit:
    """The edit that puts a result on new layers and leaves what is drawn on the active one.

    Where the drawing has transparent parts its lines stay on top, and the result goes beneath it;
    an opaque drawing would hide it, so there it goes above.
    """

    def edit(picture: Picture) -> Picture:
        result.check_size(picture)
        drawn = picture.layer(result.request.layer or picture.active) or picture.active_layer
        alpha = drawn.raster.read(picture.bounds)[..., 3]
        opaque = bool((alpha == np.iinfo(alpha.dtype).max).all())
        after = picture
        for image in result.images:
            layer = _layer(image)
            if opaque:
                after = add_node(layer, above=after.active)(after)
            else:
                nodes = swapped(after.nodes, drawn.id, (layer, drawn))
                after = after.replaced(nodes=nodes)
        return after.replaced(active=picture.active, mask_active=picture.mask_active)

    return edit
