"""Reading ONNX files without their library."""

from __future__ import annotations

import struct

import pytest
import torch

from studio.nn.checkpoints import CheckpointError
from studio.nn.onnx_graph import read_onnx
from studio.nn.protobuf import Message, ProtobufError


def test_a_graph_is_read_as_it_was_written(onnx_graph, write_onnx):
    weights = {
        "w": torch.randn(4, 3, 3, 3),
        "axes": torch.tensor([2, -1]),
        "flag": torch.tensor(True),
    }
    attributes = {"pads": (1, -1), "alpha": 0.5, "mode": "reflect", "k": -3, "scales": (0.5, 2.0)}
    rows = [("Conv", ["x", "w", ""], ["a"], attributes), ("Relu", ["a"], ["y"])]
    graph = read_onnx(write_onnx(onnx_graph(*rows, weights=weights)))
    first = graph.nodes[0]
    assert [node.type for node in graph.nodes] == ["Conv", "Relu"]
    assert first.inputs == ("x", "w", "")
    assert first.outputs == ("a",)
    assert dict(first.attributes) == attributes
    assert graph.opset == 17
    assert graph.inputs[0].shape == (1, 3, None, None)
    assert [each.name for each in graph.outputs] == ["y"]
    assert graph.weights.keys() == weights.keys()
    for name, value in weights.items():
        assert graph.weights[name].dtype == value.dtype
        assert torch.equal(graph.weights[name], value)
    assert graph.describe() == "x 1x3x?x? to y ; 1 Conv, 1 Relu"


def field(number: int, raw: bytes) -> bytes:
    return bytes([number << 3 | 2, len(raw)]) + raw


def model(tensor: bytes) -> bytes:
    node = field(1, field(1, b"w") + field(2, b"y") + field(4, b"Identity"))
    return field(7, node + field(5, field(8, b"w") + tensor))


@pytest.mark.parametrize(
    ("code", "values", "dtype"),
    [
        (1, field(4, struct.pack("<2f", 1.5, -2)), torch.float32),
        (7, field(7, b"\x01" + b"\xfe" + b"\xff" * 8 + b"\x01"), torch.int64),
        (3, field(5, b"\x01" + b"\xfe" + b"\xff" * 8 + b"\x01"), torch.int8),
        (10, field(5, b"\x80\x7c" + b"\x80\x80\x03"), torch.float16),
        (11, field(10, struct.pack("<2d", 1.5, -2)), torch.float64),
        (16, field(9, b"\xc0\x3f\x00\xc0"), torch.bfloat16),
    ],
)
def test_values_are_found_wherever_they_are_listed(tmp_path, code, values, dtype):
    path = tmp_path / "model.onnx"
    path.write_bytes(model(b"\x08\x02" + bytes([0x10, code]) + values))
    found = read_onnx(path).weights["w"]
    assert found.dtype == dtype
    expected = {torch.int64: [1, -2], torch.int8: [1, -2], torch.float16: [1.0, 0.0]}
    if dtype == torch.float16:  # 0x3e00 and 0xc000
        assert found.tolist() == [1.5, -2.0]
    else:
        assert found.tolist() == expected.get(dtype, [1.5, -2.0])


def test_unpacked_numbers_are_read():
    message = Message(b"\x08\x05\x08\x07" + b"\x15" + struct.pack("<f", 2.5))
    assert message.integers(1) == [5, 7]
    assert message.floats(2) == [2.5]
    assert message.integer(9) == 0


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\x08\xff", b"\x0b", b"\x0d\x01"])
def test_cut_off_messages_are_refused(data):
    with pytest.raises(ProtobufError):
        Message(data)


def test_bytes_are_no_numbers():
    with pytest.raises(ProtobufError, match="number"):
        Message(b"\x08\x05").text(1)


def test_a_file_cut_anywhere_is_refused(tmp_path, onnx_graph, write_onnx):
    graph = onnx_graph(("Conv", ["x", "w"], ["y"]), weights={"w": torch.ones(1, 3, 3, 3)})
    whole = write_onnx(graph).read_bytes()
    for end in range(0, len(whole) - 8, 7):
        path = tmp_path / "cut.onnx"
        path.write_bytes(whole[:end])
        with pytest.raises(CheckpointError, match=r"cut\.onnx"):
            read_onnx(path)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "photo.onnx"
    for data in (b"\x89PNG\r\n\x1a\n" + bytes(64), b"<!doctype html>", b""):
        path.write_bytes(data)
        with pytest.raises(CheckpointError, match=r"photo\.onnx"):
            read_onnx(path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_onnx(tmp_path / "missing.onnx")


def test_wrong_sizes_and_foreign_types_are_named(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(model(b"\x08\x03\x10\x01" + field(4, struct.pack("<2f", 1.5, -2))))
    with pytest.raises(CheckpointError, match="should have 3 values and has 2"):
        read_onnx(path)
    path.write_bytes(model(b"\x08\x01\x10\x0e" + field(9, bytes(8))))
    with pytest.raises(CheckpointError, match="type 14"):
        read_onnx(path)
    path.write_bytes(model(b"\x08\x01\x10\x01\x70\x01"))
    with pytest.raises(CheckpointError, match="another file"):
        read_onnx(path)


def test_graphs_within_graphs_are_named(tmp_path):
    attribute = field(5, field(1, b"body") + field(6, b"") + b"\xa0\x01\x05")
    path = tmp_path / "loop.onnx"
    path.write_bytes(field(7, field(1, field(2, b"y") + field(4, b"Loop") + attribute)))
    with pytest.raises(CheckpointError, match="body of Loop"):
        read_onnx(path)
