"""Reading ONNX files into plain records, without the ``onnx`` package.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. `studio.nn.onnx_module` runs
what is read here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from studio.nn.checkpoints import CheckpointError
from studio.nn.protobuf import Message, ProtobufError

Attribute = (
    int | float | str | Tensor | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | None
)
Shape = tuple[int | None, ...]

_FLOAT, _INT, _STRING, _TENSOR, _FLOATS, _INTS, _STRINGS = 1, 2, 3, 4, 6, 7, 8
_BFLOAT16 = 16
_TYPES = {
    1: "<f4",
    2: "u1",
    3: "i1",
    4: "<u2",
    5: "<i2",
    6: "<i4",
    7: "<i8",
    9: "?",
    10: "<f2",
    11: "<f8",
    12: "<u4",
    13: "<u8",
}
# Where a tensor holds its values if not as raw bytes: the field for each type, int32 otherwise.
_FIELDS = {"<f4": 4, "<i8": 7, "<f8": 10, "<u4": 11, "<u8": 11}


@dataclass(frozen=True)
class OnnxNode:
    """One operator of a graph.

    Attributes:
        type: the operator (``Conv``), with its domain before it where that is not ONNX's own.
        name: its name; may be empty.
        inputs: names of the values it reads; empty for an optional one that is left out.
        outputs: names of the values it makes.
        attributes: by name.
    """

    type: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]

    def integer(self, name: str, default: int = 0) -> int:
        """An attribute that is a whole number."""
        value = self.attributes.get(name)
        return value if isinstance(value, int) else default

    def number(self, name: str, default: float = 0.0) -> float:
        """An attribute that is a real number."""
        value = self.attributes.get(name)
        return float(value) if isinstance(value, int | float) else default

    def text(self, name: str, default: str = "") -> str:
        """An attribute that is a word."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) else default

    def integers(self, name: str, default: Sequence[int] = ()) -> tuple[int, ...]:
        """An attribute that is a list of whole numbers."""
        value = self.attributes.get(name, tuple(default))
        return tuple(int(each) for each in value) if isinstance(value, tuple) else tuple(default)

    def tensor(self, name: str) -> Tensor | None:
        """An attribute that is a tensor."""
        value = self.attributes.get(name)
        return value if isinstance(value, Tensor) else None


@dataclass(frozen=True)
class OnnxValue:
    """An input or output of a graph: its name and shape, None for a side that is free."""

    name: str
    shape: Shape

    def __str__(self) -> str:
        return f"{self.name} {'x'.join('?' if n is None else str(n) for n in self.shape)}"


@dataclass(frozen=True)
class OnnxGraph:
    """A network as it stands in its file.

    Attributes:
        nodes: in an order in which they can be run.
        weights: constant tensors by name, in the type they were stored in.
        inputs: what must be given, without the weights.
        outputs: what comes out.
        opset: version of ONNX's operators that the nodes mean.
    """

    nodes: tuple[OnnxNode, ...]
    weights: Mapping[str, Tensor]
    inputs: tuple[OnnxValue, ...]
    outputs: tuple[OnnxValue, ...]
    opset: int

    def describe(self) -> str:
        """One line for error messages: inputs, outputs and the most frequent operators."""
        counts = Counter(node.type for node in self.nodes).most_common(6)
        operators = ", ".join(f"{number} {kind}" for kind, number in counts)
        given, made = (", ".join(map(str, values)) for values in (self.inputs, self.outputs))
        return f"{given} to {made}; {operators}"


def read_onnx(path: Path) -> OnnxGraph:
    """Read a graph with its weights.

    Raises:
        CheckpointError: if the file is no ONNX model, is damaged, or keeps weights elsewhere.
    """
    try:
        model = Message(path.read_bytes())
        graph = model.message(7)
        if not graph.messages(1):
            raise CheckpointError(f"{path.name} holds no ONNX graph.", "Fetch it again.")
        return _graph(graph, _opset(model))
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except ProtobufError as error:
        raise CheckpointError(
            f"{path.name} is not a complete ONNX file ({error}).", "Fetch it again."
        ) from error
    except _UnreadableError as error:
        raise CheckpointError(f"{path.name}: {error}.") from error


class _UnreadableError(ValueError):
    """A part of the file is whole, but of a kind that is not read here."""


def _opset(model: Message) -> int:
    versions = [each.integer(2) for each in model.messages(8) if each.text(1) in ("", "ai.onnx")]
    return max(versions, default=1)


def _graph(message: Message, opset: int) -> OnnxGraph:
    weights = {each.text(8): _tensor(each) for each in message.messages(5)}
    inputs = [_value_info(each) for each in message.messages(11)]
    return OnnxGraph(
        nodes=tuple(_node(each) for each in message.messages(1)),
        weights=weights,
        inputs=tuple(each for each in inputs if each.name not in weights),
        outputs=tuple(_value_info(each) for each in message.messages(12)),
        opset=opset,
    )


def _node(message: Message) -> OnnxNode:
    domain = message.text(7)
    kind = message.text(4)
    attributes = {each.text(1): _attribute(each, kind) for each in message.messages(5)}
    return OnnxNode(
        type=kind if domain in ("", "ai.onnx") else f"{domain}.{kind}",
        name=message.text(3),
        inputs=tuple(message.texts(1)),
        outputs=tuple(message.texts(2)),
        attributes=attributes,
    )


def _attribute(message: Message, owner: str) -> Attribute:
    kind = message.integer(20)
    if kind == _FLOAT:
        return message.floats(2)[-1] if 2 in message else 0.0
    if kind == _INT:
        return message.integer(3)
    if kind == _STRING:
        return message.text(4)
    if kind == _TENSOR:
        return _tensor(message.message(5))
    if kind == _FLOATS:
        return tuple(message.floats(7))
    if kind == _INTS:
        return tuple(message.integers(8))
    if kind == _STRINGS:
        return tuple(message.texts(9))
    raise _UnreadableError(
        f"the attribute {message.text(1)} of {owner} is of kind {kind}, such as a graph within the "
        "graph, which is not supported"
    )


def _value_info(message: Message) -> OnnxValue:
    shape = message.message(2).message(1).message(2)
    sides = [each.integer(1) if 1 in each else None for each in shape.messages(1)]
    return OnnxValue(message.text(1), tuple(side or None for side in sides))


def _tensor(message: Message) -> Tensor:
    name, code = message.text(8) or "a constant", message.integer(2)
    shape = tuple(message.integers(1))
    if message.integer(14) or 13 in message:
        raise _UnreadableError(f"the weights of {name} lie in another file")
    if code == _BFLOAT16 and 9 in message:
        bits = _shaped(np.frombuffer(message.data(9), "<i2"), shape, name)
        return torch.from_numpy(bits).view(torch.bfloat16)
    kind = _TYPES.get(code)
    if kind is None:
        raise _UnreadableError(f"{name} is a tensor of type {code}, which is not supported")
    if 9 in message:
        raw = message.data(9)
        if len(raw) % np.dtype(kind).itemsize:
            raise ProtobufError(f"{name} ends within a number")
        values = np.frombuffer(raw, kind)
    else:
        values = _listed(message, kind)
    return torch.from_numpy(_shaped(values, shape, name))


def _listed(message: Message, kind: str) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    field = _FIELDS.get(kind, 5)
    if field in (4, 10):
        return np.array(message.floats(field, kind), kind)
    integers = message.integers(field)
    if kind == "<f2":  # its bits, widened
        return np.array(integers, "<u2").view("<f2")
    return np.array(integers, kind)


def _shaped(
    values: np.ndarray[tuple[int], np.dtype[np.generic]], shape: tuple[int, ...], name: str
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    if values.size != math.prod(shape):
        raise ProtobufError(f"{name} should have {math.prod(shape)} values and has {values.size}")
    return values.reshape(shape).copy()
