"""The list of color hints in the form of an operation that takes them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QHBoxLayout, QVBoxLayout, QWidget

from studio.host.hints import Dab
from studio.qt.hints.points import HintPoints
from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.tools.colors import RGB, Colors
from studio.qt.tools.swatches import Swatch
from studio.qt.widgets import GAP, button, icon_button, label


def ask_color(start: str, parent: QWidget) -> str | None:
    """A color that the user chooses, as ``#rrggbb``; None if none was chosen."""
    chosen = QColorDialog.getColor(QColor(start), parent, tr("Color of the hint"))
    return chosen.name() if chosen.isValid() else None


class HintSection(QWidget):
    """What hints there are, each with its color and a button that deletes it.

    Args:
        points: the hints.
        colors: the foreground color is what the next one gets.
        theme: for icons.
        ask: asks for another color, given the present one and a parent.
    """

    def __init__(
        self,
        points: HintPoints,
        colors: Colors,
        theme: Theme,
        ask: Callable[[str, QWidget], str | None] = ask_color,
    ) -> None:
        super().__init__()
        self.points, self._colors, self._theme, self._ask = points, colors, theme, ask
        self.rows: list[HintRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(label(tr("Color hints"), "heading"))
        text = tr("Click on the picture to say that something has this color:")
        self.next = Swatch(theme, tr("Foreground"))
        self.next.clicked.connect(self._choose_next)
        first = QHBoxLayout()
        first.setSpacing(GAP)
        first.addWidget(label(text, "muted", wrap=True), 1)
        first.addWidget(self.next)
        column.addLayout(first)
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        column.addLayout(self._list)
        self.clear = button(tr("Remove all hints"), tr("Remove all hints"), link=True)
        self.clear.clicked.connect(points.clear)
        column.addWidget(self.clear)
        points.changed.connect(self._show)
        colors.changed.connect(self._show)
        self._show()

    def _choose_next(self) -> None:
        chosen = self._ask(QColor(*self._colors.foreground).name(), self)
        if chosen is not None:
            self._colors.foreground = rgb_of(chosen)

    def _show(self) -> None:
        self.next.color = self._colors.foreground
        dabs = self.points.dabs
        while len(self.rows) > len(dabs):
            row = self.rows.pop()
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self.rows) < len(dabs):
            row = HintRow(len(self.rows), self, self._theme)
            self.rows.append(row)
            self._list.addWidget(row)
        for row, dab in zip(self.rows, dabs, strict=True):
            row.show_dab(dab, selected=row.index == self.points.selected)
        self.clear.setVisible(len(dabs) > 1)

    def recolor(self, index: int) -> None:
        """Ask for another color for a hint."""
        self.points.select(index)
        chosen = self._ask(self.points.dabs[index].color, self)
        if chosen is not None and index < len(self.points.dabs):
            self.points.recolor(index, chosen)


class HintRow(QWidget):
    """One hint of the list."""

    def __init__(self, index: int, section: HintSection, theme: Theme) -> None:
        super().__init__()
        self.index = index
        name = tr("Hint {number}", number=index + 1)
        self.swatch = Swatch(theme, name)
        self.swatch.setCheckable(True)
        self.swatch.clicked.connect(lambda: section.recolor(index))
        self.place = label("", "muted")
        self.delete = icon_button(theme, "trash", tr("Remove {name}", name=name), "muted")
        self.delete.clicked.connect(lambda: section.points.remove(index))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.swatch)
        row.addWidget(self.place, 1)
        row.addWidget(self.delete)

    def show_dab(self, dab: Dab, *, selected: bool) -> None:
        """Show a hint's color and where it is."""
        self.swatch.color = rgb_of(dab.color)
        self.swatch.setChecked(selected)
        self.place.setText(f"{int(dab.x)}, {int(dab.y)}")


def rgb_of(color: str) -> RGB:
    """``#rrggbb`` as three levels."""
    chosen = QColor(color)
    return chosen.red(), chosen.green(), chosen.blue()
