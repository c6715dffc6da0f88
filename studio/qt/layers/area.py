"""The layers' part of the window: the panel and the Layer menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMenu

from studio.document import Group
from studio.qt.actions import Command
from studio.qt.area import Area, Desk, Panel
from studio.qt.i18n import tr
from studio.qt.layers.commands import COMMANDS, CONTEXT_MENU
from studio.qt.layers.panel import LayersPanel


class LayersArea(Area):
    """Brings the layer panel and what can be done with layers."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.panel = LayersPanel(desk.workspace)
        self.panel.menu_wanted.connect(self._open_menu)
        self.panel.look.left.connect(desk.canvas.setFocus)
        session = desk.workspace.session
        session.changed.connect(self.facts_changed)
        session.replaced.connect(self.facts_changed)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the commands do."""
        act = self.panel.act
        return {
            "layer-new": act.new_layer,
            "layer-new-group": act.new_group,
            "layer-duplicate": act.duplicate,
            "layer-delete": act.delete,
            "layer-rename": self._rename,
            "layer-group": act.group,
            "layer-ungroup": act.ungroup,
            "layer-merge-down": act.merge_down,
            "layer-merge-group": act.merge_group,
            "layer-merge-visible": act.merge_visible,
            "layer-flatten": act.flatten,
            "layer-up": act.step_up,
            "layer-down": act.step_down,
            "layer-top": act.to_top,
            "layer-bottom": act.to_bottom,
            "layer-previous": lambda: act.activate_neighbour(-1),
            "layer-next": lambda: act.activate_neighbour(1),
            "mask-reveal": act.reveal_all,
            "mask-hide": act.hide_all,
            "mask-selection": act.mask_from_selection,
            "mask-transparency": act.mask_from_transparency,
            "mask-edit": act.edit_mask,
            "mask-apply": act.apply_mask,
            "mask-delete": act.delete_mask,
            "mask-select": act.select_mask,
            "layer-select-opaque": act.select_opaque,
            "layer-visible": act.toggle_visible,
            "layer-solo": act.show_only_active,
            "layer-lock": act.toggle_locked,
        }

    def facts(self) -> dict[str, bool]:
        """Whether the active node is a group and has a mask, and whether something is selected."""
        document = self.desk.workspace.session.document
        picture = document.picture if document is not None else None
        node = picture.active_node if picture is not None else None
        return {
            "layers.group": isinstance(node, Group),
            "layers.mask": node is not None and node.mask is not None,
            "layers.selection": picture is not None and picture.selection is not None,
        }

    def panels(self) -> tuple[Panel, ...]:
        """The layer panel."""
        return (Panel("layers", tr("Layers"), self.panel),)

    def close(self) -> None:
        """Let go of the document."""
        self.panel.close_document()

    def _rename(self) -> None:
        """Rename in the panel, which comes to the front."""
        dock = self.panel.parentWidget()
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parentWidget()
        if dock is not None:
            dock.show()
            dock.raise_()
        self.panel.rename_active()

    def _open_menu(self, place: QPoint) -> None:
        menu = self.make_menu()
        menu.exec(place)
        menu.deleteLater()

    def make_menu(self) -> QMenu:
        """The context menu of a row, made of the window's own actions."""
        menu = QMenu(self.desk.window)
        for kind in CONTEXT_MENU:
            actions = [self.desk.window.findChild(QAction, name) for name in kind]
            menu.addActions([a for a in actions if a is not None and a.isEnabled()])
            menu.addSeparator()
        return menu
