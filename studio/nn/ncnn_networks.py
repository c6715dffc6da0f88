"""Turning ncnn graphs of known super-resolution networks into state dicts for torch.

Key names are those of BasicSR (Wang et al.), which spandrel recognises.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor

from studio.nn.checkpoints import CheckpointError
from studio.nn.ncnn import NcnnLayer, describe_layers

_INTERP_NEAREST = 1
_BINARY_ADD = 0


@dataclass(frozen=True)
class NcnnNetwork:
    """A recognised network.

    Attributes:
        architecture: ``RRDBNet`` (Wang et al. 2018) or ``SRVGGNetCompact`` (Wang et al. 2021).
        config: constructor arguments in BasicSR's names.
        scale: enlargement of the torch network.
        resize: factor of the bicubic resize that the graph ends with; 1.0 if it has none. The
            published x2 and x3 video models are the x4 network and a resize by 0.5 and 0.75.
        state: float32 tensors by BasicSR key.
    """

    architecture: str
    config: dict[str, int]
    scale: int
    resize: float
    state: dict[str, Tensor]


def ncnn_state_dict(layers: Iterable[NcnnLayer]) -> NcnnNetwork:
    """Map the layers of a Real-ESRGAN network to BasicSR's keys.

    Args:
        layers: what `studio.nn.ncnn.read_ncnn` returned.

    Raises:
        CheckpointError: if the graph is neither an RRDBNet nor an SRVGGNetCompact; the message says
            what it consists of and what does not fit.
    """
    graph = tuple(layers)
    kinds = Counter(layer.type for layer in graph)
    if kinds["Concat"] and kinds["Concat"] % 12 == 0:
        return _rrdbnet(graph, kinds["Concat"] // 12)
    if kinds["PixelShuffle"] == 1 and kinds["PReLU"]:
        return _compact(graph)
    raise _unknown(graph, "it is neither an RRDBNet nor an SRVGGNetCompact")


def _rrdbnet(graph: tuple[NcnnLayer, ...], blocks: int) -> NcnnNetwork:
    convolutions = [layer for layer in graph if layer.type == "Convolution"]
    names = list(_rrdbnet_names(blocks))
    if len(convolutions) != len(names):
        raise _unknown(graph, f"an RRDBNet of {blocks} blocks has {len(names)} convolutions")
    doublings = [layer for layer in graph if layer.type == "Interp"]
    if len(doublings) != 2 or any(_interp(layer) != (_INTERP_NEAREST, 2.0) for layer in doublings):
        raise _unknown(graph, "an RRDBNet doubles the size twice, by repeating pixels")
    features, inputs = convolutions[0].weights["weight"].shape[:2]
    growth = convolutions[1].weights["weight"].shape[0]
    shrink = math.isqrt(inputs // 3)
    if inputs not in {3, 12, 48}:
        raise _unknown(graph, f"its first convolution has {inputs} inputs, not 3, 12 or 48")
    widths = {"conv_first": (features, inputs), "conv_last": (3, features)}
    state: dict[str, Tensor] = {}
    for name, layer in zip(names, convolutions, strict=True):
        slot = int(name[-1]) if ".rdb" in name else 0
        dense = (features if slot == 5 else growth, features + (slot - 1) * growth)
        out, into = dense if slot else widths.get(name, (features, features))
        _expect_activation(graph, layer, leaky=_is_activated(name))
        state |= _convolution(graph, layer, name, (out, into, 3, 3))
    config = {"num_in_ch": 3, "num_out_ch": 3, "num_feat": features, "num_block": blocks}
    config |= {"num_grow_ch": growth, "scale": 4 // shrink}
    return NcnnNetwork("RRDBNet", config, 4 // shrink, 1.0, state)


def _rrdbnet_names(blocks: int) -> Iterator[str]:
    yield "conv_first"
    for block in range(blocks):
        for dense in (1, 2, 3):
            for conv in (1, 2, 3, 4, 5):
                yield f"body.{block}.rdb{dense}.conv{conv}"
    yield from ("conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last")


def _is_activated(name: str) -> bool:
    if ".rdb" in name:
        return not name.endswith("conv5")
    return name in {"conv_up1", "conv_up2", "conv_hr"}


def _expect_activation(graph: tuple[NcnnLayer, ...], layer: NcnnLayer, *, leaky: bool) -> None:
    """Check the LeakyReLU of slope 0.2, fused into the convolution or a layer of its own."""
    slope = layer.params.get(10, ()) if layer.params.get(9, 0) == 2 else ()
    fused = isinstance(slope, tuple) and [round(value, 6) for value in slope] == [0.2]
    after = any(
        other.type == "ReLU"
        and other.inputs == layer.outputs
        and math.isclose(float(str(other.params.get(0, 0))), 0.2, rel_tol=1e-6)
        for other in graph
    )
    if (fused or after) != leaky or (layer.params.get(9, 0) and not fused):
        raise _unknown(graph, f"layer {layer.name} has another activation than an RRDBNet's")


def _compact(graph: tuple[NcnnLayer, ...]) -> NcnnNetwork:
    body = [layer for layer in graph if layer.type in {"Convolution", "PReLU"}]
    kinds = ["Convolution" if index % 2 == 0 else "PReLU" for index in range(len(body))]
    if [layer.type for layer in body] != kinds or len(body) % 2 == 0 or len(body) < 5:
        raise _unknown(graph, "an SRVGGNetCompact alternates convolutions and PReLUs")
    scale, resize = _compact_tail(graph, body[-1])
    features = body[0].weights["weight"].shape[0]
    state: dict[str, Tensor] = {}
    for index, layer in enumerate(body):
        if layer.type == "PReLU":
            slopes = layer.weights["weight"]
            if tuple(slopes.shape) != (features,):
                raise _unknown(graph, f"layer {layer.name} has {slopes.numel()} slopes")
            state[f"body.{index}.weight"] = slopes
            continue
        if layer.params.get(9, 0):
            raise _unknown(graph, f"layer {layer.name} has an activation of its own")
        out = 3 * scale * scale if index == len(body) - 1 else features
        shape = (out, features if index else 3, 3, 3)
        state |= _convolution(graph, layer, f"body.{index}", shape)
    config = {"num_in_ch": 3, "num_out_ch": 3, "num_feat": features}
    config |= {"num_conv": (len(body) - 3) // 2, "upscale": scale}
    return NcnnNetwork("SRVGGNetCompact", config, scale, resize, state)


def _compact_tail(graph: tuple[NcnnLayer, ...], last: NcnnLayer) -> tuple[int, float]:
    """Check pixel shuffle + enlarged input, and return the scale and the final resize."""
    shuffle = next(layer for layer in graph if layer.type == "PixelShuffle")
    scale = shuffle.params.get(0, 1)
    interps = [layer for layer in graph if layer.type == "Interp"]
    adds = [layer for layer in graph if layer.type == "BinaryOp"]
    if (
        not isinstance(scale, int)
        or shuffle.inputs != last.outputs
        or len(interps) not in {1, 2}
        or _interp(interps[0]) != (_INTERP_NEAREST, float(scale))
        or len(adds) != 1
        or adds[0].params.get(0, 0) != _BINARY_ADD
        or set(adds[0].inputs) != {*shuffle.outputs, *interps[0].outputs}
    ):
        raise _unknown(graph, "an SRVGGNetCompact ends by adding its enlarged input")
    if len(interps) == 1:
        return scale, 1.0
    if interps[1].inputs != adds[0].outputs:
        raise _unknown(graph, f"layer {interps[1].name} resizes something else than the result")
    return scale, _interp(interps[1])[1]


def _interp(layer: NcnnLayer) -> tuple[int, float]:
    """Kind (1 nearest, 2 bilinear, 3 bicubic) and factor of a resize; 0.0 unless uniform."""
    kind, height, width = (layer.params.get(key, 0) for key in (0, 1, 2))
    if isinstance(kind, tuple) or isinstance(height, tuple) or height != width:
        return 0, 0.0
    return int(kind), float(height)


def _convolution(
    graph: tuple[NcnnLayer, ...], layer: NcnnLayer, name: str, shape: tuple[int, ...]
) -> dict[str, Tensor]:
    weight, bias = layer.weights["weight"], layer.weights.get("bias")
    # Stride and dilation 1, one pixel of padding: what both families use throughout.
    plain = [layer.params.get(key, 1) for key in (2, 3, 4)] == [1, 1, 1]
    if tuple(weight.shape) != shape or bias is None or not plain:
        found = "x".join(map(str, weight.shape))
        raise _unknown(
            graph, f"layer {layer.name} is {found}, where {name} is {'x'.join(map(str, shape))}"
        )
    return {f"{name}.weight": weight, f"{name}.bias": bias}


def _unknown(graph: tuple[NcnnLayer, ...], reason: str) -> CheckpointError:
    return CheckpointError(
        f"The ncnn network is not one that can be run: {reason}. Found {describe_layers(graph)}.",
        "Use the PyTorch, safetensors or ONNX file of the model.",
    )
