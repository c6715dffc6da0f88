"""Asks for the size, the background and the depth of an empty picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFormLayout, QSizePolicy, QSpinBox, QWidget

from studio.document import Picture
from studio.document.picture import Layer
from studio.document.tiles import TILE, Raster
from studio.host.settings import Settings
from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import N_, tr
from studio.qt.widgets import label

TOOL = "new-picture"
LARGEST = 100_000
SIZES = (
    (N_("Screen, 1920 × 1080"), 1920, 1080),
    (N_("Square, 2048 × 2048"), 2048, 2048),
    (N_("Photo, 3000 × 2000"), 3000, 2000),
    (N_("A4 at 300 dots an inch"), 2480, 3508),
)
BACKGROUNDS = (
    (N_("White"), "white", (255, 255, 255)),
    (N_("Black"), "black", (0, 0, 0)),
    (N_("Transparent"), "transparent", None),
)


class NewPictureDialog(Dialog):
    """Begins with the values of the last time."""

    def __init__(self, parent: QWidget | None, settings: Settings) -> None:
        super().__init__(parent, tr("New picture"), 420)
        self._settings = settings
        last = settings.tools.get(TOOL, {})
        self.preset = QComboBox()
        self.preset.addItem(tr("Own size"))
        for title, width, height in SIZES:
            self.preset.addItem(tr(title), (width, height))
        image = QGuiApplication.clipboard().image()
        if not image.isNull():
            size = (image.width(), image.height())
            self.preset.addItem(tr("Clipboard, {width} × {height}", width=size[0], height=size[1]),
                                size)  # fmt: skip
        self.width_box = self._side(last.get("width"), 1920)
        self.height_box = self._side(last.get("height"), 1080)
        self.background = QComboBox()
        for title, name, _ in BACKGROUNDS:
            self.background.addItem(tr(title), name)
        self.background.setCurrentIndex(max(self.background.findData(last.get("background")), 0))
        self.depth_box = QComboBox()
        self.depth_box.addItem(tr("8 bits a channel"), 8)
        self.depth_box.addItem(tr("16 bits a channel"), 16)
        self.depth_box.setCurrentIndex(max(self.depth_box.findData(last.get("depth")), 0))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        rows: tuple[tuple[str, QWidget], ...] = (
            (tr("Size"), self.preset),
            (tr("Width"), self.width_box),
            (tr("Height"), self.height_box),
            (tr("Background"), self.background),
            (tr("Depth"), self.depth_box),
        )
        for name, control in rows:
            title_label = label(name, "heading")
            title_label.setBuddy(control)
            control.setAccessibleName(name)
            control.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            form.addRow(title_label, control)
        self.content.addLayout(form)
        self.facts = label("", "muted", wrap=True)
        self.content.addWidget(self.facts)
        self.add_accept(tr("Create"))
        self.preset.activated.connect(self._use_preset)
        for box in (self.width_box, self.height_box):
            box.valueChanged.connect(self._check)
        self.depth_box.currentIndexChanged.connect(self._check)
        self._check()
        self.width_box.setFocus()
        self.width_box.selectAll()

    def _side(self, last: object, default: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(1, LARGEST)
        box.setSuffix(" px")
        box.setGroupSeparatorShown(False)
        box.setValue(last if isinstance(last, int) else default)
        return box

    def _use_preset(self) -> None:
        size = self.preset.currentData()
        if size is not None:
            self.width_box.setValue(size[0])
            self.height_box.setValue(size[1])

    def _check(self) -> None:
        """Show the size in memory, and keep back what the settings refuse."""
        width, height = self.width_box.value(), self.height_box.value()
        sizes = [self.preset.itemData(i) for i in range(self.preset.count())]
        self.preset.setCurrentIndex(max(
            (i for i, size in enumerate(sizes) if size == (width, height)), default=0
        ))  # fmt: skip
        megapixels = width * height / 1e6
        most = self._settings.max_megapixels
        fits = megapixels <= most
        memory = width * height * 4 * self.depth_box.currentData() / 8 / 1e6
        self.facts.setText(
            tr("{size:.1f} megapixels, {memory:.0f} MB", size=megapixels, memory=memory)
            if fits
            else tr("More than {most} megapixels, the largest that Preferences allow.", most=most)
        )
        self.accept_button.setEnabled(fits)

    def picture(self) -> Picture:
        """The picture that was asked for; remembers the values for the next time."""
        width, height = self.width_box.value(), self.height_box.value()
        depth, chosen = self.depth_box.currentData(), self.background.currentData()
        values = {"width": width, "height": height, "background": chosen, "depth": depth}
        self._settings.remember_tool(TOOL, values)
        dtype = np.dtype(np.uint8 if depth == 8 else np.uint16)
        color = next(color for _, name, color in BACKGROUNDS if name == chosen)
        return empty_picture(width, height, dtype, color)


def empty_picture(
    width: int, height: int, dtype: np.dtype[Any], color: tuple[int, int, int] | None
) -> Picture:
    """A picture of one layer.

    Args:
        width: in pixels.
        height: in pixels.
        dtype: ``uint8`` or ``uint16``.
        color: sRGB, 0 to 255; None is transparent.
    """
    tiles: dict[tuple[int, int], np.ndarray[Any, Any]] = {}
    if color is not None:
        value = np.array([*color, 255]) * (257 if dtype == np.uint16 else 1)
        made: dict[tuple[int, int], np.ndarray[Any, Any]] = {}
        for row in range(-(-height // TILE)):
            for column in range(-(-width // TILE)):
                # All tiles inside are one and the same array, so that any size costs nothing.
                size = min(TILE, height - row * TILE), min(TILE, width - column * TILE)
                if size not in made:
                    tile = np.zeros((TILE, TILE, 4), dtype)
                    tile[: size[0], : size[1]] = value
                    tile.setflags(write=False)
                    made[size] = tile
                tiles[column, row] = made[size]
    layer = Layer(tr("Background"), Raster(dtype, 4, tiles))
    return Picture(width, height, (layer,), layer.id)
