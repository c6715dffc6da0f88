"""ONNX operators in torch: those that move values and compute with shapes.

Shapes are tensors on the CPU, as constants are: only pictures lie on the device.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from studio.nn.onnx_graph import OnnxNode
from studio.nn.onnx_operators import (
    COMPUTING,
    Inputs,
    Operator,
    given,
    integers,
    optional,
    unsupported,
)

_TYPES = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    5: torch.int16,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
    16: torch.bfloat16,
}


def _cast(node: OnnxNode, inputs: Inputs) -> Tensor:
    kind = _TYPES.get(node.integer("to"))
    if kind is None:
        raise unsupported(node, f"the type {node.integer('to')}")
    return given(node, inputs, 0).to(kind)


def _concat(node: OnnxNode, inputs: Inputs) -> Tensor:
    parts = [given(node, inputs, index) for index in range(len(inputs))]
    device = next((part.device for part in parts if part.device.type != "cpu"), parts[0].device)
    return torch.cat([part.to(device) for part in parts], dim=node.integer("axis"))


def _constant(node: OnnxNode, _inputs: Inputs) -> Tensor:
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        value = node.attributes.get(name)
        if value is not None:
            return value if isinstance(value, Tensor) else torch.tensor(value)
    raise unsupported(node, f"a value of {', '.join(node.attributes)}")


def _constant_of_shape(node: OnnxNode, inputs: Inputs) -> Tensor:
    value = node.tensor("value")
    fill = torch.zeros(1) if value is None else value
    return fill.reshape(()).repeat(given(node, inputs, 0).tolist())


def _depth_to_space(node: OnnxNode, inputs: Inputs) -> Tensor:
    image, block = given(node, inputs, 0), node.integer("blocksize", 2)
    if node.text("mode", "DCR") == "CRD":
        return F.pixel_shuffle(image, block)
    number, channels, height, width = image.shape
    parts = image.reshape(number, block, block, channels // block**2, height, width)
    moved = parts.permute(0, 3, 4, 1, 5, 2)
    return moved.reshape(number, channels // block**2, height * block, width * block)


def _space_to_depth(node: OnnxNode, inputs: Inputs) -> Tensor:
    image, block = given(node, inputs, 0), node.integer("blocksize", 2)
    number, channels, height, width = image.shape
    parts = image.reshape(number, channels, height // block, block, width // block, block)
    moved = parts.permute(0, 3, 5, 1, 2, 4)
    return moved.reshape(number, channels * block**2, height // block, width // block)


def _expand(node: OnnxNode, inputs: Inputs) -> Tensor:
    image, wanted = given(node, inputs, 0), given(node, inputs, 1).tolist()
    rank = max(image.dim(), len(wanted))
    own = [1] * (rank - image.dim()) + list(image.shape)
    asked = [1] * (rank - len(wanted)) + wanted
    return image.expand([a if b == 1 else b for a, b in zip(own, asked, strict=True)])


def _flatten(node: OnnxNode, inputs: Inputs) -> Tensor:
    image, axis = given(node, inputs, 0), node.integer("axis", 1)
    return image.reshape(image.shape[:axis].numel(), -1)


def _gather(node: OnnxNode, inputs: Inputs) -> Tensor:
    image, axis = given(node, inputs, 0), node.integer("axis") % given(node, inputs, 0).dim()
    index = given(node, inputs, 1).to(image.device, torch.int64)
    index = torch.where(index < 0, index + image.shape[axis], index)
    taken = image.index_select(axis, index.reshape(-1))
    return taken.reshape(*image.shape[:axis], *index.shape, *image.shape[axis + 1 :])


def _identity(node: OnnxNode, inputs: Inputs) -> Tensor:
    return given(node, inputs, 0)


def _pad(node: OnnxNode, inputs: Inputs) -> Tensor:
    image = given(node, inputs, 0)
    listed = integers(node, inputs, 1, "pads") or ()
    axes = integers(node, inputs, 3, "axes") or tuple(range(image.dim()))
    before, after = [0] * image.dim(), [0] * image.dim()
    for number, axis in enumerate(axes):
        before[axis], after[axis] = listed[number], listed[number + len(axes)]
    pads = [n for axis in reversed(range(image.dim())) for n in (before[axis], after[axis])]
    while pads and pads[-2:] == [0, 0]:
        pads = pads[:-2]
    if not pads:
        return image
    mode = node.text("mode", "constant")
    if mode == "constant":
        value = optional(inputs, 2)
        fill = node.number("value") if value is None else float(value)
        return F.pad(image, pads, value=fill)
    if mode not in ("reflect", "edge"):
        raise unsupported(node, f"the mode {mode}")
    pads += [0] * (2 * (image.dim() - 2) - len(pads))
    return F.pad(image, pads, mode="reflect" if mode == "reflect" else "replicate")


def _range(node: OnnxNode, inputs: Inputs) -> Tensor:
    start, limit, step = (given(node, inputs, index) for index in range(3))
    return torch.arange(start.item(), limit.item(), step.item(), dtype=start.dtype)


def _reshape(node: OnnxNode, inputs: Inputs) -> Tensor:
    image = given(node, inputs, 0)
    wanted = list(integers(node, inputs, 1, "shape") or ())
    if not node.integer("allowzero"):
        wanted = [image.shape[i] if side == 0 else side for i, side in enumerate(wanted)]
    return image.reshape(wanted)


def _resize(node: OnnxNode, inputs: Inputs) -> Tensor:
    """Resize of opset 10 on, and Upsample before it."""
    image = given(node, inputs, 0)
    old = len(inputs) < 3
    scales, sizes = optional(inputs, 1 if old else 2), optional(inputs, 3)
    size = list(image.shape)
    if sizes is not None and sizes.numel():
        size = [int(n) for n in sizes.tolist()]
    elif scales is not None and scales.numel():
        factors = scales.tolist()
        size = [int(n * factor) for n, factor in zip(image.shape, factors, strict=True)]
    if size == list(image.shape):
        return image
    if image.dim() != 4 or size[:2] != list(image.shape[:2]):
        raise unsupported(node, f"to make {size} of {list(image.shape)}")
    return _interpolated(node, image, size[2:], old)


def _interpolated(node: OnnxNode, image: Tensor, size: list[int], old: bool) -> Tensor:
    mode = node.text("mode", "nearest")
    where = node.text("coordinate_transformation_mode", "asymmetric" if old else "half_pixel")
    if mode == "nearest":
        whole = all(new % length == 0 for new, length in zip(size, image.shape[2:], strict=True))
        rounding = node.text("nearest_mode", "floor" if old else "round_prefer_floor")
        fits = whole and (
            (where == "asymmetric" and rounding == "floor")
            or (where == "half_pixel" and rounding.startswith("round_prefer"))
        )
        if not fits:
            raise unsupported(node, f"nearest values by {where} and {rounding}")
        return F.interpolate(image, size, mode="nearest")
    centers = where in ("half_pixel", "pytorch_half_pixel")
    if not (centers or where == "align_corners") or mode not in ("linear", "cubic"):
        raise unsupported(node, f"the mode {mode} by {where}")
    kind = "bilinear" if mode == "linear" else "bicubic"
    return F.interpolate(image, size, mode=kind, align_corners=not centers)


def _shape(node: OnnxNode, inputs: Inputs) -> Tensor:
    shape = torch.tensor(given(node, inputs, 0).shape, dtype=torch.int64)
    last = node.integer("end", len(shape))
    return shape[node.integer("start") : last]


def _slice(node: OnnxNode, inputs: Inputs) -> Tensor:
    image = given(node, inputs, 0)
    starts = integers(node, inputs, 1, "starts") or ()
    ends = integers(node, inputs, 2, "ends") or ()
    axes = integers(node, inputs, 3, "axes") or tuple(range(len(starts)))
    steps = integers(node, inputs, 4, "steps") or (1,) * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step > 0:
            index = [slice(None)] * image.dim()
            index[axis] = slice(start, end, step)
            image = image[tuple(index)]
        else:  # torch slices forwards only
            places = range(image.shape[axis])[start:end:step]
            image = image.index_select(axis, torch.tensor(list(places), device=image.device))
    return image


def _split(node: OnnxNode, inputs: Inputs) -> tuple[Tensor, ...]:
    image, axis = given(node, inputs, 0), node.integer("axis")
    sizes = integers(node, inputs, 1, "split")
    if sizes is None:
        sizes = (-(-image.shape[axis] // len(node.outputs)),) * len(node.outputs)
        sizes = (*sizes[:-1], image.shape[axis] - sum(sizes[:-1]))
    return torch.split(image, list(sizes), dim=axis)


def _squeeze(node: OnnxNode, inputs: Inputs) -> Tensor:
    image, axes = given(node, inputs, 0), integers(node, inputs, 1, "axes")
    return image.squeeze() if axes is None else image.squeeze(axes)


def _tile(node: OnnxNode, inputs: Inputs) -> Tensor:
    return given(node, inputs, 0).repeat(given(node, inputs, 1).tolist())


def _transpose(node: OnnxNode, inputs: Inputs) -> Tensor:
    image = given(node, inputs, 0)
    return image.permute(node.integers("perm", tuple(reversed(range(image.dim())))))


def _unsqueeze(node: OnnxNode, inputs: Inputs) -> Tensor:
    image, axes = given(node, inputs, 0), integers(node, inputs, 1, "axes") or ()
    rank = image.dim() + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        image = image.unsqueeze(axis)
    return image


def _where(node: OnnxNode, inputs: Inputs) -> Tensor:
    condition, a, b = (given(node, inputs, index) for index in range(3))
    return torch.where(condition, a, b)


MOVING: dict[str, Operator] = {
    "Cast": _cast,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "DepthToSpace": _depth_to_space,
    "Dropout": _identity,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Identity": _identity,
    "Pad": _pad,
    "Range": _range,
    "Reshape": _reshape,
    "Resize": _resize,
    "Shape": _shape,
    "Slice": _slice,
    "SpaceToDepth": _space_to_depth,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Upsample": _resize,
    "Where": _where,
}
OPERATORS: dict[str, Operator] = {**COMPUTING, **MOVING}
