"""Small dialogs of the Select menu; the outline shows their result while they are open."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QPushButton,
    QSlider,
    QWidget,
)

from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import tr
from studio.qt.selecting.state import Options
from studio.qt.widgets import button, label

RGB = tuple[int, int, int]
WIDTH = 380


class Amount(QWidget):
    """A label, a slider and a number that go together.

    Signals:
        changed: the number.
    """

    changed = Signal(float)

    def __init__(
        self, title: str, value: float, highest: float, unit: str, *, lowest: float = 0
    ) -> None:
        super().__init__()
        row = QGridLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setHorizontalSpacing(10)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(lowest), round(highest))
        self.slider.setAccessibleName(title)
        self.box = QDoubleSpinBox()
        self.box.setDecimals(0)
        self.box.setRange(lowest, highest)
        self.box.setSuffix(unit)
        self.box.setAccessibleName(title)
        self.box.setMinimumWidth(90)
        name = label(title)
        name.setBuddy(self.box)
        row.addWidget(name, 0, 0, 1, 2)
        row.addWidget(self.slider, 1, 0)
        row.addWidget(self.box, 1, 1)
        self.box.setValue(value)
        self.slider.setValue(round(value))
        self.slider.valueChanged.connect(self.box.setValue)
        self.box.valueChanged.connect(self._follow)

    @property
    def value(self) -> float:
        """The number."""
        return self.box.value()

    def _follow(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round(value))
        self.slider.blockSignals(False)
        self.changed.emit(value)


class AmountDialog(Dialog):
    """Asks by how many pixels.

    Signals:
        changed: the number, for a preview.
    """

    changed = Signal(float)

    def __init__(
        self, parent: QWidget, title: str, question: str, value: float, highest: float, verb: str
    ) -> None:
        super().__init__(parent, title, WIDTH)
        self.amount = Amount(question, value, highest, " px", lowest=1)
        self.amount.changed.connect(self.changed)
        self.content.addWidget(self.amount)
        self.add_accept(verb)
        self.amount.box.setFocus()
        self.amount.box.selectAll()


class ColorRangeDialog(Dialog):
    """Asks for a colour, how near others have to be, and how softly the selection ends.

    Args:
        parent: the window.
        colors: what can be chosen by name; the first one is at first.

    Signals:
        changed: something is chosen differently.
    """

    changed = Signal()

    def __init__(self, parent: QWidget, colors: dict[str, RGB]) -> None:
        super().__init__(parent, tr("Color range"), WIDTH)
        self.choice = QComboBox()
        self.choice.setAccessibleName(tr("Color"))
        for title, color in colors.items():
            self.choice.addItem(swatch(color), title, color)
        name = label(tr("Color"))
        name.setBuddy(self.choice)
        self.content.addWidget(name)
        self.content.addWidget(self.choice)
        self.other = button(tr("Another color…"))
        self.other.clicked.connect(self._ask)
        self.content.addWidget(self.other)
        self.tolerance = Amount(tr("Tolerance"), 40, 255, "")
        self.softness = Amount(tr("Softness"), 30, 255, "")
        for amount in (self.tolerance, self.softness):
            self.content.addWidget(amount)
            amount.changed.connect(lambda _: self.changed.emit())
        self.choice.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.add_accept(tr("Select"))

    @property
    def color(self) -> RGB:
        """The chosen colour, sRGB."""
        red, green, blue = self.choice.currentData()
        return red, green, blue

    def _ask(self) -> None:
        chosen = QColorDialog.getColor(QColor(*self.color), self, tr("Color"))
        if chosen.isValid():
            color = (chosen.red(), chosen.green(), chosen.blue())
            self.choice.addItem(swatch(color), chosen.name(), color)
            self.choice.setCurrentIndex(self.choice.count() - 1)


class VeilDialog(Dialog):
    """Colour and opacity of quick mask; changes show at once."""

    def __init__(self, parent: QWidget, options: Options) -> None:
        super().__init__(parent, tr("Quick mask options"), WIDTH)
        self._options = options
        self.color = QPushButton()
        self.color.setAutoDefault(False)
        self.color.setAccessibleName(tr("Color of the veil"))
        self.color.clicked.connect(self._ask)
        name = label(tr("Color of the veil"))
        name.setBuddy(self.color)
        self.opacity = Amount(tr("Opacity"), options["mask_opacity"], 100, " %", lowest=5)
        self.opacity.changed.connect(lambda value: self._set("mask_opacity", round(value)))
        self.content.addWidget(name)
        self.content.addWidget(self.color)
        self.content.addWidget(self.opacity)
        self.add_close()
        self._show()

    def _set(self, name: str, value: object) -> None:
        self._options[name] = value
        self._show()

    def _show(self) -> None:
        color = QColor(self._options["mask_color"])
        self.color.setIcon(swatch((color.red(), color.green(), color.blue())))
        self.color.setText(color.name())

    def _ask(self) -> None:
        chosen = QColorDialog.getColor(
            QColor(self._options["mask_color"]), self, tr("Color of the veil")
        )
        if chosen.isValid():
            self._set("mask_color", chosen.name())


def swatch(color: RGB) -> QIcon:
    """A square of a colour."""
    pixmap = QPixmap(32, 32)
    pixmap.fill(QColor(*color))
    return QIcon(pixmap)
