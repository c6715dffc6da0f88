"""The numbers of a free transform."""

from __future__ import annotations

from studio.document.transforms.matrices import rotation, scaling
from studio.qt.geometry.controls import METHODS, Row, choice, chosen_method, number, quiet
from studio.qt.geometry.transform_tool import TransformTool
from studio.qt.i18n import tr
from studio.qt.widgets import button, icon_button

FAR = 1e6


class TransformOptions(Row):
    """Position, size, angle, mirroring, resampling."""

    def __init__(self, tool: TransformTool) -> None:
        super().__init__()
        self._tool = tool
        theme = tool.desk.workspace.theme
        self.across_at = number(tr("Horizontal position of the middle"), -FAR, FAR, " px", 1)
        self.down_at = number(tr("Vertical position of the middle"), -FAR, FAR, " px", 1)
        self.across = number(tr("Width in percent"), 0.1, 10000, " %", 1)
        self.down = number(tr("Height in percent"), 0.1, 10000, " %", 1)
        self.linked = icon_button(theme, "link", tr("Keep the proportion"))
        self.linked.setCheckable(True)
        self.linked.setChecked(tool.linked)
        self.angle = number(tr("Angle in degrees"), -360, 360, "°", 2)
        self.flip_across = icon_button(theme, "flip-horizontal", tr("Mirror left to right"))
        self.flip_down = icon_button(theme, "flip-vertical", tr("Mirror top to bottom"))
        self.left = icon_button(theme, "rotate-left", tr("Turn left by 90°"))
        self.right = icon_button(theme, "rotate-right", tr("Turn right by 90°"))
        self.method = choice(tr("Resampling"), METHODS)
        self.apply = button(tr("Apply"), tr("Apply the transform (Enter)"), primary=True)
        self.reset = button(tr("Reset"), tr("Give the transform up (Esc)"))
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        self.add(self.across_at, tr("X"))
        self.add(self.down_at, tr("Y"))
        self.gap()
        self.add(self.across, tr("W"))
        self.add(self.linked)
        self.add(self.down, tr("H"))
        self.gap()
        self.add(self.angle, "∠")
        for widget in (self.left, self.right, self.flip_across, self.flip_down):
            self.add(widget)
        self.gap()
        self.add(self.method)
        self.gap()
        self.add(self.apply)
        self.add(self.reset)
        self.end()

    def _connect(self) -> None:
        tool = self._tool
        tool.changed.connect(self._show)
        self.across_at.valueChanged.connect(lambda _: self._place())
        self.down_at.valueChanged.connect(lambda _: self._place())
        self.across.valueChanged.connect(lambda _: self._scale(by_width=True))
        self.down.valueChanged.connect(lambda _: self._scale(by_width=False))
        self.linked.toggled.connect(lambda on: setattr(tool, "linked", on))
        self.angle.valueChanged.connect(self._turn)
        self.flip_across.clicked.connect(lambda: self._flip(-1, 1))
        self.flip_down.clicked.connect(lambda: self._flip(1, -1))
        self.left.clicked.connect(lambda: self._quarter(-90))
        self.right.clicked.connect(lambda: self._quarter(90))
        self.method.activated.connect(lambda _: setattr(tool, "method", chosen_method(self.method)))
        self.apply.clicked.connect(tool.commit)
        self.reset.clicked.connect(tool.cancel)

    def _place(self) -> None:
        quad = self._tool.quad
        if quad is not None:
            x, y = quad.middle
            self._tool.set_quad(quad.moved(self.across_at.value() - x, self.down_at.value() - y))

    def _scale(self, *, by_width: bool) -> None:
        quad = self._tool.quad
        if quad is None:
            return
        now = quad.size
        across = self.across.value() / 100 / max(now[0], 1e-9)
        down = self.down.value() / 100 / max(now[1], 1e-9)
        if self.linked.isChecked():
            across = down = across if by_width else down
        else:
            across, down = (across, 1.0) if by_width else (1.0, down)
        self._tool.set_quad(quad.scaled(across, down))

    def _turn(self, degrees: float) -> None:
        quad = self._tool.quad
        if quad is not None:
            self._tool.set_quad(quad.turned(degrees - quad.angle))

    def _flip(self, across: float, down: float) -> None:
        if self._tool.quad is not None:
            self._tool.apply_map(scaling(across, down, self._tool.quad.middle))

    def _quarter(self, degrees: float) -> None:
        if self._tool.quad is not None:
            self._tool.apply_map(rotation(degrees, self._tool.quad.middle))

    def _show(self) -> None:
        quad = self._tool.quad
        self.setEnabled(quad is not None)
        fields = (self.across_at, self.down_at, self.across, self.down, self.angle)
        if quad is not None:
            values = (*quad.middle, *(100 * side for side in quad.size), quad.angle)
            with quiet(*fields):
                for field, value in zip(fields, values, strict=True):
                    field.setValue(value)
        self.apply.setEnabled(self._tool.busy)
        self.reset.setEnabled(self._tool.busy)
