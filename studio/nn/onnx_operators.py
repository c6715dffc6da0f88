"""ONNX operators in torch: those that compute. `studio.nn.onnx_shapes` has those that move values.

Each takes the node and its inputs and returns its first output. The meaning of each is that of
https://onnx.ai/onnx/operators, for opsets 7 to 20, on one or two spatial axes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.checkpoints import CheckpointError
from studio.nn.onnx_graph import OnnxNode

Inputs = Sequence[Tensor | None]
Operator = Callable[[OnnxNode, Inputs], Tensor | tuple[Tensor, ...]]


def given(node: OnnxNode, inputs: Inputs, index: int) -> Tensor:
    """An input that must be there.

    Raises:
        CheckpointError: if it is not.
    """
    value = optional(inputs, index)
    if value is None:
        raise CheckpointError(f"The graph's {node.type} {node.name} lacks its input {index + 1}.")
    return value


def optional(inputs: Inputs, index: int) -> Tensor | None:
    """An input that may be left out."""
    return inputs[index] if index < len(inputs) else None


def unsupported(node: OnnxNode, what: str) -> CheckpointError:
    """The error for an operator that is known, used in a way that is not."""
    return CheckpointError(
        f"The graph's {node.type} {node.name} has {what}: that is not supported."
    )


def integers(node: OnnxNode, inputs: Inputs, index: int, name: str) -> tuple[int, ...] | None:
    """A list that newer opsets take as an input and older ones as an attribute; None without it."""
    value = optional(inputs, index)
    if value is not None:
        return tuple(int(each) for each in value.reshape(-1).tolist())
    return node.integers(name) if name in node.attributes else None


def both(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Two operands that torch computes with as ONNX does.

    A single value takes no part in finding the type, so that a constant does not make a bfloat16
    network a float32 one, and stays where it is.
    """
    if b.numel() == 1 and b.dim() <= a.dim() and a.numel() > 1:
        b = b.reshape(())
    elif a.numel() == 1 and a.dim() <= b.dim() and b.numel() > 1:
        a = a.reshape(())
    if a.device != b.device:
        return (a, b.to(a.device)) if b.device.type == "cpu" else (a.to(b.device), b)
    return a, b


def _unary(function: Callable[[Tensor], Tensor]) -> Operator:
    return lambda node, inputs: function(given(node, inputs, 0))


def _binary(function: Callable[[Tensor, Tensor], Tensor]) -> Operator:
    return lambda node, inputs: function(*both(given(node, inputs, 0), given(node, inputs, 1)))


def _divide(a: Tensor, b: Tensor) -> Tensor:
    if a.is_floating_point() or b.is_floating_point():
        return a / b
    return torch.div(a, b, rounding_mode="trunc")


def _power(a: Tensor, b: Tensor) -> Tensor:
    return a * a if b.numel() == 1 and float(b) == 2 else torch.pow(a, b).to(a.dtype)


def _among(function: Callable[[Tensor, Tensor], Tensor]) -> Operator:
    """Min, Max and Sum take any number of operands."""

    def run(node: OnnxNode, inputs: Inputs) -> Tensor:
        result = given(node, inputs, 0)
        for index in range(1, len(inputs)):
            result = function(*both(result, given(node, inputs, index)))
        return result

    return run


def _clip(node: OnnxNode, inputs: Inputs) -> Tensor:
    bounds = [optional(inputs, 1), optional(inputs, 2)]
    low, high = (None if each is None else float(each) for each in bounds)
    low = node.number("min") if low is None and "min" in node.attributes else low
    high = node.number("max") if high is None and "max" in node.attributes else high
    image = given(node, inputs, 0)
    return image if low is None and high is None else image.clamp(low, high)


def _leaky_relu(node: OnnxNode, inputs: Inputs) -> Tensor:
    return F.leaky_relu(given(node, inputs, 0), node.number("alpha", 0.01))


def _elu(node: OnnxNode, inputs: Inputs) -> Tensor:
    return F.elu(given(node, inputs, 0), node.number("alpha", 1.0))


def _prelu(node: OnnxNode, inputs: Inputs) -> Tensor:
    image, slope = both(given(node, inputs, 0), given(node, inputs, 1))
    return torch.where(image < 0, image * slope.to(image.dtype), image)


def _gelu(node: OnnxNode, inputs: Inputs) -> Tensor:
    return F.gelu(given(node, inputs, 0), approximate=node.text("approximate", "none"))


def _hard_sigmoid(node: OnnxNode, inputs: Inputs) -> Tensor:
    slope, offset = node.number("alpha", 0.2), node.number("beta", 0.5)
    return (given(node, inputs, 0) * slope + offset).clamp(0, 1)


def _softmax(node: OnnxNode, inputs: Inputs) -> Tensor:
    return given(node, inputs, 0).softmax(node.integer("axis", -1))


def _reduce(function: Callable[[Tensor, list[int], bool], Tensor]) -> Operator:
    def run(node: OnnxNode, inputs: Inputs) -> Tensor:
        image = given(node, inputs, 0)
        axes = integers(node, inputs, 1, "axes")
        if not axes:
            if node.integer("noop_with_empty_axes"):
                return image
            axes = tuple(range(image.dim()))
        return function(image, list(axes), bool(node.integer("keepdims", 1)))

    return run


def _pool_geometry(node: OnnxNode) -> dict[str, Any]:
    kernel = node.integers("kernel_shape")
    pads = node.integers("pads", (0,) * 2 * len(kernel))
    half = len(pads) // 2
    if len(kernel) != 2 or pads[:half] != pads[half:]:
        raise unsupported(node, f"a kernel of {kernel} with borders of {pads}")
    if node.text("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise unsupported(node, f"auto_pad {node.text('auto_pad')}")
    return {
        "kernel_size": kernel,
        "stride": node.integers("strides", (1, 1)),
        "padding": pads[:half],
        "ceil_mode": bool(node.integer("ceil_mode")),
    }


def _max_pool(node: OnnxNode, inputs: Inputs) -> Tensor:
    dilation = node.integers("dilations", (1, 1))
    geometry = _pool_geometry(node)
    out: Tensor = F.max_pool2d(given(node, inputs, 0), dilation=dilation, **geometry)
    return out


def _average_pool(node: OnnxNode, inputs: Inputs) -> Tensor:
    padded = bool(node.integer("count_include_pad"))
    geometry = _pool_geometry(node)
    return F.avg_pool2d(given(node, inputs, 0), count_include_pad=padded, **geometry)


def _batch_normalization(node: OnnxNode, inputs: Inputs) -> Tensor:
    image = given(node, inputs, 0)
    scale, shift, mean, variance = (
        given(node, inputs, i).to(image.device, torch.float32) for i in range(1, 5)
    )
    eps = node.number("epsilon", 1e-5)
    return F.batch_norm(image, mean, variance, scale, shift, eps=eps)


def _matmul(node: OnnxNode, inputs: Inputs) -> Tensor:
    a, b = given(node, inputs, 0), given(node, inputs, 1)
    return a @ b.to(a.device, a.dtype)


def _gemm(node: OnnxNode, inputs: Inputs) -> Tensor:
    a, b, c = given(node, inputs, 0), given(node, inputs, 1), optional(inputs, 2)
    a = a.T if node.integer("transA") else a
    b = b.T if node.integer("transB") else b
    product = a @ b.to(a.device, a.dtype) * node.number("alpha", 1.0)
    return product if c is None else product + c.to(a.device, a.dtype) * node.number("beta", 1.0)


def _along(node: OnnxNode, values: Tensor, image: Tensor) -> Tensor:
    """One value for everything, or one for each index of an axis."""
    if values.dim() == 0:
        return values
    shape = [1] * image.dim()
    shape[node.integer("axis", 1)] = -1
    return values.reshape(shape)


def _quantize(node: OnnxNode, inputs: Inputs) -> Tensor:
    image, scale, zero = given(node, inputs, 0), given(node, inputs, 1), optional(inputs, 2)
    kind = torch.uint8 if zero is None else zero.dtype
    limits = torch.iinfo(kind)
    steps = (image / _along(node, scale, image).to(image.device)).round()
    if zero is not None:
        steps = steps + _along(node, zero, image).to(image.device, steps.dtype)
    return steps.clamp(limits.min, limits.max).to(kind)


def _dequantize(node: OnnxNode, inputs: Inputs) -> Tensor:
    image, scale, zero = given(node, inputs, 0), given(node, inputs, 1), optional(inputs, 2)
    values = image.to(torch.float32)
    if zero is not None:
        values = values - _along(node, zero, image).to(image.device, torch.float32)
    return values * _along(node, scale, image).to(image.device)


def _l2(image: Tensor, axes: list[int], keep: bool) -> Tensor:
    return image.square().sum(axes, keepdim=keep).sqrt()


COMPUTING: dict[str, Operator] = {
    "Abs": _unary(torch.abs),
    "Add": _binary(torch.add),
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Ceil": _unary(torch.ceil),
    "Clip": _clip,
    "Cos": _unary(torch.cos),
    "DequantizeLinear": _dequantize,
    "Div": _binary(_divide),
    "Elu": _elu,
    "Equal": _binary(torch.eq),
    "Erf": _unary(torch.erf),
    "Exp": _unary(torch.exp),
    "Floor": _unary(torch.floor),
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": _unary(
        lambda image: image.mean(list(range(2, image.dim())), keepdim=True)
    ),
    "GlobalMaxPool": _unary(lambda image: image.amax(list(range(2, image.dim())), keepdim=True)),
    "Greater": _binary(torch.gt),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _unary(F.hardswish),
    "LeakyRelu": _leaky_relu,
    "Less": _binary(torch.lt),
    "Log": _unary(torch.log),
    "MatMul": _matmul,
    "Max": _among(torch.maximum),
    "MaxPool": _max_pool,
    "Min": _among(torch.minimum),
    "Mul": _binary(torch.mul),
    "Neg": _unary(torch.neg),
    "Not": _unary(torch.logical_not),
    "PRelu": _prelu,
    "Pow": _binary(_power),
    "QuantizeLinear": _quantize,
    "Reciprocal": _unary(torch.reciprocal),
    "ReduceL2": _reduce(_l2),
    "ReduceMax": _reduce(lambda image, axes, keep: image.amax(axes, keepdim=keep)),
    "ReduceMean": _reduce(lambda image, axes, keep: image.mean(axes, keepdim=keep)),
    "ReduceMin": _reduce(lambda image, axes, keep: image.amin(axes, keepdim=keep)),
    "ReduceSum": _reduce(lambda image, axes, keep: image.sum(axes, keepdim=keep)),
    "Relu": _unary(torch.relu),
    "Round": _unary(torch.round),
    "Sigmoid": _unary(torch.sigmoid),
    "Sin": _unary(torch.sin),
    "Softmax": _softmax,
    "Softplus": _unary(F.softplus),
    "Sqrt": _unary(torch.sqrt),
    "Sub": _binary(torch.sub),
    "Sum": _among(torch.add),
    "Tanh": _unary(torch.tanh),
}


def same_padding(node: OnnxNode, size: Sequence[int], kernel: Sequence[int]) -> list[int]:
    """Borders of ``auto_pad`` SAME_UPPER and SAME_LOWER: before and after each axis, the last first."""
    strides = node.integers("strides", (1,) * len(kernel))
    dilations = node.integers("dilations", (1,) * len(kernel))
    pads: list[int] = []
    for length, taps, stride, dilation in zip(size, kernel, strides, dilations, strict=True):
        reach = (math.ceil(length / stride) - 1) * stride + (taps - 1) * dilation + 1
        total = max(reach - length, 0)
        ends = [total // 2, total - total // 2]
        pads = [*(ends if node.text("auto_pad") == "SAME_UPPER" else reversed(ends)), *pads]
    return pads
