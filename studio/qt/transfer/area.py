"""The area of pictures that come and go: clipboard, drag and drop, colour profiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog

from studio.api.errors import UserError
from studio.document import Picture
from studio.document.edits import Edit
from studio.document.layer_edits import add_node
from studio.document.nodes import Node
from studio.files import recolor
from studio.files.profiles import profile_name
from studio.qt import color
from studio.qt.actions import Command
from studio.qt.area import Area, Desk
from studio.qt.editing import whole_cost
from studio.qt.i18n import tr
from studio.qt.transfer.commands import COMMANDS
from studio.qt.transfer.drag import DragHandle
from studio.qt.transfer.made_with import MadeWith
from studio.qt.transfer.pasting import Pasting
from studio.qt.transfer.profile_dialog import DepthDialog, MonitorDialog, ProfileDialog

EFFORT = 4
"""Times the work of an ordinary edit that a change of profile or depth is, per pixel."""


class TransferArea(Area):
    """Brings copy and paste, layers from files, and colour management."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.pasting = Pasting(desk)
        self._workspace = desk.workspace
        self._settings = desk.workspace.services.settings
        self.handle = DragHandle(desk.workspace)
        session = desk.workspace.session
        session.changed.connect(self.facts_changed)
        session.replaced.connect(self.facts_changed)
        session.replaced.connect(self._show_handle)
        desk.files.layers_dropped.connect(self.add_layers)
        self.made_with = MadeWith(desk)
        desk.files.opened.connect(lambda _: QTimer.singleShot(0, self, self.made_with.offer))
        self._settings.changed.connect(self._on_settings)
        self._show_handle()
        self._show_monitor()
        # The window's status bar is put in after the areas are made.
        QTimer.singleShot(0, self, self._place_handle)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the commands do."""
        return {
            "cut": self.pasting.cut,
            "copy": self.pasting.copy,
            "copy-merged": self.pasting.copy_merged,
            "paste": self.pasting.paste,
            "paste-in-place": self.pasting.paste_in_place,
            "paste-into": self.pasting.paste_into,
            "paste-new": self.pasting.paste_new,
            "open-layers": self._ask_layers,
            "convert-profile": lambda: self._profile(convert=True),
            "assign-profile": lambda: self._profile(convert=False),
            "depth-16": lambda: self._depth(16, dither=False),
            "depth-8": self._ask_depth,
            "monitor-profile": self._ask_monitor,
            "made-with": self.made_with.open_latest,
        }

    def facts(self) -> dict[str, bool]:
        """The depth, whether something is selected, and whether a model made something."""
        document = self._workspace.session.document
        picture = document.picture if document is not None else None
        deep = picture is not None and picture.dtype.itemsize == 2
        return {
            "transfer.deep": deep,
            "transfer.shallow": picture is not None and not deep,
            "transfer.selection": picture is not None and picture.selection is not None,
            "transfer.recorded": self.made_with.latest is not None,
        }

    def close(self) -> None:
        """Delete what was dragged out, and hear no more of settings."""
        self._settings.changed.disconnect(self._on_settings)
        self.handle.close_files()

    # Layers from files

    def _ask_layers(self) -> None:
        from studio.files.images import open_filters

        names, _ = QFileDialog.getOpenFileNames(
            self.desk.window,
            tr("Open as layers"),
            self._settings.last_folder,
            ";;".join(open_filters()),
        )
        if names:
            self.add_layers([Path(name) for name in names])

    def add_layers(self, paths: list[Path]) -> None:
        """Add pictures as layers, in one undo step; those that cannot be opened are told of."""
        document = self._workspace.session.document
        if document is None:
            return
        picture = document.picture
        limit = self._settings.max_megapixels * 1_000_000
        self.desk.files.busy.emit(tr("Opening {name}…", name=paths[0].name))

        def done(result: tuple[list[Node], list[UserError]]) -> None:
            self.desk.files.busy.emit("")
            nodes, errors = result
            if document.picture.dtype != picture.dtype:
                self.add_layers(paths)  # the depth was changed meanwhile
                return

            def edit(now: Picture) -> Picture:
                for node in nodes:
                    now = add_node(node, now.nodes[-1].id)(now)
                return now

            if nodes:
                document.apply(tr("Open as layers"), edit)
            for error in errors:
                self._workspace.messages.show_error(error)

        self._workspace.background.run(
            lambda: _read_nodes(paths, picture, limit), done, self._failed
        )

    def _failed(self, error: BaseException) -> None:
        self.desk.files.busy.emit("")
        self._workspace.messages.show_error(error)

    # Colour

    def _profile(self, *, convert: bool) -> None:
        document = self._workspace.session.document
        if document is None:
            return
        dialog = ProfileDialog(self.desk.window, document.picture.icc, convert=convert)
        if dialog.exec():
            icc, intent = dialog.choice()
            name = profile_name(icc)
            if convert:
                title = tr("Convert to {profile}", profile=name)
                self._apply(title, lambda picture: recolor.converted(picture, icc, intent))
            else:
                title = tr("Assign {profile}", profile=name)
                document.apply(title, lambda picture: recolor.assigned(picture, icc))
        dialog.deleteLater()

    def _ask_depth(self) -> None:
        dialog = DepthDialog(self.desk.window)
        if dialog.exec():
            self._depth(8, dither=dialog.dither.isChecked())
        dialog.deleteLater()

    def _depth(self, bits: int, *, dither: bool) -> None:
        title = tr("{bits} bits per channel", bits=bits)
        self._apply(title, lambda picture: recolor.with_depth(picture, bits, dither=dither))

    def _apply(self, title: str, edit: Edit) -> None:
        document = self._workspace.session.document
        if document is not None:
            cost = EFFORT * whole_cost(document.picture)
            self._workspace.edits.apply(document, title, edit, cost)

    def _ask_monitor(self) -> None:
        dialog = MonitorDialog(
            self.desk.window, self._settings.monitor_profile, color.monitor_profile()
        )
        if dialog.exec():
            self._settings.update(monitor_profile=dialog.choice())
        dialog.deleteLater()

    def _on_settings(self, names: frozenset[str]) -> None:
        if "monitor_profile" in names:
            self._show_monitor()

    def _show_monitor(self) -> None:
        """Find the monitor's profile and show pictures through it."""
        path, screen = self._settings.monitor_profile, self.desk.window.screen().name()

        def done(icc: bytes | None) -> None:
            if icc != color.monitor_profile():
                color.set_monitor_profile(icc)
                self.desk.canvas.set_to_display(color.to_monitor)

        self._workspace.background.run(
            lambda: color.chosen_or_system(path, screen), done, self._failed, self
        )

    def _place_handle(self) -> None:
        self.desk.window.statusBar().addPermanentWidget(self.handle)
        self._show_handle()

    def _show_handle(self) -> None:
        document = self._workspace.session.document
        self.handle.setVisible(document is not None)


def _read_nodes(
    paths: list[Path], picture: Picture, max_pixels: int
) -> tuple[list[Node], list[UserError]]:
    """Files as layers and groups for a picture, and what could not be opened."""
    from studio.files.clips import document_node
    from studio.files.documents import read_document

    nodes: list[Node] = []
    errors: list[UserError] = []
    for path in paths:
        try:
            opened = read_document(path, max_pixels=max_pixels)
            nodes.append(document_node(opened, path.stem, picture))
        except UserError as error:
            errors.append(error)
    return nodes, errors
