"""The page of one operation: presets, form, Run and Try here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from studio.api.operation import Operation
from studio.qt.forms import Form
from studio.qt.forms.form import plain
from studio.qt.i18n import N_, tr
from studio.qt.library import Library
from studio.qt.models import Models
from studio.qt.panels.live_bar import LiveBar
from studio.qt.panels.seed_row import SeedRow
from studio.qt.sketches import Sketches
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, button, icon_button, label, line, scroll_area

CUSTOM = N_("Custom")
DEFAULTS = N_("Defaults")


class OperationPage(QWidget):
    """Everything about one operation.

    Signals:
        back: the user wants the list of operations.
        changed: values, or whether they fit, have changed.
        run, try_here: a button was pressed.
        live_toggled: the live preview was switched on or off.
        original_held: whether the button that shows the original is held down.
        done: the result that was shown live was applied.
    """

    back = Signal()
    changed = Signal()
    run = Signal()
    try_here = Signal()
    live_toggled = Signal()
    original_held = Signal(bool)
    done = Signal()

    def __init__(
        self,
        operation: Operation,
        models: Models,
        theme: Theme,
        remembered: Mapping[str, Any],
        library: Library | None = None,
        sketches: Sketches | None = None,
    ) -> None:
        super().__init__()
        self.operation = operation
        self.followed = False  # whether a live preview listens
        self._recalled: tuple[Mapping[str, Any], int | None] = ({}, None)
        self._last: Mapping[str, Any] = remembered if changes_at_once(operation) else {}
        self.form = Form(operation.parameters, models, theme, library, sketches)
        self.seed = SeedRow(theme, kept=operation.live) if operation.seeded else None
        self.presets = QComboBox()
        self.reset_button = icon_button(theme, "reset", tr("Reset to the defaults"), "muted")
        if makes_live(operation):
            tip = tr("Make it a layer, or a picture of its own (Ctrl+Enter)")
            self.run_button = button(tr("Keep"), tip, primary=True)
        elif operation.live:
            tip = tr("Change the picture, as one step (Ctrl+Enter)")
            self.run_button = button(tr("Apply"), tip, primary=True)
        else:
            self.run_button = button(
                tr("Run"), tr("Run it on the picture (Ctrl+Enter)"), primary=True
            )
        self.reset_button.setVisible(bool(self.form.specs))
        self.try_button = button(
            tr("Try here"), tr("Run it on the part in view (Ctrl+Shift+Enter)")
        )
        theme.bind(self.run_button, "check" if operation.live else "run", "on_accent", 16)
        self.live = LiveBar(theme, beside=operation.follows_drawing, made=makes_live(operation))
        self.live.toggled.connect(self.live_toggled)
        self.live.held.connect(self.original_held)
        self.live.setVisible(operation.live)
        theme.bind(self.try_button, "try", "text", 16)
        self._fill_presets()
        self._lay_out(theme)
        if not changes_at_once(operation):
            self.form.set_values(remembered)
        self._show_preset()
        self.presets.activated.connect(self._use_preset)
        self.form.changed.connect(self._on_changed)
        self.reset_button.clicked.connect(self.form.reset)
        self.run_button.clicked.connect(self.run)
        self.try_button.clicked.connect(self.try_here)
        self.allow(document=False)

    def _lay_out(self, theme: Theme) -> None:
        back = icon_button(theme, "back", tr("Back to all tools"))
        back.clicked.connect(self.back)
        head = QHBoxLayout()
        head.setContentsMargins(8, 8, 12, 8)
        head.addWidget(back)
        head.addWidget(label(tr(self.operation.title), "heading"), 1)
        head.addWidget(self.reset_button)
        body = QWidget()
        column = self._column = QVBoxLayout(body)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(GAP * 2)
        column.addWidget(label(tr(self.operation.help), "muted", wrap=True))
        if self.presets.count() > 2:
            column.addWidget(label(tr("Preset"), "heading"))
            column.addWidget(self.presets)
            column.setSpacing(GAP)
            column.addSpacing(GAP)
        column.addWidget(self.form)
        column.addStretch(1)
        area = scroll_area(body)
        feet = QHBoxLayout()
        feet.setContentsMargins(12, 12, 12, 12)
        feet.setSpacing(GAP)
        if self._tries:
            feet.addWidget(self.try_button, 1)
        else:
            self.try_button.hide()
        feet.addWidget(self.run_button, 1)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(head)
        page.addWidget(line())
        page.addWidget(area, 1)
        page.addWidget(line())
        page.addWidget(self.live)
        if self.seed is not None:
            page.addWidget(self.seed)
        page.addLayout(feet)

    def insert(self, widget: QWidget) -> None:
        """Put something above the form."""
        self._column.insertWidget(self._column.indexOf(self.form), widget)

    @property
    def _tries(self) -> bool:
        """Whether it can be tried on a part; a live one shows that anyway."""
        operation = self.operation
        return operation.preview and operation.input != "none" and not operation.live

    @property
    def live_on(self) -> bool:
        """Whether its result is to be shown while the form is open."""
        return self.operation.live and self.live.box.isChecked()

    def show_live(self, text: str, *, wrong: bool = False) -> None:
        """Say what keeps the preview waiting, or what is wrong with it; nothing if empty."""
        self.live.show_text(text, wrong=wrong)

    def applied(self) -> None:
        """Begin anew after it was applied; the values can be had again as a preset."""
        self._last = self.form.values()
        self.presets.clear()
        self._fill_presets()
        if changes_at_once(self.operation):
            self.form.reset()
        self.done.emit()

    def recall(self, values: Mapping[str, Any], seed: int | None) -> None:
        """Show the values of a run that is to be done again, the others at their defaults."""
        defaults = {spec.name: plain(spec, spec.default) for spec in self.form.specs}
        self.form.set_values({**defaults, **values})
        if seed is not None and self.seed is not None:
            self.seed.show_seed(seed, lock=True)
        self._recalled = (self.form.values(), seed)

    def take_recalled_seed(self) -> int | None:
        """The seed of the run whose values are shown, once; None if they are others by now."""
        values, seed = self._recalled
        self._recalled = ({}, None)
        return seed if values == self.form.values() else None

    def _fill_presets(self) -> None:
        self.presets.setAccessibleName(tr("Preset"))
        self._presets: list[tuple[str, Mapping[str, Any]]] = [(tr(DEFAULTS), {})]
        if self._last:
            self._presets.append((tr("Last used"), self._last))
        self._presets += [(tr(preset.title), preset.values) for preset in self.operation.presets]
        self.presets.addItem(tr(CUSTOM))
        for title, _ in self._presets:
            self.presets.addItem(title)

    def _values_of(self, row: int) -> dict[str, Any]:
        """The full values of a row of the presets; the first row has none."""
        values = {spec.name: spec.default for spec in self.form.specs}
        if row > 0:
            known = {name: v for name, v in self._presets[row - 1][1].items() if name in values}
            values.update(known)
        return {spec.name: plain(spec, values[spec.name]) for spec in self.form.specs}

    def _use_preset(self, row: int) -> None:
        if row > 0:
            self.form.set_values(self._values_of(row))

    def _show_preset(self) -> None:
        """Name the preset that the values are, if they are one."""
        values = self.form.values()
        rows = range(1, self.presets.count())
        # A preset's own title says more than "Defaults".
        fitting = [row for row in rows if self._values_of(row) == values]
        self.presets.setCurrentIndex(fitting[-1] if fitting else 0)

    def _on_changed(self) -> None:
        self._show_preset()
        self.changed.emit()

    def can_run(self, *, document: bool) -> bool:
        """Whether the values fit and there is what it works on."""
        return self.form.valid and (document or self.operation.input == "none")

    def can_try(self, *, document: bool) -> bool:
        """Whether it can be run on a part."""
        return self.form.valid and document and self._tries

    def allow(self, *, document: bool) -> None:
        """Enable what can be done."""
        self.run_button.setEnabled(self.can_run(document=document))
        self.try_button.setEnabled(self.can_try(document=document))


def changes_at_once(operation: Operation) -> bool:
    """Whether the picture looks changed as soon as the form is open, which then begins anew."""
    return operation.live and not operation.follows_drawing and not makes_live(operation)


def makes_live(operation: Operation) -> bool:
    """Whether it makes pictures from nothing as fast as its form changes."""
    return operation.live and operation.input == "none"
