"""The plugins dialog: what is loaded, and why the rest is not."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from studio.host.plugins import LoadedPlugin, PluginFailure, PluginRegistry
from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.widgets import button, label


class PluginsDialog(Dialog):
    """A list at the left, everything about the chosen plugin at the right."""

    def __init__(self, parent: QWidget | None, registry: PluginRegistry, theme: Theme) -> None:
        super().__init__(parent, tr("Plugins"), 820, 520)
        self._entries: list[LoadedPlugin | PluginFailure] = [
            *registry.failures,
            *registry.plugins,
        ]
        failed, loaded = len(registry.failures), len(registry.plugins)
        text = [tr("{n} loaded", n=loaded)]
        if failed:
            text.append(tr("{n} failed", n=failed))
        if registry.disabled:
            text.append(tr("{n} switched off", n=len(registry.disabled)))
        self.content.addWidget(label(", ".join(text), "muted"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Plugins"))
        self.list.setIconSize(QSize(18, 18))
        for entry in self._entries:
            bad = isinstance(entry, PluginFailure)
            icon = theme.icon("error", "error") if bad else theme.icon("plugin", "muted")
            item = QListWidgetItem(icon, entry.name)
            item.setSizeHint(QSize(0, 34))
            self.list.addItem(item)
        self.title = label("", "heading")
        self.text = label("", wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setProperty("role", "details")
        self.details.setAccessibleName(tr("Technical details"))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(16, 0, 0, 0)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addWidget(self.details, 1)
        column.addStretch()
        splitter = QSplitter()
        splitter.addWidget(self.list)
        splitter.addWidget(right)
        splitter.setSizes([240, 560])
        splitter.setChildrenCollapsible(False)
        self.content.addWidget(splitter, 1)
        self.copy = button(tr("Copy the details"), tr("Copy what is shown, for a report"))
        self.copy.clicked.connect(self._copy)
        self.buttons.insertWidget(0, self.copy)
        self.add_close()
        self.list.currentRowChanged.connect(self._show)
        self.list.setCurrentRow(0)

    def _show(self, row: int) -> None:
        if row < 0:
            return
        entry = self._entries[row]
        failed = isinstance(entry, PluginFailure)
        self.details.setVisible(failed)
        if isinstance(entry, PluginFailure):
            self.title.setText(tr("{name} did not load", name=entry.name))
            place = tr("Found in: {place}", place=entry.origin)
            self.text.setText(f"{entry.message}\n\n{place}")
            self.details.setPlainText(entry.traceback)
            return
        self.title.setText(f"{entry.name} {entry.version}".strip())
        lines = [tr("Found in: {place}", place=entry.origin), ""]
        lines += [f"{tr(o.menu)} › {tr(o.title)}: {tr(o.help)}" for o in entry.operations]
        if entry.cards:
            titles = ", ".join(card.title for card in entry.cards)
            lines += ["", tr("Models: {titles}", titles=titles)]
        if entry.loaders:
            titles = ", ".join(loader.title for loader in entry.loaders)
            lines += ["", tr("Recognizes: {titles}", titles=titles)]
        self.text.setText("\n".join(lines))

    def _copy(self) -> None:
        parts = (self.title.text(), self.text.text(), self.details.toPlainText())
        QGuiApplication.clipboard().setText("\n\n".join(filter(None, parts)))
