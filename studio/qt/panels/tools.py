"""The tool panel: all operations, and the page of the chosen one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget

from studio.api.errors import UserError
from studio.api.models import ModelCard
from studio.api.operation import Operation
from studio.api.parameters import ParameterSpec
from studio.host.plugins import PluginRegistry
from studio.qt.forms.model_control import ModelControl
from studio.qt.panels.operation_page import OperationPage, changes_at_once
from studio.qt.panels.operations import OperationList
from studio.qt.workspace import Workspace


class ToolPanel(QStackedWidget):
    """Keeps a page for each operation that was chosen, with its values.

    Signals:
        run: an `Operation` and its values.
        try_here: the same, for the part in view.
        apply: the same, for an operation whose result is shown live already.
        changed: another operation, other values, or other conditions.
    """

    run = Signal(object, dict)
    try_here = Signal(object, dict)
    apply = Signal(object, dict)
    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._pages: dict[str, OperationPage] = {}
        self.operations = OperationList(self._registry.operations(), workspace.theme)
        self.operations.chosen.connect(self.choose)
        self.addWidget(self.operations)
        self.setMinimumWidth(264)
        self.currentChanged.connect(lambda _: self.changed.emit())
        workspace.models.imported.connect(self.use_model)
        workspace.models.folder_brought.connect(self.use_folder)
        workspace.session.replaced.connect(self._allow)

    @property
    def _registry(self) -> PluginRegistry:
        return self._workspace.services.registry

    def renew(self) -> None:
        """Follow the plugins: list what there is now, and make the forms anew of what changed."""
        self.operations.show_operations(self._registry.operations())
        shown = self.page
        for name, page in list(self._pages.items()):
            operation = self._registry.get(name)
            if operation == page.operation:
                continue
            if page.form.valid and not changes_at_once(page.operation):
                self._remember(page)
            if page is shown:
                self.setCurrentWidget(self.operations)
            del self._pages[name]
            self.removeWidget(page)
            page.setParent(None)  # a preview that is under way may need it for a moment
            if page is shown and operation is not None:
                self.choose(operation)
        self.changed.emit()

    @property
    def page(self) -> OperationPage | None:
        """The page that is shown; None while the list is."""
        shown = self.currentWidget()
        return shown if isinstance(shown, OperationPage) else None

    def choose(self, operation: Operation) -> None:
        """Show the page of an operation."""
        if operation.id not in self._pages:
            try:
                page = self._make(operation)
            except UserError as error:
                self._workspace.messages.show_error(error)
                return
            self._pages[operation.id] = page
            self.addWidget(page)
        self.setCurrentWidget(self._pages[operation.id])
        self._allow()
        self._pages[operation.id].form.setFocus(Qt.FocusReason.OtherFocusReason)

    def choose_id(self, id: str) -> None:
        """Show the page of the operation with this id."""
        self.choose(self._registry.operation(id))

    def recall(self, id: str, values: Mapping[str, Any], seed: int | None) -> None:
        """Show the page of an operation with the values, and the seed, of a run to be done again."""
        operation = self._registry.operation(id)
        self.choose(operation)
        page = self._pages.get(id)
        if page is not None:
            page.recall(values, seed)
            self._remember(page)

    def show_list(self) -> None:
        """Show all operations."""
        self.setCurrentWidget(self.operations)
        self.operations.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def request_run(self) -> None:
        """Run the operation that is shown, if it can be."""
        page = self.page
        if page is not None and page.can_run(document=self._has_document):
            self._remember(page)
            wanted = self.apply if page.operation.live else self.run
            wanted.emit(page.operation, page.form.values())

    def request_try(self) -> None:
        """Try the operation that is shown, if it can be."""
        page = self.page
        if page is not None and page.can_try(document=self._has_document):
            self._remember(page)
            self.try_here.emit(page.operation, page.form.values())

    @property
    def can_run(self) -> bool:
        """Whether `request_run` would do something."""
        return self.page is not None and self.page.can_run(document=self._has_document)

    @property
    def can_try(self) -> bool:
        """Whether `request_try` would do something."""
        return self.page is not None and self.page.can_try(document=self._has_document)

    @property
    def _has_document(self) -> bool:
        return self._workspace.session.document is not None

    def seed(self, operation: Operation) -> int | None:
        """The seed of a run that is started now; None for another one each time."""
        page = self._pages.get(operation.id)
        if page is None:
            return None
        return page.take_recalled_seed() if page.seed is None else page.seed.take()

    def _make(self, operation: Operation) -> OperationPage:
        remembered = self._workspace.services.settings.parameters.get(operation.id, {})
        models, theme = self._workspace.models, self._workspace.theme
        library = self._workspace.library
        sketches = self._workspace.sketches
        page = OperationPage(operation, models, theme, remembered, library, sketches)
        page.back.connect(self.show_list)
        page.run.connect(self.request_run)
        page.try_here.connect(self.request_try)
        page.changed.connect(self._allow)
        models.refresh()
        return page

    def _remember(self, page: OperationPage) -> None:
        settings = self._workspace.services.settings
        settings.remember_parameters(page.operation.id, page.form.values())

    def remember_all(self) -> None:
        """Keep the values of all pages for the next start."""
        for page in self._pages.values():
            if page.form.valid and not changes_at_once(page.operation):
                self._remember(page)

    def _allow(self) -> None:
        for page in self._pages.values():
            page.allow(document=self._has_document)
        self.changed.emit()

    def use_model(self, card: ModelCard) -> None:
        """Choose a model that is new, in the operation that is shown or another that can use it."""
        self._use(lambda spec: spec.task == card.task, card.id, card.task)

    def use_folder(self, path: Path) -> None:
        """Choose a folder that is a model, in the operation that is shown or another that takes one."""
        self._use(lambda spec: spec.paths, str(path))

    def _use(self, fits: Callable[[ParameterSpec], bool], value: str, task: str = "") -> None:
        fitting = [o for o in self._registry.operations() if _takes(o, fits)]
        if not fitting:
            return
        page = self.page
        if page is None or page.operation not in fitting:
            self.choose(self._usual(fitting, task))
            page = self.page
        if page is None:
            return
        for control in page.form.controls.values():
            if isinstance(control, ModelControl) and fits(control.spec):
                control.set_value(value)

    def _usual(self, fitting: Sequence[Operation], task: str) -> Operation:
        """Of operations that can use models of a task the one that these are trained for."""
        trainer = self._workspace.models.trainer(task)
        named = (each for each in fitting if trainer is not None and each.id == trainer.operation)
        return next(named, fitting[0])


def _takes(operation: Operation, fits: Callable[[ParameterSpec], bool]) -> bool:
    from studio.api.parameters import describe

    return any(spec.kind == "model" and fits(spec) for spec in describe(operation.parameters))
