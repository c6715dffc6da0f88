"""The options of a selection tool: buttons for the mode, then what the tool itself has."""

from __future__ import annotations

import weakref

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from studio.document.regions import Mode
from studio.qt.i18n import N_, tr
from studio.qt.selecting.state import SelectionView
from studio.qt.theme import Theme
from studio.qt.tools.options import OptionsRow
from studio.qt.tools.values import Values

MODES = (
    (Mode.REPLACE, "select-replace", N_("New selection")),
    (Mode.ADD, "select-add", N_("Add to the selection (Shift)")),
    (Mode.SUBTRACT, "select-subtract", N_("Subtract from the selection (Alt)")),
    (Mode.INTERSECT, "select-intersect", N_("Intersect with the selection (Shift+Alt)")),
)


class SelectionOptions(QWidget):
    """One row: modes, then the tool's values."""

    def __init__(
        self, values: Values, view: SelectionView, theme: Theme, *, intersects: bool = True
    ) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        group = QButtonGroup(self)
        self.buttons: dict[Mode, QToolButton] = {}
        for mode, icon, title in MODES:
            if mode is Mode.INTERSECT and not intersects:
                continue
            made = QToolButton()
            made.setCheckable(True)
            made.setAutoRaise(True)
            made.setIconSize(QSize(18, 18))
            made.setToolTip(tr(title))
            made.setAccessibleName(tr(title))
            theme.bind(made, icon, "text", 18)
            made.clicked.connect(lambda _=False, chosen=mode: _choose(view, chosen))
            group.addButton(made)
            row.addWidget(made)
            self.buttons[mode] = made
        row.addSpacing(10)
        row.addWidget(OptionsRow(values), 1)
        this = weakref.ref(self)

        def show() -> None:
            if (options := this()) is not None:
                options.show_mode(view.options.mode)

        view.options.changed.connect(show)
        self.destroyed.connect(lambda: view.options.changed.disconnect(show))
        show()

    def show_mode(self, mode: Mode) -> None:
        """Press the button of a mode."""
        self.buttons.get(mode, self.buttons[Mode.REPLACE]).setChecked(True)


def _choose(view: SelectionView, mode: Mode) -> None:
    view.options["mode"] = str(mode)
