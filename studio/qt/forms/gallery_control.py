"""Choosing reference pictures: from a gallery, a file, a layer or the clipboard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QVBoxLayout, QWidget

from studio.api.galleries import WeightedPicture, pictures_from
from studio.api.parameters import ParameterSpec
from studio.host.galleries import GalleryPicture
from studio.qt.forms.chosen_rows import ChosenRow
from studio.qt.forms.controls import Control
from studio.qt.forms.gallery_grid import GalleryGrid
from studio.qt.i18n import tr
from studio.qt.library import Library
from studio.qt.theme import Theme
from studio.qt.widgets import button, restyle


class GalleryControl(Control):
    """One reference picture, or several with weights, from a gallery that users add to.

    What comes from a file, a layer or the clipboard is kept as the user's own picture in the
    gallery, so that what was run can be run again.
    """

    def __init__(self, spec: ParameterSpec, library: Library, theme: Theme) -> None:
        super().__init__(spec)
        self._library, self._theme = library, theme
        self._several = spec.kind == "pictures"
        self._chosen: list[WeightedPicture] = []
        self._full = 1.0  # the weight that a slider at its end stands for
        self.rows: list[ChosenRow] = []
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        column.addLayout(self._list)
        self.grid = GalleryGrid(spec.gallery, library, theme, several=self._several)
        self.grid.setAccessibleName(spec.title)
        self.grid.setAccessibleDescription(spec.help)
        self._guard.guard(self.grid)
        column.addWidget(self.grid)
        self.add_button = self._make_button()
        column.addWidget(self.add_button)
        self._row.addWidget(body, 1)
        self.grid.toggled.connect(self._on_toggled)
        self.grid.removed.connect(self._drop)
        library.changed.connect(lambda _: self._refresh())
        self.setAcceptDrops(True)
        self.set_value(spec.default)

    def _make_button(self) -> QPushButton:
        text = tr("Add a picture") if self._several else tr("Choose a picture")
        made = button(text, tr("From a file, a layer or the clipboard; or drop a file here"))
        self._theme.bind(made, "plus", "text", 16)
        menu = QMenu(made)
        menu.aboutToShow.connect(lambda: self._fill_menu(menu))
        made.setMenu(menu)
        return made

    def _fill_menu(self, menu: QMenu) -> None:
        library, gallery, take = self._library, self.spec.gallery, self._take
        menu.clear()
        file = menu.addAction(self._theme.icon("folder"), tr("From file…"))
        file.triggered.connect(self._ask_file)
        if not gallery:  # there is nowhere to keep what is no file
            return
        layers = menu.addMenu(self._theme.icon("layers"), tr("From layer"))
        found = library.layers()
        for layer_id, name in found:
            act = layers.addAction(name.replace("&", "&&"))
            act.triggered.connect(partial(self._take_layer, layer_id))
        if found:
            layers.addSeparator()
            act = layers.addAction(tr("The whole picture"))
            act.triggered.connect(partial(self._take_layer, None))
        layers.setEnabled(bool(found))
        clip = menu.addAction(self._theme.icon("paste"), tr("From clipboard"))
        clip.triggered.connect(lambda *_: library.add_clipboard(gallery, take))
        clip.setEnabled(library.has_clipboard)

    def _take_layer(self, layer_id: str | None, *_: object) -> None:
        self._library.add_layer(layer_id, self.spec.gallery, self._take)

    @property
    def entry(self) -> QWidget:
        """The grid; the button while the gallery is empty."""
        return self.grid if self.grid.count() else self.add_button

    def value(self) -> Any:
        """A source or None; of several a list of [source, weight]."""
        if self._several:
            return [[each.source, each.weight] for each in self._chosen]
        return self._chosen[0].source if self._chosen else None

    def set_value(self, value: Any) -> None:
        """Show what is chosen."""
        given = pictures_from(value or ()) if self._several else ((value, 1.0),) if value else ()
        self._choose([WeightedPicture(source, weight) for source, weight in given])

    def _choose(self, chosen: Sequence[WeightedPicture]) -> None:
        self._chosen = list(chosen)
        self._full = max((each.weight for each in chosen if each.weight > 1), default=1.0)
        self._refresh()
        self.changed.emit()

    def _take(self, picture: GalleryPicture) -> None:
        self._take_source(picture.source)

    def _take_source(self, source: str) -> None:
        kept = [each for each in self._chosen if each.source != source] if self._several else []
        # Beside others it starts as strong as the strongest.
        weight = max((each.weight for each in kept), default=1.0)
        self._choose([*kept, WeightedPicture(source, weight)])

    def _drop(self, source: str) -> None:
        self._choose([each for each in self._chosen if each.source != source])

    def _on_toggled(self, source: str, on: bool) -> None:
        if on:
            self._take_source(source)
        elif any(each.source == source for each in self._chosen):
            self._drop(source)

    def _weigh(self, place: int, share: float) -> None:
        self._chosen[place] = self._chosen[place]._replace(weight=share * self._full)
        self.changed.emit()

    def _refresh(self) -> None:
        """A row for each chosen picture, and the marks in the grid."""
        if [row.source for row in self.rows] != [each.source for each in self._chosen]:
            for row in self.rows:
                self._list.removeWidget(row)
                row.hide()
                row.deleteLater()
            self.rows = [self._make_row(n, each) for n, each in enumerate(self._chosen)]
        alone = len(self._chosen) < 2
        for row, each in zip(self.rows, self._chosen, strict=True):
            row.show_weight(each.weight / self._full, alone=alone)
            path = self._library.locate(each.source, self.spec.gallery)
            row.show_missing(path is None or not path.is_file())
        self.grid.show_chosen([each.source for each in self._chosen])

    def _make_row(self, place: int, picture: WeightedPicture) -> ChosenRow:
        source = picture.source
        row = ChosenRow(source, self._library.title(source), self._theme, self._guard)
        row.removed.connect(lambda: self._drop(source))
        row.weighed.connect(lambda share: self._weigh(place, share))
        self._list.addWidget(row)
        path = self._library.locate(source, self.spec.gallery)
        if path is not None:

            def show(pixmap: QPixmap | None) -> None:
                row.thumbnail.show_pixmap(pixmap)

            self._library.thumbnail(path, row, show)
        return row

    # Files

    def _ask_file(self) -> None:
        from studio.files.formats import open_filters

        name, _ = QFileDialog.getOpenFileName(self, self.spec.title, "", ";;".join(open_filters()))
        if name:
            self.add_file(Path(name))

    def add_file(self, path: Path) -> None:
        """Choose a file; a gallery keeps a copy of it."""
        if not self.spec.gallery:
            self._take_source(str(path))
            return
        self._library.add_file(path, self.spec.gallery, self._take)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            restyle(self.add_button, "dragging", True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """Look as before."""
        restyle(self.add_button, "dragging", False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the dropped files; of one picture the first."""
        restyle(self.add_button, "dragging", False)
        local = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if local:
            event.acceptProposedAction()
            for name in local if self._several else local[:1]:
                self.add_file(Path(name))
