"""Rows of controls made from a tool's values, for the bar above the canvas."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
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
SLIDER_WIDTH = 88


class OptionsRow(QWidget):
    """One control after the other; they follow the values and change them."""

    def __init__(self, values: Values) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for field in values.fields:
            _add(row, field, values)
            row.addSpacing(8)
        row.addStretch(1)


def _add(row: QHBoxLayout, field: Field, values: Values) -> None:
    if isinstance(field, Number):
        _add_number(row, field, values)
    elif isinstance(field, Choice):
        _add_choice(row, field, values)
    else:
        _add_flag(row, field, values)


def _add_number(row: QHBoxLayout, field: Number, values: Values) -> None:
    title = tr(field.title)
    box = QDoubleSpinBox()
    box.setRange(field.minimum, field.maximum)
    box.setDecimals(field.decimals)
    box.setSuffix(field.unit)
    box.setKeyboardTracking(False)
    box.setAccessibleName(title)
    box.setToolTip(tr(field.tip) or title)
    box.setFixedWidth(84)
    box.setValue(values.number(field.id))
    text = label(title, "muted")
    text.setBuddy(box)
    row.addWidget(text)
    slider = _slider(field, values) if field.slider else None
    if slider is not None:
        row.addWidget(slider)
    row.addWidget(box)

    def show(changed: str) -> None:
        if changed == field.id:
            # Not by its own signals: a rounded number must not become the value.
            box.blockSignals(True)
            box.setValue(values.number(field.id))
            box.blockSignals(False)

    values.changed.connect(show)
    box.destroyed.connect(lambda: values.changed.disconnect(show))
    box.valueChanged.connect(lambda value: values.set(field.id, value))


def _slider(field: Number, values: Values) -> QSlider:
    """A slider whose steps grow with the value where the range is wide."""
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, SLIDER_STEPS)
    slider.setFixedWidth(SLIDER_WIDTH)
    slider.setAccessibleName(tr(field.title))
    slider.setToolTip(tr(field.tip) or tr(field.title))
    slider.setPageStep(SLIDER_STEPS // 10)
    slider.setSingleStep(SLIDER_STEPS // 100)
    wide = field.minimum > 0 and field.maximum / field.minimum > 100

    def place() -> int:
        value = values.number(field.id)
        if wide:
            share = math.log(value / field.minimum) / math.log(field.maximum / field.minimum)
        else:
            share = (value - field.minimum) / (field.maximum - field.minimum)
        return round(share * SLIDER_STEPS)

    def moved(position: int) -> None:
        share = position / SLIDER_STEPS
        if wide:
            value = field.minimum * (field.maximum / field.minimum) ** share
        else:
            value = field.minimum + (field.maximum - field.minimum) * share
        values.set(field.id, round(value, field.decimals))

    def show(changed: str) -> None:
        if changed == field.id:
            slider.blockSignals(True)
            slider.setValue(place())
            slider.blockSignals(False)

    slider.setValue(place())
    values.changed.connect(show)
    slider.destroyed.connect(lambda: values.changed.disconnect(show))
    slider.valueChanged.connect(moved)
    return slider


def _add_choice(row: QHBoxLayout, field: Choice, values: Values) -> None:
    title = tr(field.title)
    box = QComboBox()
    for value, text in field.choices.items():
        box.addItem(tr(text), value)
    box.setAccessibleName(title)
    box.setToolTip(tr(field.tip) or title)
    box.setCurrentIndex(box.findData(values.text(field.id)))
    named = label(title, "muted")
    named.setBuddy(box)
    row.addWidget(named)
    row.addWidget(box)

    def show(changed: str) -> None:
        if changed == field.id:
            box.setCurrentIndex(box.findData(values.text(field.id)))

    values.changed.connect(show)
    box.destroyed.connect(lambda: values.changed.disconnect(show))
    box.currentIndexChanged.connect(lambda _: values.set(field.id, box.currentData()))


def _add_flag(row: QHBoxLayout, field: Flag, values: Values) -> None:
    box = QCheckBox(tr(field.title))
    box.setAccessibleName(tr(field.title))
    box.setToolTip(tr(field.tip) or tr(field.title))
    box.setChecked(values.flag(field.id))
    row.addWidget(box)

    def show(changed: str) -> None:
        if changed == field.id:
            box.setChecked(values.flag(field.id))

    values.changed.connect(show)
    box.destroyed.connect(lambda: values.changed.disconnect(show))
    box.toggled.connect(lambda value: values.set(field.id, value))
