"""The crop tool's controls: proportion, exact size, angle, what becomes of the rest."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QPushButton, QSlider

from studio.qt.geometry.controls import Row, choice, number, quiet, whole_number
from studio.qt.geometry.crop_tool import STEEPEST, CropTool
from studio.qt.i18n import N_, tr
from studio.qt.widgets import button, icon_button, label

ASPECTS: dict[str, tuple[str, tuple[float, float] | None]] = {
    "free": (N_("Free"), None),
    "original": (N_("Original"), None),
    "1:1": (N_("Square 1:1"), (1, 1)),
    "4:3": (N_("4:3"), (4, 3)),
    "3:2": (N_("3:2"), (3, 2)),
    "16:9": (N_("16:9"), (16, 9)),
    "custom": (N_("Custom"), None),
}
LARGEST = 1 << 18


class CropOptions(Row):
    """Follows the tool's box and changes it."""

    def __init__(self, tool: CropTool) -> None:
        super().__init__()
        self._tool = tool
        theme = tool.desk.workspace.theme
        titles = {key: title for key, (title, _) in ASPECTS.items()}
        self.aspect = choice(tr("Aspect"), titles)
        self.across = number(tr("Aspect, width"), 0.01, 9999, decimals=2)
        self.down = number(tr("Aspect, height"), 0.01, 9999, decimals=2)
        self.colon = label(":")
        self.swap = icon_button(theme, "swap", tr("Swap width and height"))
        self.width_box = whole_number(tr("Width in pixels"), 1, LARGEST, " px")
        self.height_box = whole_number(tr("Height in pixels"), 1, LARGEST, " px")
        self.straighten = QPushButton(tr("Straighten"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.angle = number(tr("Angle in degrees"), -STEEPEST, STEEPEST, "°")
        self.delete = QCheckBox(tr("Delete cropped pixels"))
        self.apply = button(tr("Crop"), tr("Crop (Enter)"), primary=True)
        self.reset = button(tr("Reset"), tr("Put the box around the picture again (Esc)"))
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        for box in (self.across, self.down):
            box.setValue(1)
        self.straighten.setCheckable(True)
        self.straighten.setToolTip(tr("Drag a line along what shall be level or upright"))
        self.straighten.setAccessibleName(tr("Straighten along a line"))
        self.slider.setRange(-450, 450)
        self.slider.setFixedWidth(110)
        self.slider.setAccessibleName(tr("Angle"))
        self.slider.setToolTip(tr("Turn the picture under the box"))
        self.delete.setAccessibleName(tr("Delete cropped pixels"))
        self.delete.setToolTip(tr("Otherwise they stay on the layers, off the canvas"))
        self.add(self.aspect, tr("Aspect"))
        for widget in (self.across, self.colon, self.down, self.swap):
            self.add(widget)
        self.gap()
        self.add(self.width_box, tr("W"))
        self.add(self.height_box, tr("H"))
        self.gap()
        self.add(self.straighten)
        self.add(self.slider)
        self.add(self.angle)
        self.gap()
        self.add(self.delete)
        self.gap()
        self.add(self.apply)
        self.add(self.reset)
        self.end()

    def _connect(self) -> None:
        tool = self._tool
        tool.changed.connect(self._show)
        self.aspect.activated.connect(lambda _: self._choose())
        self.across.valueChanged.connect(lambda _: self._choose())
        self.down.valueChanged.connect(lambda _: self._choose())
        self.swap.clicked.connect(self._swap)
        self.width_box.valueChanged.connect(lambda _: self._resize(by_width=True))
        self.height_box.valueChanged.connect(lambda _: self._resize(by_width=False))
        self.straighten.toggled.connect(tool.set_straightening)
        self.slider.valueChanged.connect(lambda value: tool.set_angle(value / 10))
        self.angle.valueChanged.connect(tool.set_angle)
        self.delete.toggled.connect(tool.set_delete)
        self.apply.clicked.connect(tool.commit)
        self.reset.clicked.connect(tool.cancel)

    def _choose(self) -> None:
        key = self.aspect.currentData()
        aspect = ASPECTS[key][1]
        bounds = self._tool.bounds
        if key == "original":
            aspect = (max(bounds.width, 1), max(bounds.height, 1))
        elif key == "custom":
            aspect = (self.across.value(), self.down.value())
        self._tool.set_aspect(aspect)

    def _swap(self) -> None:
        box = self._tool.box
        aspect = self._tool.aspect
        if aspect is not None:
            with quiet(self.across, self.down):
                self.across.setValue(aspect[1])
                self.down.setValue(aspect[0])
            self.aspect.setCurrentIndex(self.aspect.findData("custom"))
            self._tool.aspect = (aspect[1], aspect[0])
        if box is not None:
            self._tool.set_size(*box.rect[:1:-1])

    def _resize(self, *, by_width: bool) -> None:
        width, height = self.width_box.value(), self.height_box.value()
        ratio = self._tool.ratio()
        if ratio is not None and by_width:
            height = max(round(width / ratio), 1)
        elif ratio is not None:
            width = max(round(height * ratio), 1)
        self._tool.set_size(width, height)

    def _show(self) -> None:
        tool, box = self._tool, self._tool.box
        custom = self.aspect.currentData() == "custom"
        for widget in (self.across, self.colon, self.down):
            widget.setVisible(custom)
        self.setEnabled(box is not None)
        with quiet(
            self.width_box, self.height_box, self.slider, self.angle, self.straighten, self.delete
        ):
            self.delete.setChecked(tool.delete)
            self.straighten.setChecked(tool.straightening)
            if box is not None:
                self.width_box.setValue(box.rect.width)
                self.height_box.setValue(box.rect.height)
                self.slider.setValue(round(box.angle * 10))
                self.angle.setValue(box.angle)
        self.apply.setEnabled(tool.busy)
        self.reset.setEnabled(tool.busy)
