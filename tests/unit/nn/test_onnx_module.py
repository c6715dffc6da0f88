"""ONNX graphs as torch modules: layers, normalizations, placement."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from studio.host.networks import Placement, place
from studio.nn.checkpoints import CheckpointError
from studio.nn.onnx_module import OnnxModule
from studio.nn.statistics import shared_statistics

KERNEL = torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(1)) / 3
GAMMA, BETA = torch.rand(1, 4, 1, 1) + 0.5, torch.rand(1, 4, 1, 1)
WEIGHTS = {
    "w": KERNEL,
    "gamma": GAMMA,
    "beta": BETA,
    "eps": torch.tensor(1e-3),
    "one": torch.tensor(1.0),
    "two": torch.tensor(2.0),
    "half": torch.tensor(0.5),
    "shape": torch.tensor([1, 4, 1, 1]),
}
CONV = ("Conv", ["x", "w"], ["c"], {"pads": (1, 1, 1, 1)})
MEANS = [CONV, ("ReduceMean", ["c"], ["m"], {"axes": (2, 3)}), ("Sub", ["c", "m"], ["d"])]
POOLED = [CONV, ("GlobalAveragePool", ["c"], ["m"]), ("Sub", ["c", "m"], ["d"])]
SPELLINGS = {
    "squares and a root": [
        *MEANS,
        ("Pow", ["d", "two"], ["s"]),
        ("ReduceMean", ["s"], ["v"], {"axes": (-2, -1)}),
        ("Add", ["v", "eps"], ["e"]),
        ("Sqrt", ["e"], ["r"]),
        ("Div", ["one", "r"], ["i"]),
        ("Mul", ["d", "i"], ["n"]),
        ("Mul", ["n", "gamma"], ["g"]),
        ("Add", ["g", "beta"], ["y"]),
    ],
    "divided by the root": [
        *POOLED,
        ("Mul", ["d", "d"], ["s"]),
        ("GlobalAveragePool", ["s"], ["v"]),
        ("Add", ["eps", "v"], ["e"]),
        ("Pow", ["e", "half"], ["r"]),
        ("Div", ["d", "r"], ["y"]),
    ],
    "TensorFlow's": [
        *POOLED,
        ("Mul", ["d", "d"], ["s"]),
        ("GlobalAveragePool", ["s"], ["v"]),
        ("Add", ["v", "eps"], ["e"]),
        ("Sqrt", ["e"], ["r"]),
        ("Reciprocal", ["r"], ["i"]),
        ("Mul", ["i", "gamma"], ["f"]),
        ("Mul", ["m", "f"], ["mf"]),
        ("Reshape", ["mf", "shape"], ["mr"]),
        ("Sub", ["beta", "mr"], ["b"]),
        ("Mul", ["c", "f"], ["cf"]),
        ("Add", ["cf", "b"], ["y"]),
    ],
    "shifted alone": [
        *POOLED,
        ("Mul", ["d", "d"], ["s"]),
        ("GlobalAveragePool", ["s"], ["v"]),
        ("Add", ["v", "eps"], ["e"]),
        ("Sqrt", ["e"], ["r"]),
        ("Reciprocal", ["r"], ["i"]),
        ("Mul", ["i", "d"], ["n"]),
        ("Add", ["beta", "n"], ["y"]),
    ],
}


def norms(module: nn.Module) -> list[nn.Module]:
    return [each for each in module.modules() if isinstance(each, nn.InstanceNorm2d)]


def weights_of(rows):
    used = {name for row in rows for name in row[1]}
    return {name: value for name, value in WEIGHTS.items() if name in used}


@pytest.mark.parametrize("name", SPELLINGS)
def test_spelled_out_normalizations_become_layers(name, onnx_graph, write_onnx, by_onnxruntime):
    rows = SPELLINGS[name]
    path = write_onnx(onnx_graph(*rows, weights=weights_of(rows)))
    module = OnnxModule(path).eval()
    assert len(norms(module)) == 1
    assert len(module._steps) == 2
    image = torch.rand(1, 3, 20, 30)
    expected = by_onnxruntime(path, image)
    with torch.inference_mode():
        assert torch.allclose(module(image), expected, atol=1e-5)
        with shared_statistics(module, image):
            left = module(image[..., :15])
    assert torch.allclose(left[..., :14], expected[..., :14], atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {1: ("ReduceMean", ["c"], ["m"], {"axes": (3,)})},  # of each row alone
        {1: ("GlobalAveragePool", ["x3"], ["m"])},  # of something else
        {3: ("Pow", ["d", "half"], ["s"])},  # no square
    ],
)
def test_what_only_looks_like_one_stays_as_it_is(change, onnx_graph, write_onnx, by_onnxruntime):
    rows = [("Conv", ["x", "w"], ["x3"], {"pads": (1, 1, 1, 1)}), ("Abs", ["x3"], ["c"])]
    rows += SPELLINGS["squares and a root"][1:]
    for index, row in change.items():
        rows[index + 1] = row
    path = write_onnx(onnx_graph(*rows, weights=weights_of(rows)))
    module = OnnxModule(path)
    assert not norms(module)
    image = torch.rand(1, 3, 9, 9) + 1
    expected = by_onnxruntime(path, image)
    assert torch.allclose(module(image), expected, atol=1e-4, equal_nan=True)


def test_unknown_operators_are_named(onnx_graph, write_onnx):
    path = write_onnx(
        onnx_graph(("LSTM", ["x"], ["a"]), ("NonZero", ["a"], ["b"]), ("NonZero", ["b"], ["y"]))
    )
    with pytest.raises(CheckpointError, match=r"LSTM \(1×\), NonZero \(2×\)"):
        OnnxModule(path)


def test_values_between_layers_are_floats_unless_asked_for(onnx_graph, write_onnx, by_onnxruntime):
    weights = {
        "w": (KERNEL * 50).to(torch.int8),
        "s": torch.tensor(0.1),
        "z": torch.tensor(0, dtype=torch.int8),
    }
    rows = [
        ("DequantizeLinear", ["w", "s", "z"], ["wf"]),
        ("QuantizeLinear", ["x", "s", "z"], ["q"]),
        ("DequantizeLinear", ["q", "s", "z"], ["f"]),
        ("Conv", ["f", "wf"], ["y"]),
    ]
    path = write_onnx(onnx_graph(*rows, weights=weights))
    image = torch.rand(1, 3, 9, 9)
    rounded, plain = OnnxModule(path, quantized=True), OnnxModule(path)
    assert torch.allclose(rounded(image), by_onnxruntime(path, image), atol=1e-5)
    assert [step.node.type for step in plain._steps] == ["Conv"]
    expected = torch.nn.functional.conv2d(image, weights["w"].float() * 0.1)
    assert torch.allclose(plain(image), expected, atol=1e-5)


def test_a_placed_network_computes_in_half_precision_with_exact_constants(onnx_graph, write_onnx):
    rows = SPELLINGS["squares and a root"]
    path = write_onnx(onnx_graph(*rows, ("Mul", ["y", "two"], ["z"]), weights=WEIGHTS))
    image = torch.rand(1, 3, 32, 32)
    exact = OnnxModule(path).eval()(image)
    placement = Placement(torch.device("cpu"), torch.bfloat16, ("constants",))
    module = place(OnnxModule(path), placement)
    convolution = next(each for each in module.modules() if isinstance(each, nn.Conv2d))
    assert convolution.weight.dtype == torch.bfloat16
    assert convolution.weight.is_contiguous(memory_format=torch.channels_last)
    assert {each.dtype for each in module.constants.buffers()} == {torch.float32}
    with torch.inference_mode():
        out = module(image)
    assert out.dtype == torch.bfloat16
    assert (out.float() - exact).abs().max() < 0.1


def test_its_input_is_left_as_it_was_and_it_can_be_run_again(onnx_graph, write_onnx):
    module = OnnxModule(write_onnx(onnx_graph(("Relu", ["x"], ["a"]), ("Neg", ["a"], ["y"]))))
    image = torch.randn(1, 3, 4, 4)
    before = image.clone()
    first = module(image)
    assert torch.equal(image, before)
    assert torch.equal(module(image), first)


def test_gradients_flow_to_the_input(onnx_graph, write_onnx):
    rows = [CONV, ("Relu", ["c"], ["y"])]
    module = OnnxModule(write_onnx(onnx_graph(*rows, weights={"w": KERNEL})))
    image = torch.rand(1, 3, 8, 8, requires_grad=True)
    module(image).square().sum().backward()
    assert image.grad is not None
    assert image.grad.abs().sum() > 0


def test_the_number_of_inputs_is_checked(onnx_graph, write_onnx):
    module = OnnxModule(write_onnx(onnx_graph(("Relu", ["x"], ["y"]))))
    with pytest.raises(ValueError, match="2 inputs for x"):
        module(torch.zeros(1), torch.zeros(1))


@pytest.mark.parametrize(
    ("name", "side"), [("sr/liveaction_span_x2.onnx", 48), ("segment/prisma_nchw.onnx", 256)]
)
def test_networks_by_others_agree_with_onnxruntime(name, side, shared, by_onnxruntime):
    path = shared / "checkpoints" / name
    image = torch.rand(1, 3, side, side)
    with torch.inference_mode():
        out = OnnxModule(path).eval()(image)
    expected = by_onnxruntime(path, image)
    assert out.shape == expected.shape
    assert (out - expected).abs().max() < 1e-4
