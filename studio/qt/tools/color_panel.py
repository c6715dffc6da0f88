"""The colour panel: choose foreground and background by eye, by number or from swatches."""

from __future__ import annotations

import colorsys
import re

from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.qt.i18n import N_, tr
from studio.qt.theme import Theme
from studio.qt.tools.color_square import ColorSquare, HueStrip
from studio.qt.tools.colors import RGB, Colors
from studio.qt.tools.swatches import Swatch, SwatchGrid, hex_text
from studio.qt.widgets import icon_button, label

HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
RGB_FIELDS = (
    ("R", N_("Red"), 255),
    ("G", N_("Green"), 255),
    ("B", N_("Blue"), 255),
)
HSV_FIELDS = (
    ("H", N_("Hue"), 359),
    ("S", N_("Saturation"), 100),
    ("V", N_("Brightness"), 100),
)


class ColorPanel(QWidget):
    """Edits the foreground, or the background if that was clicked."""

    def __init__(self, colors: Colors, theme: Theme) -> None:
        super().__init__()
        self._colors, self._theme = colors, theme
        self._of_background = False
        self._hsv = (0.0, 0.0, 0.0)
        self._showing = False
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(8)
        column.addLayout(self._make_pair())
        self.square, self.hue = ColorSquare(theme), HueStrip(theme)
        column.addWidget(self.square)
        column.addWidget(self.hue)
        column.addLayout(self._make_fields())
        self.recent = SwatchGrid(theme, tr("Colors used lately"))
        self.kept = SwatchGrid(theme, tr("Kept swatches"), colors.drop)
        self._recent_title = label(tr("Recent"), "section")
        kept_title = label(tr("Swatches"), "section")
        for title, grid in ((self._recent_title, self.recent), (kept_title, self.kept)):
            column.addWidget(title)
            column.addWidget(grid)
            grid.chosen.connect(self._choose)
        column.addStretch(1)
        self.square.moved.connect(lambda s, y: self._take_hsv(self._hsv[0], s, 1 - y))
        self.hue.moved.connect(lambda h, _: self._take_hsv(h, *self._hsv[1:]))
        colors.changed.connect(self._show)
        colors.swatches_changed.connect(self._show_swatches)
        self._show()
        self._show_swatches()

    def edit(self, which: str) -> None:
        """Edit "foreground" or "background" from now on."""
        self._of_background = which == "background"
        (self.background if self._of_background else self.foreground).setChecked(True)
        self._show()

    @property
    def color(self) -> RGB:
        """The colour that is edited."""
        return self._colors.background if self._of_background else self._colors.foreground

    # Composition

    def _make_pair(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        group = QButtonGroup(self)
        self.foreground = Swatch(self._theme, tr("Foreground color"), 28)
        self.background = Swatch(self._theme, tr("Background color"), 28)
        for swatch, which in ((self.foreground, "foreground"), (self.background, "background")):
            swatch.setCheckable(True)
            group.addButton(swatch)
            swatch.clicked.connect(lambda _=False, which=which: self.edit(which))
            row.addWidget(swatch)
        self.foreground.setChecked(True)
        swap = icon_button(self._theme, "swap", tr("Exchange the colors (X)"), "muted")
        swap.clicked.connect(self._colors.swap)
        reset = icon_button(self._theme, "default-colors", tr("Black and white (D)"), "muted")
        reset.clicked.connect(self._colors.reset)
        row.addWidget(swap)
        row.addWidget(reset)
        row.addStretch(1)
        self.hex = QLineEdit()
        self.hex.setFixedWidth(72)
        self.hex.setMaxLength(7)
        self.hex.setAccessibleName(tr("Color as hexadecimal digits"))
        self.hex.setToolTip(tr("Color as hexadecimal digits, such as #ff8800"))
        self.hex.editingFinished.connect(self._take_hex)
        row.addWidget(self.hex)
        keep = icon_button(self._theme, "plus", tr("Keep this color as a swatch"), "muted")
        keep.clicked.connect(lambda: self._colors.keep(self.color))
        row.addWidget(keep)
        return row

    def _make_fields(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(4)
        self.fields: dict[str, QSpinBox] = {}
        for row, entries in enumerate((RGB_FIELDS, HSV_FIELDS)):
            for place, (letter, name, maximum) in enumerate(entries):
                box = QSpinBox()
                box.setRange(0, maximum)
                box.setAccessibleName(tr(name))
                box.setToolTip(tr(name))
                box.setKeyboardTracking(False)
                box.setMinimumWidth(54)
                text = label(letter, "muted")
                text.setBuddy(box)
                grid.addWidget(text, row, 2 * place)
                grid.addWidget(box, row, 2 * place + 1)
                grid.setColumnStretch(2 * place + 1, 1)
                take = self._take_rgb_fields if row == 0 else self._take_hsv_fields
                box.valueChanged.connect(take)
                self.fields[letter] = box
        return grid

    # What is entered

    def _choose(self, color: RGB) -> None:
        if self._of_background:
            self._colors.background = color
        else:
            self._colors.foreground = color

    def _take_hsv(self, hue: float, saturation: float, value: float) -> None:
        self._hsv = (hue, saturation, value)
        red, green, blue = (round(v * 255) for v in colorsys.hsv_to_rgb(*self._hsv))
        self._choose((red, green, blue))
        self._show()

    def _take_rgb_fields(self) -> None:
        if not self._showing:
            red, green, blue = (self.fields[letter].value() for letter in "RGB")
            self._choose((red, green, blue))

    def _take_hsv_fields(self) -> None:
        if not self._showing:
            hue, saturation, value = (self.fields[letter].value() for letter in "HSV")
            self._take_hsv(hue / 360, saturation / 100, value / 100)

    def _take_hex(self) -> None:
        found = HEX.fullmatch(self.hex.text().strip())
        if found:
            digits = found.group(1)
            if len(digits) == 3:
                digits = "".join(digit * 2 for digit in digits)
            red, green, blue = bytes.fromhex(digits)
            self._choose((red, green, blue))
        self._show()

    # What is shown

    def _show(self) -> None:
        color = self.color
        # The hue of a gray and the saturation of black are only known from what was entered.
        if tuple(round(v * 255) for v in colorsys.hsv_to_rgb(*self._hsv)) != color:
            hue, saturation, value = colorsys.rgb_to_hsv(*(v / 255 for v in color))
            if saturation == 0 or value == 0:
                hue = self._hsv[0]
            if value == 0:
                saturation = self._hsv[1]
            self._hsv = (hue, saturation, value)
        self._showing = True
        self.foreground.color = self._colors.foreground
        self.background.color = self._colors.background
        self.square.set_hue(self._hsv[0] % 1)
        self.square.place(self._hsv[1], 1 - self._hsv[2])
        self.hue.place(self._hsv[0], 0.5)
        for letter, number in zip("RGB", color, strict=True):
            self.fields[letter].setValue(number)
        self.fields["H"].setValue(round(self._hsv[0] * 360) % 360)
        self.fields["S"].setValue(round(self._hsv[1] * 100))
        self.fields["V"].setValue(round(self._hsv[2] * 100))
        if not self.hex.hasFocus() or not self.hex.isModified():
            self.hex.setText(hex_text(color))
        self._showing = False

    def _show_swatches(self) -> None:
        self._recent_title.setVisible(bool(self._colors.recent))
        self.recent.setVisible(bool(self._colors.recent))
        self.recent.show_colors(self._colors.recent)
        self.kept.show_colors(self._colors.kept)
