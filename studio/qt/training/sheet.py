"""The sheet of samples: small in the panel, as large as it is in a window of its own."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QSizePolicy, QToolButton, QWidget
from typing_extensions import override

from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import tr

_HIGHEST = 200


class SheetButton(QToolButton):
    """The newest samples as wide as there is room; pressed, they are shown as large as they are."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._image = QImage()
        self.dialog: SheetDialog | None = None
        self.setAccessibleName(tr("Samples of {title}", title=title))
        self.setToolTip(tr("What the network makes of held-out pictures; press to enlarge"))
        self.setAutoRaise(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self.enlarge)
        self.hide()

    def show_sheet(self, image: QImage) -> None:
        """Show newer samples."""
        self._image = image
        self.setVisible(not image.isNull())
        self._fit()
        if self.dialog is not None:
            self.dialog.show_sheet(image)

    @property
    def image(self) -> QImage:
        """The samples."""
        return self._image

    def enlarge(self) -> None:
        """Show them as large as they are; they go on changing there."""
        self.dialog = SheetDialog(self.window(), self._title)
        self.dialog.finished.connect(self._on_closed)
        self.dialog.show_sheet(self._image)
        self.dialog.open()

    def _on_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _fit(self) -> None:
        if self._image.isNull():
            return
        ratio = self.devicePixelRatioF()
        room = QSize(max(self.width() - 6, 40), _HIGHEST)
        size = self._image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        pixmap = QPixmap.fromImage(
            self._image.scaled(
                size * ratio,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
        pixmap.setDevicePixelRatio(ratio)
        self.setIcon(QIcon(pixmap))
        self.setIconSize(size)
        self.setFixedHeight(size.height() + 6)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()


class SheetDialog(Dialog):
    """Samples as large as they are, to scroll over."""

    def __init__(self, parent: QWidget | None, title: str) -> None:
        super().__init__(parent, tr("Samples of {title}", title=title), 900, 620)
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName(tr("Samples of {title}", title=title))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(self.picture)
        area.setAccessibleName(tr("Samples of {title}", title=title))
        self.content.addWidget(area, 1)
        self.add_close()

    def show_sheet(self, image: QImage) -> None:
        """Show newer samples."""
        self.picture.setPixmap(QPixmap.fromImage(image))
