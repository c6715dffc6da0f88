"""Disabling, reloading, installing and removing plugins without holding up the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from studio.api.errors import UserError
from studio.host.candidates import Candidate
from studio.host.installing import (
    InstallPlan,
    Removal,
    look,
    make_plan,
    plan_removal,
    remove,
    run_pip,
)
from studio.host.isolation.standing_in import ask_ahead
from studio.host.plugin_changes import PluginChanges
from studio.host.plugin_records import PluginRecord
from studio.host.services import Services
from studio.qt.background import Background


class Plugins(QObject):
    """The plugins for widgets: slow work runs on threads, and changes are signals.

    Signals:
        changed: plugins came, went or changed their state.
        failed: an exception of something that was asked for.
        said: a line that pip wrote.
        planned: an `InstallPlan`; nothing has changed yet.
        installed: the records of what an installation brought, as a tuple, and its plan.
        removed: a `Removal` that was done.
    """

    changed = Signal()
    failed = Signal(object)
    said = Signal(str)
    planned = Signal(object)
    installed = Signal(object, object)
    removed = Signal(object)

    def __init__(
        self, services: Services, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._services, self._background = services, background
        self._changes = PluginChanges(services)
        self.busy = False
        self.asking: set[str] = set()  # names of plugins whose processes start

    def records(self) -> tuple[PluginRecord, ...]:
        """Every plugin that was found."""
        return self._changes.records()

    def set_disabled(self, name: str, disabled: bool) -> None:
        """Do without a plugin from now on, or load it again."""
        if disabled:
            self._try(lambda: self._changes.disable(name))
        else:
            self._try(lambda: self._changes.enable(name), name)

    def set_isolated(self, name: str, isolated: bool) -> None:
        """Have a plugin run in a process of its own, or not."""
        self._try(lambda: self._changes.isolate(name, isolated), name, isolated)

    def reload(self, name: str) -> None:
        """Load a dropped-in plugin again; if it fails, its record says why."""
        self._try(lambda: self._changes.reload(name), name)

    def look_again(self) -> None:
        """Notice what was dropped in, installed or taken away since the start."""
        self._try(self._changes.look_again, "")

    def plan(self, command: tuple[str, ...]) -> None:
        """Find out what an installation would change; `planned` or `failed` is emitted."""
        self._work(lambda: make_plan(command, self.said.emit), self.planned.emit)

    def install(self, plan: InstallPlan) -> None:
        """Run pip and load what came in a fresh process; in this one too, unless it has old parts."""

        def work() -> tuple[PluginRecord, ...]:
            plan.check()
            run_pip(plan.command, self.said.emit)
            return look(plan.requested)

        def done(found: tuple[PluginRecord, ...]) -> None:
            if not plan.replaces:
                self.look_again()
            self.installed.emit(found, plan)

        self._work(work, done)

    def plan_removal(self, name: str) -> Removal | None:
        """What removing a plugin would do; None, and `failed`, if it cannot be."""
        try:
            return plan_removal(self.records(), name)
        except UserError as error:
            self.failed.emit(error)
            return None

    def remove(self, removal: Removal) -> None:
        """Remove a plugin; its operations vanish at once."""

        def done(_: None) -> None:
            for name in removal.plugins:
                self._services.settings.set_disabled(name, False)
                self._services.settings.set_isolated(name, False)
            self.look_again()
            self.removed.emit(removal)

        self._work(lambda: remove(removal, self.said.emit), done)

    def _try(
        self, call: Callable[[], object], loads: str | None = None, isolated: bool | None = None
    ) -> None:
        """Make a change; if the process of a plugin has to start for it, once that has answered."""
        asked = () if loads is None else self._changes.asks(loads, isolated)
        if asked:
            self.asking |= {each.name for each in asked}
            self.changed.emit()
            self._work(lambda: ask_ahead(asked), lambda _: self._answered(asked, call))
            return
        try:
            call()
        except UserError as error:
            self.failed.emit(error)
        self.changed.emit()

    def _answered(self, asked: Sequence[Candidate], call: Callable[[], object]) -> None:
        self.asking -= {each.name for each in asked}
        self._try(call)

    def _work(self, work: Callable[[], object], done: Callable[..., object]) -> None:
        def ended(result: object) -> None:
            self.busy = False
            done(result)

        def failed(error: BaseException) -> None:
            self.busy = False
            self.failed.emit(error)

        self.busy = True
        self._background.run(work, ended, failed, self)


def names(found: Sequence[PluginRecord]) -> str:
    """Titles of plugins, for a sentence."""
    return ", ".join(each.title for each in found)
