"""Values as JSON and blobs: pictures, arrays, classes of known names, plain values."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from studio.document import TILE, Array, Raster
from studio.files.journal.records import bands

_TAG = "$"
_TILE_ENTRY = struct.Struct("<ii16s")  # column, row, key


def _names(cls: type) -> tuple[str, ...]:
    """What a dataclass or a named tuple is made of; empty for any other class."""
    if dataclasses.is_dataclass(cls):
        return tuple(field.name for field in dataclasses.fields(cls) if field.init)
    return tuple(getattr(cls, "_fields", ()))


class Codec:
    """Which dataclasses, named tuples and enumerations may be stored, by the name of the class.

    Nothing else is ever constructed from a file.
    """

    def __init__(self, classes: Iterable[type]) -> None:
        self.classes = {cls.__name__: cls for cls in classes}

    def extended(self, classes: Iterable[type]) -> Codec:
        """A codec that knows more."""
        return Codec([*self.classes.values(), *classes])


class Packer:
    """Makes JSON of a value; what is large goes to a store under the name of its content.

    Args:
        codec: the classes that may be stored.
        put: stores an array that no one changes, returns the keys of its bands of rows; a tile
            has one.
        put_bytes: stores bytes, returns their key.
    """

    def __init__(
        self,
        codec: Codec,
        put: Callable[[Array], tuple[bytes, ...]],
        put_bytes: Callable[[bytes], bytes],
    ) -> None:
        self._codec = codec
        self._store = put
        self._store_bytes = put_bytes
        self.used: set[bytes] = set()

    def pack(self, value: Any) -> Any:
        """The JSON of ``value``; tuples and lists are lists.

        Raises:
            TypeError: a class that the codec does not know.
        """
        if isinstance(value, Enum):
            return {_TAG: self._name(value), "enum": value.value}
        if isinstance(value, bool | int | float | str | None):
            return value
        if _names(type(value)):
            return self._fields(value)
        if isinstance(value, list | tuple):
            return [self.pack(item) for item in value]
        if isinstance(value, Mapping):
            return {_TAG: "map", "items": [[self.pack(k), self.pack(v)] for k, v in value.items()]}
        return self._other(value)

    def _other(self, value: object) -> Any:
        if isinstance(value, bytes):
            return {_TAG: "bytes", "key": self._used(self._store_bytes(value))}
        if isinstance(value, Path):
            return {_TAG: "path", "path": str(value)}
        if isinstance(value, Raster):
            return self._raster(value)
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic):
            return value.item()
        raise TypeError(f"{type(value).__name__} cannot be stored in a journal")

    def _fields(self, value: object) -> Any:
        names = _names(type(value))
        fields = {name: self.pack(getattr(value, name)) for name in names}
        return {_TAG: self._name(value), "fields": fields}

    def _name(self, value: object) -> str:
        name = type(value).__name__
        if self._codec.classes.get(name) is not type(value):
            raise TypeError(f"{name} cannot be stored in a journal")
        return name

    def _used(self, key: bytes) -> str:
        self.used.add(key)
        return key.hex()

    def _put(self, array: Array) -> tuple[bytes, ...]:
        keys = self._store(array)
        self.used.update(keys)
        return keys

    def _raster(self, raster: Raster) -> Any:
        # A table of its own: the state names an untouched layer by one key.
        entries = (
            _TILE_ENTRY.pack(*index, *self._put(tile)) for index, tile in raster.tiles.items()
        )
        key = self._used(self._store_bytes(b"".join(entries)))
        kind = {"dtype": raster.dtype.name, "channels": raster.channels}
        return {_TAG: "raster", **kind, "tiles": key}

    def _array(self, array: Array) -> Any:
        parts = [key.hex() for key in self._put(array)]
        return {_TAG: "array", "dtype": array.dtype.str, "shape": array.shape, "parts": parts}


class Unpacker:
    """Makes values of what a `Packer` made.

    Args:
        codec: the classes that may be made.
        get: the content of a key, or None where it is damaged or gone.

    Attributes:
        lost: how many blobs were damaged or gone.
        lost_tiles: how many of them were tiles; these are transparent now, as lost rows of arrays
            are zero.
    """

    def __init__(self, codec: Codec, get: Callable[[bytes], bytes | None]) -> None:
        self._codec = codec
        self._get = get
        self.lost = 0
        self.lost_tiles = 0

    def unpack(self, packed: Any) -> Any:
        """The value; lists come back as tuples.

        Raises:
            ValueError: it is not what a `Packer` makes.
        """
        if isinstance(packed, list):
            return tuple(self.unpack(item) for item in packed)
        if not isinstance(packed, dict):
            return packed
        try:
            return self._tagged(packed)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"a journal with {error!r}") from error

    def _tagged(self, packed: dict[str, Any]) -> Any:
        tag = packed[_TAG]
        if tag == "map":
            return {self.unpack(key): self.unpack(value) for key, value in packed["items"]}
        if tag == "bytes":
            return self._bytes(packed["key"])
        if tag == "path":
            return Path(packed["path"])
        if tag == "raster":
            return self._raster(packed)
        if tag == "array":
            return self._array(packed)
        cls = self._codec.classes[tag]
        if "enum" in packed:
            return cls(packed["enum"])
        # A newer version may have written fields that this one does not have.
        names = _names(cls)
        fields = packed["fields"].items()
        return cls(**{name: self.unpack(value) for name, value in fields if name in names})

    def _content(self, key: bytes) -> bytes | None:
        data = self._get(key)
        self.lost += data is None
        return data

    def _bytes(self, key: str) -> bytes | None:
        return self._content(bytes.fromhex(key))

    def _raster(self, packed: dict[str, Any]) -> Raster:
        dtype, channels = np.dtype(packed["dtype"]), int(packed["channels"])
        table = self._bytes(packed["tiles"]) or b""
        tiles = {}
        for column, row, key in _TILE_ENTRY.iter_unpack(table):
            data = self._content(key)
            if data is None:
                self.lost_tiles += 1
                continue
            # Over bytes: read-only, as a tile has to be.
            tile = np.frombuffer(data, dtype).reshape(TILE, TILE, channels)
            tiles[column, row] = tile
        return Raster(dtype, channels, tiles)

    def _array(self, packed: dict[str, Any]) -> Array:
        out = np.zeros(packed["shape"], np.dtype(packed["dtype"]))
        for band, key in zip(bands(out), packed["parts"], strict=True):
            data = self._bytes(key)
            if data is not None:
                band[...] = np.frombuffer(data, out.dtype).reshape(band.shape)
        return out
