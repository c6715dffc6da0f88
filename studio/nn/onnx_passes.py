"""Rewriting ONNX graphs before they run: constants, quantization and spelled-out normalizations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from torch import Tensor

from studio.nn.checkpoints import CheckpointError
from studio.nn.onnx_graph import OnnxGraph, OnnxNode
from studio.nn.onnx_shapes import OPERATORS

INSTANCE_NORM = "impasto.InstanceNorm"
"""Inputs: the picture, a scale and a shift (either may be left out); attribute ``epsilon``."""
LAYERS = frozenset({"Conv", "ConvTranspose", "InstanceNormalization", INSTANCE_NORM})
_RANDOM = frozenset({"RandomNormal", "RandomUniform"})


def check_operators(graph: OnnxGraph) -> None:
    """Refuse a graph with operators that cannot be run.

    Raises:
        CheckpointError: naming all of them.
    """
    known = OPERATORS.keys() | LAYERS
    foreign = Counter(node.type for node in graph.nodes if node.type not in known)
    if foreign:
        named = ", ".join(f"{kind} ({number}×)" for kind, number in sorted(foreign.items()))
        raise CheckpointError(
            f"The network has operators that are not supported: {named}.",
            "Export it again with plainer operators, or tell us about it.",
        )


def folded(graph: OnnxGraph) -> OnnxGraph:
    """Compute once what depends on constants alone; weights that were quantized become floats."""
    weights = dict(graph.weights)
    nodes = []
    for node in graph.nodes:
        constant = all(name in weights for name in node.inputs if name)
        if not constant or node.type in LAYERS or node.type not in OPERATORS:
            nodes.append(node)
            continue
        made = run_operator(node, [weights[name] if name else None for name in node.inputs])
        weights.update(zip(node.outputs, made, strict=False))
    return _alive(replace(graph, nodes=tuple(nodes), weights=weights))


def run_operator(node: OnnxNode, inputs: list[Tensor | None]) -> tuple[Tensor, ...]:
    """The outputs of an operator that has no layer of its own.

    Raises:
        CheckpointError: if torch cannot run it on what it is given.
    """
    try:
        out = OPERATORS[node.type](node, inputs)
    except (IndexError, TypeError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"The graph's {node.type} {node.name} does not run: {error}."
        ) from error
    return out if isinstance(out, tuple) else (out,)


def without_quantization(graph: OnnxGraph) -> OnnxGraph:
    """Let values between layers be floats: a graph that was quantized after its training.

    Its weights keep the values that 8 bits gave them. What it made in between was rounded to 8 bits,
    too, in steps that were measured on other pictures; that only saved time.
    """
    nodes = [
        replace(node, type="Identity", inputs=node.inputs[:1], attributes={})
        if node.type == "QuantizeLinear"
        or (node.type == "DequantizeLinear" and node.inputs[0] not in graph.weights)
        else node
        for node in graph.nodes
    ]
    return replace(graph, nodes=tuple(nodes))


def without_identities(graph: OnnxGraph) -> OnnxGraph:
    """Drop nodes that hand on what they get."""
    renamed: dict[str, str] = {}
    outputs = {each.name for each in graph.outputs}
    nodes = []
    for node in graph.nodes:
        inputs = tuple(renamed.get(name, name) for name in node.inputs)
        if node.type in ("Identity", "Dropout") and node.outputs[0] not in outputs:
            renamed[node.outputs[0]] = inputs[0]
        else:
            nodes.append(replace(node, inputs=inputs))
    return replace(graph, nodes=tuple(nodes))


def with_instance_norms(graph: OnnxGraph) -> OnnxGraph:
    """Make one node of every instance normalization that is spelled out in means and squares.

    Found are the two ways in which exporters write it, with or without scale and shift:
    ``(x - mean) / sqrt(variance + eps) * scale + shift``, and TensorFlow's
    ``x * (scale / sqrt(variance + eps)) + (shift - mean * (scale / sqrt(variance + eps)))``.
    """
    search = _Search(graph)
    fused: dict[str, OnnxNode] = {}
    for node in graph.nodes:
        found = search.normalization(node)
        if found is not None:
            fused[node.outputs[0]] = found
    nodes = tuple(fused.get(node.outputs[0], node) for node in graph.nodes)
    return _alive(replace(graph, nodes=nodes))


def _alive(graph: OnnxGraph) -> OnnxGraph:
    """Without nodes and weights that nothing needs."""
    needed = {each.name for each in graph.outputs}
    nodes = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            nodes.append(node)
            needed.update(node.inputs)
    weights = {name: value for name, value in graph.weights.items() if name in needed}
    return replace(graph, nodes=tuple(reversed(nodes)), weights=weights)


@dataclass(frozen=True)
class _Deviation:
    """``1 / sqrt(variance of picture + eps)``."""

    picture: str
    eps: float


class _Search:
    """Looks backwards from a node for the parts of a normalization."""

    def __init__(self, graph: OnnxGraph) -> None:
        self._weights = graph.weights
        self._makers = {name: node for node in graph.nodes for name in node.outputs}

    def normalization(self, node: OnnxNode) -> OnnxNode | None:
        """The fused node that makes the same as ``node``, if that ends a normalization."""
        if node.type == "Add":
            for first, second in (node.inputs[:2], node.inputs[1::-1]):
                found = self._tensorflow(node, first, second) or self._shifted(node, first, second)
                if found is not None:
                    return found
            return None
        return self._scaled(node) or self._plain(node)

    def _plain(self, node: OnnxNode) -> OnnxNode | None:
        """``(x - mean) * r`` or ``(x - mean) / sqrt``."""
        if node.type == "Div":
            variance = self._under_root(node.inputs[1])
            found = None if variance is None else self._variance(variance)
            if found is None or self._centered(node.inputs[0]) != found.picture:
                return None
            return _fused(node, found)
        if node.type != "Mul":
            return None
        for first, second in (node.inputs[:2], node.inputs[1::-1]):
            found = self._deviation(second)
            if found is not None and self._centered(first) == found.picture:
                return _fused(node, found)
        return None

    def _scaled(self, node: OnnxNode) -> OnnxNode | None:
        """A plain one times a scale."""
        if node.type != "Mul":
            return None
        for first, second in (node.inputs[:2], node.inputs[1::-1]):
            maker = self._makers.get(first)
            inner = None if maker is None else self._plain(maker)
            if inner is not None:
                return replace(
                    inner, outputs=node.outputs, name=node.name, inputs=(inner.inputs[0], second)
                )
        return None

    def _shifted(self, node: OnnxNode, first: str, shift: str) -> OnnxNode | None:
        """A plain or scaled one plus a shift."""
        maker = self._makers.get(first)
        inner = None if maker is None else self._scaled(maker) or self._plain(maker)
        if inner is None:
            return None
        picture, scale = (*inner.inputs, "")[:2]
        return replace(inner, outputs=node.outputs, name=node.name, inputs=(picture, scale, shift))

    def _tensorflow(self, node: OnnxNode, first: str, second: str) -> OnnxNode | None:
        """``x * m + (shift - mean * m)`` with ``m = r * scale``."""
        product, rest = self._made_by(first, "Mul"), self._made_by(second, "Sub")
        minus = None if rest is None else self._made_by(self._flat(rest.inputs[1]), "Mul")
        if product is None or rest is None or minus is None:
            return None
        for picture, factor in (product.inputs[:2], product.inputs[1::-1]):
            parts = [self._flat(name) for name in minus.inputs]
            if factor not in parts:
                continue
            mean = parts[1 - parts.index(factor)]
            found = self._factor(factor)
            if found is None or found[0].picture != picture or self._mean_of(mean) != picture:
                continue
            return _fused(node, found[0], found[1], rest.inputs[0])
        return None

    def _factor(self, name: str) -> tuple[_Deviation, str] | None:
        """``r * scale``: the deviation and the scale's name, empty if there is none."""
        alone = self._deviation(name)
        if alone is not None:
            return alone, ""
        maker = self._made_by(name, "Mul")
        for first, second in (maker.inputs[:2], maker.inputs[1::-1]) if maker else ():
            found = self._deviation(first)
            if found is not None:
                return found, second
        return None

    def _deviation(self, name: str) -> _Deviation | None:
        """``1 / sqrt(variance + eps)`` in any of its spellings."""
        maker = self._makers.get(self._flat(name))
        inner: str | None = None
        if maker is None:
            return None
        if maker.type == "Reciprocal":
            inner = self._under_root(maker.inputs[0])
        elif maker.type == "Div" and self._number(maker.inputs[0]) == 1:
            inner = self._under_root(maker.inputs[1])
        elif maker.type == "Pow" and self._number(maker.inputs[1]) == -0.5:
            inner = maker.inputs[0]
        return None if inner is None else self._variance(inner)

    def _under_root(self, name: str) -> str | None:
        maker = self._makers.get(self._flat(name))
        if maker is None:
            return None
        if maker.type == "Sqrt":
            return maker.inputs[0]
        return (
            maker.inputs[0]
            if maker.type == "Pow" and self._number(maker.inputs[1]) == 0.5
            else None
        )

    def _variance(self, name: str) -> _Deviation | None:
        """``mean((x - mean(x))²) + eps``."""
        maker = self._made_by(self._flat(name), "Add")
        for first, second in (maker.inputs[:2], maker.inputs[1::-1]) if maker else ():
            eps, squares = self._number(second), self._spatial_mean(first)
            centered = None if squares is None else self._squared(squares)
            picture = None if centered is None else self._centered(centered)
            if eps is not None and picture is not None:
                return _Deviation(picture, eps)
        return None

    def _squared(self, name: str) -> str | None:
        maker = self._makers.get(name)
        if maker is None:
            return None
        twice = maker.type == "Mul" and maker.inputs[0] == maker.inputs[1]
        power = maker.type == "Pow" and self._number(maker.inputs[1]) == 2
        return maker.inputs[0] if twice or power else None

    def _centered(self, name: str) -> str | None:
        """The picture, of ``picture - mean(picture)``."""
        maker = self._made_by(name, "Sub")
        if maker is None or self._mean_of(maker.inputs[1]) != maker.inputs[0]:
            return None
        return maker.inputs[0]

    def _mean_of(self, name: str) -> str | None:
        return self._spatial_mean(self._flat(name))

    def _spatial_mean(self, name: str) -> str | None:
        """What a mean over height and width is taken of."""
        maker = self._makers.get(self._flat(name))
        if maker is None:
            return None
        if maker.type == "GlobalAveragePool":
            return maker.inputs[0]
        if maker.type != "ReduceMean" or not maker.integer("keepdims", 1):
            return None
        listed = self._weights.get(maker.inputs[1]) if len(maker.inputs) > 1 else None
        axes = maker.integers("axes") if listed is None else tuple(listed.tolist())
        return maker.inputs[0] if {axis % 4 for axis in axes} == {2, 3} else None

    def _flat(self, name: str) -> str:
        """Through a reshape to N x C x 1 x 1, which changes no mean."""
        maker = self._made_by(name, "Reshape")
        shape = None if maker is None else self._weights.get(maker.inputs[1])
        if maker is None or shape is None or shape.tolist()[2:] != [1, 1]:
            return name
        return self._flat(maker.inputs[0])

    def _made_by(self, name: str, kind: str) -> OnnxNode | None:
        maker = self._makers.get(name)
        return maker if maker is not None and maker.type == kind else None

    def _number(self, name: str) -> float | None:
        value = self._weights.get(name)
        return float(value) if value is not None and value.numel() == 1 else None


def _fused(node: OnnxNode, found: _Deviation, scale: str = "", shift: str = "") -> OnnxNode:
    inputs = [found.picture, scale, shift]
    while not inputs[-1]:
        inputs.pop()
    return OnnxNode(INSTANCE_NORM, node.name, tuple(inputs), node.outputs, {"epsilon": found.eps})
