"""Reading networks in the format of the ncnn library (Tencent): a .param and a .bin file.

``.param`` is text: the magic 7767517, a line with the counts of layers and blobs, then one layer a
line. ``.bin`` holds the weights in layer order, without names. Layout of the weights: ncnn's
``modelbin.cpp`` and the ``load_model`` of each layer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from studio.nn.checkpoints import CheckpointError

Value = int | float | tuple[int | float, ...]

_MAGIC = "7767517"
_TAG_FLOAT16 = 0x01306B47
_TAGS_FLOAT32 = (0, 0x0002C056)
_ARRAY_KEYS = -23300
# Layers whose weights this reader does not know: to skip them would shift all that follow.
_UNREADABLE = frozenset(
    {"LSTM", "GRU", "RNN", "MultiHeadAttention", "Gemm", "Embed", "Normalize", "Quantize"}
    | {"Dequantize", "Requantize", "Convolution1D", "Convolution3D", "DeformableConv2D"}
)


@dataclass(frozen=True)
class NcnnLayer:
    """One layer of the graph.

    Attributes:
        type: ncnn's name of the operation (``Convolution``).
        name: name of the layer.
        inputs: names of the blobs it reads.
        outputs: names of the blobs it writes.
        params: its numbered parameters; keys of arrays are positive here.
        weights: float32 tensors in torch's layout (a Convolution's ``weight`` is out x in x h x w).
    """

    type: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: Mapping[int, Value]
    weights: Mapping[str, Tensor]


def read_ncnn(param: Path, binary: Path) -> tuple[NcnnLayer, ...]:
    """Read a network with its weights.

    Args:
        param: the text file.
        binary: the weights.

    Returns:
        The layers in file order, float16 weights widened to float32.

    Raises:
        CheckpointError: if a file is damaged, the two do not belong together (a byte is missing or
            left over), or a layer stores its weights in a way that is not supported.
    """
    layers = _read_param(param)
    try:
        data = binary.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"{binary.name} cannot be read: {error.strerror or error}."
        ) from error
    reader = _Reader(data, binary.name)
    filled = tuple(_with_weights(layer, reader) for layer in layers)
    if reader.left:
        raise CheckpointError(
            f"{binary.name} holds {reader.left} bytes more than {param.name} describes.",
            "The two files do not belong together: use the pair from one source.",
        )
    return filled


def describe_layers(layers: Iterable[NcnnLayer]) -> str:
    """Say in one line what a network consists of: ``18 Convolution, 17 PReLU, 1 PixelShuffle``."""
    counts = Counter(layer.type for layer in layers if layer.type not in {"Input", "Split"})
    return ", ".join(f"{count} {kind}" for kind, count in counts.most_common()) or "no layers"


def _read_param(path: Path) -> list[NcnnLayer]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CheckpointError(
            f"{path.name} is not a text .param file.", "Binary .param.bin files are not supported."
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    rows = [line.split() for line in lines if line.strip()]
    if len(rows) < 2 or rows[0] != [_MAGIC]:
        raise CheckpointError(f"{path.name} is not an ncnn .param file: it lacks {_MAGIC}.")
    try:
        count = int(rows[1][0])
        layers = [_parse_layer(row) for row in rows[2:]]
    except (ValueError, IndexError) as error:
        raise CheckpointError(f"{path.name} is damaged: {error}.", "Fetch it again.") from error
    if count != len(layers):
        raise CheckpointError(
            f"{path.name} announces {count} layers and holds {len(layers)}.", "Fetch it again."
        )
    return layers


def _parse_layer(row: list[str]) -> NcnnLayer:
    kind, name, inputs, outputs = row[0], row[1], int(row[2]), int(row[3])
    blobs = row[4 : 4 + inputs + outputs]
    if inputs < 0 or outputs < 0 or len(blobs) != inputs + outputs or "=" in "".join(blobs[-1:]):
        raise ValueError(f"layer {name} lacks inputs or outputs")
    params: dict[int, Value] = {}
    for item in row[4 + inputs + outputs :]:
        key, _, text = item.partition("=")
        number = int(key)
        if number <= _ARRAY_KEYS:
            size, *values = text.split(",")
            if int(size) != len(values):
                raise ValueError(f"layer {name} has an array of the wrong length")
            params[_ARRAY_KEYS - number] = tuple(map(_number, values))
        else:
            params[number] = _number(text)
    return NcnnLayer(kind, name, tuple(blobs[:inputs]), tuple(blobs[inputs:]), params, {})


def _number(text: str) -> int | float:
    return float(text) if any(char in text for char in ".eEn") else int(text)


class _Reader:
    """Takes weights off the .bin file, front to back."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, size: int, layer: str) -> bytes:
        if not 0 <= size <= self.left:
            raise CheckpointError(
                f"{self._name} ends inside the weights of layer {layer}.",
                "It was cut off or belongs to another .param file: fetch the pair again.",
            )
        self._at += size
        return self._data[self._at - size : self._at]

    def plain(self, count: int, layer: str) -> Tensor:
        """Float32 values without a tag: biases, slopes, statistics."""
        raw = self.take(4 * count, layer)
        return torch.from_numpy(np.frombuffer(raw, "<f4").astype(np.float32))

    def tagged(self, count: int, layer: str) -> Tensor:
        """Values after a tag that says how they are stored: the weights of convolutions."""
        tag = int.from_bytes(self.take(4, layer), "little")
        if tag == _TAG_FLOAT16:
            raw = self.take(2 * count, layer)
            self.take(-2 * count % 4, layer)
            return torch.from_numpy(np.frombuffer(raw, "<f2").astype(np.float32))
        if tag in _TAGS_FLOAT32:
            return self.plain(count, layer)
        raise CheckpointError(
            f"{self._name} stores layer {layer} in a form that is not supported (tag {tag:#010x}).",
            "It belongs to another .param file, or is quantized to 8 bits: use the float16 or float32 "
            "pair from one source.",
        )


def _integer(layer: NcnnLayer, key: int, default: int = 0) -> int:
    value = layer.params.get(key, default)
    if isinstance(value, tuple) or value != int(value) or value < 0:
        raise CheckpointError(f"Layer {layer.name} has {value} as parameter {key}.")
    return int(value)


def _convolution(layer: NcnnLayer, reader: _Reader) -> dict[str, Tensor]:
    if _integer(layer, 8):
        raise CheckpointError(
            f"Layer {layer.name} is quantized to 8 bits, which is not supported.",
            "Use the float16 or float32 files.",
        )
    out, width, count = (_integer(layer, key) for key in (0, 1, 6))
    height = _integer(layer, 11, width)
    if not out * width * height or count % (out * width * height):
        raise CheckpointError(
            f"Layer {layer.name} has {count} weights, which {out} channels of {width}x{height} do "
            "not divide."
        )
    # Deconvolution is out x in here too, unlike torch's ConvTranspose2d.
    weights = {"weight": reader.tagged(count, layer.name).reshape(out, -1, height, width)}
    if _integer(layer, 5):
        weights["bias"] = reader.plain(out, layer.name)
    return weights


def _inner_product(layer: NcnnLayer, reader: _Reader) -> dict[str, Tensor]:
    out, count = _integer(layer, 0), _integer(layer, 2)
    if not out or count % out or _integer(layer, 8):
        raise CheckpointError(f"Layer {layer.name} has {count} weights for {out} outputs.")
    weights = {"weight": reader.tagged(count, layer.name).reshape(out, -1)}
    if _integer(layer, 1):
        weights["bias"] = reader.plain(out, layer.name)
    return weights


def _vectors(*names: str, only_if: int | None = None, default: int = 1) -> _Loader:
    """Loader of float32 vectors of ``params[0]`` values each, stored if ``params[only_if]``."""

    def load(layer: NcnnLayer, reader: _Reader) -> dict[str, Tensor]:
        if only_if is not None and not _integer(layer, only_if, default):
            return {}
        return {name: reader.plain(_integer(layer, 0), layer.name) for name in names}

    return load


def _group_norm(layer: NcnnLayer, reader: _Reader) -> dict[str, Tensor]:
    if not _integer(layer, 3, 1):
        return {}
    return {n: reader.plain(_integer(layer, 1), layer.name) for n in ("weight", "bias")}


def _scale(layer: NcnnLayer, reader: _Reader) -> dict[str, Tensor]:
    if layer.params.get(0) == -233:  # the scale is a second input
        return {}
    names = ("weight", "bias") if _integer(layer, 1) else ("weight",)
    return {name: reader.plain(_integer(layer, 0), layer.name) for name in names}


def _memory_data(layer: NcnnLayer, reader: _Reader) -> dict[str, Tensor]:
    shape = [size for key in (2, 11, 1, 0) if (size := _integer(layer, key))]
    values = math.prod(shape)
    load = reader.plain if _integer(layer, 21, 1) else reader.tagged
    return {"data": load(values, layer.name).reshape(shape)}


_Loader = Callable[[NcnnLayer, _Reader], dict[str, Tensor]]
_LOADERS: dict[str, _Loader] = {
    "Convolution": _convolution,
    "ConvolutionDepthWise": _convolution,
    "Deconvolution": _convolution,
    "DeconvolutionDepthWise": _convolution,
    "InnerProduct": _inner_product,
    "PReLU": _vectors("weight"),
    "Bias": _vectors("bias"),
    "BatchNorm": _vectors("weight", "mean", "variance", "bias"),
    "InstanceNorm": _vectors("weight", "bias", only_if=2),
    "LayerNorm": _vectors("weight", "bias", only_if=2),
    "GroupNorm": _group_norm,
    "Scale": _scale,
    "MemoryData": _memory_data,
}


def _with_weights(layer: NcnnLayer, reader: _Reader) -> NcnnLayer:
    if layer.type in _UNREADABLE:
        raise CheckpointError(
            f"Layer {layer.name} is of the type {layer.type}, whose weights cannot be read.",
            "Use the PyTorch, safetensors or ONNX file of the model.",
        )
    load = _LOADERS.get(layer.type)
    if load is None:
        return layer
    return NcnnLayer(
        layer.type, layer.name, layer.inputs, layer.outputs, layer.params, load(layer, reader)
    )
