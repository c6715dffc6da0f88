"""The status bar: zoom, size, depth, profile, pixel under the pointer, device."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QStatusBar

from studio.qt.canvas import CanvasView
from studio.qt.i18n import tr
from studio.qt.session import Session
from studio.qt.widgets import ElidedLabel, label

ZOOMS = ("25 %", "50 %", "100 %", "200 %", "400 %", "800 %", "1600 %")


class StatusBar(QStatusBar):
    """Facts about the picture; the zoom can be chosen or typed."""

    def __init__(self, canvas: CanvasView, session: Session) -> None:
        super().__init__()
        self._canvas, self._session = canvas, session
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 0, 0)
        self._busy = self._hint = ""
        self.busy = ElidedLabel()
        self.pixel = label("")
        self.pixel.setMinimumWidth(
            self.fontMetrics().horizontalAdvance("8888, 8888   #ffffff  255")
        )
        self.size_text = label("")
        self.profile = label("")
        self.device = label("")
        self.zoom = QComboBox()
        self.zoom.setEditable(True)
        self.zoom.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.zoom.addItems((*ZOOMS, tr("Fit")))
        self.zoom.setAccessibleName(tr("Zoom"))
        self.zoom_text = QLineEdit()
        self.zoom_text.setAccessibleName(tr("Zoom"))
        self.zoom.setLineEdit(self.zoom_text)
        self.zoom.setToolTip(tr("Zoom: choose or type a percentage"))
        self.zoom.setFixedWidth(92)
        self.zoom.setCompleter(None)  # type: ignore[arg-type]  # None is Qt's way to have none
        self.zoom.activated.connect(lambda _: self._zoom_to(self.zoom.currentText()))
        self.zoom_text.returnPressed.connect(lambda: self._zoom_to(self.zoom_text.text()))
        self.addWidget(self.busy, 1)
        for widget in (self.pixel, self.size_text, self.profile, self.device, self.zoom):
            self.addPermanentWidget(widget)
        canvas.zoom_changed.connect(lambda _: self._show_zoom())
        canvas.cursor_moved.connect(self.show_pixel)
        session.changed.connect(self._show_picture)
        self._show_picture()

    def show_busy(self, text: str) -> None:
        """Say what is being read or written; the hint comes back afterwards."""
        self._busy = text
        self.busy.setText(text or self._hint)

    def show_hint(self, text: str) -> None:
        """Say how the chosen tool is used, while nothing is read or written."""
        self._hint = text
        self.busy.setText(self._busy or text)

    def show_device(self, text: str) -> None:
        """Say where operations compute."""
        self.device.setText(text)
        self.device.setToolTip(tr("Where operations compute; see Preferences"))

    def show_pixel(self, told: object) -> None:
        """Show position and value of the pixel under the pointer."""
        if not isinstance(told, tuple):
            self.pixel.setText("")
            return
        x, y, value = told
        red, green, blue, alpha = value
        deep = self._depth() == 16
        color = (
            f"{red} {green} {blue}  α {alpha}"
            if deep
            else f"#{red:02x}{green:02x}{blue:02x}  α {alpha}"
        )
        self.pixel.setText(f"{x}, {y}   {color}")

    def _depth(self) -> int:
        document = self._session.document
        return 0 if document is None else document.picture.dtype.itemsize * 8

    def _show_picture(self) -> None:
        document = self._session.document
        self.zoom.setEnabled(document is not None)
        if document is None:
            for widget in (self.size_text, self.profile, self.pixel):
                widget.setText("")
            self.zoom_text.clear()
            return
        picture = document.picture
        self.size_text.setText(
            tr(
                "{width} × {height} · {depth} bit",
                width=picture.width,
                height=picture.height,
                depth=self._depth(),
            )
        )
        megapixels = picture.width * picture.height / 1e6
        self.size_text.setToolTip(
            tr(
                "{size:.1f} megapixels, {depth} bits a channel",
                size=megapixels,
                depth=self._depth(),
            )
        )
        self.profile.setText(_profile_name(picture.icc))
        self.profile.setToolTip(tr("Color profile of the picture"))
        self._show_zoom()

    def _show_zoom(self) -> None:
        if self._session.document is not None:
            percent = self._canvas.zoom * 100
            digits = 0 if percent >= 10 else 1
            self.zoom_text.setText(f"{percent:.{digits}f} %")

    def _zoom_to(self, text: str) -> None:
        found = re.search(r"\d+(?:[.,]\d+)?", text)
        if text.strip().lower() in ("fit", tr("Fit").lower()):
            self._canvas.fit()
        elif found:
            self._canvas.zoom_to(float(found.group().replace(",", ".")) / 100)
        self._show_zoom()
        self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)


_names: dict[bytes | None, str] = {None: "sRGB"}


def _profile_name(icc: bytes | None) -> str:
    if icc not in _names:
        from studio.files.profiles import profile_name

        if len(_names) > 50:
            _names.clear()
        _names[icc] = profile_name(icc)
    return _names.get(icc, "sRGB")
