"""Where two pictures may look different: what has to be composed again after an edit."""

from __future__ import annotations

from studio.document.nodes import Group, Layer, Node, layers_in
from studio.document.picture import Picture
from studio.document.tiles import Index


def shown_differences(before: Picture, after: Picture) -> set[Index] | None:
    """Tiles whose composite may differ; None if anything may, as after a change of size."""
    if (before.width, before.height, before.icc) != (after.width, after.height, after.icc):
        return None
    if before.dtype != after.dtype:
        return None
    return _between(before.nodes, after.nodes)


def _between(before: tuple[Node, ...], after: tuple[Node, ...]) -> set[Index]:
    old, new = {node.id: node for node in before}, {node.id: node for node in after}
    kept = [node.id for node in before if node.id in new]
    changed: set[Index] = set()
    if kept != [node.id for node in after if node.id in old]:
        for node in (*before, *after):
            changed |= _covered(node)
        return changed
    for node_id in {**old, **new}:
        changed |= _of_node(old.get(node_id), new.get(node_id))
    return changed


def _of_node(before: Node | None, after: Node | None) -> set[Index]:
    if before is after:
        return set()
    if before is None or after is None or type(before) is not type(after):
        return _covered(before) | _covered(after)
    if not (before.visible or after.visible):
        return set()
    looks = [(node.visible, node.opacity, node.blend) for node in (before, after)]
    if looks[0] != looks[1]:
        return _covered(before) | _covered(after)
    changed = _of_masks(before, after)
    if isinstance(before, Layer) and isinstance(after, Layer):
        return changed | before.raster.changed_tiles(after.raster)
    if isinstance(before, Group) and isinstance(after, Group):
        if before.pass_through != after.pass_through:
            return _covered(before) | _covered(after)
        changed |= _between(before.children, after.children)
    return changed


def _of_masks(before: Node, after: Node) -> set[Index]:
    if before.mask is after.mask:
        return set()
    if before.mask is None or after.mask is None:
        return _covered(before) | _covered(after)
    return before.mask.changed_tiles(after.mask)


def _covered(node: Node | None) -> set[Index]:
    """All tiles that a node has pixels in."""
    if node is None:
        return set()
    return {index for layer in layers_in((node,)) for index in layer.raster.tiles}
