"""The plugins dialog: what is there, what is wrong with it, and what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QSplitter, QWidget

from studio.host.plugin_records import PluginRecord
from studio.qt.dialogs.base import Dialog
from studio.qt.dialogs.plugin_details import PluginDetails, state_of
from studio.qt.dialogs.plugin_pip import InstallDialog, RemoveDialog
from studio.qt.i18n import tr
from studio.qt.plugins import Plugins
from studio.qt.problems import describe_error
from studio.qt.theme import Theme
from studio.qt.widgets import button, label, restyle

NAME = Qt.ItemDataRole.UserRole


class PluginsDialog(Dialog):
    """A list at the left, with what is wrong first; everything about the chosen one at the right."""

    def __init__(self, parent: QWidget | None, plugins: Plugins, theme: Theme) -> None:
        super().__init__(parent, tr("Plugins"), 900, 600)
        self._plugins, self._theme = plugins, theme
        self._rows: tuple[PluginRecord, ...] = ()
        self.count = label("", "muted")
        self.install = button(tr("Install…"), tr("Add a plugin from the net, a file or a folder"))
        theme.bind(self.install, "plus", "text", 16)
        head = QHBoxLayout()
        head.addWidget(self.count, 1)
        head.addWidget(self.install)
        self.content.addLayout(head)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Plugins"))
        self.list.setIconSize(QSize(18, 18))
        self.details = PluginDetails(plugins, theme)
        splitter = QSplitter()
        splitter.addWidget(self.list)
        splitter.addWidget(self.details)
        splitter.setSizes([260, 600])
        splitter.setChildrenCollapsible(False)
        self.content.addWidget(splitter, 1)
        self.message = label("", "muted", wrap=True)
        self.message.hide()
        self.content.addWidget(self.message)
        self.add_close()
        self.list.currentRowChanged.connect(self._show)
        self.install.clicked.connect(self._install)
        self.details.remove.clicked.connect(self._remove)
        plugins.changed.connect(self._refresh)
        plugins.failed.connect(self._show_error)
        self._refresh()
        self.list.setCurrentRow(0)
        self.list.setFocus()

    def _refresh(self) -> None:
        """Bring the list up to date; the chosen plugin stays chosen."""
        here = self.list.currentItem()
        chosen = here.data(NAME) if here is not None else None
        self._rows = self._plugins.records()
        blocked = self.list.blockSignals(True)
        self.list.clear()
        for plugin in self._rows:
            words, icon, color = state_of(plugin)
            usual = plugin.state == "loaded" and not plugin.message
            text = plugin.title if usual else f"{plugin.title} — {tr(words).partition(';')[0]}"
            shown = ("plugin", "muted") if usual else (icon, color)
            item = QListWidgetItem(self._theme.icon(*shown), text)
            item.setData(NAME, (plugin.name, plugin.origin))
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, tr(words))
            item.setToolTip(plugin.message or tr(words))
            item.setSizeHint(QSize(0, 34))
            self.list.addItem(item)
        keys = [(plugin.name, plugin.origin) for plugin in self._rows]
        row = keys.index(chosen) if chosen in keys else 0
        self.list.setCurrentRow(row)
        self.list.blockSignals(blocked)
        self._count()
        self._show(row)

    def _count(self) -> None:
        states = [plugin.state for plugin in self._rows]
        wrong = sum(bool(plugin.message) for plugin in self._rows)
        text = [tr("{n} loaded", n=states.count("loaded"))]
        if wrong:
            text.append(tr("{n} with an error", n=wrong))
        if "disabled" in states:
            text.append(tr("{n} switched off", n=states.count("disabled")))
        self.count.setText(", ".join(text))

    def _show(self, row: int) -> None:
        self.details.setVisible(0 <= row < len(self._rows))
        if 0 <= row < len(self._rows):
            self.details.show_plugin(self._rows[row])

    def _install(self) -> None:
        self.message.hide()
        self._ask(InstallDialog(self, self._plugins))

    def _remove(self) -> None:
        self.message.hide()
        plugin = self.details.plugin
        removal = self._plugins.plan_removal(plugin.name) if plugin is not None else None
        if removal is not None:
            self._ask(RemoveDialog(self, self._plugins, removal))

    @staticmethod
    def _ask(dialog: Dialog) -> None:
        dialog.exec()
        dialog.deleteLater()  # so that it hears nothing of what the next one does

    def _show_error(self, error: BaseException) -> None:
        problem = describe_error(error)
        restyle(self.message, "role", "error")
        self.message.setText(f"{problem.message} {problem.hint}".strip())
        self.message.show()
