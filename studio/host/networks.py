"""Loaded networks, ready to run, kept by bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Check = Callable[[], None]


@dataclass(frozen=True)
class Placement:
    """Where and in what arithmetic a network runs."""

    device: torch.device
    dtype: torch.dtype
    float32: tuple[str, ...] = ()


@dataclass
class _Entry:
    module: nn.Module
    placement: Placement
    nbytes: int


class NetworkCache:
    """Networks by key; over the budget the least recently used are dropped.

    A network in use stays alive in its run, whatever the cache does.

    Args:
        budget: bytes of weights kept in all.
    """

    def __init__(self, budget: int = 4 << 30) -> None:
        self.budget = budget
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._models: dict[str, Mapping[str, str]] = {}
        self._lock = threading.Lock()

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys held, least recently used first."""
        with self._lock:
            return tuple(self._entries)

    @property
    def nbytes(self) -> int:
        """Bytes of weights held."""
        with self._lock:
            return sum(entry.nbytes for entry in self._entries.values())

    def models_of(self, key: str) -> Mapping[str, str]:
        """SHA-256 of the weights by model id that the network under ``key`` was loaded from."""
        return self._models.get(key, {})

    def note_models(self, key: str, models: Mapping[str, str]) -> None:
        """Remember what a network is loaded from: who finds it in the cache opens no file."""
        self._models[key] = dict(models)

    def get(self, key: str, load: Callable[[], nn.Module], placement: Placement) -> nn.Module:
        """The network under ``key``; loaded anew if it was kept for another device or arithmetic.

        Loading again rather than converting keeps float32 weights exact after a half-precision run.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry and entry.placement == placement:
                self._entries.move_to_end(key)
                return entry.module
            self._entries.pop(key, None)
        del entry
        import torch

        # Building draws random numbers: a seed must mean the same whether it was cached or not.
        with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.no_grad():
            module = load()
        module = place(module, placement)
        with self._lock:
            self._entries[key] = _Entry(module, placement, _weight_bytes(module))
            self._shrink()
        return module

    def drop(self, keep: Sequence[nn.Module] = ()) -> int:
        """Forget every network but those in ``keep``; returns the bytes let go."""
        with self._lock:
            going = [k for k, e in self._entries.items() if all(e.module is not m for m in keep)]
            return sum(self._entries.pop(key).nbytes for key in going)

    def forget(self, module: nn.Module) -> None:
        """Drop one network: it was changed in place, so its key no longer tells what it is."""
        with self._lock:
            for key in [k for k, e in self._entries.items() if e.module is module]:
                del self._entries[key]

    def _shrink(self) -> None:
        held = sum(entry.nbytes for entry in self._entries.values())
        while held > self.budget and len(self._entries) > 1:
            _, oldest = self._entries.popitem(last=False)
            held -= oldest.nbytes


def place(module: nn.Module, placement: Placement) -> nn.Module:
    """Put a module on a device in an arithmetic, in place: eval mode, channels-last weights.

    Submodules named in ``placement.float32`` keep float32, and with it every bit of their weights.
    Layers that own weights cast their inputs to them, so that the network can be called with float32.
    """
    import torch

    module.eval().requires_grad_(False)
    exact = [module.get_submodule(name) for name in placement.float32]
    kept = {layer for submodule in exact for layer in submodule.modules()}
    # Normal tensors even inside a run: those made in inference mode could not be differentiated
    # through, as style transfer by optimisation does.
    with torch.inference_mode(False), torch.no_grad():
        for layer in module.modules():
            dtype = torch.float32 if layer in kept else placement.dtype
            for name, parameter in layer._parameters.items():
                if parameter is None:
                    continue
                moved = _moved(parameter.data, placement.device, dtype)
                if parameter.is_inference():
                    layer._parameters[name] = torch.nn.Parameter(moved, requires_grad=False)
                else:
                    parameter.data = moved
            for name, buffer in layer._buffers.items():
                if buffer is not None:
                    layer._buffers[name] = _moved(buffer, placement.device, dtype)
    for layer in _owners(module):
        if not getattr(layer, "_impasto_casts", False):
            layer.register_forward_pre_hook(_cast_inputs, with_kwargs=True)
            layer._impasto_casts = True  # type: ignore[assignment]  # marks it: a module accepts any attribute
    return module


def _moved(tensor: Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
    import torch

    if not tensor.is_floating_point():
        moved = tensor.to(device)
    elif tensor.dim() == 4:
        moved = tensor.to(device, dtype, memory_format=torch.channels_last)
    else:
        moved = tensor.to(device, dtype)
    return moved.clone() if moved.is_inference() else moved


class Watch:
    """Calls ``check`` before every layer of the modules it watches, until it is closed.

    That is what lets a cancel answer inside a tile: the check raises. Runs may share a cached
    network, so it only listens to the thread it was made on, and not while it is `silent`.
    """

    def __init__(self, check: Check) -> None:
        self._check = check
        self._thread = threading.get_ident()
        self._listening = True
        self._handles: list[Any] = []
        self._watched: list[nn.Module] = []

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The modules being watched."""
        return tuple(self._watched)

    def add(self, module: nn.Module) -> int:
        """Watch one more module; returns how many layers of it are checked."""
        if any(module is known for known in self._watched):
            return 0
        layers = _owners(module)
        for layer in layers:
            self._handles.append(layer.register_forward_pre_hook(self._before))
        self._watched.append(module)
        return len(layers)

    def close(self) -> None:
        """Leave the modules as they were found."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._watched.clear()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """While entered, layers are run for somebody else."""
        before, self._listening = self._listening, False
        try:
            yield
        finally:
            self._listening = before

    def _before(self, _layer: nn.Module, _inputs: Any) -> None:
        if self._listening and threading.get_ident() == self._thread:
            self._check()


def _owners(module: nn.Module) -> list[nn.Module]:
    """Submodules that own weights themselves."""
    return [layer for layer in module.modules() if layer._parameters or layer._buffers]


def _cast_inputs(
    layer: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Bring floating inputs to the type of the layer's weights."""
    owned = (*layer._parameters.values(), *layer._buffers.values())
    weight = next((t for t in owned if t is not None and t.is_floating_point()), None)
    if weight is None or not any(_differs(v, weight) for v in (*inputs, *named.values())):
        return None

    def cast(value: Any) -> Any:
        return value.to(weight.dtype) if _differs(value, weight) else value

    return tuple(cast(v) for v in inputs), {name: cast(v) for name, v in named.items()}


def _differs(value: Any, weight: Tensor) -> bool:
    import torch

    return (
        isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and value.dtype != weight.dtype
    )


def _weight_bytes(module: nn.Module) -> int:
    tensors = [*module.parameters(), *module.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
