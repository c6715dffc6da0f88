"""A network in an ONNX file as a torch module, on any device and in any arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.onnx_graph import OnnxGraph, OnnxNode, read_onnx
from studio.nn.onnx_operators import both, same_padding, unsupported
from studio.nn.onnx_passes import (
    INSTANCE_NORM,
    LAYERS,
    check_operators,
    folded,
    run_operator,
    with_instance_norms,
    without_identities,
    without_quantization,
)
from studio.nn.statistics import ConditionalInstanceNorm2d


class OnnxModule(nn.Module):
    """Runs an ONNX graph with torch operators.

    Convolutions and instance normalizations become layers of torch, also normalizations that are
    spelled out in means and squares, so that the network can be placed, watched and given other
    statistics as one that was written in torch. Sizes that are fixed in the file are not insisted
    on: it takes any that its operators do.

    Args:
        graph: as `read_onnx` reads it, or the path of a file.
        quantized: whether values between the layers of a quantized graph are rounded to 8 bits as
            the file says, or are floats.

    Raises:
        CheckpointError: if the graph cannot be run, naming the operators that are not supported.
    """

    def __init__(self, graph: OnnxGraph | Path, *, quantized: bool = False) -> None:
        super().__init__()
        if isinstance(graph, Path):
            graph = read_onnx(graph)
        check_operators(graph)
        graph = folded(graph)
        if not quantized:
            graph = folded(without_quantization(graph))
        graph = with_instance_norms(without_identities(graph))
        self.input_names = tuple(each.name for each in graph.inputs)
        self.output_names = tuple(each.name for each in graph.outputs)
        self.input_shapes = tuple(each.shape for each in graph.inputs)
        self.layers = nn.ModuleList()
        self.constants = _Constants()
        self._steps = self._planned(graph)
        self._small = {
            name: value for name, value in graph.weights.items() if not _is_buffer(value)
        }
        for name, value in graph.weights.items():
            if _is_buffer(value) and any(name in step.inputs for step in self._steps):
                self.constants.add(name, value)

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Run the graph on its inputs, in the order of ``input_names``; several outputs as a tuple."""
        if len(inputs) != len(self.input_names):
            raise ValueError(f"{len(inputs)} inputs for {', '.join(self.input_names)}")
        values: dict[str, Tensor] = {
            **self._small,
            **self.constants.named(),
            **dict(zip(self.input_names, inputs, strict=True)),
        }
        for step in self._steps:
            given = [values[name] if name else None for name in step.inputs]
            for name in step.last:  # as early as can be: they are most of the memory
                del values[name]
            values.update(zip(step.node.outputs, self._run(step, given), strict=False))
            del given
        made = tuple(values[name] for name in self.output_names)
        return made[0] if len(made) == 1 else made

    def _run(self, step: _Step, given: list[Tensor | None]) -> tuple[Tensor, ...]:
        if step.layer is not None:
            out: Tensor = self.layers[step.layer](*given)
            return (out,)
        if step.in_place and given[0] is not None:
            return (given.pop(0).relu_(),)  # type: ignore[union-attr]  # just seen to be one
        return run_operator(step.node, given)

    def _planned(self, graph: OnnxGraph) -> tuple[_Step, ...]:
        last: dict[str, int] = {}
        for number, node in enumerate(graph.nodes):
            last.update(dict.fromkeys(filter(None, node.inputs), number))
        kept = {*graph.weights, *(each.name for each in graph.outputs)}
        fresh: set[str] = set()
        steps = []
        for number, node in enumerate(graph.nodes):
            layer, inputs = _layer(node, graph), node.inputs
            if layer is not None:
                # Their weights are the layer's own now.
                inputs = inputs if node.type == INSTANCE_NORM else inputs[:1]
                self.layers.append(layer)
            ending = tuple({n for n in node.inputs if n and n not in kept and last[n] == number})
            in_place = node.type == "Relu" and inputs[0] in fresh and inputs[0] in ending
            index = None if layer is None else len(self.layers) - 1
            steps.append(_Step(node, inputs, ending, index, in_place))
            if layer is not None:
                fresh.update(node.outputs)
        return tuple(steps)


@dataclass(frozen=True)
class _Step:
    """One node: what it reads, what nobody reads after it, and its layer if it has one."""

    node: OnnxNode
    inputs: tuple[str, ...]
    last: tuple[str, ...]
    layer: int | None
    in_place: bool


class _Constants(nn.Module):
    """Tensors that belong to no layer; a module of its own, so that a host can keep them exact."""

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []

    def add(self, name: str, value: Tensor) -> None:
        """Keep one more."""
        self.register_buffer(f"value{len(self._names)}", value)
        self._names.append(name)

    def named(self) -> dict[str, Tensor]:
        """All of them under the graph's names."""
        return {name: self.get_buffer(f"value{i}") for i, name in enumerate(self._names)}


class _Padded(nn.Module):
    """A convolution with borders that ``nn.Conv2d`` does not have: other ones on each side."""

    def __init__(self, node: OnnxNode, convolution: nn.Module, pads: Sequence[int]) -> None:
        super().__init__()
        self.convolution = convolution
        self._node = node
        self._pads = [pads[1], pads[3], pads[0], pads[2]]

    def forward(self, image: Tensor) -> Tensor:
        pads = self._pads
        if self._node.text("auto_pad", "NOTSET").startswith("SAME"):
            kernel = self.convolution.get_parameter("weight").shape[2:]
            pads = same_padding(self._node, image.shape[2:], kernel)
        out: Tensor = self.convolution(F.pad(image, pads))
        return out


class _Cropped(nn.Module):
    """A transposed convolution with other borders on each side: their inverse is a crop."""

    def __init__(self, convolution: nn.Module, pads: Sequence[int]) -> None:
        super().__init__()
        self.convolution = convolution
        self._pads = tuple(pads)

    def forward(self, image: Tensor) -> Tensor:
        out: Tensor = self.convolution(image)
        top, left, bottom, right = self._pads
        return out[..., top : out.shape[2] - bottom, left : out.shape[3] - right]


class _InstanceNorm(ConditionalInstanceNorm2d):
    """As its parent, for scales and shifts of any shape that can be broadcast."""

    def forward(
        self, image: Tensor, scale: Tensor | None = None, shift: Tensor | None = None
    ) -> Tensor:
        if all(each is None or _per_channel(each, image) for each in (scale, shift)):
            return super().forward(image, scale, shift)
        out = super().forward(image)
        out = out if scale is None else torch.mul(*both(out, scale))
        return out if shift is None else torch.add(*both(out, shift))


def _per_channel(values: Tensor, image: Tensor) -> bool:
    number, channels = image.shape[:2]
    return values.dim() == 4 and values.shape in ((1, channels, 1, 1), (number, channels, 1, 1))


def _is_buffer(value: Tensor) -> bool:
    """Whether a constant moves to the device: shapes and single numbers stay."""
    return value.is_floating_point() and value.numel() > 1


def _layer(node: OnnxNode, graph: OnnxGraph) -> nn.Module | None:
    if node.type not in LAYERS:
        return None
    weights = [graph.weights.get(name) if name else None for name in node.inputs[1:]]
    if node.type == INSTANCE_NORM:
        return _InstanceNorm(_channels(node, graph), node.number("epsilon"))
    if any(value is None for value, name in zip(weights, node.inputs[1:], strict=True) if name):
        raise unsupported(node, "weights that are computed")
    weight, bias = weights[0], weights[1] if len(weights) > 1 else None
    if weight is None:
        raise unsupported(node, "no weights")
    if node.type == "InstanceNormalization":
        norm = nn.InstanceNorm2d(len(weight), node.number("epsilon", 1e-5), affine=True)
        shift = torch.zeros_like(weight) if bias is None else bias
        norm.load_state_dict({"weight": weight, "bias": shift})
        return norm
    return _convolution(node, weight.float(), None if bias is None else bias.float())


def _channels(node: OnnxNode, graph: OnnxGraph) -> int:
    """Channels of what a normalization gets, as far as the graph tells."""
    maker = next((each for each in graph.nodes if node.inputs[0] in each.outputs), None)
    if maker is None or maker.type != "Conv" or maker.inputs[1] not in graph.weights:
        return 0
    return len(graph.weights[maker.inputs[1]])


def _convolution(node: OnnxNode, weight: Tensor, bias: Tensor | None) -> nn.Module:
    if weight.dim() != 4:
        raise unsupported(node, f"weights of {weight.dim()} dimensions")
    transposed = node.type == "ConvTranspose"
    pads = node.integers("pads", (0, 0, 0, 0))
    auto = node.text("auto_pad", "NOTSET").startswith("SAME")
    even = pads[:2] == pads[2:] and not auto
    if transposed and (auto or "output_shape" in node.attributes):
        raise unsupported(node, "a size that is given instead of its borders")
    group = node.integer("group", 1)
    options: dict[str, Any] = {
        "kernel_size": tuple(weight.shape[2:]),
        "stride": node.integers("strides", (1, 1)),
        "padding": pads[:2] if even else (0, 0),
        "dilation": node.integers("dilations", (1, 1)),
        "groups": group,
        "bias": bias is not None,
        "device": "meta",  # no random weights that would be overwritten at once
    }
    layer: nn.Module
    if transposed:
        options["output_padding"] = node.integers("output_padding", (0, 0))
        layer = nn.ConvTranspose2d(weight.shape[0], weight.shape[1] * group, **options)
    else:
        layer = nn.Conv2d(weight.shape[1] * group, weight.shape[0], **options)
    state = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    layer.load_state_dict(state, assign=True)
    if even:
        return layer
    return _Cropped(layer, pads) if transposed else _Padded(node, layer, pads)
