"""The part of the window that brings color hints to the forms of operations that take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from weakref import WeakSet

from studio.qt.area import Area, Desk
from studio.qt.hints.section import HintSection
from studio.qt.hints.tool import HintTool
from studio.qt.live_area import VIEWING
from studio.qt.panels.operation_page import OperationPage
from studio.qt.tools.toolbox import FIRST

if TYPE_CHECKING:
    from studio.qt.main_window import MainWindow


class HintsArea(Area):
    """While a form of an operation with hints is open, its tool is at hand; and the other way round."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        window = cast("MainWindow", desk.window)
        self._tools = window.tools
        self._points = desk.workspace.hints
        self._page: OperationPage | None = None
        self._before = desk.toolbox.current.id
        self._tool = self._before
        self.sections: dict[str, HintSection] = {}
        self._prepared: WeakSet[OperationPage] = WeakSet()
        window.tools.changed.connect(self._on_form)
        desk.toolbox.changed.connect(self._on_tool)

    def _on_form(self) -> None:
        """Take up the tool with a form that was opened, and lay it down with one that was closed."""
        page = self._tools.page
        if page is not None and page.operation.hints == "none":
            page = None
        if self.desk.workspace.session.document is None:
            page = None
        if page is self._page:
            return
        left, self._page = self._page, page
        toolbox = self.desk.toolbox
        if page is not None:
            self._prepare(page)
            self._points.recall(page.operation)
            if toolbox.current.id != HintTool.id:
                self._before = toolbox.current.id
                toolbox.choose(HintTool.id)
        elif left is not None and toolbox.current.id == HintTool.id:
            # A brush would close another form that is shown live.
            fits = self._tools.page is None or self._before in VIEWING
            toolbox.choose(self._before if fits else FIRST)

    def _prepare(self, page: OperationPage) -> None:
        if page in self._prepared:
            return
        self._prepared.add(page)
        desk = self.desk
        section = HintSection(self._points, desk.toolbox.colors, desk.workspace.theme)
        self.sections[page.operation.id] = section
        page.insert(section)
        page.done.connect(self._points.clear)

    def _on_tool(self) -> None:
        """Who takes up the tool without a form gets that of the first operation with hints."""
        tool, before = self.desk.toolbox.current.id, self._tool
        self._tool = tool
        if tool != HintTool.id or self._page is not None:
            return
        self._before = before
        registry = self.desk.workspace.services.registry
        with_hints = [each for each in registry.operations() if each.hints != "none"]
        if with_hints and self.desk.workspace.session.document is not None:
            self._tools.choose(with_hints[0])
