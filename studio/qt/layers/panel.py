"""The layer panel: looks at the top, the tree, buttons at the bottom."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from studio.document import Change, Document
from studio.document.events import listen
from studio.qt.i18n import tr
from studio.qt.layers.actions import LayerActions
from studio.qt.layers.controls import LookControls
from studio.qt.layers.model import LayerModel
from studio.qt.layers.thumbnails import LayerThumbnails
from studio.qt.layers.view import LayerTree
from studio.qt.widgets import icon_button, label
from studio.qt.workspace import Workspace


class LayersPanel(QWidget):
    """Shows the tree of the current document and hands what the user does to `LayerActions`.

    Signals:
        menu_wanted: a context menu shall open at this global position.
    """

    menu_wanted = Signal(QPoint)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._unlisten: Callable[[], None] | None = None
        self._shown: Document | None = None
        theme = workspace.theme
        self.thumbnails = LayerThumbnails(workspace.background, self)
        self.model = LayerModel(self.thumbnails, self)
        self.tree = LayerTree(self.model, theme)
        self.act = LayerActions(workspace, self.tree.chosen_ids)
        self.look = LookControls(self.act)
        self.empty = label(tr("No picture is open."), "muted", wrap=True)
        self.buttons = self._make_buttons()
        self._lay_out()
        self._connect()
        self.setMinimumSize(220, 200)
        self._show_document()

    def _make_buttons(self) -> dict[str, QToolButton]:
        theme, act = self._workspace.theme, self.act
        wanted: tuple[tuple[str, str, Callable[[], None]], ...] = (
            ("layer-new", tr("New layer (Ctrl+Shift+N)"), act.new_layer),
            ("group-new", tr("New group"), act.new_group),
            ("mask", tr("Add a mask: the selection, or one that shows all"), act.add_mask),
            ("copy", tr("Duplicate (Ctrl+J)"), act.duplicate),
            ("up", tr("Move up (Ctrl+])"), act.step_up),
            ("down", tr("Move down (Ctrl+[)"), act.step_down),
            ("merge-down", tr("Merge down, or merge the chosen layers (Ctrl+E)"), act.merge_down),
            ("trash", tr("Delete (Delete key in the list)"), act.delete),
        )
        made = {}
        for icon, tip, handler in wanted:
            made[icon] = icon_button(theme, icon, tip)
            made[icon].clicked.connect(lambda _=False, call=handler: call())
        return made

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(2)
        for icon, button in self.buttons.items():
            if icon == "trash":
                row.addStretch(1)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 4)
        column.setSpacing(6)
        column.addWidget(self.look)
        column.addWidget(self.empty, 1, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.tree, 1)
        column.addLayout(row)

    def _connect(self) -> None:
        act = self.act
        self.tree.chosen.connect(act.activate)
        self.tree.solo.connect(act.show_only)
        self.tree.delete.connect(act.delete)
        self.tree.customContextMenuRequested.connect(
            lambda point: self.menu_wanted.emit(self.tree.viewport().mapToGlobal(point))
        )
        self.model.rename.connect(act.rename)
        self.model.show_node.connect(act.set_visible)
        self.model.lock_node.connect(act.set_locked)
        self.model.move.connect(act.move)
        self._workspace.session.replaced.connect(self._show_document)

    @override
    def sizeHint(self) -> QSize:
        return QSize(280, 560)

    def rename_active(self) -> None:
        """Let the user type another name for the active node."""
        if (node := self.act.active) is not None:
            self.tree.rename(node.id)

    def close_document(self) -> None:
        """Stop listening to the document."""
        self.look.finish()
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None

    def _show_document(self) -> None:
        document = self._workspace.session.document
        if document is not self._shown:
            self.close_document()
            self.thumbnails.clear()
            self._shown = document
            if document is not None:
                self._unlisten = listen(document.changed, self._on_changed)
        self.empty.setVisible(document is None)
        self.tree.setVisible(document is not None)
        for button in self.buttons.values():
            button.setEnabled(document is not None)
        if document is None:
            self.tree.show_picture(None)
            self.look.show_picture(None)
        else:
            self._show_picture(document)

    def _on_changed(self, _change: Change) -> None:
        if self._shown is not None:
            self._show_picture(self._shown)

    def _show_picture(self, document: Document) -> None:
        self.tree.show_picture(document.picture)
        self.look.show_picture(document.picture)
        self.thumbnails.follow(document.picture)
