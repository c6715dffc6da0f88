"""Small building blocks: spacing, labels, buttons, rows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from studio.qt.theme import Theme

GAP = 8
"""Every distance is a multiple of half of this."""


def spaced(layout: QLayout, margin: int = GAP, gap: int = GAP) -> None:
    """Set a layout's margins and gaps."""
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(gap)


def label(text: str, role: str = "", *, wrap: bool = False) -> QLabel:
    """A label; roles are ``muted``, ``heading``, ``section`` and ``error``."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    if wrap:
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    return made


def title_label(text: str, factor: float) -> QLabel:
    """A label in a larger letter."""
    made = label(text, "heading")
    font = made.font()
    font.setPointSizeF(font.pointSizeF() * factor)
    font.setBold(True)
    made.setFont(font)
    # A style sheet's font-weight replaces the whole font unless the size is in the sheet too.
    made.setStyleSheet(f"font-size: {font.pointSizeF():.1f}pt;")
    return made


def line() -> QFrame:
    """A thin horizontal line."""
    made = QFrame()
    made.setProperty("role", "line")
    return made


def button(
    text: str, tip: str = "", *, primary: bool = False, flat: bool = False, link: bool = False
) -> QPushButton:
    """A push button."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setAccessibleName(text.replace("&", "") or tip)
    made.setAutoDefault(False)
    for name, wanted in (("primary", primary), ("flat", flat), ("link", link)):
        if wanted:
            made.setProperty(name, True)
    return made


def icon_button(theme: Theme, icon: str, name: str, color: str = "text") -> QToolButton:
    """A small button that is only an icon; ``name`` is its tool tip and accessible name."""
    made = QToolButton()
    theme.bind(made, icon, color, 18)
    made.setToolTip(name)
    made.setAccessibleName(name)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet asks for, and draw anew."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


def clear_layout(layout: QLayout) -> None:
    """Delete every widget of a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear_layout(inner)


def scroll_area(content: QWidget) -> QScrollArea:
    """A frameless area that scrolls up and down and shows what is behind it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    area.viewport().setAutoFillBackground(False)
    content.setAutoFillBackground(False)
    return area


class ElidedLabel(QLabel):
    """A label of one line that shortens its text with an ellipsis instead of widening."""

    def __init__(
        self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__(text)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Set the text; the whole of it is the tool tip too."""
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As narrow as one letter."""
        return QSize(self.fontMetrics().averageCharWidth() * 4, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Draw what fits."""
        painter = QPainter(self)
        metrics = QFontMetrics(self.font())
        text = metrics.elidedText(self.text().replace("\n", " "), self._mode, self.width())
        role = QPalette.ColorRole.WindowText
        flags = int(self.alignment()) if isinstance(self.alignment(), int) else 0
        flags = flags or int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.style().drawItemText(
            painter, self.rect(), flags, self.palette(), self.isEnabled(), text, role
        )
        painter.end()


class WheelGuard(QObject):
    """Keeps a wheel that scrolls past a control from changing its value."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Leave wheel turns to the scroll area unless the control has the focus."""
        wheel = event.type() == QEvent.Type.Wheel
        if wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def guard(self, widget: QWidget) -> None:
        """Watch a control."""
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(self)


def megabytes(size: float) -> str:
    """A size in words: 33 MB, 640 kB."""
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{max(size / 1e3, 1):,.0f} kB"


def duration(seconds: float) -> str:
    """A time in words: 0.3 s, 12 s, 2 min 5 s, 1 h 10 min."""
    if isinstance(seconds, float) and 0 < seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
