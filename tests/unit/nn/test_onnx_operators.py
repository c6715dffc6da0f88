"""Every operator against onnxruntime."""

from __future__ import annotations

import pytest
import torch

from studio.nn.checkpoints import CheckpointError
from studio.nn.onnx_module import OnnxModule

RANDOM = torch.Generator().manual_seed(0)
X = torch.rand(1, 3, 8, 12, generator=RANDOM) * 2 - 0.7
KERNEL = torch.randn(4, 3, 3, 3, generator=RANDOM) / 3
DEPTHWISE = torch.randn(3, 1, 3, 3, generator=RANDOM)
TRANSPOSED = torch.randn(3, 2, 4, 4, generator=RANDOM) / 4
MATRIX = torch.randn(12, 5, generator=RANDOM)
SLOPE = torch.rand(3, 1, 1, generator=RANDOM)
BIAS = torch.randn(4, generator=RANDOM)
VECTOR = torch.rand(3, generator=RANDOM) + 0.5
NOTHING = torch.zeros(0)


def ints(*values: int):
    return torch.tensor(values)


def number(value):
    return torch.tensor(value)


# name: (operator, attributes, weights in the order of the inputs behind x, opset)
CASES = {
    "Abs": ("Abs", {}, (), 17),
    "Add": ("Add", {}, (SLOPE,), 17),
    "AveragePool": (
        "AveragePool",
        {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1)},
        (),
        17,
    ),
    "AveragePool counting": (
        "AveragePool",
        {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1), "count_include_pad": 1},
        (),
        17,
    ),
    "BatchNormalization": (
        "BatchNormalization",
        {"epsilon": 0.01},
        (VECTOR, VECTOR, VECTOR, VECTOR),
        17,
    ),
    "Cast": ("Cast", {"to": 1}, (), 17),
    "Ceil": ("Ceil", {}, (), 17),
    "Clip": ("Clip", {}, (number(-0.1), number(0.5)), 17),
    "Clip above": ("Clip", {}, (None, number(0.5)), 17),
    "Clip before opset 11": ("Clip", {"min": 0.0, "max": 0.4}, (), 7),
    "Concat": ("Concat", {"axis": 1}, (torch.ones(1, 2, 8, 12),), 17),
    "Conv": ("Conv", {"pads": (1, 1, 1, 1)}, (KERNEL, BIAS), 17),
    "Conv without bias": ("Conv", {"strides": (2, 1), "dilations": (1, 2)}, (KERNEL,), 17),
    "Conv by channel": ("Conv", {"group": 3, "pads": (1, 1, 1, 1)}, (DEPTHWISE,), 17),
    "Conv uneven": ("Conv", {"pads": (0, 1, 2, 0), "strides": (2, 2)}, (KERNEL, BIAS), 17),
    "Conv same upper": ("Conv", {"auto_pad": "SAME_UPPER", "strides": (2, 2)}, (KERNEL,), 17),
    "Conv same lower": ("Conv", {"auto_pad": "SAME_LOWER", "strides": (2, 2)}, (KERNEL,), 17),
    "ConvTranspose": (
        "ConvTranspose",
        {"strides": (2, 2), "pads": (1, 1, 1, 1)},
        (TRANSPOSED,),
        17,
    ),
    "ConvTranspose uneven": (
        "ConvTranspose",
        {"strides": (2, 2), "pads": (0, 1, 2, 1)},
        (TRANSPOSED,),
        17,
    ),
    "ConvTranspose larger": (
        "ConvTranspose",
        {"strides": (3, 3), "output_padding": (1, 1)},
        (TRANSPOSED,),
        17,
    ),
    "Cos": ("Cos", {}, (), 17),
    "Div": ("Div", {}, (SLOPE,), 17),
    "Dropout": ("Dropout", {}, (), 17),
    "Elu": ("Elu", {"alpha": 0.7}, (), 17),
    "Erf": ("Erf", {}, (), 17),
    "Exp": ("Exp", {}, (), 17),
    "Expand": ("Expand", {}, (ints(2, 3, 1, 12),), 17),
    "Flatten": ("Flatten", {"axis": 2}, (), 17),
    "Floor": ("Floor", {}, (), 17),
    "Gather": ("Gather", {"axis": 3}, (ints(0, -1, 3),), 17),
    "Gather one": ("Gather", {"axis": 1}, (number(1),), 17),
    "Gelu": ("Gelu", {}, (), 20),
    "Gelu by tanh": ("Gelu", {"approximate": "tanh"}, (), 20),
    "GlobalAveragePool": ("GlobalAveragePool", {}, (), 17),
    "GlobalMaxPool": ("GlobalMaxPool", {}, (), 17),
    "HardSigmoid": ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}, (), 17),
    "HardSwish": ("HardSwish", {}, (), 17),
    "Identity": ("Identity", {}, (), 17),
    "InstanceNormalization": ("InstanceNormalization", {"epsilon": 0.01}, (VECTOR, VECTOR), 17),
    "LeakyRelu": ("LeakyRelu", {"alpha": 0.2}, (), 17),
    "MatMul": ("MatMul", {}, (MATRIX,), 17),
    "Max": ("Max", {}, (number(0.1), SLOPE), 17),
    "MaxPool": ("MaxPool", {"kernel_shape": (2, 3), "strides": (2, 2), "ceil_mode": 1}, (), 17),
    "Min": ("Min", {}, (SLOPE,), 17),
    "Mul": ("Mul", {}, (SLOPE,), 17),
    "Neg": ("Neg", {}, (), 17),
    "Pad": ("Pad", {}, (ints(0, 0, 1, 2, 0, 0, 3, 4), number(0.5)), 17),
    "Pad reflect": ("Pad", {"mode": "reflect"}, (ints(0, 0, 1, 2, 0, 0, 3, 4),), 17),
    "Pad reflect one axis": ("Pad", {"mode": "reflect"}, (ints(0, 0, 2, 0, 0, 0, 1, 0),), 17),
    "Pad edge": ("Pad", {"mode": "edge"}, (ints(0, 0, 1, 2, 0, 0, 3, 4),), 17),
    "Pad by axes": ("Pad", {}, (ints(1, 2), number(0.0), ints(3)), 18),
    "Pad before opset 11": ("Pad", {"pads": (0, 0, 1, 2, 0, 0, 3, 4), "mode": "reflect"}, (), 7),
    "Pow": ("Pow", {}, (number(3.0),), 17),
    "PRelu": ("PRelu", {}, (SLOPE,), 17),
    "ReduceL2": ("ReduceL2", {"axes": (1,)}, (), 17),
    "ReduceMax": ("ReduceMax", {"axes": (-1,), "keepdims": 0}, (), 17),
    "ReduceMean": ("ReduceMean", {"axes": (2, 3)}, (), 17),
    "ReduceMean of all": ("ReduceMean", {}, (), 17),
    "ReduceMin": ("ReduceMin", {"axes": (1, 2)}, (), 17),
    "ReduceSum": ("ReduceSum", {"keepdims": 0}, (ints(1),), 17),
    "ReduceSum of nothing": ("ReduceSum", {"noop_with_empty_axes": 1}, (), 17),
    "Relu": ("Relu", {}, (), 17),
    "Reshape": ("Reshape", {}, (ints(0, -1, 4),), 17),
    "Resize nearest": (
        "Resize",
        {
            "mode": "nearest",
            "coordinate_transformation_mode": "asymmetric",
            "nearest_mode": "floor",
        },
        (NOTHING, torch.tensor([1.0, 1, 2, 3])),
        17,
    ),
    "Resize to a size": ("Resize", {"mode": "linear"}, (NOTHING, NOTHING, ints(1, 3, 13, 20)), 17),
    "Resize linear": (
        "Resize",
        {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
        (NOTHING, torch.tensor([1.0, 1, 2, 2])),
        17,
    ),
    "Resize cubic": ("Resize", {"mode": "cubic"}, (NOTHING, torch.tensor([1.0, 1, 2, 2])), 17),
    "Round": ("Round", {}, (), 17),
    "Sigmoid": ("Sigmoid", {}, (), 17),
    "Sin": ("Sin", {}, (), 17),
    "Slice": ("Slice", {}, (ints(1, -7), ints(100, -1), ints(2, 3)), 17),
    "Slice backwards": ("Slice", {}, (ints(-1), ints(-(2**63)), ints(3), ints(-2)), 17),
    "Slice before opset 10": ("Slice", {"starts": (1,), "ends": (5,), "axes": (2,)}, (), 9),
    "Softmax": ("Softmax", {"axis": 1}, (), 17),
    "Softplus": ("Softplus", {}, (), 17),
    "SpaceToDepth": ("SpaceToDepth", {"blocksize": 2}, (), 17),
    "Squeeze": ("Squeeze", {}, (ints(0),), 17),
    "Sub": ("Sub", {}, (SLOPE,), 17),
    "Sum": ("Sum", {}, (SLOPE, SLOPE), 17),
    "Tanh": ("Tanh", {}, (), 17),
    "Tile": ("Tile", {}, (ints(1, 2, 1, 3),), 17),
    "Transpose": ("Transpose", {"perm": (0, 2, 3, 1)}, (), 17),
    "Transpose all": ("Transpose", {}, (), 17),
    "Unsqueeze": ("Unsqueeze", {}, (ints(0, -1),), 17),
    "Upsample": ("Upsample", {"mode": "nearest"}, (torch.tensor([1.0, 1, 2, 2]),), 9),
}


@pytest.mark.parametrize("case", CASES)
def test_operator(case, onnx_graph, write_onnx, by_onnxruntime):
    kind, attributes, values, opset = CASES[case]
    weights = {f"w{i}": value for i, value in enumerate(values) if value is not None}
    names = [f"w{i}" if value is not None else "" for i, value in enumerate(values)]
    graph = onnx_graph((kind, ["x", *names], ["y"], attributes), weights=weights, opset=opset)
    path = write_onnx(graph)
    expected = by_onnxruntime(path, X)
    with torch.inference_mode():
        out = OnnxModule(path).eval()(X.clone())
    assert out.dtype == expected.dtype
    assert out.shape == expected.shape
    assert torch.allclose(out, expected, atol=2e-6, rtol=1e-5)


SQUARED = [("Mul", ["x", "x"], ["s"]), ("Add", ["s", "one"], ["p"])]
CHAINS = {
    "Sqrt, Reciprocal, Log": (
        [*SQUARED, ("Sqrt", ["p"], ["a"]), ("Reciprocal", ["a"], ["b"]), ("Log", ["b"], ["y"])],
        {},
    ),
    "Shape, Range, Gather": (
        [
            ("Shape", ["x"], ["shape"], {"start": 3}),
            ("Squeeze", ["shape"], ["width"]),
            ("Range", ["zero", "width", "two"], ["even"]),
            ("Gather", ["x", "even"], ["y"], {"axis": 3}),
        ],
        {"zero": number(0), "two": number(2)},
    ),
    "Split": (
        [("Split", ["x"], ["a", "b"], {"axis": 3}), ("Sub", ["a", "b"], ["y"])],
        {},
    ),
    "Split by sizes": (
        [
            ("Split", ["x", "sizes"], ["a", "b"], {"axis": 2}),
            ("Concat", ["b", "a"], ["y"], {"axis": 2}),
        ],
        {"sizes": ints(3, 5)},
    ),
    "Where": (
        [
            ("Greater", ["x", "half"], ["c"]),
            ("Not", ["c"], ["d"]),
            ("Where", ["d", "x", "half"], ["y"]),
        ],
        {"half": number(0.4)},
    ),
    "Less": (
        [("Less", ["x", "half"], ["c"]), ("Where", ["c", "x", "half"], ["y"])],
        {"half": number(0.4)},
    ),
    "Equal": (
        [
            ("Shape", ["x"], ["s"]),
            ("Equal", ["s", "other"], ["c"]),
            ("Where", ["c", "s", "other"], ["t"]),
            ("Expand", ["one", "t"], ["y"]),
        ],
        {"other": ints(1, 2, 3, 4)},
    ),
    "Gemm": (
        [
            ("Reshape", ["x", "flat"], ["m"]),
            ("Gemm", ["m", "b", "c"], ["y"], {"transA": 1, "alpha": 0.5, "beta": 2.0}),
        ],
        {"flat": ints(12, 24), "b": MATRIX, "c": torch.rand(5)},
    ),
    "DepthToSpace": (
        [
            ("SpaceToDepth", ["x"], ["s"], {"blocksize": 2}),
            ("DepthToSpace", ["s"], ["y"], {"blocksize": 2, "mode": "CRD"}),
        ],
        {},
    ),
    "DepthToSpace, rows first": (
        [
            ("SpaceToDepth", ["x"], ["s"], {"blocksize": 2}),
            ("DepthToSpace", ["s"], ["y"], {"blocksize": 2}),
        ],
        {},
    ),
    "ConstantOfShape": (
        [
            ("Shape", ["x"], ["s"]),
            ("ConstantOfShape", ["s"], ["f"], {"value": torch.tensor([2.5])}),
            ("Add", ["x", "f"], ["y"]),
        ],
        {},
    ),
    "Constant": (
        [("Constant", [], ["k"], {"value": torch.tensor(3.0)}), ("Mul", ["x", "k"], ["y"])],
        {},
    ),
    "QuantizeLinear": (
        [
            ("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
            ("DequantizeLinear", ["q", "scale", "zero"], ["y"]),
        ],
        {"scale": number(0.01), "zero": torch.tensor(-20, dtype=torch.int8)},
    ),
    "QuantizeLinear by channel": (
        [
            ("QuantizeLinear", ["x", "scale", "zero"], ["q"], {"axis": 1}),
            ("DequantizeLinear", ["q", "scale", "zero"], ["y"], {"axis": 1}),
        ],
        {
            "scale": torch.tensor([0.01, 0.02, 0.03]),
            "zero": torch.tensor([0, 3, 9], dtype=torch.uint8),
        },
    ),
}


@pytest.mark.parametrize("case", CHAINS)
def test_chain(case, onnx_graph, write_onnx, by_onnxruntime):
    rows, weights = CHAINS[case]
    graph = onnx_graph(*rows, weights={"one": torch.tensor([1.0]), **weights})
    path = write_onnx(graph)
    with torch.inference_mode():
        out = OnnxModule(path, quantized=True).eval()(X.clone())
    assert torch.allclose(out, by_onnxruntime(path, X), atol=2e-6)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            (
                "Resize",
                ["x", "", "two"],
                ["y"],
                {"mode": "linear", "coordinate_transformation_mode": "asymmetric"},
            ),
            "asymmetric",
        ),
        (("Resize", ["x", "", "half"], ["y"], {"mode": "nearest"}), "nearest"),
        (("Pad", ["x", "pads"], ["y"], {"mode": "wrap"}), "wrap"),
        (("Cast", ["x"], ["y"], {"to": 8}), "type 8"),
        (("Conv", ["x", "x"], ["y"]), "computed"),
        (("Relu", [""], ["y"]), "lacks its input 1"),
        (("Reshape", ["x", "pads"], ["y"]), "does not run"),
    ],
)
def test_what_is_not_supported_is_named(row, reason, onnx_graph, write_onnx):
    weights = {
        "two": torch.tensor([1.0, 1, 2, 2]),
        "half": torch.tensor([1.0, 1, 0.5, 0.5]),
        "pads": ints(0, 0, 1, 1, 0, 0, 1, 1),
    }
    path = write_onnx(onnx_graph(row, weights=weights))
    with pytest.raises(CheckpointError, match=reason):
        OnnxModule(path)(X)
