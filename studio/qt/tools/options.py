"""Rows of controls made from a tool's values, for the bar above the canvas."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QSlider,
    QWidget,
)

from studio.qt.i18n import tr
from studio.qt.tools.values import Choice, Field, Flag, Number, Values
from studio.qt.widgets import label

SLIDER_STEPS = 1000
SLIDER_WIDTH = 64
NUMBER_WIDTH = 76


class OptionsRow(QWidget):
    """One control after the other; they follow the values and change them."""

    def __init__(self, values: Values) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        for field in values.fields:
            _add(row, field, values)
            row.addSpacing(2)
        row.addStretch(1)


def _add(row: QHBoxLayout, field: Field, values: Values) -> None:
    if isinstance(field, Flag):
        row.addWidget(FlagBox(field, values))
        return
    control = NumberBox(field, values) if isinstance(field, Number) else ChoiceBox(field, values)
    text = label(tr(field.title), "muted")
    text.setBuddy(control)
    row.addWidget(text)
    if isinstance(field, Number) and field.slider:
        row.addWidget(NumberSlider(field, values))
    row.addWidget(control)


def _name(control: QWidget, field: Field) -> None:
    control.setAccessibleName(tr(field.title))
    control.setToolTip(tr(field.tip) or tr(field.title))


class NumberBox(QDoubleSpinBox):
    """A number to type."""

    def __init__(self, field: Number, values: Values) -> None:
        super().__init__()
        self._field, self._values = field, values
        self.setRange(field.minimum, field.maximum)
        self.setDecimals(field.decimals)
        self.setSuffix(field.unit)
        self.setKeyboardTracking(False)
        self.setFixedWidth(NUMBER_WIDTH)
        _name(self, field)
        self.setValue(values.number(field.id))
        values.changed.connect(self._show)
        self.valueChanged.connect(self._take)

    def _take(self, value: float) -> None:
        self._values.set(self._field.id, value)

    def _show(self, changed: str) -> None:
        if changed == self._field.id:
            # Not heard: what is shown is rounded and must not become the value.
            with QSignalBlocker(self):
                self.setValue(self._values.number(changed))


class NumberSlider(QSlider):
    """A number to drag; over a wide range its steps grow with it."""

    def __init__(self, field: Number, values: Values) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._field, self._values = field, values
        self._wide = field.minimum > 0 and field.maximum / field.minimum > 100
        self.setRange(0, SLIDER_STEPS)
        self.setFixedWidth(SLIDER_WIDTH)
        self.setPageStep(SLIDER_STEPS // 10)
        self.setSingleStep(SLIDER_STEPS // 100)
        _name(self, field)
        self.setValue(self._place())
        values.changed.connect(self._show)
        self.valueChanged.connect(self._take)

    def _place(self) -> int:
        field, value = self._field, self._values.number(self._field.id)
        if self._wide:
            share = math.log(value / field.minimum) / math.log(field.maximum / field.minimum)
        else:
            share = (value - field.minimum) / (field.maximum - field.minimum)
        return round(share * SLIDER_STEPS)

    def _take(self, position: int) -> None:
        field, share = self._field, position / SLIDER_STEPS
        if self._wide:
            value = field.minimum * (field.maximum / field.minimum) ** share
        else:
            value = field.minimum + (field.maximum - field.minimum) * share
        self._values.set(field.id, round(value, field.decimals))

    def _show(self, changed: str) -> None:
        if changed == self._field.id and not self.isSliderDown():
            with QSignalBlocker(self):
                self.setValue(self._place())


class ChoiceBox(QComboBox):
    """One of several."""

    def __init__(self, field: Choice, values: Values) -> None:
        super().__init__()
        self._field, self._values = field, values
        for value, text in field.choices.items():
            self.addItem(tr(text), value)
        _name(self, field)
        self.setCurrentIndex(self.findData(values.text(field.id)))
        values.changed.connect(self._show)
        self.currentIndexChanged.connect(self._take)

    def _take(self, _index: int) -> None:
        self._values.set(self._field.id, self.currentData())

    def _show(self, changed: str) -> None:
        if changed == self._field.id:
            self.setCurrentIndex(self.findData(self._values.text(changed)))


class FlagBox(QCheckBox):
    """A switch."""

    def __init__(self, field: Flag, values: Values) -> None:
        super().__init__(tr(field.title))
        self._field, self._values = field, values
        _name(self, field)
        self.setChecked(values.flag(field.id))
        values.changed.connect(self._show)
        self.toggled.connect(self._take)

    def _take(self, on: bool) -> None:
        self._values.set(self._field.id, on)

    def _show(self, changed: str) -> None:
        if changed == self._field.id:
            self.setChecked(self._values.flag(changed))
