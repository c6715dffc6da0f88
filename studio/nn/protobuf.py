"""Reading the wire format of Protocol Buffers: what ONNX files are written in.

Source: https://protobuf.dev/programming-guides/encoding. No schema and no generated code: who reads
a message knows the numbers of its fields.
"""

from __future__ import annotations

import struct
from collections import defaultdict

import numpy as np

Value = int | memoryview
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class ProtobufError(ValueError):
    """The bytes are no protobuf message, or a piece of one is missing."""


class Message:
    """One message: every field's values in the order in which they were written.

    Args:
        data: its bytes. Nested messages are views of them, not copies.

    Raises:
        ProtobufError: if they are damaged or cut off.
    """

    def __init__(self, data: memoryview | bytes) -> None:
        self._fields: dict[int, list[Value]] = defaultdict(list)
        self._wires: dict[int, int] = {}
        view = memoryview(data)
        at = 0
        while at < len(view):
            key, at = _varint(view, at)
            number, wire = key >> 3, key & 7
            value, at = _value(view, at, wire)
            self._fields[number].append(value)
            self._wires[number] = wire

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def messages(self, number: int) -> list[Message]:
        """Values of a field that holds messages."""
        return [Message(value) for value in self._views(number)]

    def message(self, number: int) -> Message:
        """The last value of a field that holds a message; an empty one where there is none."""
        views = self._views(number)
        return Message(views[-1] if views else b"")

    def data(self, number: int) -> memoryview:
        """The last value of a field that holds bytes; nothing where there is none."""
        views = self._views(number)
        return views[-1] if views else memoryview(b"")

    def text(self, number: int) -> str:
        """The last value of a field that holds text; empty where there is none."""
        return bytes(self.data(number)).decode("utf-8", "replace")

    def texts(self, number: int) -> list[str]:
        """All values of a field that holds text."""
        return [bytes(view).decode("utf-8", "replace") for view in self._views(number)]

    def integer(self, number: int) -> int:
        """The last value of a signed integer field; 0 where there is none."""
        values = self.integers(number)
        return values[-1] if values else 0

    def integers(self, number: int) -> list[int]:
        """All values of a signed integer field, whether it is packed or not."""
        found: list[int] = []
        for value in self._fields.get(number, ()):
            if isinstance(value, int):
                found.append(_signed(value))
                continue
            at = 0
            while at < len(value):
                one, at = _varint(value, at)
                found.append(_signed(one))
        return found

    def floats(self, number: int, kind: str = "<f4") -> list[float]:
        """All values of a ``float`` (``<f4``) or ``double`` (``<f8``) field, packed or not."""
        found: list[float] = []
        size = np.dtype(kind).itemsize
        for value in self._fields.get(number, ()):
            raw = value.to_bytes(size, "little") if isinstance(value, int) else bytes(value)
            if len(raw) % size:
                raise ProtobufError(f"field {number} ends within a number")
            found += np.frombuffer(raw, kind).tolist()
        return found

    def _views(self, number: int) -> list[memoryview]:
        values = self._fields.get(number, [])
        views = [value for value in values if isinstance(value, memoryview)]
        if len(views) != len(values):
            raise ProtobufError(f"field {number} is a number where bytes were expected")
        return views


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(view) or shift > 63:
            raise ProtobufError("a number is cut off")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _value(view: memoryview, at: int, wire: int) -> tuple[Value, int]:
    if wire == _VARINT:
        return _varint(view, at)
    if wire == _BYTES:
        length, at = _varint(view, at)
    elif wire in (_FIXED32, _FIXED64):
        length = 4 if wire == _FIXED32 else 8
    else:
        raise ProtobufError(f"unknown wire type {wire}")
    if at + length > len(view):
        raise ProtobufError(f"{length} bytes were announced, {len(view) - at} are left")
    if wire == _BYTES:
        return view[at : at + length], at + length
    return struct.unpack_from("<I" if wire == _FIXED32 else "<Q", view, at)[0], at + length


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value
