"""Colours, style sheet and icons of the window, dark or light."""

from __future__ import annotations

import json
import math
import string
import weakref
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path

from PySide6.QtCore import QByteArray, QDir, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QGuiApplication,
    QIcon,
    QImage,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

Themed = QAction | QAbstractButton | QLabel
ICON_SIZES = (16, 18, 20, 28)
STYLED = "impasto-theme"
"""Property of the application: name of the theme its style sheet is of."""


@lru_cache(maxsize=1)
def resource_folder() -> Path:
    """Where icons and themes lie."""
    return Path(str(resources.files("studio_resources")))


class Theme(QObject):
    """The look of the application.

    Follows the system when asked to; where the system does not say, it is dark.

    Signals:
        changed: other colours are in force.
    """

    changed = Signal()

    def __init__(self, application: QApplication, choice: str = "system") -> None:
        super().__init__()
        self._application = application
        self._choice = ""
        self._bound: list[tuple[weakref.ref[Themed], str, str, int]] = []
        self._rendered: dict[tuple[str, str], QIcon] = {}
        self.colors: Mapping[str, str] = {}
        for name in ("dark", "light"):
            QDir.setSearchPaths(name, [str(resource_folder() / "themes" / name)])
        # Every widget there is would be polished again for the style it has.
        if application.property(STYLED) is None:
            application.setStyle("Fusion")
            application.setProperty(STYLED, "")
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self.choose(choice)

    @property
    def name(self) -> str:
        """Either ``dark`` or ``light``."""
        return self.colors["name"]

    def choose(self, choice: str) -> None:
        """Use ``system``, ``dark`` or ``light``."""
        if choice == self._choice:
            return
        self._choice = choice
        schemes = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light}
        QGuiApplication.styleHints().setColorScheme(schemes.get(choice, Qt.ColorScheme.Unknown))
        self._use(choice if choice in schemes else self._system())

    def color(self, name: str) -> QColor:
        """A colour of the theme by its name."""
        return QColor(self.colors[name])

    def icon(self, name: str, color: str = "text") -> QIcon:
        """An icon in a colour of the theme; disabled it is greyed."""
        key = (name, color)
        if key not in self._rendered:
            icon = QIcon()
            for mode, used in ((QIcon.Mode.Normal, color), (QIcon.Mode.Disabled, "disabled")):
                for pixmap in _pixmaps(name, self.colors[used]):
                    icon.addPixmap(pixmap, mode)
            self._rendered[key] = icon
        return self._rendered[key]

    def bind(self, target: Themed, name: str, color: str = "text", size: int = 20) -> None:
        """Give an action, a button or a label an icon that follows the theme."""
        self._bound = [entry for entry in self._bound if entry[0]() not in (None, target)]
        self._bound.append((weakref.ref(target), name, color, size))
        self._set(target, name, color, size)

    def _set(self, target: Themed, name: str, color: str, size: int) -> None:
        if isinstance(target, QLabel):
            target.setPixmap(self.icon(name, color).pixmap(QSize(size, size)))
            return
        target.setIcon(self.icon(name, color))
        if isinstance(target, QAbstractButton):
            target.setIconSize(QSize(size, size))

    def _system(self) -> str:
        light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
        return "light" if light else "dark"

    def _follow_system(self) -> None:
        if self._choice == "system":
            self._use(self._system())

    def _use(self, name: str) -> None:
        if self.colors.get("name") == name:
            return
        self.colors = load_colors(name)
        self._rendered.clear()
        if self._application.property(STYLED) != name:
            self._application.setPalette(make_palette(self.colors))
            self._application.setStyleSheet(style_sheet(self.colors))
            self._application.setProperty(STYLED, name)
        kept = []
        for entry in self._bound:
            target = entry[0]()
            if target is None:
                continue
            try:
                self._set(target, *entry[1:])
            except RuntimeError:  # Qt has deleted it under its Python shell
                continue
            kept.append(entry)
        self._bound = kept
        self.changed.emit()


def load_colors(name: str) -> dict[str, str]:
    """The named colours of a theme."""
    text = (resource_folder() / "themes" / f"{name}.json").read_text(encoding="utf-8")
    colors: dict[str, str] = json.loads(text)
    return colors


def style_sheet(colors: Mapping[str, str]) -> str:
    """The style sheet with a theme's colours in it."""
    text = (resource_folder() / "themes" / "base.qss").read_text(encoding="utf-8")
    return string.Template(text).substitute(colors)


def make_palette(colors: Mapping[str, str]) -> QPalette:
    """The palette for what the style sheet does not reach."""
    role = QPalette.ColorRole
    pairs = {
        role.Window: "window",
        role.WindowText: "text",
        role.Base: "field",
        role.AlternateBase: "panel",
        role.ToolTipBase: "raised",
        role.ToolTipText: "text",
        role.PlaceholderText: "muted",
        role.Text: "text",
        role.Button: "raised",
        role.ButtonText: "text",
        role.BrightText: "error",
        role.Link: "link",
        role.Highlight: "accent",
        role.HighlightedText: "on_accent",
        role.Light: "hover",
        role.Mid: "border",
        role.Dark: "canvas",
        role.Accent: "accent",
    }
    palette = QPalette()
    for key, name in pairs.items():
        palette.setColor(key, QColor(colors[name]))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(colors["disabled"]))
    return palette


def application_icon() -> QIcon:
    """The icon of the window and the task bar."""
    icon = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        icon.addPixmap(_draw(_svg("impasto"), size, 1))
    return icon


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    return (resource_folder() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def _pixmaps(name: str, color: str) -> list[QPixmap]:
    svg = _svg(name).replace("currentColor", color)
    # Rendered for the densest screen there is; Qt picks and shrinks for the others.
    densest = max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)
    scales = {1, math.ceil(densest)}
    return [_draw(svg, size, scale) for size in ICON_SIZES for scale in scales]


def _draw(svg: str, size: int, scale: int) -> QPixmap:
    pixmap = QPixmap.fromImage(_image(svg, size * scale))
    pixmap.setDevicePixelRatio(scale)
    return pixmap


@lru_cache(maxsize=4096)
def _image(svg: str, side: int) -> QImage:
    """An icon's pixels; an image, unlike a pixmap, may outlive the application."""
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(image.rect()))
    painter.end()
    return image
