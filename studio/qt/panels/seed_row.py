"""The seed of an operation, with a lock that keeps it and a die that rolls another one."""

from __future__ import annotations

import secrets

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget

from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, WheelGuard, icon_button, label

LIMIT = 2**31


class SeedRow(QWidget):
    """A number, a lock and a die.

    Args:
        theme: draws the icons.
        kept: whether the seed stays as it is unless somebody changes it, as for a live preview; there
            is no lock then.

    Signals:
        changed: the seed is another one.
    """

    changed = Signal()

    def __init__(self, theme: Theme, *, kept: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._guard = WheelGuard(self)
        self._used = False  # whether a run was started with what is shown
        self.spin = QSpinBox()
        self.spin.setRange(0, LIMIT - 1)
        self.spin.setValue(secrets.randbelow(LIMIT))
        self.spin.setKeyboardTracking(False)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tip = tr("The same seed and settings give the same picture")
        self.spin.setAccessibleName(tr("Seed"))
        self.spin.setToolTip(tip)
        self._guard.guard(self.spin)
        self.lock = icon_button(theme, "unlock", tr("Keep this seed for the next runs"), "muted")
        self.lock.setCheckable(True)
        self.lock.setHidden(kept)
        self.lock.setChecked(kept)
        self.dice = icon_button(theme, "dice", tr("Roll another seed"))
        title = label(tr("Seed"), "heading")
        title.setBuddy(self.spin)
        title.setToolTip(tip)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 0)
        row.setSpacing(GAP)
        row.addWidget(title)
        row.addWidget(self.spin, 1)
        row.addWidget(self.lock)
        row.addWidget(self.dice)
        self.spin.valueChanged.connect(self._on_changed)
        self.lock.toggled.connect(self._show_lock)
        self.dice.clicked.connect(self.roll)

    @property
    def seed(self) -> int:
        """The seed that is shown."""
        return self.spin.value()

    @property
    def locked(self) -> bool:
        """Whether it stays."""
        return self.lock.isChecked()

    def show_seed(self, seed: int, *, lock: bool = False) -> None:
        """Show the seed of a run that is to be done again."""
        self.spin.setValue(seed % LIMIT)
        self._used = False
        if lock:
            self.lock.setChecked(True)

    def roll(self) -> None:
        """Another seed."""
        self.spin.setValue(secrets.randbelow(LIMIT))

    def take(self) -> int:
        """The seed of a run that is started now: another one than the last, unless it is locked."""
        if self._used and not self.locked:
            self.roll()
        self._used = True
        return self.seed

    def _on_changed(self) -> None:
        self._used = False  # what somebody typed or rolled is what the next run is to have
        self.changed.emit()

    def _show_lock(self, on: bool) -> None:
        self._theme.bind(self.lock, "lock" if on else "unlock", "text" if on else "muted", 18)
