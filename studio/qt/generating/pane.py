"""Where pictures that are made from nothing show: while they form, and to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSplitter, QVBoxLayout

from studio.api.operation import FollowUp
from studio.qt.generating.grid import ResultGrid
from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, ElidedLabel, button


class GeneratedPane(QFrame):
    """Pictures with a head: what they are, and what can be done next with the chosen one.

    Signals:
        chosen: the number of a picture.
        taken: the same, to be kept at once.
        follow: a `FollowUp` whose button was pressed.
    """

    chosen = Signal(int)
    taken = Signal(int)
    follow = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("live-pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self.title = ElidedLabel()
        self.title.setProperty("role", "heading")
        self.state = ElidedLabel()
        self.state.setProperty("role", "muted")
        self.grid = ResultGrid(theme)
        self.grid.chosen.connect(self.chosen)
        self.grid.taken.connect(self.taken)
        self.buttons: list[QPushButton] = []
        self._offered: tuple[FollowUp, ...] = ()
        self._head = QHBoxLayout()
        self._head.setContentsMargins(12, 6, 8, 6)
        self._head.setSpacing(GAP)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.state)
        self._head.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head)
        column.addWidget(self.grid, 1)
        self._placed = False
        self.hide()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Take two fifths of the room at first; then it is as the user left it."""
        super().showEvent(event)
        splitter = self.parentWidget()
        if not self._placed and isinstance(splitter, QSplitter) and splitter.width() > 0:
            view = splitter.widget(0)
            self._placed = view is not None and view.isVisible()
            width = splitter.width()
            others = [0] * (splitter.count() - 2)
            splitter.setSizes([width * 3 // 5, *others, width - width * 3 // 5])

    @property
    def filled(self) -> bool:
        """Whether there is something to see."""
        return self.grid.count() > 0

    def show_pictures(
        self, title: str, state: str, images: Sequence[QImage], chosen: int | None = None
    ) -> None:
        """Show what there is, to choose from if ``chosen`` says which one is."""
        self.title.setText(title)
        self.state.setText(state)
        self.grid.show_images(images, chosen)

    def offer(self, follow_ups: Sequence[FollowUp]) -> None:
        """What can be done next with the picture."""
        if tuple(follow_ups) == self._offered:
            return
        self._offered = tuple(follow_ups)
        for old in self.buttons:
            self._head.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.buttons = []
        for each in follow_ups:
            made = button(
                tr(each.title), tr("Keep the picture, then: {title}", title=tr(each.title))
            )
            self._theme.bind(made, "zoom-in", "text", 16)
            made.clicked.connect(lambda _=False, follow_up=each: self.follow.emit(follow_up))
            self._head.addWidget(made)
            self.buttons.append(made)

    def clear(self) -> None:
        """Show nothing."""
        self.show_pictures("", "", ())
        self.offer(())
