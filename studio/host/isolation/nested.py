"""An operation that a run calls through `Context.run`, and whose plugin has a process of its own.

Tensors cross as they are, and with them all that the function's context says: what it draws at
random, too, goes on from the caller's generator and is continued there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.api.errors import PluginError
from studio.api.operation import Operation
from studio.api.parameters import Parameters, canonical_json, validate
from studio.api.pixels import Pixels
from studio.document import Array, Layer, Picture, Raster, Rect
from studio.host import devices
from studio.host.context import RunContext
from studio.host.isolation import wire
from studio.host.isolation.blocks import Block
from studio.host.observer import Observer
from studio.host.previews import TilePreview
from studio.host.requests import RunRequest
from studio.host.run_state import RunState

if TYPE_CHECKING:
    from torch import Tensor

    from studio.host.runs import Runner


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        request: of the run it belongs to: seed, device, scale, hints, and a picture without pixels.
        args: what comes before the parameters.
        parameters: their canonical JSON.
        alpha: of the context.
        area: of the run.
        share: of the run's mask.
        shown: whether intermediate pictures are of what the canvas shows.
        dtype: arithmetic of networks.
        exact: whether float32 was asked for.
        tile: largest tile that memory leaves room for.
        inference: whether torch is in its inference mode.
        random: states of the generators: the CPU's, and the device's if it has its own.
    """

    request: RunRequest
    args: tuple[Any, ...]
    parameters: str
    alpha: Tensor | None
    area: Rect | None
    share: Array | None
    shown: bool
    dtype: str
    exact: bool
    tile: int | None
    inference: bool
    random: tuple[Tensor, Tensor | None]


@dataclass(frozen=True)
class Answer:
    """What came of it.

    Attributes:
        value: what the function returned.
        models: SHA-256 of weights by model id.
        pictures: SHA-256 of reference pictures by source.
        random: as in `Call`, afterwards.
    """

    value: Any
    models: str
    pictures: str
    random: tuple[Tensor, Tensor | None]


_CODEC = wire.CODEC.extended([Call, Answer])


class Within(Observer):
    """Brings what a called operation reports into the run that called it."""

    def __init__(self, context: RunContext) -> None:
        self._context, self._state = context, context.state

    def progress(self, fraction: float, message: str) -> None:
        """As a part of the run; raises Cancelled."""
        self._context.progress(fraction, message)

    def tile(self, preview: TilePreview) -> None:
        """As it is."""
        self._state.observer.tile(preview)

    def note(self, message: str) -> None:
        """As one of the run."""
        self._state.note(message)

    def cancelled(self) -> bool:
        """Whether the run is to stop."""
        return self._state.observer.cancelled()

    def stopping(self) -> bool:
        """Whether the run is to keep what it has."""
        return self._state.observer.stopping()

    def give_way(self) -> bool:
        """Whether the run gave way to another."""
        return self._state.give_way()


def pack_call(
    operation: Operation,
    parameters: Parameters,
    args: tuple[Any, ...],
    context: RunContext,
    block: Block,
) -> Any:
    """JSON of a call; its pixels go to the block."""
    import torch

    state, ladder = context.state, context.state.ladder
    request = replace(
        state.request,
        operation=operation.id,
        parameters={},
        picture=_frame(state.request.picture),
        region=None,
        layer=None,
        device=str(ladder.device),
    )
    call = Call(
        request,
        _plain(args),
        canonical_json(parameters),
        _plain(context.alpha),
        state.area,
        state.share,
        context.shown,
        str(ladder.dtype).removeprefix("torch."),
        ladder.exact,
        ladder.tile,
        torch.is_inference_mode_enabled(),
        _plain(_random(ladder.device)),
    )
    return wire.pack(call, block, _CODEC)


def unpack_call(packed: Any, block: Block) -> Call:
    """What `pack_call` made; tensors are on the CPU."""
    call: Call = wire.unpack(packed, block, _CODEC)
    return replace(
        call, args=_value(call.args), alpha=_value(call.alpha), random=_value(call.random)
    )


def answer(runner: Runner, call: Call, observer: Observer) -> Answer:
    """Call the function.

    Raises:
        Exception: whatever it raises.
    """
    import torch

    operation = runner.registry.operation(call.request.operation)
    parameters = validate(operation.parameters, json.loads(call.parameters))
    device, dtype = devices.resolve(call.request.device), getattr(torch, call.dtype)
    state = runner.state(operation, call.request, observer, device, dtype)
    state.area, state.share = call.area, call.share
    state.ladder.exact, state.ladder.tile = call.exact, call.tile
    alpha = None if call.alpha is None else call.alpha.to(device)
    context = RunContext(state, alpha, shown=call.shown)
    args = [each.to(device) if isinstance(each, torch.Tensor) else each for each in call.args]
    function = runner.registry.function(operation)
    try:
        with (
            devices.seeded(device, 0),
            devices.arithmetic(exact=call.exact),
            torch.inference_mode(call.inference),
        ):
            _set_random(device, call.random)
            value = function(*args, parameters, context)
            after = _random(device)
    finally:
        state.watch.close()
    models, pictures = json.dumps(state.models), json.dumps(state.references.used)
    return Answer(value, models, pictures, after)


def pack_answer(given: Answer, block: Block) -> Any:
    """JSON of an answer; its pixels go to the block.

    Raises:
        PluginError: if the function returned what cannot cross.
    """
    plain = replace(given, value=_plain(given.value), random=_plain(given.random))
    return wire.pack(plain, block, _CODEC)


def unpack_answer(packed: Any, block: Block, context: RunContext) -> Any:
    """What the function returned, on the run's device; the run takes over the rest.

    Raises:
        ValueError: if it is no answer.
    """
    found: Answer = wire.unpack(packed, block, _CODEC)
    state: RunState = context.state
    state.models.update(json.loads(found.models))
    state.references.used.update(json.loads(found.pictures))
    _set_random(context.device, _value(found.random))
    return _value(found.value, context.device)


def _frame(picture: Picture | None) -> Picture | None:
    """A picture of the same size and profile without pixels."""
    if picture is None:
        return None
    layer = Layer("", Raster(picture.dtype))
    return Picture(picture.width, picture.height, (layer,), layer.id, picture.icc)


def _random(device: Any) -> tuple[Tensor, Tensor | None]:
    import torch

    own = None
    if device.type != "cpu":
        own = torch.get_device_module(device.type).get_rng_state(device)
    return torch.get_rng_state(), own


def _set_random(device: Any, states: tuple[Tensor, Tensor | None]) -> None:
    import torch

    torch.set_rng_state(states[0])
    if states[1] is not None:
        torch.get_device_module(device.type).set_rng_state(states[1], device)


def _plain(value: Any) -> Any:
    """Arrays for tensors, of any type; mappings that say what each is."""
    import torch

    if isinstance(value, torch.Tensor):
        whole = value.detach().cpu().contiguous()
        kind = str(whole.dtype).removeprefix("torch.")
        data = whole.reshape(-1).view(torch.uint8).numpy()
        return {"is": "tensor", "kind": kind, "shape": tuple(whole.shape), "data": data}
    if isinstance(value, Pixels):
        color, alpha = _plain(value.color), _plain(value.alpha)
        return {"is": "pixels", "color": color, "alpha": alpha, "title": value.title}
    if isinstance(value, list | tuple):
        return {"is": type(value).__name__, "items": [_plain(each) for each in value]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise PluginError(
        f"A {type(value).__name__} cannot go to or from a plugin that has a process of its own.",
        "Run that plugin in the program, or ask its author to return tensors or Pixels.",
    )


def _value(plain: Any, device: Any = "cpu") -> Any:
    """The way back."""
    import torch

    if not isinstance(plain, dict):
        return plain
    match plain["is"]:
        case "tensor":
            data = torch.from_numpy(np.array(plain["data"], np.uint8))
            kind: torch.dtype = getattr(torch, plain["kind"])
            return data.view(kind).reshape(plain["shape"]).to(device)
        case "pixels":
            color, alpha = (_value(plain[name], device) for name in ("color", "alpha"))
            return Pixels(color, alpha, plain["title"])
    items = [_value(each, device) for each in plain["items"]]
    return items if plain["is"] == "list" else tuple(items)
