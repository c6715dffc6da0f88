from __future__ import annotations

import math
import struct

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.nn.checkpoints import CheckpointError
from studio.nn.ncnn import describe_layers, read_ncnn


def test_graph_and_parameters_are_read(writer, weights):
    kernel, bias = weights(5, 3, 3, 1), weights(5)
    writer.layer("Input", [], ["data"])
    writer.convolution("data", "out", kernel, bias, "9=2 -23310=1,2.000000e-01")
    _, convolution = read_ncnn(*writer.write())
    assert convolution.inputs == ("data",)
    assert convolution.outputs == ("out",)
    assert convolution.params[0] == 5
    assert convolution.params[10] == (0.2,)
    assert convolution.weights["weight"].dtype == torch.float32
    assert torch.equal(convolution.weights["weight"], kernel)
    assert torch.equal(convolution.weights["bias"], bias)


@pytest.mark.parametrize("half", [True, False])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shape=st.tuples(*[st.integers(1, 4)] * 4), bias=st.booleans())
def test_any_convolution_comes_back(writer, weights, half, shape, bias):
    writer.rows.clear()
    writer.blob, writer.half = b"", half
    kernel, vector = weights(*shape), weights(shape[0])
    writer.convolution("a", "b", kernel, vector)
    if not bias:
        writer.rows[0] = writer.rows[0].replace("5=1", "5=0")
        writer.blob = writer.blob[: -4 * shape[0]]
    (layer,) = read_ncnn(*writer.write())
    assert torch.equal(layer.weights["weight"], kernel)
    assert ("bias" in layer.weights) is bias


def test_other_weighted_layers_are_read(writer, weights):
    tensors = {name: weights(4) for name in ("slope", "mean", "variance", "bias", "gamma", "beta")}
    matrix = weights(2, 3)
    writer.layer("BatchNorm", ["a"], ["b"], "0=4")
    for name in ("slope", "mean", "variance", "bias"):
        writer.plain(tensors[name])
    writer.layer("InstanceNorm", ["b"], ["c"], "0=4 1=1.000000e-05 2=1")
    for name in ("gamma", "beta"):
        writer.plain(tensors[name])
    writer.layer("InstanceNorm", ["c"], ["d"], "0=4 1=1.000000e-05 2=0")
    writer.layer("InnerProduct", ["d"], ["e"], "0=2 1=0 2=6")
    writer.tagged(matrix)
    writer.layer("Scale", ["e"], ["f"], "0=4 1=1")
    writer.plain(tensors["gamma"])
    writer.plain(tensors["beta"])
    writer.layer("GroupNorm", ["f"], ["g"], "0=2 1=4 2=1.000000e-05 3=1")
    writer.plain(tensors["gamma"])
    writer.plain(tensors["beta"])
    writer.layer("MemoryData", [], ["h"], "0=2 1=2")
    writer.plain(tensors["mean"])
    batch, affine, free, product, scale, group, memory = read_ncnn(*writer.write())
    assert torch.equal(batch.weights["variance"], tensors["variance"])
    assert torch.equal(affine.weights["bias"], tensors["beta"])
    assert not free.weights
    assert torch.equal(product.weights["weight"], matrix)
    assert torch.equal(scale.weights["bias"], tensors["beta"])
    assert torch.equal(group.weights["weight"], tensors["gamma"])
    assert torch.equal(memory.weights["data"], tensors["mean"].reshape(2, 2))


def test_a_missing_byte_is_noticed(writer, weights):
    writer.convolution("a", "b", weights(2, 3, 3, 3), weights(2))
    param, binary = writer.write()
    binary.write_bytes(writer.blob[:-1])
    with pytest.raises(CheckpointError, match="ends inside the weights of layer Convolution_0"):
        read_ncnn(param, binary)


def test_a_byte_too_many_is_noticed(writer, weights):
    writer.convolution("a", "b", weights(2, 3, 3, 3), weights(2))
    param, binary = writer.write()
    binary.write_bytes(writer.blob + b"\0")
    with pytest.raises(CheckpointError, match="1 bytes more"):
        read_ncnn(param, binary)


def test_quantized_weights_are_refused(writer):
    writer.layer("Convolution", ["a"], ["b"], "0=1 1=1 6=1")
    writer.blob = struct.pack("<I", 0x000D4B38) + b"\1\0\0\0"
    with pytest.raises(CheckpointError, match="not supported") as caught:
        read_ncnn(*writer.write())
    assert "8 bits" in caught.value.hint


def test_layers_with_unknown_weights_are_refused(writer):
    writer.layer("LSTM", ["a"], ["b"], "0=8")
    with pytest.raises(CheckpointError, match="LSTM"):
        read_ncnn(*writer.write())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "lacks 7767517"),
        (b"hello\nworld\n", "lacks 7767517"),
        (b"7767517\n2 2\nInput data 0 1 data\n", "announces 2 layers and holds 1"),
        (b"7767517\n1 1\nInput data 0\n", "damaged"),
        (b"7767517\n1 1\nInput data 0 2 data 0=1\n", "lacks inputs or outputs"),
        (b"7767517\n1 1\nInput data 0 1 data 0=wide\n", "damaged"),
        (b"7767517\n1 1\nReLU r 1 1 a b -23310=3,1\n", "array of the wrong length"),
        (b"\xdd\x85\x76\x00\xff\xfe", "not a text .param file"),
    ],
)
def test_damaged_param_files_are_named(tmp_path, content, reason):
    param, binary = tmp_path / "bad.param", tmp_path / "bad.bin"
    param.write_bytes(content)
    binary.write_bytes(b"")
    with pytest.raises(CheckpointError, match=reason) as caught:
        read_ncnn(param, binary)
    assert "bad.param" in caught.value.message


def test_weight_counts_that_do_not_divide_are_refused(writer):
    writer.layer("Convolution", ["a"], ["b"], "0=4 1=3 6=37")
    with pytest.raises(CheckpointError, match="37 weights"):
        read_ncnn(*writer.write())


def test_negative_sizes_are_refused(writer):
    writer.layer("PReLU", ["a"], ["b"], "0=-4")
    with pytest.raises(CheckpointError, match="-4"):
        read_ncnn(*writer.write())


def test_a_real_classifier_is_read_to_the_last_byte(shared):
    param = shared / "checkpoints/vgg/squeezenet_v1.1.param"
    layers = read_ncnn(param, param.with_suffix(".bin"))
    assert describe_layers(layers) == "26 Convolution, 8 Concat, 4 Pooling, 1 Softmax"
    values = sum(t.numel() for layer in layers for t in layer.weights.values())
    assert values == 1_235_496  # SqueezeNet 1.1 as published
    assert all(math.isfinite(t.sum()) for layer in layers for t in layer.weights.values())
