"""The border that is dragged and the form of an operation that grows the canvas are one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from weakref import ReferenceType, ref

from studio.api.errors import UserError
from studio.api.margins import Margins
from studio.api.parameters import validate
from studio.document import Document
from studio.host.limits import margins_of
from studio.qt.area import Area, Desk
from studio.qt.geometry.canvas_tool import CanvasTool
from studio.qt.panels.operation_page import OperationPage

if TYPE_CHECKING:
    from studio.qt.main_window import MainWindow

NOWHERE = Margins(0, 0, 0, 0)


class ExtendArea(Area):
    """Opens the tool that drags the border with the form, and lets each follow the other."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._tools = cast("MainWindow", desk.window).tools
        self._tool: CanvasTool | None = None
        self._page: OperationPage | None = None
        self._shown: ReferenceType[Document] | None = None
        self._busy = False
        desk.toolbox.changed.connect(self._on_tool)
        self._tools.changed.connect(self._on_form)

    def _on_tool(self) -> None:
        """Another tool was taken up: the first time it is the border's, listen to it."""
        tool = self.desk.toolbox.current
        if isinstance(tool, CanvasTool) and self._tool is None:
            self._tool = tool
            tool.changed.connect(self._on_border)
            tool.fill_chosen.connect(self._on_fill)
            tool.run_wanted.connect(self._tools.request_run)

    def _on_form(self) -> None:
        """Another page, or other values on it."""
        page = self._tools.page
        if page is not None and page.operation.margin_values is None:
            page = None
        if page is not self._page:
            self._page = page
            if self._busy:
                return
            if page is not None:
                self._open(page)
            elif self._tool is not None and self._tool.operation is not None:
                self._tool.choose_fill("clear")
        elif not self._busy:
            self._show_form()

    def _open(self, page: OperationPage) -> None:
        self._busy = True
        try:
            self.desk.toolbox.choose(CanvasTool.id)
            if self._tool is not None:
                self._tool.choose_fill(page.operation.id)
        finally:
            self._busy = False
        self._show_form()

    def _on_fill(self, operation: str) -> None:
        tool = self._tool
        if not operation or self._busy or tool is None or tool.document is None:
            return
        self._busy = True
        try:
            self._tools.choose_id(operation)
        finally:
            self._busy = False
        if not tool.busy:
            self._show_form()
            return
        self._shown = ref(tool.document)
        self._on_border()  # what is dragged already counts, not what the form says

    def _show_form(self) -> None:
        """Put the border where the form says."""
        tool, page = self._tool, self._page
        if tool is None or tool.operation is None or page is None or tool.document is None:
            return
        self._shown = ref(tool.document)
        wanted = self._wanted(page, tool)
        if wanted[:4] != tool.margins():
            self._busy = True
            try:
                tool.set_margins(wanted)
            finally:
                self._busy = False

    def _on_border(self) -> None:
        """The border was dragged, or begins anew around another canvas."""
        tool, page = self._tool, self._page
        if self._busy or tool is None or page is None or tool.operation is not page.operation:
            return
        document = tool.document
        if tool.box is None or document is None:
            self._shown = None
            return
        if self._shown is None or self._shown() is not document:
            self._show_form()  # taken up anew, or another picture: the form stays as it is
            return
        margins = Margins(*tool.margins())
        values = page.operation.margin_values
        if values is not None and margins[:4] != self._wanted(page, tool)[:4]:
            self._busy = True
            try:
                page.form.set_values(values(margins))
            finally:
                self._busy = False

    @staticmethod
    def _wanted(page: OperationPage, tool: CanvasTool) -> Margins:
        """What the form asks for; nothing while its values contradict each other."""
        operation, bounds = page.operation, tool.bounds
        try:
            parameters = validate(operation.parameters, page.form.values())
            return margins_of(operation, parameters, bounds.width, bounds.height)
        except UserError:
            return NOWHERE
