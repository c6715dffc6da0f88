"""Exporting a copy: quality and the like, for the format that the file's name asks for."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QSlider, QSpinBox, QWidget

from studio.files.codec import SaveOptions
from studio.files.formats import writable_format
from studio.qt.dialogs.base import Dialog
from studio.qt.widgets import ElidedLabel, label


class ExportDialog(Dialog):
    """Options of one format."""

    def __init__(self, parent: QWidget | None, path: Path) -> None:
        super().__init__(parent, "Export a copy", 420)
        kind = writable_format(path)
        self._quality: QSpinBox | None = None
        self._lossless: QCheckBox | None = None
        self._compression: QSpinBox | None = None
        name = ElidedLabel(path.name, Qt.TextElideMode.ElideMiddle)
        name.setProperty("role", "heading")
        self.content.addWidget(name)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        if kind.name == "WebP":
            self._lossless = QCheckBox("Lossless: every pixel stays as it is")
            self._lossless.setAccessibleName("Lossless")
            form.addRow(label("WebP", "heading"), self._lossless)
        if kind.name in ("JPEG", "WebP", "AVIF"):
            self._quality = self._slider(form, "Quality", 1, 100, SaveOptions().quality)
        if kind.name in ("PNG", "TIFF"):
            default = SaveOptions().compression
            self._compression = self._slider(form, "Compression", 0, 9, default)
        self.content.addLayout(form)
        if self._lossless is not None and self._quality is not None:
            quality = self._quality
            self._lossless.toggled.connect(lambda on: quality.setEnabled(not on))
        kept = ["colour profile, EXIF and resolution"]
        if kind.alpha:
            kept.append("transparency")
        if kind.deep:
            kept.append("16 bits")
        self.content.addWidget(label(f"{kind.name} keeps {', '.join(kept)}.", "muted", wrap=True))
        self.add_accept("Export")

    @staticmethod
    def _slider(form: QFormLayout, name: str, low: int, high: int, value: int) -> QSpinBox:
        slider, box = QSlider(Qt.Orientation.Horizontal), QSpinBox()
        slider.setAccessibleName(f"{name} slider")
        box.setAccessibleName(name)
        for control in (slider, box):
            control.setRange(low, high)
        slider.valueChanged.connect(box.setValue)
        box.valueChanged.connect(slider.setValue)
        box.setValue(value)
        row = QHBoxLayout()
        row.addWidget(slider, 1)
        row.addWidget(box)
        title = label(name, "heading")
        title.setBuddy(box)
        form.addRow(title, row)
        return box

    def options(self) -> SaveOptions:
        """What was chosen."""
        plain = SaveOptions()
        return SaveOptions(
            quality=self._quality.value() if self._quality else plain.quality,
            lossless=bool(self._lossless and self._lossless.isChecked()),
            compression=self._compression.value() if self._compression else plain.compression,
        )
