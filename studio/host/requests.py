"""What a run is asked to do, as plain data: the same for the window, the command line and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.document import Picture, Rect
from studio.host.hints import Hints

Precision = Literal["auto", "float32"]


@dataclass(frozen=True)
class RunRequest:
    """One run.

    Attributes:
        operation: id of the operation.
        parameters: plain JSON values; those left out keep their defaults.
        picture: snapshot to work on; None only for operations that need no picture.
        layer: id of the layer; None = the active one.
        hints: colors that are known at places of ``picture``, for operations that take them.
        grow: pixels by which the selection grows before it becomes the mask.
        feather: pixels over which its edge then fades to either side.
        live: whether the result is only shown while a form is open, as `Context.previewing`.
        scale: size of ``picture`` against the document that it stands for, as `Context.scale`.
        region: "try here": only this rectangle of the canvas; None = all of it.
        seed: for everything random; recorded.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps``, ``xpu``.
        precision: ``auto``: half precision where the device has it; ``float32``.
    """

    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    picture: Picture | None = None
    layer: str | None = None
    region: Rect | None = None
    seed: int = 0
    device: str = "auto"
    precision: Precision = "auto"
    scale: float = 1.0
    live: bool = False
    grow: int = 0
    feather: int = 0
    hints: Hints = field(default=(), compare=False)
