"""The controls of curves and levels: a drawing, and number fields that say the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QHBoxLayout,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.api.curves import GAMMA_RANGE, STRAIGHT, Curve, Levels
from studio.api.parameters import ParameterSpec
from studio.qt.forms.controls import Control
from studio.qt.forms.curve_editor import CurveEditor
from studio.qt.forms.handle_bar import HandleBar
from studio.qt.i18n import tr
from studio.qt.panels.counts import Counts
from studio.qt.widgets import GAP, button, label

CLIPPED = 0.001  # share of pixels that Auto lets become black or white


class ToneControl(Control):
    """A control for one channel that shows the layer's histogram."""

    def __init__(self, spec: ParameterSpec) -> None:
        super().__init__(spec)
        self._column = QVBoxLayout()
        self._column.setSpacing(GAP)
        self._row.addLayout(self._column, 1)

    def show_counts(self, counts: Counts | None) -> None:
        """Draw another histogram."""

    @property
    def untouched(self) -> bool:
        """Whether the value leaves the channel as it is."""
        return bool(self.value() == self.spec.default)

    def _numbers(self, *fields: tuple[str, QSpinBox | QDoubleSpinBox]) -> QHBoxLayout:
        """A row of number fields of equal width, each under its label."""
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for name, spin in fields:
            title = label(name, "muted")
            title.setBuddy(spin)
            spin.setAccessibleName(f"{self.spec.title}: {name}")
            spin.setToolTip(name)
            spin.setKeyboardTracking(False)
            spin.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            spin.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            spin.setMinimumWidth(56)
            self._guard.guard(spin)
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(title)
            column.addWidget(spin)
            row.addLayout(column, 1)
        return row


class CurveControl(ToneControl):
    """A tone curve."""

    def __init__(self, spec: ParameterSpec) -> None:
        super().__init__(spec)
        self.editor = CurveEditor(spec.channel)
        self.editor.setAccessibleName(tr("{name} curve", name=spec.title))
        self.editor.setToolTip(
            tr("Click to add a point, drag to move it, double-click or drag it out to remove it.")
        )
        self.x_field, self.y_field = _level_field(), _level_field()
        self.straight = button(tr("Straighten"), tr("Remove all points of this curve"), flat=True)
        self._column.addWidget(self.editor)
        row = self._numbers((tr("Input"), self.x_field), (tr("Output"), self.y_field))
        row.addWidget(self.straight, 0, Qt.AlignmentFlag.AlignBottom)
        self._column.addLayout(row)
        self.editor.changed.connect(self._on_changed)
        self.editor.selected.connect(self._show_point)
        self.x_field.valueChanged.connect(self._typed)
        self.y_field.valueChanged.connect(self._typed)
        self.straight.clicked.connect(lambda: self.set_value(STRAIGHT))
        self.set_value(spec.default)
        self._show_point()

    @property
    def entry(self) -> QWidget:
        """The editor."""
        return self.editor

    def value(self) -> Curve:
        """The points."""
        return self.editor.points

    def set_value(self, value: Any) -> None:
        """Show other points."""
        self.editor.set_points(tuple((float(x), float(y)) for x, y in value))
        self._show_point()

    def show_counts(self, counts: Counts | None) -> None:
        """Draw another histogram."""
        self.editor.show_counts(counts)

    def _on_changed(self) -> None:
        self._show_point()
        self.changed.emit()

    def _show_point(self) -> None:
        x, y = self.editor.points[self.editor.current]
        for field, value in ((self.x_field, x), (self.y_field, y)):
            with QSignalBlocker(field):
                field.setValue(round(value * 255))

    def _typed(self) -> None:
        self.editor.move_to(self.x_field.value() / 255, self.y_field.value() / 255)


class LevelsControl(ToneControl):
    """Black, middle and white of the input, black and white of the output."""

    def __init__(self, spec: ParameterSpec) -> None:
        super().__init__(spec)
        self._levels = Levels()
        self._counts: Counts | None = None
        names = (tr("Black point"), tr("Middle tones"), tr("White point"))
        self.input = HandleBar(spec.channel, names, histogram=True)
        self.input.setAccessibleName(tr("{name} input levels", name=spec.title))
        self.output = HandleBar(spec.channel, (tr("Output black"), tr("Output white")))
        self.output.setAccessibleName(tr("{name} output levels", name=spec.title))
        self.black, self.white = _level_field(), _level_field()
        self.gamma = QDoubleSpinBox()
        self.gamma.setRange(*GAMMA_RANGE)
        self.gamma.setDecimals(2)
        self.gamma.setSingleStep(0.05)
        self.output_black, self.output_white = _level_field(), _level_field()
        self.auto = button(tr("Auto"), tr("Black and white where the histogram begins and ends"))
        self._lay_out()
        self.input.moved.connect(self._on_input)
        self.output.moved.connect(lambda at: self._change(output_black=at[0], output_white=at[1]))
        self.black.valueChanged.connect(lambda v: self._change(black=v / 255))
        self.gamma.valueChanged.connect(lambda v: self._change(gamma=v))
        self.white.valueChanged.connect(lambda v: self._change(white=v / 255))
        self.output_black.valueChanged.connect(lambda v: self._change(output_black=v / 255))
        self.output_white.valueChanged.connect(lambda v: self._change(output_white=v / 255))
        self.auto.clicked.connect(self._find)
        self.set_value(spec.default)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(label(tr("Input"), "muted"), 1)
        head.addWidget(self.auto)
        self._column.addLayout(head)
        self._column.addWidget(self.input)
        self._column.addLayout(
            self._numbers(
                (tr("Black"), self.black), (tr("Gamma"), self.gamma), (tr("White"), self.white)
            )
        )
        self._column.addSpacing(4)
        self._column.addWidget(label(tr("Output"), "muted"))
        self._column.addWidget(self.output)
        self._column.addLayout(
            self._numbers((tr("Black"), self.output_black), (tr("White"), self.output_white))
        )
        for field, name in (
            (self.output_black, tr("Output black")),
            (self.output_white, tr("Output white")),
        ):
            field.setAccessibleName(f"{self.spec.title}: {name}")
        self.auto.setEnabled(False)

    @property
    def entry(self) -> QWidget:
        """The bar under the histogram."""
        return self.input

    def value(self) -> Levels:
        """Five numbers."""
        return self._levels

    def set_value(self, value: Any) -> None:
        """Show other levels; what is out of range is brought into it."""
        self._levels = Levels()
        self._set(Levels(*value))

    def show_counts(self, counts: Counts | None) -> None:
        """Draw another histogram."""
        self._counts = counts
        self.input.show_counts(counts)
        self.auto.setEnabled(counts is not None and counts.pixels > 0)

    def _change(self, **changes: float) -> None:
        self._set(self._levels._replace(**changes))

    def _set(self, wanted: Levels) -> None:
        """Take levels, with black kept below white: the one that was moved gives way."""
        low, high = GAMMA_RANGE
        unit = {
            name: min(max(value, 0.0), 1.0)
            for name, value in wanted._asdict().items()
            if name != "gamma"
        }
        least = 1 / 255
        if unit["black"] > unit["white"] - least:
            if unit["black"] != self._levels.black:
                unit["black"] = max(unit["white"] - least, 0.0)
            unit["white"] = max(unit["white"], unit["black"] + least)
        new = Levels(gamma=min(max(wanted.gamma, low), high), **unit)
        changed, self._levels = new != self._levels, new
        self._show()
        if changed:
            self.changed.emit()

    def _show(self) -> None:
        levels = self._levels
        middle = levels.black + (levels.white - levels.black) * 0.5**levels.gamma
        self.input.set_positions((levels.black, middle, levels.white))
        self.output.set_positions((levels.output_black, levels.output_white))
        for field, value in (
            (self.black, levels.black),
            (self.white, levels.white),
            (self.output_black, levels.output_black),
            (self.output_white, levels.output_white),
        ):
            with QSignalBlocker(field):
                field.setValue(round(value * 255))
        with QSignalBlocker(self.gamma):
            self.gamma.setValue(levels.gamma)

    def _on_input(self, at: tuple[float, ...]) -> None:
        if self.input.current == 1:
            span = max(self._levels.white - self._levels.black, 1e-6)
            share = min(max((at[1] - self._levels.black) / span, 1e-4), 1 - 1e-4)
            self._change(gamma=math.log(share) / math.log(0.5))
        else:
            self._change(black=at[0], white=at[2])

    def _find(self) -> None:
        """Black and white where the histogram begins and ends, a thousandth left out."""
        if self._counts is None:
            return
        bins = self._counts.bins[{"red": 0, "green": 1, "blue": 2}.get(self.spec.channel, 3)]
        below = np.cumsum(bins) / max(int(bins.sum()), 1)
        low = int(np.searchsorted(below, CLIPPED, side="right"))
        high = int(np.searchsorted(below, 1 - CLIPPED))
        if high > low:
            self._change(black=low / 255, white=high / 255)


def _level_field() -> QSpinBox:
    field = QSpinBox()
    field.setRange(0, 255)
    return field
