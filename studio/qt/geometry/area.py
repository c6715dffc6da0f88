"""The Image menu, transforms of layers, guides and snapping."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Literal

from typing_extensions import override

from studio.api.errors import UserError
from studio.document import Document
from studio.document.edits import Edit
from studio.document.transforms import (
    canvas_size,
    crop_to,
    flip,
    flip_part,
    image_size,
    rotate,
    rotate_part,
    rotate_quarters,
    target_of,
    trim,
)
from studio.document.transforms.sampling import content_bounds
from studio.qt.actions import Command
from studio.qt.area import Area, Desk
from studio.qt.editing import node_cost, whole_cost
from studio.qt.geometry.commands import COMMANDS
from studio.qt.geometry.guides import Guides
from studio.qt.geometry.limits import require_fits
from studio.qt.geometry.snapping import Switches
from studio.qt.i18n import tr
from studio.qt.tools.colors import in_profile

Axis = Literal["horizontal", "vertical"]


class ImageArea(Area):
    """Everything that changes the size, the shape or the place of things."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.guides = Guides(desk.workspace, desk.canvas, desk.toolbox)

    @property
    def _document(self) -> Document | None:
        return self.desk.workspace.session.document

    @override
    def handlers(self) -> dict[str, Callable[..., object]]:
        handlers: dict[str, Callable[..., object]] = {
            "image-size": self._image_size,
            "canvas-size": self._canvas_size,
            "canvas-border": lambda: self.desk.toolbox.choose("canvas"),
            "crop-to-selection": self._crop_to_selection,
            "trim": self._trim,
            "rotate-right": lambda: self._whole(tr("Rotate right"), rotate_quarters(1)),
            "rotate-left": lambda: self._whole(tr("Rotate left"), rotate_quarters(-1)),
            "rotate-half": lambda: self._whole(tr("Rotate by 180°"), rotate_quarters(2)),
            "rotate-angle": self._rotate,
            "flip-horizontal": lambda: self._whole(tr("Flip horizontally"), flip("horizontal")),
            "flip-vertical": lambda: self._whole(tr("Flip vertically"), flip("vertical")),
            "free-transform": self._free_transform,
            "layer-flip-horizontal": lambda: self._flip_layer("horizontal"),
            "layer-flip-vertical": lambda: self._flip_layer("vertical"),
            "layer-rotate-right": lambda: self._rotate_layer(1),
            "layer-rotate-left": lambda: self._rotate_layer(-1),
            "layer-rotate-half": lambda: self._rotate_layer(2),
            "guides": self._show_guides,
            "lock-guides": self._lock_guides,
            "new-guide": self._new_guide,
            "clear-guides": self.guides.clear,
        }
        kinds = {"snap": "on", "snap-guides": "guides", "snap-canvas": "canvas",
                 "snap-layers": "layers"}  # fmt: skip
        for command, kind in kinds.items():
            handlers[command] = partial(self._set_snapping, kind)
        return handlers

    @override
    def facts(self) -> dict[str, bool]:
        document = self._document
        switches = Switches.of(self.desk.workspace.services.settings)
        return {
            "has-guides": document is not None and bool(document.picture.guides),
            "has-selection": document is not None and document.picture.selection is not None,
            "guides": self.guides.shown,
            "lock-guides": self.guides.locked,
            "snap": switches.on,
            "snap-guides": switches.guides,
            "snap-canvas": switches.canvas,
            "snap-layers": switches.layers,
        }

    # The picture

    def _whole(self, title: str, edit: Edit, effort: int = 1) -> None:
        document = self._document
        if document is not None:
            cost = whole_cost(document.picture) * effort
            self.desk.workspace.edits.apply(document, title, edit, cost)

    def _image_size(self) -> None:
        from studio.qt.geometry.size_dialogs import ImageSizeDialog

        document = self._document
        if document is None:
            return
        workspace = self.desk.workspace
        dialog = ImageSizeDialog(
            self.desk.window,
            document.picture,
            workspace.session.source.metadata.dpi,
            workspace.theme,
        )
        if not dialog.exec():
            return
        width, height = dialog.chosen_size
        try:
            require_fits(workspace, width, height)
            edit = image_size(width, height, dialog.method, linear=dialog.linear.isChecked())
        except UserError as error:
            workspace.messages.show_error(error)
            return
        self._whole(tr("Image size"), edit, effort=4)

    def _canvas_size(self) -> None:
        from studio.qt.geometry.size_dialogs import CanvasSizeDialog

        document = self._document
        if document is None:
            return
        workspace = self.desk.workspace
        dialog = CanvasSizeDialog(
            self.desk.window,
            document.picture,
            workspace.session.source.metadata.dpi,
            workspace.theme,
        )
        if not dialog.exec():
            return
        fill = None
        if dialog.fill_choice != "clear":
            colors = self.desk.toolbox.colors
            chosen = dialog.fill_choice == "background"
            color = colors.background if chosen else colors.foreground
            fill = in_profile(color, document.picture.icc, document.picture.dtype)
        try:
            require_fits(workspace, dialog.new_canvas.width, dialog.new_canvas.height)
            edit = canvas_size(dialog.new_canvas, fill)
        except UserError as error:
            workspace.messages.show_error(error)
            return
        self._whole(tr("Canvas size"), edit)

    def _crop_to_selection(self) -> None:
        document = self._document
        if document is None or document.picture.selection is None:
            return
        rect = content_bounds(document.picture.selection).intersected(document.picture.bounds)
        if rect.empty:
            error = UserError(tr("Nothing is selected."), tr("Select the part to keep first."))
            self.desk.workspace.messages.show_error(error)
            return
        self._whole(tr("Crop to the selection"), crop_to(rect))

    def _trim(self) -> None:
        from studio.qt.geometry.other_dialogs import TrimDialog

        if self._document is None:
            return
        dialog = TrimDialog(self.desk.window)
        if dialog.exec():
            by: Literal["color", "transparency"] = "color" if dialog.by_color else "transparency"
            self._whole(tr("Trim"), trim(by, dialog.tolerance, dialog.chosen_sides))

    def _rotate(self) -> None:
        from studio.qt.geometry.other_dialogs import RotateDialog

        document = self._document
        if document is None:
            return
        dialog = RotateDialog(self.desk.window, document.picture, self.desk.workspace.background)
        if dialog.exec() and dialog.angle:
            edit = rotate(dialog.angle, expand=dialog.expand, method=dialog.method)
            self._whole(tr("Rotate by {angle}°", angle=f"{dialog.angle:g}"), edit, effort=4)

    # Layers

    def _free_transform(self) -> None:
        self.desk.toolbox.choose("transform")
        self.desk.canvas.setFocus()

    def _flip_layer(self, axis: Axis) -> None:
        title = (
            tr("Flip layer horizontally") if axis == "horizontal" else tr("Flip layer vertically")
        )
        self._part(title, lambda target: flip_part(target, axis))

    def _rotate_layer(self, quarters: int) -> None:
        self._part(tr("Rotate layer"), lambda target: rotate_part(target, quarters))

    def _part(self, title: str, make: Callable[..., Edit]) -> None:
        document = self._document
        if document is None:
            return
        if document.transaction is not None:
            document.transaction.commit()
        try:
            target = target_of(document.picture)
        except UserError as error:
            self.desk.workspace.messages.show_error(error)
            return
        cost = node_cost(document.picture, target.node_id)
        self.desk.workspace.edits.apply(document, title, make(target), cost)

    # Guides and snapping

    def _show_guides(self, shown: bool) -> None:
        self.guides.set_shown(shown)
        self.facts_changed.emit()

    def _lock_guides(self, locked: bool) -> None:
        self.guides.set_locked(locked)
        self.facts_changed.emit()

    def _new_guide(self) -> None:
        from studio.qt.geometry.other_dialogs import GuideDialog

        document = self._document
        if document is None:
            return
        dialog = GuideDialog(self.desk.window, document.picture)
        if dialog.exec():
            self.guides.add(dialog.guide)
            self.facts_changed.emit()

    def _set_snapping(self, kind: str, on: bool) -> None:
        settings = self.desk.workspace.services.settings
        Switches.of(settings).remember(settings, **{kind: on})
        self.facts_changed.emit()

    @override
    def close(self) -> None:
        self.desk.canvas.removeEventFilter(self.guides)
        self.desk.canvas.remove_decoration(self.guides)
