"""Edits of several nodes, checked against random trees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.api.errors import UserError
from studio.document import Group, Layer, Node, Picture, Raster
from studio.qt.layers import edits


def leaf(number: int) -> Layer:
    return Layer(f"l{number}", Raster(np.uint8), id=f"l{number}")


@st.composite
def pictures(draw) -> Picture:
    """Trees of up to seven layers in up to three groups."""
    nodes: list[Node] = [leaf(i) for i in range(draw(st.integers(1, 7)))]
    for number in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(nodes)))
        end = draw(st.integers(start, len(nodes)))
        group = Group(f"g{number}", tuple(nodes[start:end]), id=f"g{number}")
        nodes[start:end] = [group]
    return Picture(8, 8, tuple(nodes), "l0")


def ids(picture: Picture) -> list[str]:
    return [node.id for node, _ in picture.walk()]


@given(st.data())
def test_moving_keeps_every_node_and_the_order_of_the_moved(data) -> None:
    picture = data.draw(pictures())
    chosen = data.draw(st.lists(st.sampled_from(ids(picture)), min_size=1, unique=True))
    groups = [node.id for node, _ in picture.walk() if isinstance(node, Group)]
    parent = data.draw(st.sampled_from([None, *groups]))
    children = picture.node(parent).children if parent else picture.nodes
    row = data.draw(st.integers(0, len(children)))
    before = [n.id for n in reversed(children)]
    moved = [node.id for node in edits.outermost(picture, chosen)]
    after = edits.move_nodes(tuple(chosen), parent, row)(picture)
    assert sorted(ids(after)) == sorted(ids(picture))
    if parent and set(moved) & {node.id for node in picture.path(parent)}:
        assert after is picture
        return
    now = [n.id for n in reversed(after.node(parent).children if parent else after.nodes)]
    above = [i for i in before[:row] if i not in moved]
    below = [i for i in before[row:] if i not in moved]
    assert now == [*above, *moved, *below]


@given(st.data())
def test_steps_up_and_down_undo_each_other(data) -> None:
    picture = data.draw(pictures())
    node = data.draw(st.sampled_from(ids(picture)))
    for there, back in (
        (edits.step_up, edits.step_down),
        (edits.step_down, edits.step_up),
    ):
        moved = there(node)(picture)
        if moved is not picture:
            assert back(node)(moved).nodes == picture.nodes


@given(st.data())
def test_deleting_leaves_a_layer_and_an_active_node(data) -> None:
    picture = data.draw(pictures())
    chosen = tuple(data.draw(st.lists(st.sampled_from(ids(picture)), min_size=1, unique=True)))
    try:
        after = edits.remove_nodes(chosen)(picture)
    except UserError:
        gone = {n.id for node in edits.outermost(picture, chosen) for n in (node, *inside(node))}
        assert {layer.id for layer in picture.layers} <= gone
        return
    assert after.node(after.active) is not None
    assert not set(chosen) & set(ids(after))


def inside(node: Node) -> list[Node]:
    if not isinstance(node, Group):
        return []
    return [n for child in node.children for n in (child, *inside(child))]


@given(st.data())
def test_showing_only_one_shows_what_is_in_it_and_nothing_else(data) -> None:
    picture = data.draw(pictures())
    node = data.draw(st.sampled_from(ids(picture)))
    after = edits.show_only(node)(picture)
    shown = {layer.id for layer in after.layers if after.is_visible(layer.id)}
    target = picture.node(node)
    assert shown == {n.id for n in (target, *inside(target)) if isinstance(n, Layer)}


def test_locked_children_keep_their_group_from_being_deleted() -> None:
    group = Group("g", (leaf(1).replaced(locked=True),), id="g")
    picture = Picture(8, 8, (leaf(0), group), "l0")
    with pytest.raises(UserError, match="locked"):
        edits.remove_nodes(("g",))(picture)
