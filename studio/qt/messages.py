"""The bar above the canvas that says what happened, without standing in the way."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout

from studio.qt.i18n import tr
from studio.qt.problems import Problem, describe_error
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, button, icon_button, label, restyle

LEVELS = {"error": "error", "warning": "warning", "success": "success", "info": "info"}
FADE_MS = 7000


class MessageBar(QFrame):
    """Shows the latest message; what has gone well goes away by itself."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._action: Callable[[], None] | None = None
        self.setObjectName("message-bar")
        self.setAccessibleName(tr("Message"))
        self.icon = QLabel()
        self.icon.setFixedWidth(20)
        self.text = label("", wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.act = button(tr("Retry"), link=True)
        self.act.clicked.connect(self._do)
        self.more = button(tr("Details"), tr("Show the technical details"), link=True)
        self.more.setCheckable(True)
        self.copy = button(tr("Copy"), tr("Copy the message and its details"), link=True)
        self.copy.clicked.connect(self._copy)
        self.dismiss = icon_button(theme, "close", tr("Dismiss this message"))
        self.dismiss.clicked.connect(self.hide)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setProperty("role", "details")
        self.details.setAccessibleName(tr("Details"))
        self.details.setMaximumHeight(180)
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.more.toggled.connect(self.details.setVisible)
        self._lay_out()
        self._fade = QTimer(self)
        self._fade.setSingleShot(True)
        self._fade.timeout.connect(self.hide)
        self.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.icon)
        row.addWidget(self.text, 1)
        for widget in (self.act, self.more, self.copy, self.dismiss):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 6)
        column.addLayout(row)
        column.addWidget(self.details)

    def show_error(self, error: BaseException) -> None:
        """Tell of an exception."""
        self.show_problem(describe_error(error))

    def show_passing(self, error: BaseException) -> None:
        """Tell of something a tool cannot do, which soon does not matter any more."""
        self.show_error(error)
        self._fade.start(FADE_MS)

    def show_problem(self, problem: Problem) -> None:
        """Tell of a problem."""
        self.show_message("error", problem.message, problem.hint, problem.details)

    def show_message(
        self,
        level: str,
        message: str,
        hint: str = "",
        details: str = "",
        action: tuple[str, Callable[[], None]] | None = None,
    ) -> None:
        """Show a message in place of the one before.

        Args:
            level: ``error``, ``warning``, ``success`` or ``info``.
            message: what happened.
            hint: what to do.
            details: shown on request.
            action: label and function of a button.
        """
        restyle(self, "level", level)
        colors = {"info": "link"}
        self._theme.bind(self.icon, LEVELS[level], colors.get(level, level))
        self.text.setText(f"{message}\n{hint}" if hint else message)
        self.details.setPlainText(details)
        self.more.setChecked(False)
        self.details.hide()
        self.more.setVisible(bool(details))
        self.copy.setVisible(bool(details))
        self.act.setVisible(action is not None)
        self._action = None if action is None else action[1]
        if action is not None:
            self.act.setText(action[0])
            self.act.setAccessibleName(action[0])
        self.setAccessibleDescription(self.text.text())
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        if level in ("success", "info") and action is None:
            self._fade.start(FADE_MS)
        else:
            self._fade.stop()

    @property
    def level(self) -> str:
        """The level of the message shown last."""
        return str(self.property("level") or "")

    def _do(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()

    def _copy(self) -> None:
        text = f"{self.text.text()}\n\n{self.details.toPlainText()}"
        QGuiApplication.clipboard().setText(text)
