"""Writers of ncnn and ONNX files, so that the readers are tested without anyone's weights."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # it ships no types
import pytest
import torch
from torch import Tensor

from studio.nn.onnx_graph import OnnxGraph, OnnxNode, OnnxValue

FLOAT16_TAG = 0x01306B47


@dataclass
class NcnnWriter:
    """Collects layers and writes the .param and .bin pair."""

    folder: Path
    half: bool = True
    rows: list[str] = field(default_factory=list)
    blob: bytes = b""

    def layer(
        self, kind: str, inputs: Sequence[str], outputs: Sequence[str], params: str = ""
    ) -> None:
        name = f"{kind}_{len(self.rows)}"
        blobs = " ".join([*inputs, *outputs])
        self.rows.append(f"{kind:24} {name} {len(inputs)} {len(outputs)} {blobs} {params}")

    def convolution(
        self, source: str, target: str, weight: Tensor, bias: Tensor, extra: str = ""
    ) -> None:
        out, _, height, width = weight.shape
        size = f"1={width}" + (f" 11={height}" if height != width else "")
        params = f"0={out} {size} 4={height // 2} 5=1 6={weight.numel()} {extra}"
        self.layer("Convolution", [source], [target], params)
        self.tagged(weight)
        self.plain(bias)

    def tagged(self, tensor: Tensor) -> None:
        values = tensor.numpy().ravel()
        if self.half:
            raw = values.astype("<f2").tobytes()
            self.blob += struct.pack("<I", FLOAT16_TAG) + raw + b"\0" * (-len(raw) % 4)
        else:
            self.blob += struct.pack("<I", 0) + values.astype("<f4").tobytes()

    def plain(self, tensor: Tensor) -> None:
        self.blob += tensor.numpy().astype("<f4").tobytes()

    def write(self) -> tuple[Path, Path]:
        param, binary = self.folder / "net.param", self.folder / "net.bin"
        param.write_text("\n".join(["7767517", f"{len(self.rows)} 99", *self.rows]) + "\n")
        binary.write_bytes(self.blob)
        return param, binary


@pytest.fixture
def writer(tmp_path: Path) -> NcnnWriter:
    return NcnnWriter(tmp_path)


@pytest.fixture
def weights() -> Callable[..., Tensor]:
    """Seeded tensors whose values survive float16."""
    generator = np.random.default_rng(7)

    def make(*shape: int) -> Tensor:
        return torch.from_numpy(generator.normal(size=shape).astype(np.float16).astype(np.float32))

    return make


@pytest.fixture
def rrdbnet_state(weights) -> dict[str, Tensor]:
    """State dict of an RRDBNet with one block, 16 features and a growth of 32."""
    features, growth = 16, 32
    shapes = {"conv_first": (features, 3)}
    for dense in (1, 2, 3):
        for slot in range(1, 6):
            out = features if slot == 5 else growth
            shapes[f"body.0.rdb{dense}.conv{slot}"] = (out, features + (slot - 1) * growth)
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        shapes[name] = (features, features)
    shapes["conv_last"] = (3, features)
    state = {}
    for name, (out, into) in shapes.items():
        state[f"{name}.weight"] = weights(out, into, 3, 3)
        state[f"{name}.bias"] = weights(out)
    return state


@pytest.fixture
def write_rrdbnet(writer) -> Callable[..., tuple[Path, Path]]:
    """Write the graph of a one-block RRDBNet as ncnn's optimizer leaves it, or before it did."""

    def write(state: dict[str, Tensor], *, fused: bool = True, half: bool = True):
        writer.half = half

        def conv(name: str, source: str, leaky: bool) -> str:
            extra = "9=2 -23310=1,2.000000e-01" if leaky and fused else ""
            tensors = state[f"{name}.weight"], state[f"{name}.bias"]
            writer.convolution(source, name, *tensors, extra)
            if leaky and not fused:
                writer.layer("ReLU", [name], [f"{name}_act"], "0=2.000000e-01")
                return f"{name}_act"
            return name

        writer.layer("Input", [], ["data"])
        first = last = conv("conv_first", "data", leaky=False)
        for dense in (1, 2, 3):
            blobs = [last]
            for slot in range(1, 6):
                source = blobs[0]
                if slot > 1:
                    source = f"cat_{dense}_{slot}"
                    writer.layer("Concat", blobs, [source])
                blobs.append(conv(f"body.0.rdb{dense}.conv{slot}", source, leaky=slot < 5))
            last = f"sum_{dense}"
            coefficients = "0=1 -23301=2,2.000000e-01,1.000000e+00"
            writer.layer("Eltwise", [blobs[-1], blobs[0]], [last], coefficients)
        body = conv("conv_body", last, leaky=False)
        writer.layer("BinaryOp", [first, body], ["sum"])
        last = "sum"
        for name in ("conv_up1", "conv_up2"):
            writer.layer("Interp", [last], [f"{name}_in"], "0=1 1=2.000000e+00 2=2.000000e+00")
            last = conv(name, f"{name}_in", leaky=True)
        conv("conv_last", conv("conv_hr", last, leaky=True), leaky=False)
        return writer.write()

    return write


@pytest.fixture
def compact_state(weights) -> dict[str, Tensor]:
    """State dict of an SRVGGNetCompact x2 with 8 features and 2 inner convolutions."""
    state = {}
    for index, (out, into) in {0: (8, 3), 2: (8, 8), 4: (8, 8), 6: (12, 8)}.items():
        state[f"body.{index}.weight"], state[f"body.{index}.bias"] = (
            weights(out, into, 3, 3),
            weights(out),
        )
        if index < 6:
            state[f"body.{index + 1}.weight"] = weights(8)
    return state


@pytest.fixture
def write_compact(writer) -> Callable[..., tuple[Path, Path]]:
    """Write the graph of that network, with a resize at the end if asked for."""

    def write(state: dict[str, Tensor], *, resize: float | None = None, enlarge: float = 2.0):
        writer.layer("Input", [], ["data"])
        writer.layer("Split", ["data"], ["data_0", "data_1"])
        last = "data_1"
        for index in (0, 2, 4, 6):
            tensors = state[f"body.{index}.weight"], state[f"body.{index}.bias"]
            writer.convolution(last, f"conv{index}", *tensors)
            last = f"conv{index}"
            if index < 6:
                writer.layer("PReLU", [last], [f"act{index}"], "0=8")
                writer.plain(state[f"body.{index + 1}.weight"])
                last = f"act{index}"
        writer.layer("PixelShuffle", [last], ["shuffled"], "0=2")
        factor = f"{enlarge:e}"
        writer.layer("Interp", ["data_0"], ["base"], f"0=1 1={factor} 2={factor}")
        writer.layer("BinaryOp", ["shuffled", "base"], ["sum"])
        if resize is not None:
            writer.layer("Interp", ["sum"], ["output"], f"0=3 1={resize:e} 2={resize:e}")
        return writer.write()

    return write


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, value: float | str | bytes) -> bytes:
    """One field of a protobuf message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | 5) + struct.pack("<f", value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


_ONNX_TYPES = {
    torch.float32: 1,
    torch.uint8: 2,
    torch.int8: 3,
    torch.int32: 6,
    torch.int64: 7,
    torch.bool: 9,
    torch.float16: 10,
    torch.float64: 11,
}


def _onnx_tensor(tensor: Tensor, name: str = "") -> bytes:
    sides = b"".join(_field(1, side) for side in tensor.shape)
    raw = tensor.contiguous().numpy().tobytes()
    return sides + _field(2, _ONNX_TYPES[tensor.dtype]) + _field(8, name) + _field(9, raw)


def _onnx_attribute(name: str, value: object) -> bytes:
    head = _field(1, name)
    if isinstance(value, float):
        return head + _field(2, value) + _field(20, 1)
    if isinstance(value, int):
        return head + _field(3, value) + _field(20, 2)
    if isinstance(value, str):
        return head + _field(4, value) + _field(20, 3)
    if isinstance(value, Tensor):
        return head + _field(5, _onnx_tensor(value)) + _field(20, 4)
    assert isinstance(value, tuple)
    if all(isinstance(each, int) for each in value):
        return head + b"".join(_field(8, each) for each in value) + _field(20, 7)
    return head + b"".join(_field(7, float(each)) for each in value) + _field(20, 6)


def _onnx_value(value: OnnxValue) -> bytes:
    sides = (_field(2, "side") if side is None else _field(1, side) for side in value.shape)
    shape = b"".join(_field(1, side) for side in sides)
    return _field(1, value.name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


@pytest.fixture
def write_onnx(tmp_path: Path) -> Callable[[OnnxGraph], Path]:
    """Writes a graph as an ONNX file."""

    def write(graph: OnnxGraph) -> Path:
        nodes = b""
        for node in graph.nodes:
            names = b"".join(_field(1, name) for name in node.inputs)
            names += b"".join(_field(2, name) for name in node.outputs)
            attributes = b"".join(
                _field(5, _onnx_attribute(key, value)) for key, value in node.attributes.items()
            )
            nodes += _field(1, names + _field(3, node.name) + _field(4, node.type) + attributes)
        body = nodes + _field(2, "graph")
        body += b"".join(_field(5, _onnx_tensor(v, name)) for name, v in graph.weights.items())
        body += b"".join(_field(11, _onnx_value(value)) for value in graph.inputs)
        # Without a shape: what comes out is for the runtime to find.
        body += b"".join(
            _field(12, _field(1, v.name) + _field(2, _field(1, _field(1, 1))))
            for v in graph.outputs
        )
        path = tmp_path / f"graph{len(list(tmp_path.iterdir()))}.onnx"
        path.write_bytes(_field(1, 8) + _field(7, body) + _field(8, _field(2, graph.opset)))
        return path

    return write


@pytest.fixture
def onnx_graph() -> Callable[..., OnnxGraph]:
    """Makes a graph of one input ``x`` from rows of (type, inputs, outputs, attributes)."""

    def make(*rows: Sequence[object], weights=None, shape=(1, 3, None, None), opset=17):
        nodes = []
        for number, (kind, inputs, outputs, *rest) in enumerate(rows):
            attributes = rest[0] if rest else {}
            nodes.append(OnnxNode(kind, f"n{number}", tuple(inputs), tuple(outputs), attributes))  # type: ignore[arg-type]  # rows are written by hand
        outputs = tuple(OnnxValue(name, ()) for name in nodes[-1].outputs)
        return OnnxGraph(tuple(nodes), weights or {}, (OnnxValue("x", shape),), outputs, opset)

    return make


@pytest.fixture
def by_onnxruntime() -> Callable[..., Tensor]:
    """Runs a file with onnxruntime, as it stands or as it makes it faster."""

    def run(path: Path, *inputs: Tensor, optimized: bool = False) -> Tensor:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        if not optimized:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(str(path), options)
        names = [each.name for each in session.get_inputs()]
        arrays = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
        return torch.from_numpy(np.asarray(session.run(None, arrays)[0]))

    return run
