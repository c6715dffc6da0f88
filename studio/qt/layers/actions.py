"""What the Layer menu, the panel's buttons and its rows do to the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.api.errors import UserError
from studio.document import (
    TILE,
    BlendMode,
    Document,
    Group,
    Layer,
    Node,
    Picture,
    Raster,
    masks,
    merging,
)
from studio.document import layer_edits as core
from studio.document.edits import Edit
from studio.document.nodes import layers_in
from studio.qt.i18n import tr
from studio.qt.layers import edits
from studio.qt.workspace import Workspace


class LayerActions:
    """Acts on the chosen nodes of the current document, or on its active one.

    Args:
        workspace: the document, messages and threads.
        chosen_ids: ids of the rows that are chosen in the panel.
    """

    def __init__(
        self,
        workspace: Workspace,
        chosen_ids: Callable[[], tuple[str, ...]],
    ) -> None:
        self._workspace, self._chosen_ids = workspace, chosen_ids
        self._alone: tuple[str, dict[str, bool], dict[str, bool]] | None = None

    @property
    def document(self) -> Document | None:
        """The current document."""
        return self._workspace.session.document

    @property
    def active(self) -> Node | None:
        """The active layer or group."""
        return self.document.picture.active_node if self.document is not None else None

    def chosen(self) -> tuple[str, ...]:
        """Ids of the nodes to act on: the chosen rows if the active node is one of them."""
        node = self.active
        if node is None:
            return ()
        ids = self._chosen_ids()
        return ids if node.id in ids else (node.id,)

    # Applying

    def apply(self, title: str, edit: Edit) -> bool:
        """Make one undo step of an edit; a refusal is shown. False if nothing has changed."""
        document = self.document
        if document is None:
            return False
        try:
            return document.apply(title, edit)
        except UserError as error:
            self._workspace.messages.show_error(error)
            return False

    def apply_slowly(self, title: str, edit: Edit, nodes: tuple[Node, ...]) -> None:
        """As `apply`, on a thread if ``nodes``, whose pixels it goes through, are large."""
        document = self.document
        if document is not None:
            tiles = sum(len(layer.raster.tiles) for layer in layers_in(nodes))
            self._workspace.edits.apply(document, title, edit, tiles * TILE * TILE)

    # Nodes

    def new_layer(self) -> None:
        """Add an empty layer above the active node."""
        if self.document is not None:
            picture = self.document.picture
            layer = Layer(_free_name(picture, tr("Layer")), Raster(picture.dtype))
            self.apply(tr("New layer"), core.add_node(layer))

    def new_group(self) -> None:
        """Add an empty group above the active node."""
        if self.document is not None:
            group = Group(_free_name(self.document.picture, tr("Group")))
            self.apply(tr("New group"), core.add_node(group))

    def duplicate(self) -> None:
        """Copy the chosen nodes."""
        ids = self.chosen()
        self.apply(tr("Duplicate layers") if len(ids) > 1 else tr("Duplicate layer"),
                   edits.duplicate_nodes(ids))  # fmt: skip

    def delete(self) -> None:
        """Delete the chosen nodes."""
        ids = self.chosen()
        self.apply(tr("Delete layers") if len(ids) > 1 else tr("Delete layer"),
                   edits.remove_nodes(ids))  # fmt: skip

    def rename(self, node_id: str, name: str) -> None:
        """Give a node another name."""
        self.apply(tr("Rename layer"), core.change_node(node_id, name=name))

    def group(self) -> None:
        """Put the chosen nodes into a new group."""
        if self.document is not None:
            name = _free_name(self.document.picture, tr("Group"))
            self.apply(tr("Group layers"), core.group(self.chosen(), name))

    def ungroup(self) -> None:
        """Put what is in the active group in its place."""
        if (node := self.active) is not None:
            self.apply(tr("Ungroup"), core.ungroup(node.id))

    def move(self, ids: tuple[str, ...], parent: str | None, row: int) -> None:
        """Put nodes before a row of a group or of the tree, as dropped there."""
        self.apply(tr("Move layers") if len(ids) > 1 else tr("Move layer"),
                   edits.move_nodes(ids, parent, row))  # fmt: skip

    def step_up(self) -> None:
        """Move the active node one place up."""
        self._move_active(edits.step_up)

    def step_down(self) -> None:
        """Move the active node one place down."""
        self._move_active(edits.step_down)

    def to_top(self) -> None:
        """Move the active node to the top of its list."""
        self._move_active(lambda node_id: edits.to_end(node_id, top=True))

    def to_bottom(self) -> None:
        """Move the active node to the bottom of its list."""
        self._move_active(lambda node_id: edits.to_end(node_id, top=False))

    def _move_active(self, edit: Callable[[str], Edit]) -> None:
        if (node := self.active) is not None:
            self.apply(tr("Move layer"), edit(node.id))

    # Merging

    def merge_down(self) -> None:
        """Join the active node with the layer below it, or the chosen ones with each other."""
        node, ids = self.active, self.chosen()
        if node is None or self.document is None:
            return
        picture = self.document.picture
        if len(ids) > 1:
            self.apply_slowly(tr("Merge layers"), _merge_chosen(ids, node.name), picture.nodes)
        else:
            self.apply_slowly(
                tr("Merge down"), merging.merge_down(node.id), picture.siblings(node.id)
            )

    def merge_group(self) -> None:
        """Make one layer of the active group."""
        if (node := self.active) is not None:
            self.apply_slowly(tr("Merge group"), merging.merge_group(node.id), (node,))

    def merge_visible(self) -> None:
        """Make one layer of all that shows."""
        if self.document is not None:
            nodes = self.document.picture.nodes
            self.apply_slowly(tr("Merge visible layers"), merging.merge_visible(), nodes)

    def flatten(self) -> None:
        """Make one layer of the picture."""
        if self.document is not None:
            nodes = self.document.picture.nodes
            self.apply_slowly(tr("Flatten picture"), merging.flatten(), nodes)

    # Looks

    def change(self, title: str, ids: tuple[str, ...], **changes: Any) -> None:
        """Set attributes of nodes."""
        self.apply(title, edits.change_nodes(ids, **changes))

    def set_visible(self, node_id: str, visible: bool) -> None:
        """Show or hide a node."""
        title = tr("Show layer") if visible else tr("Hide layer")
        self.change(title, (node_id,), visible=visible)

    def toggle_visible(self) -> None:
        """Hide the chosen nodes, or show them if the active one is hidden."""
        if (node := self.active) is not None:
            title = tr("Hide layer") if node.visible else tr("Show layer")
            self.change(title, self.chosen(), visible=not node.visible)

    def show_only(self, node_id: str) -> None:
        """Hide all other nodes; done again, show what was shown before."""
        document = self.document
        if document is None:
            return
        before = _visibility(document.picture)
        if self._alone is not None and (self._alone[0], self._alone[2]) == (node_id, before):
            self.apply(tr("Show layers"), edits.set_visibility(self._alone[1]))
            self._alone = None
        elif self.apply(tr("Show only this layer"), edits.show_only(node_id)):
            self._alone = (node_id, before, _visibility(document.picture))
        else:
            self.apply(tr("Show layers"), edits.set_visibility(dict.fromkeys(before, True)))

    def show_only_active(self) -> None:
        """`show_only` for the active node."""
        if (node := self.active) is not None:
            self.show_only(node.id)

    def set_locked(self, node_id: str, locked: bool) -> None:
        """Lock or unlock a node."""
        title = tr("Lock layer") if locked else tr("Unlock layer")
        self.change(title, (node_id,), locked=locked)

    def toggle_locked(self) -> None:
        """Lock the chosen nodes, or unlock them if the active one is locked."""
        if (node := self.active) is not None:
            title = tr("Unlock layer") if node.locked else tr("Lock layer")
            self.change(title, self.chosen(), locked=not node.locked)

    def set_blend(self, mode: BlendMode | None) -> None:
        """Set how the chosen nodes meet what is below; None lets groups pass through."""
        document = self.document
        if document is None:
            return
        changes: list[Edit] = []
        for node_id in self.chosen():
            group = isinstance(document.picture.node(node_id), Group)
            if mode is None and group:
                changes.append(core.change_node(node_id, pass_through=True))
            elif mode is not None and group:
                changes.append(core.change_node(node_id, blend=mode, pass_through=False))
            elif mode is not None:
                changes.append(core.change_node(node_id, blend=mode))
        self.apply(tr("Blend mode"), edits.chained(changes))

    # The active node

    def activate(self, node_id: str, mask: bool = False) -> None:
        """Let edits go to a node, or to its mask; no undo step."""
        document = self.document
        if document is not None and document.picture.node(node_id) is not None:
            document.view_change(core.set_active(node_id, mask=mask))

    def activate_neighbour(self, steps: int) -> None:
        """Go to the row ``steps`` below the active one (negative: above)."""
        document = self.document
        if document is not None:
            order = [node.id for node, _ in document.picture.walk()]
            at = order.index(document.picture.active_node.id) + steps
            self.activate(order[min(max(at, 0), len(order) - 1)])

    # Masks

    def add_mask(self) -> None:
        """Give the active node the selection as mask, or one that shows everything."""
        if self.document is None:
            return
        if self.document.picture.selection is None:
            self._new_mask(masks.add_mask)
        else:
            self._new_mask(masks.mask_from_selection)

    def reveal_all(self) -> None:
        """Give the active node a mask that shows everything."""
        self._new_mask(masks.add_mask)

    def hide_all(self) -> None:
        """Give the active node a mask that hides everything."""
        self._new_mask(lambda node_id: masks.add_mask(node_id, reveal=False))

    def mask_from_selection(self) -> None:
        """Give the active node the selection as its mask."""
        self._new_mask(masks.mask_from_selection)

    def mask_from_transparency(self) -> None:
        """Move the active layer's transparency into a mask."""
        node = self.active
        if node is not None:
            edit = masks.mask_from_alpha(node.id)
            self.apply_slowly(tr("Mask from transparency"), edit, (node,))

    def _new_mask(self, make: Callable[[str], Edit]) -> None:
        node = self.active
        if node is None:
            return

        def edit(picture: Picture) -> Picture:
            if node.mask is not None:
                raise UserError(
                    tr("“{name}” has a mask already.", name=node.name),
                    tr("Paint on that one, or apply or delete it first."),
                )
            return make(node.id)(picture)

        self.apply(tr("Add mask"), edit)

    def edit_mask(self) -> None:
        """Let painting go to the mask of the active node, or to its pixels again."""
        document = self.document
        if document is not None:
            picture = document.picture
            self.activate(picture.active_node.id, mask=not picture.mask_active)

    def apply_mask(self) -> None:
        """Make the mask part of the active layer's transparency."""
        node = self.active
        if node is not None:
            self.apply_slowly(tr("Apply mask"), masks.apply_mask(node.id), (node,))

    def delete_mask(self) -> None:
        """Take the active node's mask away."""
        node = self.active
        if node is not None:
            self.apply(tr("Delete mask"), masks.remove_mask(node.id))

    def select_mask(self) -> None:
        """Select what the mask shows."""
        node = self.active
        if node is not None:
            self.apply(tr("Select the mask"), masks.selection_from_mask(node.id))

    def select_opaque(self) -> None:
        """Select what is opaque in the active layer."""
        node = self.active
        if node is not None:
            edit = masks.selection_from_alpha(node.id)
            self.apply_slowly(tr("Select the layer's pixels"), edit, (node,))


def _visibility(picture: Picture) -> dict[str, bool]:
    return {node.id: node.visible for node, _ in picture.walk()}


def _free_name(picture: Picture, kind: str) -> str:
    """The kind with the first number that no node's name has."""
    names = {node.name for node, _ in picture.walk()}
    number = 1
    while f"{kind} {number}" in names:
        number += 1
    return f"{kind} {number}"


def _merge_chosen(ids: tuple[str, ...], name: str) -> Edit:
    def edit(picture: Picture) -> Picture:
        grouped = core.group(ids, name)(picture)
        return merging.merge_group(grouped.active)(grouped)

    return edit
