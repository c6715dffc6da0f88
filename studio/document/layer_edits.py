"""Edits of the layer tree: adding, removing, moving and grouping nodes, and their attributes."""

from __future__ import annotations

from typing import Any

from studio.document.blend import BlendMode
from studio.document.edits import Edit
from studio.document.nodes import Group, Node, layers_in, new_layer_id, path_to, swapped
from studio.document.picture import Picture


def require(picture: Picture, node_id: str) -> Node:
    """The node with this id.

    Raises:
        LookupError: if there is none.
    """
    node = picture.node(node_id)
    if node is None:
        raise LookupError(f"no layer or group {node_id}")
    return node


def add_node(node: Node, above: str | None = None) -> Edit:
    """Insert a layer or group above the one with id ``above`` and make it the active one.

    Without ``above`` it goes above the active node, or into it if that is a group without children.
    """

    def edit(picture: Picture) -> Picture:
        anchor = picture.node(above or picture.active)
        if anchor is None:
            nodes: tuple[Node, ...] = (*picture.nodes, node)
        elif above is None and isinstance(anchor, Group) and not anchor.children:
            nodes = swapped(picture.nodes, anchor.id, (anchor.replaced(children=(node,)),))
        else:
            nodes = swapped(picture.nodes, anchor.id, (anchor, node))
        return picture.replaced(nodes=nodes, active=node.id, mask_active=False)

    return edit


def remove_node(node_id: str) -> Edit:
    """Delete a layer or a group with all in it; the last layer of a picture stays."""

    def edit(picture: Picture) -> Picture:
        require(picture, node_id)
        nodes = swapped(picture.nodes, node_id, ())
        if not any(layers_in(nodes)):
            return picture
        active = picture.active
        if any(node.id == node_id for node in picture.path(active)):
            active = _beside(picture, node_id, nodes)
        return picture.replaced(nodes=nodes, active=active, mask_active=False)

    return edit


def change_node(node_id: str, **changes: Any) -> Edit:
    """Set attributes of a layer or group: name, visible, opacity, mask, blend, locked..."""

    def edit(picture: Picture) -> Picture:
        node = require(picture, node_id)
        changed = node.replaced(**changes)
        if changed == node:
            return picture
        after = picture.with_node(changed)
        if changed.mask is None and picture.active == node_id:
            after = after.replaced(mask_active=False)
        return after

    return edit


def move_node(node_id: str, parent: str | None, index: int) -> Edit:
    """Put a node at ``index`` (from the bottom) of a group's children, or of the top of the tree.

    ``index`` counts the list as it is without the node. A group cannot go into itself: that edit
    changes nothing.
    """

    def edit(picture: Picture) -> Picture:
        node = require(picture, node_id)
        rest = swapped(picture.nodes, node_id, ())
        if parent is None:
            nodes = _inserted(rest, node, index)
        else:
            path = path_to(rest, parent)
            group = path[-1] if path else None
            if not isinstance(group, Group):
                return picture
            filled = group.replaced(children=_inserted(group.children, node, index))
            nodes = swapped(rest, parent, (filled,))
        return picture if nodes == picture.nodes else picture.replaced(nodes=nodes)

    return edit


def duplicate(node_id: str, word: str = "copy") -> Edit:
    """A copy of a layer or group above it, which becomes the active one; tiles are shared.

    Args:
        node_id: what is copied.
        word: ends the copy's name, in the user's language.
    """

    def edit(picture: Picture) -> Picture:
        node = require(picture, node_id)
        copy = _renewed(node).replaced(name=_copy_name(node.name, word))
        nodes = swapped(picture.nodes, node_id, (node, copy))
        return picture.replaced(nodes=nodes, active=copy.id, mask_active=False)

    return edit


def group(node_ids: tuple[str, ...], name: str = "Group") -> Edit:
    """Put nodes into a new group, in the place of the topmost of them; it becomes the active one.

    A node that lies in another one of them goes along with that one. Where a blend mode would meet
    nothing in a closed group, the group is one that children reach through, so that the look stays.
    """

    def edit(picture: Picture) -> Picture:
        chosen = set(node_ids)
        found = [
            node
            for node, _ in picture.walk()
            if node.id in chosen
            and not any(outer.id in chosen for outer in picture.path(node.id)[:-1])
        ]
        if not found:
            return picture
        through = any(
            node.blend is not BlendMode.NORMAL or (isinstance(node, Group) and node.pass_through)
            for node in found
        )
        new = Group(name, tuple(reversed(found)), pass_through=through)
        # A place is kept for it while the others leave theirs: no node is in the tree twice.
        nodes = swapped(picture.nodes, found[0].id, (Group(name, id=new.id),))
        for node in found[1:]:
            nodes = swapped(nodes, node.id, ())
        nodes = swapped(nodes, new.id, (new,))
        return picture.replaced(nodes=nodes, active=new.id, mask_active=False)

    return edit


def ungroup(group_id: str) -> Edit:
    """Put the children of a group in its place; its opacity, mask and blend mode are given up.

    An empty group vanishes. A layer changes nothing.
    """

    def edit(picture: Picture) -> Picture:
        node = require(picture, group_id)
        if not isinstance(node, Group):
            return picture
        nodes = swapped(picture.nodes, group_id, node.children)
        active = picture.active
        if active == group_id:
            active = node.children[-1].id if node.children else _beside(picture, group_id, nodes)
        return picture.replaced(nodes=nodes, active=active, mask_active=False)

    return edit


def set_active(node_id: str, *, mask: bool = False) -> Edit:
    """Choose the node that edits go to, or its mask; for `Document.view_change`."""

    def edit(picture: Picture) -> Picture:
        node = require(picture, node_id)
        on_mask = mask and node.mask is not None
        if (picture.active, picture.mask_active) == (node_id, on_mask):
            return picture
        return picture.replaced(active=node_id, mask_active=on_mask)

    return edit


def _inserted(nodes: tuple[Node, ...], node: Node, index: int) -> tuple[Node, ...]:
    index = min(max(index, 0), len(nodes))
    return (*nodes[:index], node, *nodes[index:])


def _beside(picture: Picture, node_id: str, nodes: tuple[Node, ...]) -> str:
    """What is chosen once a node is gone: its neighbour below or above, its group, or the top."""
    siblings = [node.id for node in picture.siblings(node_id)]
    at = siblings.index(node_id)
    for neighbour in (*reversed(siblings[:at]), *siblings[at + 1 :]):
        if path_to(nodes, neighbour):
            return neighbour
    parent = picture.parent(node_id)
    return parent.id if parent is not None else nodes[-1].id


def _renewed(node: Node) -> Node:
    """The node with an id of its own, and all in it too."""
    if isinstance(node, Group):
        children = tuple(_renewed(child) for child in node.children)
        return node.replaced(id=new_layer_id(), children=children)
    return node.replaced(id=new_layer_id())


def _copy_name(name: str, word: str) -> str:
    return name if name.endswith(f" {word}") else f"{name} {word}"
