"""The part of the window that shows and changes the masks of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from weakref import WeakSet

from PySide6.QtGui import QPainter

from studio.document import Picture, Raster
from studio.qt.area import Area, Desk
from studio.qt.background import Task
from studio.qt.canvas import CanvasView
from studio.qt.masking.removing import Removing
from studio.qt.masking.section import MaskSection
from studio.qt.masking.tool import RemoveTool
from studio.qt.masking.veil import MaskVeil
from studio.qt.panels.operation_page import OperationPage

if TYPE_CHECKING:
    from studio.qt.main_window import MainWindow


class MaskArea(Area):
    """Growth and feathering in the forms that need a selection, and their mask on the canvas."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._window = cast("MainWindow", desk.window)
        self._tools, self._mask = self._window.tools, desk.workspace.mask
        self.sections: dict[str, MaskSection] = {}
        self._prepared: WeakSet[OperationPage] = WeakSet()
        self._page: OperationPage | None = None
        self._veil = MaskVeil()
        self._shown: Raster | None = None
        self._made_of: tuple[Picture, int, int] | None = None
        self._making: Task | None = None
        self.removing: Removing | None = None
        desk.canvas.add_decoration(self)
        self._tools.changed.connect(self._on_form)
        self._mask.changed.connect(self._renew)
        desk.workspace.session.changed.connect(self._renew)
        desk.workspace.session.replaced.connect(self._renew)
        desk.runs.result_shown.connect(lambda _: self._renew())
        desk.toolbox.changed.connect(self._on_tool)

    @property
    def shown(self) -> Raster | None:
        """The mask that is on the canvas now."""
        return self._shown

    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw the mask over the picture, in device pixels."""
        if self._shown is not None:
            self._veil.paint(painter, canvas, self._shown)

    def _on_tool(self) -> None:
        tool = self.desk.toolbox.current
        if self.removing is None and isinstance(tool, RemoveTool):
            desk = self.desk
            self.removing = Removing(tool, desk.workspace, desk.runs, self._tools)

    def _on_form(self) -> None:
        page = self._tools.page
        if page is not None and page.operation.selection != "required":
            page = None
        if page is self._page:
            return
        self._page = page
        if page is not None and page not in self._prepared:
            self._prepared.add(page)
            section = self.sections[page.operation.id] = MaskSection(self._mask)
            section.shown.toggled.connect(self._renew)
            page.insert(section)
        self._renew()

    def _wanted(self) -> Picture | None:
        """The picture whose mask is to be seen; None if none is."""
        document, page = self.desk.workspace.session.document, self._page
        if document is None or page is None or self.desk.runs.result is not None:
            return None
        if not self.sections[page.operation.id].shown.isChecked():
            return None
        return document.picture if document.picture.selection is not None else None

    def _renew(self) -> None:
        """Make the mask, on a thread: of a large selection it takes a while."""
        picture = self._wanted()
        if picture is None:
            self._made_of = None
            self._show(None)
            return
        key = (picture, self._mask.grow, self._mask.feather)
        if self._made_of is not None and _same(key, self._made_of):
            return
        if self._making is not None:
            self._making.cancel()
        self._made_of = key
        mask = self._mask
        self._making = self.desk.workspace.background.run(
            lambda: mask.of(picture), self._show, lambda _error: None, self
        )

    def _show(self, mask: Raster | None) -> None:
        self._making = None
        if mask is not self._shown:
            self._shown = mask
            self.desk.canvas.update()


def _same(one: tuple[Picture, int, int], other: tuple[Picture, int, int]) -> bool:
    return one[0].selection is other[0].selection and one[1:] == other[1:]
