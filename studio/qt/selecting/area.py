"""The part of the window that shows the selection and changes it from the menu."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from PySide6.QtCore import QPoint
from typing_extensions import override

from studio.document import Array, Document, Picture, Raster, Rect
from studio.document.edits import Edit
from studio.document.masks import mask_from_selection, selection_from_alpha, selection_from_mask
from studio.document.regions import (
    border,
    by_color,
    change_selection,
    clear_selected,
    feather,
    fill_selected,
    from_mask,
    grow,
    invert,
    sampled_pixels,
    select_all,
    shrink,
    smooth,
)
from studio.qt.actions import Command
from studio.qt.area import Area, Desk
from studio.qt.i18n import N_, tr
from studio.qt.selecting.ants import Ants
from studio.qt.selecting.commands import COMMANDS
from studio.qt.selecting.dialogs import RGB, AmountDialog, ColorRangeDialog, VeilDialog
from studio.qt.selecting.preview import LivePreview
from studio.qt.selecting.veil import Veil
from studio.qt.tools.colors import in_profile
from studio.qt.tools.painting.ink_tool import paint_color

SETTING = "quick-mask"
MARGIN = 24
Change = Callable[[Raster, int, Rect], Raster]

CHANGES: dict[str, tuple[str, str, str, Change, int, int]] = {
    "select-grow": (N_("Grow the selection"), N_("Grow by"), N_("Grow"), grow, 5, 200),
    "select-shrink": (N_("Shrink the selection"), N_("Shrink by"), N_("Shrink"), shrink, 5, 200),
    "select-feather": (N_("Feather the selection"), N_("Feather by"), N_("Feather"), feather,
                       10, 500),
    "select-border": (N_("Border of the selection"), N_("Width to either side"),
                      N_("Select the border"), border, 5, 200),
    "select-smooth": (N_("Smooth the selection"), N_("Radius"), N_("Smooth"), smooth, 5, 200),
}  # fmt: skip
"""Title, question, verb, function, first and largest value of the dialogs."""


class SelectArea(Area):
    """Draws the outline and quick mask, and brings the Select menu."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.view = desk.toolbox.desk.selecting
        settings = desk.workspace.services.settings
        self.view.options.load(settings.tools.get(SETTING, {}))
        self.veil, self.ants = Veil(self.view), Ants(desk.canvas, self.view)
        desk.canvas.add_decoration(self.veil)
        desk.canvas.add_decoration(self.ants)
        self.view.changed.connect(self.facts_changed)
        session = desk.workspace.session
        session.changed.connect(self._follow)
        session.replaced.connect(self._replaced)
        self._selection: Raster | None = None
        self._told: dict[str, bool] = {}
        self._last: weakref.WeakKeyDictionary[Document, Raster] = weakref.WeakKeyDictionary()

    @override
    def handlers(self) -> dict[str, Callable[..., object]]:
        plain: dict[str, Callable[..., object]] = {
            "edit-clear": lambda: self._edit(tr("Clear"), clear_selected(self.view.find)),
            "edit-fill-foreground": lambda: self._fill(self.desk.toolbox.colors.foreground),
            "edit-fill-background": lambda: self._fill(self.desk.toolbox.colors.background),
            "select-all": lambda: self._edit(tr("Select all"), select_all()),
            "select-none": lambda: self._edit(tr("Deselect"), change_selection(None)),
            "select-again": self._select_again,
            "select-invert": lambda: self._edit(tr("Invert the selection"), _invert),
            "select-color-range": self.ask_color_range,
            "select-from-alpha": lambda: self._edit(
                tr("Select the layer’s opacity"), lambda p: selection_from_alpha(p.active)(p)
            ),
            "select-from-mask": lambda: self._edit(
                tr("Select the layer’s mask"), lambda p: selection_from_mask(p.active)(p)
            ),
            "select-to-mask": lambda: self._edit(
                tr("Selection to mask"), lambda p: mask_from_selection(p.active)(p)
            ),
            "quick-mask": self._set_quick_mask,
            "quick-mask-look": self._ask_veil,
            "select-hide-edges": self._hide_edges,
        }
        return plain | {name: partial(self.ask_amount, name) for name in CHANGES}

    @override
    def facts(self) -> dict[str, bool]:
        document = self._document
        picture = None if document is None else document.picture
        return {
            "selecting.any": picture is not None and picture.selection is not None,
            "selecting.mask": picture is not None and picture.active_node.mask is not None,
            "selecting.again": picture is not None
            and picture.selection is None
            and document in self._last,
            "quick-mask": self.view.quick_mask,
            "select-hide-edges": not self.view.edges,
        }

    @override
    def close(self) -> None:
        self.ants.close()

    # Following

    @property
    def _document(self) -> Document | None:
        return self.desk.workspace.session.document

    def _follow(self) -> None:
        document = self._document
        selection = None if document is None else document.picture.selection
        if document is not None and selection is not None:
            self._last[document] = selection
        if selection is not self._selection:
            self._selection = selection
            self.ants.refresh()
        facts = self.facts()
        if facts != self._told:  # a stroke changes the picture many times a second
            self._told = facts
            self.facts_changed.emit()

    def _replaced(self) -> None:
        self.view.quick_mask = False
        self.view.preview = None
        self.view.offset = (0, 0)
        self._follow()
        self.ants.refresh()

    # Edits

    def _edit(self, title: str, edit: Edit) -> None:
        """Make an undo step."""
        document = self._document
        if document is not None:
            cost = document.picture.width * document.picture.height
            self.desk.workspace.edits.apply(document, title, edit, cost)

    def _fill(self, color: RGB) -> None:
        filled = fill_selected(lambda target: paint_color(target, color), self.view.find)
        self._edit(tr("Fill with color"), filled)

    def _select_again(self) -> None:
        document = self._document
        last = None if document is None else self._last.get(document)
        if last is not None:
            self._edit(tr("Reselect"), change_selection(last))

    def _set_quick_mask(self, on: bool) -> None:
        self.view.quick_mask = on

    def _hide_edges(self, hidden: bool) -> None:
        self.view.edges = not hidden

    # Dialogs

    def ask_amount(self, id: str) -> AmountDialog | None:
        """Open the dialog of a command that takes a number of pixels."""
        document = self._document
        selection = None if document is None else document.picture.selection
        if document is None or selection is None:
            return None
        title, question, verb, change, first, highest = CHANGES[id]
        dialog = AmountDialog(self.desk.window, tr(title), tr(question), first, highest, tr(verb))
        bounds = document.picture.bounds
        self._preview(
            dialog, tr(title), lambda: partial(change, selection, int(dialog.amount.value), bounds)
        )
        return dialog

    def ask_color_range(self) -> ColorRangeDialog | None:
        """Open the dialog that selects by a colour."""
        document = self._document
        if document is None:
            return None
        picture, colors = document.picture, self.desk.toolbox.colors
        named = {
            tr("Foreground color"): colors.foreground,
            tr("Background color"): colors.background,
            tr("Reds"): (230, 30, 30),
            tr("Yellows"): (235, 220, 40),
            tr("Greens"): (40, 170, 60),
            tr("Blues"): (40, 80, 220),
            tr("Highlights"): (255, 255, 255),
            tr("Shadows"): (0, 0, 0),
        }
        dialog = ColorRangeDialog(self.desk.window, named)
        pixels: list[Array] = []

        def wanted() -> Callable[[], Raster]:
            color = in_profile(dialog.color, picture.icc, picture.dtype)
            tolerance, softness = dialog.tolerance.value, dialog.softness.value

            def compute() -> Raster:
                # One at a time runs, so the pixels are composed once.
                if not pixels:
                    pixels.append(sampled_pixels(picture, layer_only=False))
                shown = pixels[0]
                top = (int(picture.layers[0].raster.maximum),)
                return from_mask(by_color(shown, [color + top], tolerance, softness))

            return compute

        self._preview(dialog, tr("Color range"), wanted)
        return dialog

    def _preview(
        self,
        dialog: AmountDialog | ColorRangeDialog,
        title: str,
        wanted: Callable[[], Callable[[], Raster]],
    ) -> None:
        """Open a dialog that shows its result as the outline, and apply that once accepted."""
        document = self._document
        live = LivePreview(self.desk.workspace.background, self.view, self)

        def apply(selection: Raster) -> None:
            if document is not None and document is self._document:
                document.apply(title, change_selection(selection))
            live.deleteLater()

        def end(accepted: int) -> None:
            if accepted:
                live.finish(apply)
            else:
                live.stop()
                live.deleteLater()
            dialog.deleteLater()

        dialog.changed.connect(lambda *_: live.ask(wanted()))
        dialog.finished.connect(end)
        live.ask(wanted())
        dialog.open()
        # In the corner: the outline, which is the preview, is mostly in the middle.
        canvas = self.desk.canvas
        corner = canvas.mapToGlobal(QPoint(canvas.width(), 0))
        dialog.move(corner.x() - dialog.frameGeometry().width() - MARGIN, corner.y() + MARGIN)

    def _ask_veil(self) -> None:
        options = self.view.options
        self.view.quick_mask = True
        dialog = VeilDialog(self.desk.window, options)
        dialog.exec()
        values = {name: options[name] for name in ("mask_color", "mask_opacity")}
        self.desk.workspace.services.settings.remember_tool(SETTING, values)
        dialog.deleteLater()


def _invert(picture: Picture) -> Picture:
    if picture.selection is None:
        return picture
    return change_selection(invert(picture.selection, picture.bounds))(picture)
