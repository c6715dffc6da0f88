"""The dialogs that install and remove plugins: the command and its effect are shown before it runs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from studio.api.errors import UserError
from studio.host.installing import InstallPlan, Removal, shown
from studio.host.installing.plan import install_command
from studio.host.plugin_records import PluginRecord
from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import tr
from studio.qt.plugins import Plugins, names
from studio.qt.problems import describe_error
from studio.qt.widgets import button, label, restyle


class PipDialog(Dialog):
    """The command, what pip says, and how it ended. It stays open while pip works."""

    def __init__(
        self, parent: QWidget | None, title: str, plugins: Plugins, height: int = 480
    ) -> None:
        super().__init__(parent, title, 680, height)
        self._plugins = plugins
        self.command = QLineEdit()
        self.command.setReadOnly(True)
        self.command.setAccessibleName(tr("Command"))
        self.heading = label(tr("This command will run"), "section")
        self.heading.setBuddy(self.command)
        self.effect = label("", wrap=True)
        self.output = QPlainTextEdit()
        self.output.setReadOnly(True)
        self.output.setProperty("role", "details")
        self.output.setAccessibleName(tr("What pip says"))
        self.output.setTabChangesFocus(True)
        self.output.setMaximumBlockCount(5000)
        self.message = label("", wrap=True)
        plugins.said.connect(self.output.appendPlainText)
        plugins.failed.connect(self._on_failed)

    def _lay_out(self, go: Callable[[], None], text: str) -> None:
        """Add what all have, below what the dialog itself has added, and the button that does it."""
        for widget in (self.heading, self.command, self.effect):
            self.content.addWidget(widget)
        self.content.addWidget(self.output, 1)
        self.content.addWidget(self.message)
        self.add_accept(text)
        self.accept_button.clicked.disconnect()
        self.accept_button.clicked.connect(go)

    def say(self, text: str, role: str = "") -> None:
        """Show a sentence below what pip says; the role is that of a label."""
        restyle(self.message, "role", role)
        self.message.setText(text)

    def _on_failed(self, error: BaseException) -> None:
        problem = describe_error(error)
        self.say(f"{problem.message} {problem.hint}".strip(), "error")
        self._allow()

    def _allow(self) -> None:
        self.accept_button.setEnabled(not self._plugins.busy)

    def _finished(self, text: str, role: str = "") -> None:
        """Nothing is left to do but to close."""
        self.say(text, role)
        self.cancel_button.hide()
        self.accept_button.setText(tr("Close"))
        self.accept_button.setEnabled(True)
        self.accept_button.clicked.disconnect()
        self.accept_button.clicked.connect(self.accept)
        self.accept_button.setFocus()

    def reject(self) -> None:
        """Leave, but not in the middle of a change."""
        if self._plugins.busy:
            self.say(tr("pip is at work. Please wait until it is done."), "muted")
        else:
            super().reject()


class InstallDialog(PipDialog):
    """Asks what to install, shows what that would change, then does it."""

    def __init__(self, parent: QWidget | None, plugins: Plugins) -> None:
        super().__init__(parent, tr("Install a plugin"), plugins)
        self._plan: InstallPlan | None = None
        self.wanted = QLineEdit()
        self.wanted.setPlaceholderText(tr("Name of a package, wheel, folder or address"))
        self.wanted.setAccessibleName(tr("What to install"))
        self.wanted.setClearButtonEnabled(True)
        self.browse = button(tr("File…"), tr("Choose a wheel or an archive"))
        self.browse_folder = button(tr("Folder…"), tr("Choose the folder of a project"))
        self.upgrade = QCheckBox(tr("Look for newer versions of what is installed"))
        row = QHBoxLayout()
        row.addWidget(self.wanted, 1)
        row.addWidget(self.browse)
        row.addWidget(self.browse_folder)
        self.content.addLayout(row)
        self.content.addWidget(self.upgrade)
        self._lay_out(self._go, tr("See what would change"))
        self.wanted.textChanged.connect(self._renew)
        self.upgrade.toggled.connect(self._renew)
        self.browse.clicked.connect(self._browse)
        self.browse_folder.clicked.connect(self._browse_folder)
        plugins.planned.connect(self._on_planned)
        plugins.installed.connect(self._on_installed)
        self._renew()
        QTimer.singleShot(0, self.wanted.setFocus)

    def _command(self) -> tuple[str, ...] | None:
        """The command for what was typed; None, and why, if there is none."""
        text = self.wanted.text().strip()
        if not text:
            self.say("")
            return None
        try:
            made = install_command([text], upgrade=self.upgrade.isChecked())
        except UserError as error:
            problem = describe_error(error)
            self.say(f"{problem.message} {problem.hint}".strip(), "muted")
            return None
        self.say("")
        return made

    def _renew(self) -> None:
        """Other words, another command: what was found out counts no more."""
        self._plan = None
        command = self._command()
        self.command.setText(shown(command) if command else "")
        self.command.setCursorPosition(0)
        self.effect.setText("")
        self.accept_button.setText(tr("See what would change"))
        self.accept_button.setEnabled(command is not None and not self._plugins.busy)

    def _allow(self) -> None:
        blocked = self._plan is not None and bool(self._plan.conflicts)
        self.accept_button.setEnabled(not self._plugins.busy and not blocked)
        for widget in (self.wanted, self.browse, self.browse_folder, self.upgrade):
            widget.setEnabled(not self._plugins.busy)

    def _go(self) -> None:
        self.output.clear()
        if self._plan is not None:
            self.say(tr("Installing…"), "muted")
            self._plugins.install(self._plan)
        else:
            command = self._command()
            if command is None:
                return
            self.say(tr("Asking pip what would change; nothing is installed yet…"), "muted")
            self._plugins.plan(command)
        self._allow()

    def _on_planned(self, plan: InstallPlan) -> None:
        self._plan = None
        if not plan.changes:
            self.say(tr("It is installed already, and nothing would change."), "muted")
            self._allow()
            return
        lines = [
            tr("{package} {before} becomes {after}", package=c.name, before=c.before, after=c.after)
            if c.before and c.before != c.after
            else tr("{package} {version} is added", package=c.name, version=c.after)
            for c in plan.changes
        ]
        self.effect.setText("\n".join(lines))
        try:
            plan.check()
        except UserError as error:
            self.say(f"{error.message} {error.hint}".strip(), "error")
            self._allow()
            self.accept_button.setEnabled(False)
            return
        self._plan = plan
        self.say(tr("Nothing that is installed is in its way."), "muted")
        self.accept_button.setText(tr("Install"))
        self._allow()
        self.accept_button.setFocus()

    def _on_installed(self, found: tuple[PluginRecord, ...], plan: InstallPlan) -> None:
        self._allow()
        wrong = [each for each in found if each.message]
        if not found:
            self._finished(
                tr("{names} is installed and brings no plugin.", names=", ".join(plan.requested)),
                "error",
            )
        elif wrong:
            text = "\n".join(f"{each.title}: {each.message}" for each in wrong)
            self._finished(tr("Installed, but it does not load.") + f"\n{text}", "error")
        elif all(each.state == "disabled" for each in found):
            self._finished(tr("{names} is installed, and disabled.", names=names(found)))
        elif plan.replaces:
            self._finished(
                tr("{names} is installed. Start Impasto again to use it.", names=names(found))
            )
        else:
            self._finished(tr("{names} is installed and in use.", names=names(found)))

    def _browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self,
            tr("Install a plugin"),
            "",
            tr("Packages ({patterns})", patterns="*.whl *.zip *.tar.gz"),
        )
        if name:
            self.wanted.setText(name)

    def _browse_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Install a plugin"))
        if name:
            self.wanted.setText(name)


class RemoveDialog(PipDialog):
    """Asks before a plugin is removed."""

    def __init__(self, parent: QWidget | None, plugins: Plugins, removal: Removal) -> None:
        super().__init__(parent, tr("Remove a plugin"), plugins, 480 if removal.command else 0)
        self._removal = removal
        self._lay_out(self._go, tr("Remove"))
        if removal.command:
            self.command.setText(shown(removal.command))
            self.command.setCursorPosition(0)
            self.effect.setText(tr("Removes: {names}", names=", ".join(removal.plugins)))
        else:
            for hidden in (self.heading, self.command, self.output):
                hidden.hide()
            self.effect.setText(
                tr(
                    "{path} is moved to {place}, from where it can be brought back.",
                    path=removal.path,
                    place=removal.kept_at,
                )
            )
        plugins.removed.connect(self._on_removed)

    def _go(self) -> None:
        self.say(tr("Removing…"), "muted")
        self._plugins.remove(self._removal)
        self._allow()

    def _on_removed(self, removal: Removal) -> None:
        self._finished(tr("{names} is removed.", names=", ".join(removal.plugins)))
