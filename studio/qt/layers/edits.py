"""Edits that the layer panel adds to those of the document: of several nodes, and by steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from studio.api.errors import UserError
from studio.document.edits import Edit, require_unlocked
from studio.document.layer_edits import change_node, duplicate, move_node, require
from studio.document.nodes import Group, Node, layers_in, path_to, swapped
from studio.document.picture import Picture
from studio.qt.i18n import tr


def outermost(picture: Picture, ids: Iterable[str]) -> list[Node]:
    """The nodes with these ids, top to bottom, without those that lie in another one of them."""
    chosen = set(ids)
    return [
        node
        for node, _ in picture.walk()
        if node.id in chosen and not any(outer.id in chosen for outer in picture.path(node.id)[:-1])
    ]


def chained(edits: Iterable[Edit]) -> Edit:
    """One edit after another."""
    wanted = tuple(edits)

    def edit(picture: Picture) -> Picture:
        for part in wanted:
            picture = part(picture)
        return picture

    return edit


def change_nodes(ids: Iterable[str], **changes: Any) -> Edit:
    """Set attributes of several layers and groups."""
    return chained(change_node(node_id, **changes) for node_id in ids)


def remove_nodes(ids: tuple[str, ...]) -> Edit:
    """Delete layers and groups.

    The edit raises UserError if something of it is locked, or no layer would be left.
    """

    def edit(picture: Picture) -> Picture:
        gone = outermost(picture, ids)
        nodes = picture.nodes
        for node in gone:
            for inner in (node, *_inside(node)):
                require_unlocked(picture, inner.id)
            nodes = swapped(nodes, node.id, ())
        if not any(layers_in(nodes)):
            raise UserError(
                "A picture keeps at least one layer.",
                "Add another layer first, or clear this one with the Delete key.",
            )
        return replace(picture, nodes=nodes, active=_nearest(picture, nodes), mask_active=False)

    return edit


def _inside(node: Node) -> list[Node]:
    if not isinstance(node, Group):
        return []
    return [inner for child in node.children for inner in (child, *_inside(child))]


def _nearest(before: Picture, nodes: tuple[Node, ...]) -> str:
    """The active node if it is left, otherwise the next one below it, otherwise above."""
    order = [node.id for node, _ in before.walk()]
    at = order.index(before.active) if before.active in order else 0
    candidates = (*order[at:], *reversed(order[:at]))
    return next((node_id for node_id in candidates if path_to(nodes, node_id)), nodes[-1].id)


def duplicate_nodes(ids: tuple[str, ...]) -> Edit:
    """Copy layers and groups, each above itself."""

    def edit(picture: Picture) -> Picture:
        copies = (duplicate(node.id, tr("copy")) for node in reversed(outermost(picture, ids)))
        return chained(copies)(picture)

    return edit


def move_nodes(ids: tuple[str, ...], parent: str | None, row: int) -> Edit:
    """Put nodes, in their order, before the ``row``-th child from the top of a group or the tree.

    The edit raises UserError if the group is locked. A group cannot go into itself.
    """

    def edit(picture: Picture) -> Picture:
        moved = outermost(picture, ids)
        if parent is not None:
            require_unlocked(picture, parent)
            if {node.id for node in picture.path(parent)} & {node.id for node in moved}:
                return picture
        gap = max(len(_children(picture, parent)) - row, 0)
        still = [
            node.id for node in _children(picture, parent)[:gap] if not _contains(moved, node.id)
        ]
        below = still[-1] if still else None
        for node in reversed(moved):
            rest = [n.id for n in _children(picture, parent) if n.id != node.id]
            index = rest.index(below) + 1 if below is not None else 0
            picture = move_node(node.id, parent, index)(picture)
            below = node.id
        return picture

    return edit


def _contains(nodes: list[Node], node_id: str) -> bool:
    return any(node.id == node_id for node in nodes)


def _children(picture: Picture, parent: str | None) -> tuple[Node, ...]:
    if parent is None:
        return picture.nodes
    group = require(picture, parent)
    return group.children if isinstance(group, Group) else ()


def step_up(node_id: str) -> Edit:
    """Move a node one place up: past a layer, into a group above it, or out of its own group."""

    def edit(picture: Picture) -> Picture:
        siblings, parent = picture.siblings(node_id), picture.parent(node_id)
        at = _place(siblings, node_id)
        if at + 1 < len(siblings):
            above = siblings[at + 1]
            if isinstance(above, Group):
                return move_node(node_id, above.id, 0)(picture)
            return move_node(node_id, parent.id if parent else None, at + 1)(picture)
        return picture if parent is None else _out(picture, node_id, parent, 1)

    return edit


def step_down(node_id: str) -> Edit:
    """Move a node one place down: past a layer, into a group below it, or out of its own group."""

    def edit(picture: Picture) -> Picture:
        siblings, parent = picture.siblings(node_id), picture.parent(node_id)
        at = _place(siblings, node_id)
        if at > 0:
            below = siblings[at - 1]
            if isinstance(below, Group):
                return move_node(node_id, below.id, len(below.children))(picture)
            return move_node(node_id, parent.id if parent else None, at - 1)(picture)
        return picture if parent is None else _out(picture, node_id, parent, 0)

    return edit


def to_end(node_id: str, *, top: bool) -> Edit:
    """Move a node to the top or the bottom of the list that it lies in."""

    def edit(picture: Picture) -> Picture:
        parent = picture.parent(node_id)
        index = len(picture.siblings(node_id)) if top else 0
        return move_node(node_id, parent.id if parent else None, index)(picture)

    return edit


def _place(siblings: tuple[Node, ...], node_id: str) -> int:
    return [node.id for node in siblings].index(node_id)


def _out(picture: Picture, node_id: str, parent: Group, above: int) -> Picture:
    outer = picture.parent(parent.id)
    place = _place(picture.siblings(parent.id), parent.id)
    return move_node(node_id, outer.id if outer else None, place + above)(picture)


def show_only(node_id: str) -> Edit:
    """Hide everything but a node, what is in it and the groups around it."""

    def edit(picture: Picture) -> Picture:
        around = {node.id for node in picture.path(node_id)}
        edits = [change_node(outer, visible=True) for outer in around]
        for node, _ in picture.walk():
            parent = picture.parent(node.id)
            beside = parent is None or (parent.id in around and parent.id != node_id)
            if beside and node.id not in around:
                edits.append(change_node(node.id, visible=False))
        return chained(edits)(picture)

    return edit


def set_visibility(shown: dict[str, bool]) -> Edit:
    """Show and hide nodes by id; those that are gone are left out."""

    def edit(picture: Picture) -> Picture:
        found = [(node, shown[node.id]) for node, _ in picture.walk() if node.id in shown]
        changes = [change_node(n.id, visible=seen) for n, seen in found if n.visible != seen]
        return chained(changes)(picture)

    return edit
