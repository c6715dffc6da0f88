"""One run of an operation: from a request to a result, inline on the calling thread.

The command line and tests call `execute` themselves; in the window a worker thread does.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.api.errors import ImpastoError, PluginError
from studio.api.margins import Margins
from studio.api.operation import Operation
from studio.api.parameters import Parameters, canonical_json, describe, validate
from studio.api.pixels import Pixels
from studio.document import Array, Picture, Rect, composite
from studio.document.regions import feather, grow
from studio.document.transforms import grown_canvas, margin_weights
from studio.files.openraster.planes import content_box
from studio.host import devices, precision
from studio.host.context import RunContext
from studio.host.convert import to_pixels, to_tensors, with_colors_of
from studio.host.galleries import Galleries
from studio.host.ladder import no_memory
from studio.host.limits import check_request, margins_of, result_size
from studio.host.models import ModelStore
from studio.host.networks import NetworkCache
from studio.host.observer import Observer
from studio.host.plugins import PluginRegistry
from studio.host.records import record
from studio.host.references import References
from studio.host.requests import RunRequest
from studio.host.results import ResultImage, RunResult
from studio.host.run_state import RunState

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from studio.host.isolation.isolation import Isolation


@dataclass
class Runner:
    """What running an operation needs of the host.

    Attributes:
        registry: where operations are found.
        store: where models are found.
        networks: cache of loaded networks.
        max_pixels: larger results are refused.
        isolation: runs the plugins that are to have processes of their own; None = there are none.
    """

    registry: PluginRegistry
    store: ModelStore
    networks: NetworkCache = field(default_factory=NetworkCache)
    max_pixels: int = 300_000_000
    isolation: Isolation | None = None

    def execute(self, request: RunRequest, observer: Observer | None = None) -> RunResult:
        """Run to the end.

        Raises:
            UserError: for bad parameters, too little memory, or a plugin that fails.
            Cancelled: if the observer asked to stop.
        """
        operation = self.registry.operation(request.operation)
        parameters = validate(operation.parameters, dict(request.parameters))
        if operation.input == "none" and operation.output == "document":
            # A document of its own is the same whatever is open: neither its depth nor its profile.
            request = replace(request, picture=None, layer=None)
        check_request(operation, parameters, request, self.max_pixels)
        watcher = observer or Observer()
        if self.isolation is not None and self.isolation.covers(self.registry, operation.id):
            return self.isolation.execute(self, operation, parameters, request, watcher)
        devices.warm_up()
        device = devices.resolve(request.device)
        dtype = devices.preferred_dtype(device)
        if request.precision == "float32":
            import torch

            dtype = torch.float32
        state = self.state(operation, request, watcher, device, dtype)
        try:
            return _Run(self.registry, operation, parameters, state).result()
        except (RuntimeError, MemoryError) as error:
            if devices.is_out_of_memory(error):
                raise no_memory() from error
            raise
        finally:
            state.watch.close()

    def state(
        self,
        operation: Operation,
        request: RunRequest,
        observer: Observer,
        device: torch.device,
        dtype: torch.dtype,
    ) -> RunState:
        """What all parts of one run share."""
        references = self._references(operation, request)
        return RunState(
            request,
            observer,
            self.networks,
            self.store,
            device,
            dtype,
            self._run_nested,
            references,
        )

    def _references(self, operation: Operation, request: RunRequest) -> References:
        """The reader of reference pictures, in the space of the tensors that the run is given."""
        seen = request.picture if operation.input != "none" else None
        first = [spec.gallery for spec in describe(operation.parameters) if spec.gallery]
        galleries = Galleries(self.registry.galleries())
        return References(galleries, first, seen.icc if seen else None, self.max_pixels)

    def _run_nested(
        self,
        context: RunContext,
        operation_id: str,
        args: tuple[Any, ...],
        given: Mapping[str, Any],
    ) -> Any:
        operation = self.registry.operation(operation_id)
        parameters = validate(operation.parameters, dict(given))
        if self.isolation is not None and self.isolation.covers(self.registry, operation.id):
            return self.isolation.call(self, operation, parameters, args, context)
        return self.registry.function(operation)(*args, parameters, context)


@dataclass(frozen=True)
class _Target:
    """What one call of the function works on: a rectangle of a layer or of the composite."""

    layer: str | None
    rect: Rect
    pixels: Array
    mask: Array | None


_FAULT = "This is a fault in the plugin; tell its author."
_Variants = tuple[tuple[ResultImage, ...], ...]


class _Run:
    def __init__(
        self,
        registry: PluginRegistry,
        operation: Operation,
        parameters: Parameters,
        state: RunState,
    ) -> None:
        self.registry, self.operation, self.parameters = registry, operation, parameters
        self.state, self.request = state, state.request
        picture, region = state.request.picture, state.request.region
        # What the function is given; the record keeps what was chosen.
        seen = picture if operation.input != "none" else None
        self.given = with_colors_of(parameters, None if seen is None else seen.icc)
        self.region = region.intersected(picture.bounds) if picture and region else region
        self.margins: Margins | None = None
        if picture is not None and operation.output == "margins":
            self.margins = margins_of(operation, parameters, picture.width, picture.height)

    def result(self) -> RunResult:
        started = time.monotonic()
        self.state.progress(0.0, "Preparing")
        function = self._guarded(lambda: self.registry.function(self.operation))
        if self.operation.input == "none":
            outputs = self._attempts(lambda: self._call_without_picture(function))
            variants: _Variants = tuple((self._image(output, None),) for output in outputs)
        else:
            variants = self._over_targets(function)
        return RunResult(
            request=self.request,
            title=self.operation.title,
            input=self.operation.input,
            output=self.operation.output,
            variants=variants,
            size=self._size(variants),
            notes=tuple(self.state.notes),
            record=record(
                self.registry, self.operation, canonical_json(self.parameters), self.state
            ),
            seconds=time.monotonic() - started,
            margins=self.margins,
        )

    def _over_targets(self, function: Any) -> _Variants:
        targets = self._targets()
        per_target = []
        for number, target in enumerate(targets):
            span = (number / len(targets), (number + 1) / len(targets))
            self.state.area, self.state.share = target.rect, target.mask
            outputs = self._attempts(lambda t=target, s=span: self._call(function, t, s))
            per_target.append([self._image(output, target) for output in outputs])
        if self.operation.output == "canvas":
            self._check_sizes([image for images in per_target for image in images])
        count = min(len(images) for images in per_target)
        return tuple(tuple(images[i] for images in per_target) for i in range(count))

    def _targets(self) -> list[_Target]:
        picture = self.request.picture
        if picture is None:
            raise PluginError(f"{self.operation.title} needs a picture.")
        if self.margins is not None:
            size = (picture.width, picture.height)
            grown, weights = grown_canvas(self.margins, *size), margin_weights(self.margins, *size)
            return [_Target(None, grown, _around(picture, grown), weights)]
        rect = picture.bounds
        if self.region is not None:
            margin = self.operation.context_pixels
            rect = self.region.grown(margin).intersected(picture.bounds)
        if self.operation.output == "canvas" and self.region is None:
            return [
                _Target(layer.id, rect, layer.raster.read(rect), None) for layer in picture.layers
            ]
        mask = self._mask(picture, rect)
        if self.operation.input == "visible" or self.operation.output == "canvas":
            # A lone layer shows what it holds and takes the result itself; over several, a new
            # layer does, as the result of what they show together belongs to none of them.
            own = picture.layers[0] if len(picture.layers) == 1 else None
            alone = own is not None and own.visible and own.opacity == 1 and own.mask is None
            layer_id = own.id if own is not None and alone else None
            return [_Target(layer_id, rect, composite(picture, rect), mask)]
        layer = picture.layer(self.request.layer or picture.active) or picture.active_layer
        return [_Target(layer.id, rect, layer.raster.read(rect), mask)]

    def _mask(self, picture: Picture, rect: Rect) -> Array | None:
        unused = self.operation.selection == "ignored" or self.operation.output == "canvas"
        if picture.selection is None or unused:
            return None
        grown = grow(picture.selection, self.request.grow, picture.bounds)
        selection = feather(grown, self.request.feather, picture.bounds)
        return selection.read(rect)[..., 0].astype(np.float32) / selection.maximum

    def _attempts(self, call: Any) -> list[tuple[Tensor, Tensor | None, str]]:
        """``call()``, again after a rung of the memory ladder or in float32 where it is broken."""
        import torch

        ladder = self.state.ladder
        while True:
            failure: BaseException | None = None
            try:
                with (
                    devices.seeded(ladder.device, self.request.seed),
                    devices.arithmetic(exact=ladder.exact),
                    torch.inference_mode(),
                ):
                    done: list[tuple[Tensor, Tensor | None, str]] = self._guarded(call)
                    return done
            except precision.BrokenOutput:
                if not ladder.full_precision():
                    raise
                self.state.note("Half precision gave a broken picture: ran again in float32.")
            except (RuntimeError, MemoryError) as error:
                if not devices.is_out_of_memory(error):
                    raise
                failure = devices.without_frames(error)
            if failure is not None:
                ladder.climb(failure)
            self.state.restart()

    def _guarded(self, call: Any) -> Any:
        """``call()``; whatever a plugin raises comes out as one of our own exceptions."""
        try:
            return call()
        except ImpastoError:
            raise
        except Exception as error:
            if devices.is_out_of_memory(error):
                raise
            plugin = self.registry.plugin_of(self.operation.id)
            raise PluginError(
                f"{self.operation.title} failed: {type(error).__name__}: {error}",
                f"This is a fault in the plugin {plugin.name}; the details help its author.",
            ) from error

    def _call(
        self, function: Any, target: _Target, span: tuple[float, float]
    ) -> list[tuple[Tensor, Tensor | None, str]]:
        import torch

        picture = self.request.picture
        device = self.state.ladder.device
        color, alpha = to_tensors(target.pixels, picture.icc if picture else None)
        # Copies: a function that writes into what it is given must not move the mask's edge.
        mask = None if target.mask is None else torch.tensor(target.mask, device=device)[None, None]
        lent = None if alpha is None else alpha.to(device, copy=True)
        context = RunContext(self.state, lent, *span)
        brightest = precision.brightest(color)
        result = function(color.to(device), mask, self.given, context)
        outputs = []
        for new, new_alpha, title in self._outputs(result, target):
            if not self.operation.may_blacken:
                precision.check_not_black(new, brightest)
            kept = alpha if new_alpha is None and self.operation.output == "region" else new_alpha
            outputs.append((new, kept, title))
        return outputs

    def _call_without_picture(self, function: Any) -> list[tuple[Tensor, Tensor | None, str]]:
        return self._outputs(function(self.given, RunContext(self.state)), None)

    def _outputs(
        self, result: Any, target: _Target | None
    ) -> list[tuple[Tensor, Tensor | None, str]]:
        """What a function returned, checked, as float32."""
        outputs = []
        for each in result if isinstance(result, list | tuple) else [result]:
            color, alpha, title = _unpacked(each)
            self._check(color, alpha, target)
            color, alpha = color.float(), None if alpha is None else alpha.float()
            precision.check_finite(color)
            if alpha is not None:
                precision.check_finite(alpha)
            outputs.append((color, alpha, title))
        if not outputs:
            raise PluginError(f"{self.operation.title} returned nothing.", _FAULT)
        return outputs

    def _check(self, color: Tensor, alpha: Tensor | None, target: _Target | None) -> None:
        """The shape that the declaration promises, else a PluginError."""
        shape = tuple(color.shape)
        height, width = shape[2:] if len(shape) == 4 else (0, 0)
        wanted = f"1 x 3 x H x W, got {shape}"
        fits = len(shape) == 4 and shape[:2] == (1, 3) and height > 0 and width > 0
        if fits and target is not None and self.operation.output in ("region", "margins"):
            wanted = f"1 x 3 x {target.rect.height} x {target.rect.width}, got {shape}"
            fits = (height, width) == (target.rect.height, target.rect.width)
        if fits and target is not None and self.operation.output_size is not None:
            size = result_size(
                self.operation, self.parameters, target.rect.width, target.rect.height
            )
            wanted = f"1 x 3 x {size[1]} x {size[0]}, got {shape}"
            fits = (width, height) == size
        if fits and alpha is not None:
            wanted = f"alpha of 1 x 1 x {height} x {width}, got {tuple(alpha.shape)}"
            fits = tuple(alpha.shape) == (1, 1, height, width)
        if not fits:
            raise PluginError(
                f"{self.operation.title} returned pixels of the wrong shape: expected {wanted}.",
                _FAULT,
            )

    def _check_sizes(self, images: list[ResultImage]) -> None:
        """All layers of a canvas get the same size."""
        sizes = {(image.pixels.shape[1], image.pixels.shape[0]) for image in images}
        if len(sizes) > 1:
            found = ", ".join(f"{width} x {height}" for width, height in sorted(sizes))
            raise PluginError(
                f"{self.operation.title} returned layers of different sizes: {found}.", _FAULT
            )

    def _image(
        self, output: tuple[Tensor, Tensor | None, str], target: _Target | None
    ) -> ResultImage:
        color, alpha, title = output
        picture = self.request.picture
        dtype = picture.dtype if picture else np.dtype(np.uint8)
        pixels = to_pixels(color, alpha, dtype, picture.icc if picture else None)
        title = title or self.operation.title
        if target is None:
            inside = picture if self.operation.output == "layers" else None
            return ResultImage(pixels, *_middle(inside, pixels), None, title)
        if self.margins is not None:
            # What of it counts follows from the margins; a mask of that size would only be kept.
            return ResultImage(pixels, 0, 0, None, title)
        x, y, mask = target.rect.x, target.rect.y, target.mask
        if self.operation.output == "canvas":
            x = y = 0
        region = self.region
        if region is not None:
            pixels, mask = _inner(pixels, mask, target.rect, region)
            if self.operation.output != "canvas":
                x, y = region.x, region.y
        keeps_layer = self.operation.output in ("region", "canvas")
        layer = target.layer if keeps_layer else None
        return ResultImage(pixels, x, y, layer, title, mask)

    def _size(self, variants: _Variants) -> tuple[int, int]:
        first = variants[0][0].pixels
        if (
            self.operation.output in ("canvas", "margins", "document")
            or self.request.picture is None
        ):
            return first.shape[1], first.shape[0]
        return self.request.picture.width, self.request.picture.height


def _middle(picture: Picture | None, pixels: Array) -> tuple[int, int]:
    """Where a new layer made from nothing lies: in the middle of the selection, or of the canvas."""
    if picture is None:
        return 0, 0
    selected = None if picture.selection is None else content_box(picture.selection)
    area = picture.bounds if selected is None or selected.empty else selected
    height, width = pixels.shape[:2]
    return area.x + (area.width - width) // 2, area.y + (area.height - height) // 2


def _unpacked(value: Any) -> tuple[Tensor, Tensor | None, str]:
    import torch

    pixels = value if isinstance(value, Pixels) else Pixels(value)
    for each in [pixels.color] if pixels.alpha is None else [pixels.color, pixels.alpha]:
        if not isinstance(each, torch.Tensor):
            raise PluginError(
                f"The operation returned a {type(each).__name__}, not a tensor or Pixels.", _FAULT
            )
        if not each.is_floating_point():
            raise PluginError(
                f"The operation returned a tensor of {each.dtype}, not floats in [0, 1].", _FAULT
            )
    return pixels.color, pixels.alpha, pixels.title


def _around(picture: Picture, grown: Rect) -> Array:
    """What is visible, on a larger canvas; the margins count as transparent only if it is."""
    pixels = composite(picture, grown)
    opaque = np.iinfo(pixels.dtype).max
    old = pixels[-grown.y :, -grown.x :][: picture.height, : picture.width]
    if bool((old[..., 3] == opaque).all()):
        pixels[..., 3] = opaque
    return pixels


def _inner(
    pixels: Array, mask: Array | None, outer: Rect, region: Rect
) -> tuple[Array, Array | None]:
    """Cut the margin around a region off, at the scale of the result."""
    down, across = pixels.shape[0] / outer.height, pixels.shape[1] / outer.width
    top, left = round((region.y - outer.y) * down), round((region.x - outer.x) * across)
    height, width = round(region.height * down), round(region.width * across)
    inner = np.ascontiguousarray(pixels[top : top + height, left : left + width])
    if mask is not None:
        mask = mask[region.y - outer.y :, region.x - outer.x :][: region.height, : region.width]
    return inner, mask
