"""How a text looks: font, size, weight, slant, colour, alignment."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QButtonGroup, QColorDialog, QFontComboBox, QToolButton

from studio.qt.geometry.controls import Row, number, quiet
from studio.qt.geometry.text_tool import TextTool
from studio.qt.i18n import N_, tr
from studio.qt.widgets import icon_button

ALIGNMENTS = (
    ("left", "align-left", N_("Align left")),
    ("center", "align-center", N_("Align in the middle")),
    ("right", "align-right", N_("Align right")),
)


class TextOptions(Row):
    """Follows the tool's style and changes it."""

    def __init__(self, tool: TextTool) -> None:
        super().__init__()
        self._tool = tool
        theme = tool.desk.workspace.theme
        self.family = QFontComboBox()
        self.family.setAccessibleName(tr("Font"))
        self.family.setToolTip(tr("Font"))
        self.family.setMaximumWidth(200)
        self.size_box = number(tr("Size in pixels"), 1, 5000, " px", 1)
        self.bold = icon_button(theme, "bold", tr("Bold"))
        self.italic = icon_button(theme, "italic", tr("Italic"))
        self.color = QToolButton()
        self.color.setAccessibleName(tr("Text color"))
        self.color.setToolTip(tr("Text color"))
        self.color.setFixedSize(30, 24)
        self.alignments: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        for align, icon, title in ALIGNMENTS:
            made = icon_button(theme, icon, tr(title))
            made.setCheckable(True)
            group.addButton(made)
            made.clicked.connect(lambda _, align=align: tool.set_style(align=align))
            self.alignments[align] = made
        for toggle in (self.bold, self.italic):
            toggle.setCheckable(True)
        self._lay_out()
        self.family.currentFontChanged.connect(
            lambda font: tool.set_style(family=QFont(font).family())
        )
        self.size_box.valueChanged.connect(lambda size: tool.set_style(size=size))
        self.bold.clicked.connect(lambda on: tool.set_style(bold=on))
        self.italic.clicked.connect(lambda on: tool.set_style(italic=on))
        self.color.clicked.connect(self._choose_color)
        tool.changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        self.add(self.family, tr("Font"))
        self.add(self.size_box, tr("Size"))
        self.gap()
        self.add(self.bold)
        self.add(self.italic)
        self.gap()
        self.add(self.color, tr("Color"))
        self.gap()
        for made in self.alignments.values():
            self.add(made)
        self.end()

    def _choose_color(self) -> None:
        chosen = QColorDialog.getColor(QColor(*self._tool.style.color), self, tr("Text color"))
        if chosen.isValid():
            self._tool.set_style(color=(chosen.red(), chosen.green(), chosen.blue()))

    def _show(self) -> None:
        style = self._tool.style
        with quiet(self.family, self.size_box, self.bold, self.italic, *self.alignments.values()):
            if self.family.currentFont().family() != style.family:
                self.family.setCurrentFont(QFont(style.family))
            self.size_box.setValue(style.size)
            self.bold.setChecked(style.bold)
            self.italic.setChecked(style.italic)
            self.alignments[style.align].setChecked(True)
        red, green, blue = style.color
        self.color.setStyleSheet(
            f"QToolButton {{ background: rgb({red}, {green}, {blue}); border: 1px solid gray; "
            "border-radius: 4px; }"
        )
