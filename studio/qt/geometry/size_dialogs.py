"""Image size and canvas size, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QToolButton,
    QWidget,
)

from studio.document import Picture, Rect
from studio.document.transforms import Resampling
from studio.qt.dialogs.base import Dialog
from studio.qt.geometry.canvas_tool import FILLS
from studio.qt.geometry.controls import METHODS, choice, chosen_method, number, quiet
from studio.qt.geometry.units import SCREEN, TITLES, Unit, decimals, to_pixels, to_unit
from studio.qt.i18n import N_, tr
from studio.qt.theme import Theme
from studio.qt.widgets import icon_button, label, megabytes

LONGEST = 1 << 18
UNITS: Mapping[str, str] = dict(TITLES.items())
CELL = 34
ANCHORS = (
    N_("top left"), N_("top"), N_("top right"),
    N_("left"), N_("middle"), N_("right"),
    N_("bottom left"), N_("bottom"), N_("bottom right"),
)  # fmt: skip


def _nothing() -> None:
    """For nobody who listens."""


class SizeFields(QWidget):
    """Width and height in a unit of choice, linked or not.

    ``on_change`` is called with every other size.
    """

    def __init__(self, size: tuple[int, int], dpi: float, theme: Theme, *, linked: bool) -> None:
        super().__init__()
        self.was = size
        self.pixels = (float(size[0]), float(size[1]))
        self._dpi = dpi
        self.on_change: Callable[[], None] = _nothing
        self.across = number(tr("Width"), 0, LONGEST, decimals=0)
        self.down = number(tr("Height"), 0, LONGEST, decimals=0)
        self.unit = choice(tr("Unit"), UNITS)
        self.linked = icon_button(theme, "link", tr("Keep the proportion"))
        self.linked.setCheckable(True)
        self.linked.setChecked(linked)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        for row, (title, box) in enumerate(((tr("Width"), self.across), (tr("Height"), self.down))):
            text = label(title, "heading")
            text.setBuddy(box)
            grid.addWidget(text, row, 0)
            grid.addWidget(box, row, 1)
        grid.addWidget(self.linked, 0, 2, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.unit, 0, 3)
        grid.setColumnStretch(1, 1)
        self.across.valueChanged.connect(lambda value: self._typed(0, value))
        self.down.valueChanged.connect(lambda value: self._typed(1, value))
        self.unit.activated.connect(lambda _: self.show_values())
        self.show_values()

    @property
    def size_in_pixels(self) -> tuple[int, int]:
        """The size, in whole pixels, at least one."""
        return max(round(self.pixels[0]), 1), max(round(self.pixels[1]), 1)

    def set_dpi(self, dpi: float) -> None:
        """Print at another resolution; the pixels stay."""
        self._dpi = dpi
        self.show_values()

    def _typed(self, axis: int, value: float) -> None:
        unit = Unit(self.unit.currentData())
        pixels = to_pixels(value, unit, self.was[axis], self._dpi)
        if round(pixels) == round(self.pixels[axis]):
            return
        other = self.pixels[1 - axis]
        if self.linked.isChecked():
            other = pixels * self.was[1 - axis] / self.was[axis]
        self.pixels = (pixels, other) if axis == 0 else (other, pixels)
        self.show_values(keep=axis)
        self.on_change()

    def show_values(self, keep: int | None = None) -> None:
        """Write the size into the boxes, all but the one being typed in."""
        unit = Unit(self.unit.currentData())
        boxes: tuple[QDoubleSpinBox, ...] = (self.across, self.down)
        for axis, box in enumerate(boxes):
            if axis == keep:
                continue
            with quiet(box):
                box.setDecimals(decimals(unit))
                box.setValue(to_unit(self.pixels[axis], unit, self.was[axis], self._dpi))


class ImageSizeDialog(Dialog):
    """How many pixels the picture shall have, and how they are made."""

    def __init__(
        self, parent: QWidget, picture: Picture, dpi: tuple[float, float] | None, theme: Theme
    ) -> None:
        super().__init__(parent, tr("Image size"), 440)
        self._picture = picture
        resolution = dpi[0] if dpi else SCREEN
        self.fields = SizeFields((picture.width, picture.height), resolution, theme, linked=True)
        self.fields.on_change = self._show
        self.resolution = number(tr("Resolution in print"), 1, 9999, tr(" px/inch"), 1)
        self.resolution.setValue(resolution)
        self.resolution.valueChanged.connect(self.fields.set_dpi)
        self.resolution.setToolTip(tr("For centimetres, millimetres and inches"))
        self.method_box = choice(tr("Resampling"), METHODS)
        self.linear = QCheckBox(tr("Mix light, not sRGB values"))
        self.linear.setAccessibleName(tr("Mix light, not sRGB values"))
        self.linear.setToolTip(
            tr("Keeps the brightness of fine bright patterns when the picture shrinks")
        )
        self.summary = label("", "muted", wrap=True)
        self.summary.setMinimumHeight(40)
        self.content.addWidget(self.fields)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        for title, widget in (
            (tr("Print at"), self.resolution),
            (tr("Resampling"), self.method_box),
        ):
            text = label(title, "heading")
            text.setBuddy(widget)
            form.addRow(text, widget)
        form.addRow("", self.linear)
        self.content.addLayout(form)
        self.content.addWidget(self.summary)
        self.add_accept(tr("Change the size"))
        self._show()

    @property
    def chosen_size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.fields.size_in_pixels

    @property
    def method(self) -> Resampling:
        """The kernel."""
        return chosen_method(self.method_box)

    def _show(self) -> None:
        width, height = self.chosen_size
        each = self._picture.dtype.itemsize * 4 * len(self._picture.layers)
        before = self._picture.width * self._picture.height * each
        self.summary.setText(
            tr(
                "{before} pixels, {before_memory} now; {after} pixels, {after_memory} afterwards",
                before=f"{self._picture.width} × {self._picture.height}",
                before_memory=megabytes(before),
                after=f"{width} × {height}",
                after_memory=megabytes(width * height * each),
            )
        )


class CanvasSizeDialog(Dialog):
    """How large the canvas shall be, where the picture lies on it, what the rest is filled with."""

    def __init__(
        self, parent: QWidget, picture: Picture, dpi: tuple[float, float] | None, theme: Theme
    ) -> None:
        super().__init__(parent, tr("Canvas size"), 440)
        self._picture = picture
        resolution = dpi[0] if dpi else SCREEN
        self.fields = SizeFields((picture.width, picture.height), resolution, theme, linked=False)
        self.fields.on_change = self._show
        self.fill: QComboBox = choice(tr("Fill the new area with"), FILLS)
        self.anchors = QButtonGroup(self)
        self.summary = label("", "muted", wrap=True)
        self.summary.setMinimumHeight(40)
        self.content.addWidget(self.fields)
        row = QHBoxLayout()
        row.addWidget(label(tr("Picture at"), "heading"), 0, Qt.AlignmentFlag.AlignTop)
        row.addSpacing(12)
        row.addLayout(self._anchor_grid())
        row.addStretch(1)
        self.content.addLayout(row)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        text = label(tr("Fill"), "heading")
        text.setBuddy(self.fill)
        form.addRow(text, self.fill)
        self.content.addLayout(form)
        self.content.addWidget(self.summary)
        self.add_accept(tr("Change the canvas"))
        self._show()

    def _anchor_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(2)
        for index, place in enumerate(ANCHORS):
            cell = QToolButton()
            cell.setCheckable(True)
            cell.setFixedSize(CELL, CELL)
            cell.setStyleSheet(
                "QToolButton { border: 1px solid palette(mid); border-radius: 4px; }"
            )
            cell.setText("●" if index == 4 else "")
            name = tr("Picture at: {place}", place=tr(place))
            cell.setAccessibleName(name)
            cell.setToolTip(name)
            self.anchors.addButton(cell, index)
            grid.addWidget(cell, index // 3, index % 3)
        self.anchors.button(4).setChecked(True)
        self.anchors.idToggled.connect(lambda _id, _on: self._show())
        return grid

    @property
    def new_canvas(self) -> Rect:
        """The new canvas in pixels of the old one."""
        width, height = self.fields.size_in_pixels
        column, row = self.anchors.checkedId() % 3, self.anchors.checkedId() // 3
        x = -((width - self._picture.width) * column // 2)
        y = -((height - self._picture.height) * row // 2)
        return Rect(x, y, width, height)

    @property
    def fill_choice(self) -> str:
        """One of `FILLS`."""
        return str(self.fill.currentData())

    def _show(self) -> None:
        for index in range(9):
            button = self.anchors.button(index)
            button.setText("●" if index == self.anchors.checkedId() else "")
        rect = self.new_canvas
        self.summary.setText(
            tr(
                "Adds {left} px at the left, {top} at the top, {right} at the right, "
                "{bottom} at the bottom",
                left=-rect.x,
                top=-rect.y,
                right=rect.right - self._picture.width,
                bottom=rect.bottom - self._picture.height,
            )
        )
