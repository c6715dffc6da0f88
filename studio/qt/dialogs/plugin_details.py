"""All that is known of one plugin, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from studio.host.plugin_records import PluginRecord
from studio.qt.i18n import N_, tr
from studio.qt.plugins import Plugins
from studio.qt.theme import Theme
from studio.qt.widgets import button, label, restyle, scroll_area

KINDS = {
    "built-in": N_("comes with Impasto"),
    "package": N_("package {name}"),
    "drop-in": N_("in the plugin folder"),
    "other": N_("an entry point without a package"),
}
STATES = {
    "loaded": (N_("In use"), "success", "success"),
    "failed": (N_("Did not load"), "error", "error"),
    "disabled": (N_("Disabled"), "power", "muted"),
    "stale": (N_("Reloading failed; in use as it was before"), "warning", "warning"),
}


def state_of(plugin: PluginRecord) -> tuple[str, str, str]:
    """Words, icon and color of a plugin's state."""
    stale = plugin.state == "loaded" and plugin.message
    return STATES["stale" if stale else plugin.state]


class PluginDetails(QWidget):
    """Shows the chosen plugin; its buttons act at once, except Remove, which asks."""

    def __init__(self, plugins: Plugins, theme: Theme) -> None:
        super().__init__()
        self._plugins, self._theme = plugins, theme
        self.plugin: PluginRecord | None = None
        self.title = label("", "heading")
        self.icon = QLabel()
        self.state = label("")
        self.summary = label("", wrap=True)
        self.message = label("", "error", wrap=True)
        self.traceback = QPlainTextEdit()
        self.traceback.setReadOnly(True)
        self.traceback.setProperty("role", "details")
        self.traceback.setAccessibleName(tr("Technical details"))
        self.traceback.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.traceback.setMinimumHeight(140)
        self.traceback.setTabChangesFocus(True)
        self.isolated = QCheckBox(tr("Run in its own process"))
        self.isolated.setToolTip(
            tr("If it crashes, hangs or takes too much memory, only its run fails.")
        )
        self.switch = button(tr("Disable"))
        self.reload = button(tr("Reload"), tr("Load it again as it is on disk now (F5)"))
        self.reload.setShortcut("F5")
        self.folder = button(tr("Open folder"), tr("Show where it lies"))
        self.remove = button(tr("Remove…"), tr("Take it off this computer"))
        self.copy = button(tr("Copy"), tr("Copy what is shown, for a report"))
        self._lay_out()
        self.switch.clicked.connect(self._switch)
        self.reload.clicked.connect(self._reload)
        self.folder.clicked.connect(self._open_folder)
        self.copy.clicked.connect(self._copy)
        self.isolated.toggled.connect(self._isolate)

    def _lay_out(self) -> None:
        state = QHBoxLayout()
        state.setSpacing(6)
        state.addWidget(self.icon)
        state.addWidget(self.state, 1)
        self.facts = QFormLayout()
        self.facts.setHorizontalSpacing(16)
        self.facts.setVerticalSpacing(6)
        inner = QWidget()
        words = QVBoxLayout(inner)
        words.setContentsMargins(16, 0, 8, 0)
        words.setSpacing(10)
        words.addWidget(self.title)
        words.addLayout(state)
        words.addWidget(self.summary)
        words.addWidget(self.message)
        words.addWidget(self.traceback, 9)
        words.addLayout(self.facts)
        words.addWidget(self.isolated)
        words.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(16, 0, 8, 0)
        for each in (self.switch, self.reload, self.folder, self.remove):
            buttons.addWidget(each)
        buttons.addStretch(1)
        buttons.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(scroll_area(inner), 1)
        column.addLayout(buttons)

    def show_plugin(self, plugin: PluginRecord) -> None:
        """Show a plugin as it is now."""
        self.plugin = plugin
        words, icon, color = state_of(plugin)
        self.title.setText(f"{plugin.title} {plugin.version}".strip())
        self._theme.bind(self.icon, icon, color, 16)
        starts = plugin.name in self._plugins.asking
        self.state.setText(tr("Its process starts…") if starts else tr(words))
        restyle(self.state, "role", "error" if color == "error" else "")
        self.summary.setText(tr(plugin.summary))
        self.summary.setVisible(bool(plugin.summary))
        self.message.setText(plugin.message)
        self.message.setVisible(bool(plugin.message))
        self.traceback.setPlainText(plugin.traceback)
        self.traceback.setVisible(bool(plugin.traceback))
        QTimer.singleShot(50, self, self._show_end)  # once it has its height
        self._show_facts(plugin)
        blocked = self.isolated.blockSignals(True)
        self.isolated.setChecked(plugin.isolated)
        self.isolated.blockSignals(blocked)
        disabled = plugin.state == "disabled"
        self.switch.setText(tr("Enable") if disabled else tr("Disable"))
        self.switch.setAccessibleName(self.switch.text())
        self.switch.setEnabled(not starts)
        self.isolated.setEnabled(not starts)
        self.reload.setVisible(plugin.path is not None)
        self.reload.setEnabled(not disabled and not starts)
        self.folder.setVisible(plugin.path is not None)
        self.remove.setVisible(plugin.kind in ("package", "drop-in"))

    def _show_end(self) -> None:
        """The last lines of a traceback say most."""
        bar = self.traceback.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _show_facts(self, plugin: PluginRecord) -> None:
        while self.facts.rowCount():
            self.facts.removeRow(0)
        for name, text in self.texts(plugin):
            words = label(text, wrap=True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.setAccessibleName(f"{name} {text}")
            title = label(name, "muted")
            title.setAlignment(Qt.AlignmentFlag.AlignTop)
            self.facts.addRow(title, words)

    @staticmethod
    def texts(plugin: PluginRecord) -> list[tuple[str, str]]:
        """What is known of a plugin, as pairs of a name and words."""
        place = tr(KINDS[plugin.kind], name=plugin.distribution)
        if plugin.path is not None:
            place = f"{place}\n{plugin.path}"
        by_menu: dict[str, list[str]] = {}
        for menu, title in plugin.operations:
            by_menu.setdefault(tr(menu), []).append(tr(title))
        load = f"{1000 * plugin.seconds:.0f} ms" if plugin.seconds is not None else ""
        facts = [
            (tr("From"), place),
            (tr("License"), plugin.licence or tr("not stated")),
            (tr("Loaded in"), load),
            (tr("Tools"), "\n".join(f"{menu}: {', '.join(t)}" for menu, t in by_menu.items())),
            (tr("Trains"), ", ".join(map(tr, plugin.trainers))),
            (tr("Models"), ", ".join(plugin.models)),
            (tr("Recognizes"), ", ".join(map(tr, plugin.loaders))),
        ]
        return [(name, text) for name, text in facts if text]

    def _switch(self) -> None:
        if self.plugin is not None:
            self._plugins.set_disabled(self.plugin.name, self.plugin.state != "disabled")

    def _reload(self) -> None:
        if self.plugin is not None:
            self._plugins.reload(self.plugin.name)

    def _isolate(self, isolated: bool) -> None:
        if self.plugin is not None:
            self._plugins.set_isolated(self.plugin.name, isolated)

    def _open_folder(self) -> None:
        if self.plugin is not None and self.plugin.path is not None:
            path = self.plugin.path
            folder = path if path.is_dir() else path.parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _copy(self) -> None:
        if self.plugin is None:
            return
        facts = [f"{name}: {text}" for name, text in self.texts(self.plugin)]
        parts = (self.title.text(), self.state.text(), "\n".join(facts), self.message.text())
        text = "\n\n".join(filter(None, (*parts, self.plugin.traceback)))
        QGuiApplication.clipboard().setText(text)
