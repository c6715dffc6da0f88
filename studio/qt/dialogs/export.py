"""Exporting a copy: format, quality, size, what goes along; with its weight and a preview."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.document import Picture
from studio.files.codec import SaveOptions
from studio.files.formats import FORMATS, Format
from studio.files.metadata import Metadata
from studio.qt.background import Task
from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import tr
from studio.qt.transfer.compare import ComparePreview
from studio.qt.transfer.previewing import Previewer, Shown
from studio.qt.widgets import label
from studio.qt.workspace import Workspace

DEBOUNCE_MS = 250
_LOSSY = ("JPEG", "WebP", "AVIF")
_PACKED = ("PNG", "TIFF")
_REMEMBERED = ("quality", "lossless", "compression", "metadata", "records", "srgb")


def exportable() -> tuple[Format, ...]:
    """Flat formats that can be written."""
    return tuple(known for known in FORMATS if known.writable and not known.layers)


class ExportDialog(Dialog):
    """Options of a copy, remembered by format; a preview and the size follow them."""

    def __init__(
        self,
        parent: QWidget | None,
        workspace: Workspace,
        picture: Picture,
        metadata: Metadata,
        suffix: str = "",
    ) -> None:
        super().__init__(parent, tr("Export a copy"), 940, 580)
        self._settings, self._background = workspace.services.settings, workspace.background
        self._picture, self._metadata = picture, metadata
        self._previewer = Previewer(picture, metadata)
        self._task: Task | None = None
        self._formats = exportable()
        self.preview = ComparePreview()
        self._make_controls()
        self._lay_out()
        self.add_accept(tr("Export…"))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self._start)
        names = [known.name for known in self._formats]
        fitting = next((k.name for k in self._formats if suffix.lower() in k.suffixes), "")
        self.format.setCurrentIndex(names.index(fitting) if fitting else 0)
        self.format.currentIndexChanged.connect(self._show_format)
        self._show_format()

    # Controls

    def _make_controls(self) -> None:
        self.format = QComboBox()
        self.format.setAccessibleName(tr("Format"))
        self.format.addItems([known.name for known in self._formats])
        self.quality, self._quality_row = self._slider(tr("Quality"), 1, 100)
        self.compression, self._compression_row = self._slider(tr("Compression"), 0, 9)
        self.lossless = self._check(tr("Lossless: every pixel stays as it is"))
        self.metadata = self._check(tr("EXIF and XMP"))
        self.records = self._check(tr("Prompts and settings of models"))
        self.records.setToolTip(
            tr(
                "With them Impasto can make it again. Without, it only says that a model was at work."
            )
        )
        self.metadata.toggled.connect(self.records.setEnabled)
        self.srgb = self._check(tr("Convert to sRGB"))
        self.width_box = self._size_box(tr("Width"), self._picture.width)
        self.height_box = self._size_box(tr("Height"), self._picture.height)
        self.width_box.valueChanged.connect(self._on_width)
        self.height_box.valueChanged.connect(self._on_height)
        self.weight = label("", "heading")
        self.weight.setAccessibleName(tr("Size of the file"))
        self.kept = label("", "muted", wrap=True)
        self.notes = label("", "muted", wrap=True)

    def _check(self, text: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setAccessibleName(text)
        box.toggled.connect(self._later)
        return box

    def _size_box(self, name: str, value: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(1, 65535)
        box.setValue(min(value, 65535))
        box.setSuffix(tr(" px"))
        box.setAccessibleName(name)
        box.setKeyboardTracking(False)
        return box

    def _slider(self, name: str, low: int, high: int) -> tuple[QSpinBox, QWidget]:
        slider, box = QSlider(Qt.Orientation.Horizontal), QSpinBox()
        slider.setAccessibleName(tr("{name} slider", name=name))
        box.setAccessibleName(name)
        for control in (slider, box):
            control.setRange(low, high)
        slider.valueChanged.connect(box.setValue)
        box.valueChanged.connect(slider.setValue)
        box.valueChanged.connect(self._later)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(slider, 1)
        row.addWidget(box)
        return box, holder

    def _lay_out(self) -> None:
        self._form = form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        size = QHBoxLayout()
        size.addWidget(self.width_box, 1)
        size.addWidget(label("×"))
        size.addWidget(self.height_box, 1)
        self._titled(tr("Format"), self.format, self.format)
        self._titled(tr("Quality"), self._quality_row, self.quality)
        self._titled(tr("Compression"), self._compression_row, self.compression)
        form.addRow("", self.lossless)
        holder = QWidget()
        size.setContentsMargins(0, 0, 0, 0)
        holder.setLayout(size)
        self._titled(tr("Size"), holder, self.width_box)
        self._titled(tr("Keep"), self.metadata, self.metadata)
        form.addRow("", self.records)
        form.setRowVisible(self.records, bool(self._metadata.recipe))
        self._titled(tr("Colors"), self.srgb, self.srgb)
        side = QVBoxLayout()
        side.setSpacing(12)
        side.addLayout(form)
        side.addWidget(self.kept)
        side.addWidget(self.notes)
        side.addStretch(1)
        side.addWidget(self.weight)
        column = QWidget()
        column.setFixedWidth(360)
        side.setContentsMargins(0, 0, 0, 0)
        column.setLayout(side)
        row = QHBoxLayout()
        row.setSpacing(20)
        row.addWidget(self.preview, 1)
        row.addWidget(column)
        self.content.addLayout(row, 1)

    def _titled(self, text: str, field: QWidget, buddy: QWidget) -> None:
        title = label(text, "heading")
        title.setBuddy(buddy)
        self._form.addRow(title, field)

    # What was chosen

    @property
    def kind(self) -> Format:
        """The chosen format."""
        return self._formats[max(self.format.currentIndex(), 0)]

    def options(self) -> SaveOptions:
        """What was chosen."""
        size = (self.width_box.value(), self.height_box.value())
        own = (self._picture.width, self._picture.height)
        return SaveOptions(
            quality=self.quality.value(),
            lossless=self.kind.name == "WebP" and self.lossless.isChecked(),
            compression=self.compression.value(),
            size=None if size == own else size,
            metadata=self.metadata.isChecked(),
            records=self.records.isChecked(),
            srgb=self.srgb.isChecked(),
        )

    def _show_format(self) -> None:
        """Show a format's controls, as they were left."""
        kind = self.kind
        plain = asdict(SaveOptions())
        values: dict[str, Any] = {**plain, **self._settings.exports.get(kind.name, {})}
        self.quality.setValue(int(values["quality"]))
        self.compression.setValue(int(values["compression"]))
        self.lossless.setChecked(bool(values["lossless"]))
        self.metadata.setChecked(bool(values["metadata"]))
        self.records.setChecked(bool(values["records"]))
        self.records.setEnabled(self.metadata.isChecked())
        self.srgb.setChecked(bool(values["srgb"]))
        for field, shown in (
            (self._quality_row, kind.name in _LOSSY),
            (self._compression_row, kind.name in _PACKED),
            (self.lossless, kind.name == "WebP"),
        ):
            self._form.setRowVisible(field, shown)
        kept = [tr("the color profile")]
        kept += [tr("transparency")] if kind.alpha else []
        kept += [tr("16 bits")] if kind.deep else []
        self.kept.setText(tr("{format} keeps {what}.", format=kind.name, what=", ".join(kept)))
        self._later()

    def _on_width(self, width: int) -> None:
        self._follow(self.height_box, width * self._picture.height / self._picture.width)

    def _on_height(self, height: int) -> None:
        self._follow(self.width_box, height * self._picture.width / self._picture.height)

    def _follow(self, box: QSpinBox, value: float) -> None:
        """Keep the proportions."""
        box.blockSignals(True)
        box.setValue(max(1, round(value)))
        box.blockSignals(False)
        self._later()

    # Preview

    def _later(self) -> None:
        self._quality_row.setEnabled(not (self.kind.name == "WebP" and self.lossless.isChecked()))
        if hasattr(self, "_timer"):
            self.weight.setText(tr("Computing the size…"))
            self._timer.start()

    def _start(self) -> None:
        if self._task is not None:
            self._task.cancel()
        kind, options = self.kind, self.options()
        centre = (self.preview.middle.x(), self.preview.middle.y())

        def work(task: Task) -> Shown | None:
            return self._previewer.shown(kind, options, centre, task.cancelled)

        self._task = self._background.run_cancellable(work, self._show, self._failed, self)

    def _show(self, shown: Shown | None) -> None:
        if shown is None:
            return
        self.preview.show_images(shown.before, shown.after)
        size = readable(shown.nbytes)
        self.weight.setText(size if shown.exact else tr("about {size}", size=size))
        self.notes.setText(" ".join(shown.notes))
        self.notes.setProperty("role", "muted")

    def _failed(self, error: BaseException) -> None:
        self.weight.setText(tr("Not possible"))
        self.notes.setText(str(error))

    def done(self, result: int) -> None:
        """Remember the options of an export; stop what is computed for the preview."""
        self._timer.stop()
        if self._task is not None:
            self._task.cancel()
        if result:
            chosen = asdict(self.options())
            values = {name: chosen[name] for name in _REMEMBERED}
            self._settings.update(exports={**self._settings.exports, self.kind.name: values})
        super().done(result)


def readable(nbytes: int) -> str:
    """A file's size for people."""
    if nbytes < 1000:
        return tr("{n} bytes", n=nbytes)
    if nbytes < 1_000_000:
        return tr("{n} KB", n=f"{nbytes / 1000:.3g}")
    return tr("{n} MB", n=f"{nbytes / 1_000_000:.3g}")


def suggested(source: Path | None, folder: str, title: str, kind: Format) -> Path:
    """The name that an export begins with."""
    start = source or Path(folder) / title
    return start.with_name(f"{start.stem}{kind.suffixes[0]}")
