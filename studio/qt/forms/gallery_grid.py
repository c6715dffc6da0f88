"""The pictures of a gallery as a grid of thumbnails with names."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QListWidgetItem, QMenu

from studio.host.galleries import GalleryPicture
from studio.qt.forms.thumbnail_grid import ThumbnailGrid
from studio.qt.i18n import tr
from studio.qt.library import Library
from studio.qt.theme import Theme

_SOURCE = Qt.ItemDataRole.UserRole
_PICTURE = Qt.ItemDataRole.UserRole + 1


class GalleryGrid(ThumbnailGrid):
    """A grid in which pictures are switched on and off.

    Signals:
        toggled: the source of a picture, and whether it is chosen now.
        removed: the source of a picture that the user deleted from the gallery.
    """

    toggled = Signal(str, bool)
    removed = Signal(str)

    def __init__(self, gallery: str, library: Library, theme: Theme, *, several: bool) -> None:
        super().__init__(theme, several=several)
        self._gallery, self._library = gallery, library
        self._chosen: frozenset[str] = frozenset()
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.itemSelectionChanged.connect(self._on_selection)
        library.changed.connect(self._on_changed)
        self.fill()

    def fill(self) -> None:
        """Show the pictures that there are now."""
        with QSignalBlocker(self):
            self.clear()
            for picture in self._library.pictures(self._gallery):
                self._add(picture)
            self._select()
        self.setVisible(self.count() > 0)
        self.updateGeometry()

    def show_chosen(self, sources: Collection[str]) -> None:
        """Mark the pictures that are chosen."""
        self._chosen = frozenset(sources)
        with QSignalBlocker(self):
            self._select()

    def _add(self, picture: GalleryPicture) -> None:
        item = QListWidgetItem(tr(picture.title))
        item.setData(_SOURCE, picture.source)
        item.setData(_PICTURE, picture)
        item.setToolTip(tr(picture.title))
        kind = tr("Your own picture") if picture.own else tr("Comes with Impasto")
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, kind)
        self.addItem(item)
        source = picture.source

        def show(pixmap: QPixmap | None) -> None:
            found = self._item(source)  # the grid may have been filled anew meanwhile
            if found is not None and pixmap is not None:
                found.setData(Qt.ItemDataRole.DecorationRole, pixmap)

        self._library.thumbnail(picture.path, self, show)

    def _item(self, source: str) -> QListWidgetItem | None:
        items = (self.item(row) for row in range(self.count()))
        return next((item for item in items if item.data(_SOURCE) == source), None)

    def _select(self) -> None:
        for row in range(self.count()):
            item = self.item(row)
            item.setSelected(item.data(_SOURCE) in self._chosen)

    def _on_selection(self) -> None:
        selected = frozenset(item.data(_SOURCE) for item in self.selectedItems())
        known = frozenset(self.item(row).data(_SOURCE) for row in range(self.count()))
        before, self._chosen = self._chosen, selected | (self._chosen - known)
        for source in sorted(before & known - selected):
            self.toggled.emit(source, False)
        for source in sorted(selected - before):
            self.toggled.emit(source, True)

    def _on_changed(self, gallery: str) -> None:
        if gallery == self._gallery:
            self.fill()

    def _show_menu(self, point: QPoint) -> None:
        item = self.itemAt(point) or self.currentItem()
        picture = item.data(_PICTURE) if item is not None else None
        if not isinstance(picture, GalleryPicture):
            return
        menu = self.menu(picture)
        menu.exec(self.viewport().mapToGlobal(point))
        menu.deleteLater()

    def menu(self, picture: GalleryPicture) -> QMenu:
        """The context menu of a picture."""
        menu = QMenu(self)
        remove = menu.addAction(tr("Remove from my pictures"))
        remove.setIcon(self._theme.icon("trash"))
        remove.setEnabled(picture.own)
        if not picture.own:
            remove.setText(tr("Comes with Impasto"))
        remove.triggered.connect(lambda: self._remove(picture))
        return menu

    def _remove(self, picture: GalleryPicture) -> None:
        self._library.remove(picture, self._gallery)
        self.removed.emit(picture.source)
