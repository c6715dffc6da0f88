"""One control for each kind of parameter, all with the same small interface."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QSpinBox,
    QWidget,
)

from studio.api.parameters import ParameterSpec
from studio.qt.widgets import GAP, WheelGuard, restyle

SLIDER_STEPS = 1000
SPIN_WIDTH = 92


class Control(QWidget):
    """Edits one value.

    Signals:
        changed: the user (or `set_value`) gave it another value.
    """

    changed = Signal()

    def __init__(self, spec: ParameterSpec) -> None:
        super().__init__()
        self.spec = spec
        self._guard = WheelGuard(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP)

    def _add(self, widget: QWidget, stretch: int = 0) -> None:
        """Put a widget into the row; it is named and explained as the parameter is."""
        widget.setAccessibleName(self.spec.title)
        widget.setAccessibleDescription(self.spec.help)
        widget.setToolTip(self.spec.help)
        self._guard.guard(widget)
        self._row.addWidget(widget, stretch)

    @property
    @abstractmethod
    def entry(self) -> QWidget:
        """What gets the focus and the red border."""

    @abstractmethod
    def value(self) -> Any:
        """The value, as plain JSON."""

    @abstractmethod
    def set_value(self, value: Any) -> None:
        """Show a value; one that does not fit is brought into range."""

    def set_invalid(self, invalid: bool) -> None:
        """Mark it as wrong."""
        restyle(self.entry, "invalid", invalid)


class NumberControl(Control):
    """A slider and a spin box for a number or a whole number."""

    def __init__(self, spec: ParameterSpec) -> None:
        super().__init__(spec)
        low = 0.0 if spec.minimum is None else spec.minimum
        high = low + 1 if spec.maximum is None else spec.maximum
        self._low, self._high = low, high
        self._whole = spec.kind == "integer"
        self._exact: float = spec.default
        step = spec.step or (1.0 if self._whole else _sensible_step(high - low))
        self.spin: QSpinBox | QDoubleSpinBox
        if self._whole:
            self.spin = QSpinBox()
            self.spin.setRange(int(low), int(high))
            self.spin.setSingleStep(max(round(step), 1))
        else:
            self.spin = QDoubleSpinBox()
            self.spin.setDecimals(_decimals(step))
            self.spin.setRange(low, high)
            self.spin.setSingleStep(step)
        self.spin.setKeyboardTracking(False)
        if spec.unit:
            self.spin.setSuffix(f" {spec.unit}")
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.spin.setFixedWidth(SPIN_WIDTH)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        steps = round((high - low) / step)
        self.slider.setRange(0, min(max(steps, 1), SLIDER_STEPS))
        self.slider.setPageStep(max(self.slider.maximum() // 10, 1))
        self._add(self.slider, 1)
        self._add(self.spin)
        self.slider.setAccessibleName(f"{spec.title} slider")
        self.slider.valueChanged.connect(self._slid)
        self.spin.valueChanged.connect(self._typed)
        self.set_value(spec.default)

    @property
    def entry(self) -> QWidget:
        """The spin box."""
        return self.spin

    def value(self) -> Any:
        """A float or an int."""
        return int(self._exact) if self._whole else float(self._exact)

    def set_value(self, value: Any) -> None:
        """Show a number."""
        self._exact = min(max(value, self._low), self._high)
        with QSignalBlocker(self.spin):
            self.spin.setValue(int(self._exact) if self._whole else self._exact)  # type: ignore[arg-type]  # int for QSpinBox, float for the other
        self._move_slider()
        self.changed.emit()

    def _typed(self, value: float) -> None:
        self._exact = value
        self._move_slider()
        self.changed.emit()

    def _slid(self, position: int) -> None:
        share = position / self.slider.maximum()
        self.spin.setValue(self._rounded(self._low + share * (self._high - self._low)))  # type: ignore[arg-type]  # as above

    def _rounded(self, value: float) -> float:
        return round(value) if self._whole else round(value, self.spin.decimals())  # type: ignore[union-attr]  # the other kind

    def _move_slider(self) -> None:
        share = (self._exact - self._low) / ((self._high - self._low) or 1)
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(share * self.slider.maximum()))


class BooleanControl(Control):
    """A check box, labelled itself."""

    def __init__(self, spec: ParameterSpec) -> None:
        super().__init__(spec)
        self.box = QCheckBox(spec.title)
        self._add(self.box, 1)
        self.box.toggled.connect(lambda _: self.changed.emit())
        self.set_value(spec.default)

    @property
    def entry(self) -> QWidget:
        """The check box."""
        return self.box

    def value(self) -> Any:
        """True or False."""
        return self.box.isChecked()

    def set_value(self, value: Any) -> None:
        """Tick it or not."""
        self.box.setChecked(bool(value))


class ChoiceControl(Control):
    """A list that drops down."""

    def __init__(self, spec: ParameterSpec) -> None:
        super().__init__(spec)
        self.box = QComboBox()
        self.box.setMinimumContentsLength(8)
        self.box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for choice in spec.choices:
            self.box.addItem(choice.title, choice.value)
        self._add(self.box, 1)
        self.box.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.set_value(spec.default)

    @property
    def entry(self) -> QWidget:
        """The box."""
        return self.box

    def value(self) -> Any:
        """One of the declared words."""
        return self.box.currentData()

    def set_value(self, value: Any) -> None:
        """Choose a word; one that is not declared leaves the choice as it is."""
        index = self.box.findData(value)
        if index >= 0:
            self.box.setCurrentIndex(index)


class TextControl(Control):
    """One line of text, or several."""

    def __init__(self, spec: ParameterSpec) -> None:
        super().__init__(spec)
        self.edit: QLineEdit | QPlainTextEdit
        if spec.multiline:
            self.edit = QPlainTextEdit()
            self.edit.setTabChangesFocus(True)
            self.edit.setFixedHeight(84)
        else:
            self.edit = QLineEdit()
        self._add(self.edit, 1)
        self.edit.textChanged.connect(lambda *_: self.changed.emit())
        self.set_value(spec.default)

    @property
    def entry(self) -> QWidget:
        """The field."""
        return self.edit

    def value(self) -> Any:
        """The text."""
        edit = self.edit
        return edit.toPlainText() if isinstance(edit, QPlainTextEdit) else edit.text()

    def set_value(self, value: Any) -> None:
        """Show a text."""
        text = str(value or "")
        if isinstance(self.edit, QPlainTextEdit):
            self.edit.setPlainText(text)
        else:
            self.edit.setText(text)


def _sensible_step(span: float) -> float:
    """A hundredth of the range, rounded to a power of ten."""
    return float(10.0 ** math.floor(math.log10(span / 100 * 1.0001))) if span > 0 else 0.01


def _decimals(step: float) -> int:
    """Digits that show every multiple of ``step``."""
    for digits in range(7):
        if abs(round(step, digits) - step) < 1e-9:
            return max(digits, 1)
    return 6
