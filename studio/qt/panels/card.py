"""What the cards of jobs and of trainings have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.widgets import ElidedLabel, button, label

_DETAILS = 150  # height in pixels


class WorkCard(QFrame):
    """Icon, title and buttons; a bar; a line or two of state; the full error of what failed.

    Args:
        title: of the work, in the language of the window.
        name: of the card, for assistive tools.
        theme: draws the icon.
    """

    def __init__(self, title: str, name: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("role", "card")
        self.setAccessibleName(name)
        self.icon = QLabel()
        self.icon.setFixedWidth(20)
        self.state = label("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(tr("Progress of {title}", title=title))
        self.more = button(tr("Details"), link=True)
        self.more.setCheckable(True)
        self.copy = button(tr("Copy"), tr("Copy the full error"), link=True)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setProperty("role", "details")
        self.details.setAccessibleName(tr("Full error"))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setFixedHeight(_DETAILS)
        self.details.hide()
        self.more.toggled.connect(self.details.setVisible)
        self.copy.clicked.connect(self._copy)

    def lay_out(
        self,
        heading: str,
        buttons: Iterable[QWidget],
        inside: Sequence[QWidget] = (),
        left: Sequence[QWidget] = (),
        right: Sequence[QWidget] = (),
    ) -> None:
        """Put the parts together.

        Args:
            heading: what the card is called.
            buttons: beside the heading.
            inside: below the state.
            left: in the last row, before what opens the details.
            right: at its end.
        """
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.icon)
        name = ElidedLabel(heading)
        name.setProperty("role", "heading")
        head.addWidget(name, 1)
        feet = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 6, 8)
        column.setSpacing(4)
        column.addLayout(head)
        for widget in (self.bar, self.state, *inside):
            column.addWidget(widget)
        column.addLayout(feet)
        column.addWidget(self.details)
        for widget in buttons:
            head.addWidget(widget)
        for widget in (*left, self.more, self.copy):
            feet.addWidget(widget)
        feet.addStretch(1)
        for widget in right:
            feet.addWidget(widget)

    def show_icon(self, icon: str, color: str) -> None:
        """What stands for the state."""
        self._theme.bind(self.icon, icon, color, 18)

    def show_details(self, text: str) -> None:
        """The full error; nothing if empty."""
        self.details.setPlainText(text)
        for widget in (self.more, self.copy):
            widget.setVisible(bool(text))
        if not text:
            self.more.setChecked(False)

    def _copy(self) -> None:
        text = f"{self.state.text()}\n\n{self.details.toPlainText()}"
        QGuiApplication.clipboard().setText(text)
