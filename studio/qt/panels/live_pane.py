"""The result of an operation that follows drawing, beside the canvas."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from studio.qt.canvas.rendering import Colors, checkerboard
from studio.qt.i18n import tr
from studio.qt.panels.checkerboard import fitted
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, ElidedLabel, button, label

CHECK = 8


class LiveImage(QWidget):
    """A picture as large as fits."""

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.setMinimumSize(QSize(160, 120))
        self.setAccessibleName(tr("Live result"))

    def show_image(self, image: QImage) -> None:
        """Show another picture; a null one is none."""
        self.image = image
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it in the middle, on checks where it is transparent."""
        painter = QPainter(self)
        colors = Colors.of(self.palette())
        painter.fillRect(self.rect(), colors.background)
        if not self.image.isNull():
            place = fitted(self.image.size(), self.rect().adjusted(GAP, GAP, -GAP, -GAP))
            if self.image.hasAlphaChannel():
                painter.drawTiledPixmap(place, checkerboard(colors.checks, CHECK))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            # The painter itself would leave pixels out when it reduces by more than half.
            ratio = self.devicePixelRatioF()
            wanted = QSize(round(place.width() * ratio), round(place.height() * ratio))
            image = self.image
            if wanted.width() < image.width():
                mode = Qt.TransformationMode.SmoothTransformation
                image = image.scaled(wanted, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
            painter.drawImage(QRectF(place), image, QRectF(image.rect()))
        painter.end()


class LivePane(QFrame):
    """The picture with a head: what it is, and a button that keeps it.

    Signals:
        keep: the result is to become a layer.
    """

    keep = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("live-pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = label(tr("Live result"), "heading")
        self.state = ElidedLabel()
        self.state.setProperty("role", "muted")
        self.keep_button = button(
            tr("Add as a layer"),
            tr("Make a layer of it and go on drawing. Beneath a drawing with transparent parts."),
        )
        theme.bind(self.keep_button, "layer-new", "text", 16)
        self.keep_button.clicked.connect(self.keep)
        self.view = LiveImage()
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 8, 6)
        head.setSpacing(GAP)
        head.addWidget(self.title)
        head.addWidget(self.state, 1)
        head.addWidget(self.keep_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        self._placed = False
        self.hide()
        self.clear()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Take two fifths of the room at first; then it is as the user left it."""
        super().showEvent(event)
        splitter = self.parentWidget()
        if not self._placed and isinstance(splitter, QSplitter):
            self._placed = True
            width = splitter.width()
            splitter.setSizes([width * 3 // 5, width - width * 3 // 5])

    @property
    def filled(self) -> bool:
        """Whether a result is shown."""
        return not self.view.image.isNull()

    def show_image(self, image: QImage, title: str) -> None:
        """Show a result."""
        self.view.show_image(image)
        self.state.setText(title)
        self.keep_button.setEnabled(True)

    def clear(self) -> None:
        """Show nothing."""
        self.view.show_image(QImage())
        self.state.setText("")
        self.keep_button.setEnabled(False)
