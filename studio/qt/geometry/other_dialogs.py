"""Rotate by any angle, trim, and a new guide."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QFormLayout, QSlider, QWidget
from typing_extensions import override

from studio.document import Guide, Picture, composite
from studio.document.transforms import Resampling
from studio.document.transforms.whole import rotated_size
from studio.qt.background import Background
from studio.qt.canvas.pyramid import to_eight_bits
from studio.qt.canvas.rendering import Colors, checkerboard
from studio.qt.dialogs.base import Dialog
from studio.qt.geometry.controls import METHODS, choice, chosen_method, number, quiet
from studio.qt.geometry.preview import as_image, reduced
from studio.qt.i18n import N_, tr
from studio.qt.widgets import label

PREVIEW = 300
BY = {"transparency": N_("Transparent pixels"), "color": N_("Color of the top left corner")}
SIDES = (
    ("left", N_("Left")),
    ("top", N_("Top")),
    ("right", N_("Right")),
    ("bottom", N_("Bottom")),
)


class TurnPreview(QWidget):
    """A small picture that turns, on the canvas that it will have."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.setAccessibleName(tr("Preview"))
        self.setMinimumHeight(PREVIEW)
        self._size = (picture.width, picture.height)
        self._image: QImage | None = None
        self.angle = 0.0
        self.expand = True

    def show_image(self, image: QImage) -> None:
        """The picture, small."""
        self._image = image
        self.update()

    def turn(self, angle: float, *, expand: bool) -> None:
        """Show another angle."""
        self.angle, self.expand = angle, expand
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(PREVIEW, PREVIEW)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = self._size
        canvas = rotated_size(width, height, self.angle) if self.expand else self._size
        zoom = min((self.width() - 8) / canvas[0], (self.height() - 8) / canvas[1])
        painter.translate(self.width() / 2, self.height() / 2)
        frame = QRectF(
            -canvas[0] * zoom / 2, -canvas[1] * zoom / 2, canvas[0] * zoom, canvas[1] * zoom
        )
        painter.setClipRect(frame)
        painter.drawTiledPixmap(frame, checkerboard(Colors.of(self.palette()).checks, 8))
        if self._image is not None:
            painter.save()
            painter.rotate(self.angle)
            target = QRectF(-width * zoom / 2, -height * zoom / 2, width * zoom, height * zoom)
            painter.drawImage(target, self._image, QRectF(self._image.rect()))
            painter.restore()
        painter.setClipping(False)
        painter.setPen(self.palette().mid().color())
        painter.drawRect(frame)
        painter.end()


class RotateDialog(Dialog):
    """Any angle, with a preview."""

    def __init__(self, parent: QWidget, picture: Picture, background: Background) -> None:
        super().__init__(parent, tr("Rotate by an angle"), 420)
        self.preview = TurnPreview(picture)
        self.angle_box = number(tr("Angle in degrees, clockwise"), -180, 180, "°", 2)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-1800, 1800)
        self.slider.setAccessibleName(tr("Angle"))
        self.slider.setPageStep(150)
        self.slider.setSingleStep(10)
        self.expand_box = QCheckBox(tr("Enlarge the canvas so that all of it fits"))
        self.expand_box.setAccessibleName(tr("Enlarge the canvas so that all of it fits"))
        self.expand_box.setChecked(True)
        self.method_box = choice(tr("Resampling"), METHODS)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        for title, widget in ((tr("Angle"), self.angle_box), (tr("Resampling"), self.method_box)):
            text = label(title, "heading")
            text.setBuddy(widget)
            form.addRow(text, widget)
        self.content.addWidget(self.preview)
        self.content.addWidget(self.slider)
        self.content.addLayout(form)
        self.content.addWidget(self.expand_box)
        self.add_accept(tr("Rotate"))
        self.slider.valueChanged.connect(lambda value: self.angle_box.setValue(value / 10))
        self.angle_box.valueChanged.connect(self._show)
        self.expand_box.toggled.connect(lambda _: self._show(self.angle))
        background.run(lambda: small_image(picture), self.preview.show_image, owner=self)

    @property
    def angle(self) -> float:
        """Degrees clockwise."""
        return self.angle_box.value()

    @property
    def expand(self) -> bool:
        """Whether the canvas grows."""
        return self.expand_box.isChecked()

    @property
    def method(self) -> Resampling:
        """The kernel."""
        return chosen_method(self.method_box)

    def _show(self, angle: float) -> None:
        with quiet(self.slider):
            self.slider.setValue(round(angle * 10))
        self.preview.turn(angle, expand=self.expand)


class TrimDialog(Dialog):
    """What counts as border, and on which sides."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("Trim"), 380)
        self.by_box = choice(tr("Cut away"), BY)
        self.tolerance_box = number(tr("Tolerance"), 0, 100, " %", 1)
        self.sides = {}
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        for title, widget in (
            (tr("Cut away"), self.by_box),
            (tr("Tolerance"), self.tolerance_box),
        ):
            text = label(title, "heading")
            text.setBuddy(widget)
            form.addRow(text, widget)
        for side, title in SIDES:
            box = QCheckBox(tr(title))
            box.setAccessibleName(tr(title))
            box.setChecked(True)
            self.sides[side] = box
            form.addRow("", box)
        self.content.addLayout(form)
        self.add_accept(tr("Trim"))

    @property
    def by_color(self) -> bool:
        """Whether a colour counts as border instead of transparency."""
        return bool(self.by_box.currentData() == "color")

    @property
    def tolerance(self) -> float:
        """As a share of full intensity."""
        return self.tolerance_box.value() / 100

    @property
    def chosen_sides(self) -> frozenset[str]:
        """Where to cut."""
        return frozenset(side for side, box in self.sides.items() if box.isChecked())


class GuideDialog(Dialog):
    """A guide at an exact place."""

    def __init__(self, parent: QWidget, picture: Picture) -> None:
        super().__init__(parent, tr("New guide"), 340)
        self._picture = picture
        directions = {"vertical": N_("Upright"), "horizontal": N_("Level")}
        self.direction = choice(tr("Direction"), directions)
        self.position = number(tr("Position"), 0, picture.width, " px", 1)
        self.position.setValue(picture.width / 2)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        for title, widget in ((tr("Direction"), self.direction), (tr("Position"), self.position)):
            text = label(title, "heading")
            text.setBuddy(widget)
            form.addRow(text, widget)
        self.content.addLayout(form)
        self.add_accept(tr("Add"))
        self.direction.activated.connect(lambda _: self._turn())

    def _turn(self) -> None:
        length = self._picture.width if self.guide.vertical else self._picture.height
        self.position.setMaximum(length)
        self.position.setValue(length / 2)

    @property
    def guide(self) -> Guide:
        """What was chosen."""
        vertical = self.direction.currentData() == "vertical"
        return Guide(vertical=vertical, position=self.position.value())


def small_image(picture: Picture) -> QImage:
    """All of a picture, reduced to a preview."""
    factor = 1
    while max(picture.width, picture.height) / factor > 2 * PREVIEW:
        factor *= 2
    width, height = (max(side // factor, 1) * factor for side in (picture.width, picture.height))
    area = picture.bounds._replace(width=width, height=height)
    return as_image(to_eight_bits(composite(reduced(picture, area, factor))))
