"""What a batch is to do: recipe, pictures, where to, under which names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from studio.host.batch.batch import Order
from studio.host.batch.items import DEFAULT_TEMPLATE, FIELDS
from studio.host.recipes import Recipe
from studio.host.recipes.replay import Manner
from studio.host.settings import Settings
from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.training.folders import PathField
from studio.qt.widgets import GAP, button, label

_LIST = 132  # height in pixels


class RecipeField(PathField):
    """The path of a recipe, typed, chosen or dropped."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.edit.setPlaceholderText(tr("No recipe chosen"))
        self.browse.setToolTip(tr("Choose a recipe"))

    @override
    def _choose(self) -> None:
        kinds = tr("Recipes") + " (*.toml)"
        name, _ = QFileDialog.getOpenFileName(
            self, self.edit.accessibleName(), self.edit.text(), kinds
        )
        if name:
            self.edit.setText(name)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        local = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if local:
            event.acceptProposedAction()
            self.edit.setText(local[0])


class InputList(QListWidget):
    """Pictures and folders, added or dropped.

    Signals:
        changed: others are in it.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(_LIST)
        self.setProperty("role", "field")
        self.setAcceptDrops(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName(tr("Pictures and folders"))

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is in it."""
        return tuple(Path(self.item(row).text()) for row in range(self.count()))

    def add(self, names: list[str]) -> None:
        """Add what is not in it yet."""
        known = {str(path) for path in self.paths}
        new = [name for name in dict.fromkeys(names) if name not in known]
        if new:
            self.addItems(new)
            self.changed.emit()

    def remove_chosen(self) -> None:
        """Take the chosen ones out; all if none is chosen."""
        chosen = self.selectedItems() or [self.item(row) for row in range(self.count())]
        for item in chosen:
            self.takeItem(self.row(item))
        if chosen:
            self.changed.emit()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    @override
    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        self.add([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()


class OrderForm(QWidget):
    """Everything a batch needs.

    Signals:
        changed: something was filled in.
    """

    changed = Signal()

    def __init__(self, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.recipe = RecipeField(tr("Recipe"))
        self.steps = label("", "muted", wrap=True)
        self.inputs = InputList()
        self.found = label("", "muted", wrap=True)
        self.folder = PathField(tr("Folder for the results"))
        self.template = QLineEdit(DEFAULT_TEMPLATE)
        self.template.setAccessibleName(tr("Names of the results"))
        fields = ", ".join(f"{{{name}}}" for name in FIELDS)
        self.resume = QCheckBox(tr("Skip what was done before"))
        self.resume.setToolTip(tr("Pictures that have not changed since are not done again."))
        self.resume.setChecked(True)
        self.new_seeds = QCheckBox(tr("New random numbers"))
        self.new_seeds.setToolTip(tr("Each picture gets its own instead of the recipe's."))
        self.other_models = QCheckBox(tr("Allow other models"))
        self.other_models.setToolTip(
            tr("Run even if a model is not the one the recipe was made with.")
        )
        self.overwrite = QCheckBox(tr("Allow overwriting"))
        self.overwrite.setToolTip(tr("Replace files that no batch has made, and inputs."))
        self.watch = QCheckBox(tr("Watch for new pictures"))
        self.watch.setToolTip(tr("Do what comes into the folders, until it is canceled."))
        for field in (self.recipe, self.folder):
            theme.bind(field.browse, "folder", "text", 16)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._section(column, tr("Recipe"), self.recipe, self.recipe.edit, self.steps)
        column.addWidget(_heading(tr("Pictures and folders"), self.inputs))
        column.addWidget(self.inputs)
        column.addLayout(self._list_buttons(theme))
        column.addWidget(self.found)
        column.addSpacing(GAP)
        self._section(column, tr("Folder for the results"), self.folder, self.folder.edit, None)
        hint = label(tr("May hold {fields}", fields=fields), "muted", wrap=True)
        self._section(column, tr("Names of the results"), self.template, self.template, hint)
        for left, right in (
            (self.resume, self.new_seeds),
            (self.overwrite, self.other_models),
            (self.watch, None),
        ):
            row = QHBoxLayout()
            row.addWidget(left, 1)
            if right is not None:
                row.addWidget(right, 1)
            column.addLayout(row)
        column.addStretch(1)
        self._connect()

    def order(self) -> Callable[[Recipe], Order]:
        """What is filled in, with a recipe to be read yet."""
        device, precision = self._settings.device, self._settings.precision
        return partial(
            Order,
            inputs=self.inputs.paths,
            folder=self.folder.path or Path(),
            template=self.template.text().strip(),
            manner=Manner(device, precision, other_models=self.other_models.isChecked()),
            new_seeds=self.new_seeds.isChecked(),
            resume=self.resume.isChecked(),
            overwrite=self.overwrite.isChecked(),
            watch=self.watch.isChecked(),
        )

    @property
    def complete(self) -> bool:
        """Whether everything is filled in."""
        paths = self.recipe.path is not None and self.folder.path is not None
        return paths and bool(self.inputs.paths)

    def _connect(self) -> None:
        for field in (self.recipe, self.folder, self.inputs):
            field.changed.connect(self.changed)
        self.template.textChanged.connect(self.changed)
        boxes = (self.resume, self.new_seeds, self.other_models, self.overwrite, self.watch)
        for box in boxes:
            box.toggled.connect(self.changed)

    def _list_buttons(self, theme: Theme) -> QHBoxLayout:
        self.add_pictures = button(tr("Add pictures…"))
        self.add_folder = button(tr("Add a folder…"))
        self.remove = button(tr("Remove"), tr("Remove the chosen ones, or all"))
        theme.bind(self.add_pictures, "image", "text", 16)
        theme.bind(self.add_folder, "folder", "text", 16)
        self.add_pictures.clicked.connect(self._ask_pictures)
        self.add_folder.clicked.connect(self._ask_folder)
        self.remove.clicked.connect(self.inputs.remove_chosen)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.add_pictures)
        row.addWidget(self.add_folder)
        row.addStretch(1)
        row.addWidget(self.remove)
        return row

    def _ask_pictures(self) -> None:
        from studio.files.images import open_filters

        names, _ = QFileDialog.getOpenFileNames(
            self, tr("Add pictures"), self._settings.last_folder, ";;".join(open_filters())
        )
        self.inputs.add(names)

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self, tr("Add a folder"), self._settings.last_folder
        )
        if name:
            self.inputs.add([name])

    @staticmethod
    def _section(
        column: QVBoxLayout, title: str, control: QWidget, buddy: QWidget, below: QLabel | None
    ) -> None:
        column.addWidget(_heading(title, buddy))
        column.addWidget(control)
        if below is not None:
            column.addWidget(below)
        column.addSpacing(GAP)


def _heading(title: str, buddy: QWidget) -> QLabel:
    made = label(title, "heading")
    made.setBuddy(buddy)
    return made
