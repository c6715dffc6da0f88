"""The hooks of one plugin, and what they return."""

from __future__ import annotations

from types import ModuleType
from typing import TypeVar

import pluggy

from studio.api import hookspecs
from studio.api.errors import PluginError

T = TypeVar("T")


def hooks_of(name: str, module: ModuleType) -> pluggy.PluginManager:
    """The plugin alone in a manager, as one raising hook loses the answers of its whole manager.

    Raises:
        PluginError: if it implements no hook, or one that there is not.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(module, name)
    callers = manager.get_hookcallers(module) or []
    unknown = [caller.name for caller in callers if caller.spec is None]
    if unknown or not callers:
        known = ", ".join(h for h in dir(manager.hook) if not h.startswith("_"))
        raise PluginError(
            f"There is no hook {', '.join(unknown)}." if unknown else "It implements no hook.",
            f"The hooks are {known}; each is a function marked with @hookimpl.",
        )
    return manager


def answers(manager: pluggy.PluginManager, hook: str, kind: type[T]) -> tuple[T, ...]:
    """What a plugin's hook returns; nothing if it does not implement it.

    Raises:
        PluginError: if that is no list of ``kind``.
    """
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    if not caller.get_hookimpls():
        return ()
    answers = caller()
    if not answers or any(isinstance(answer, kind) for answer in answers):
        raise PluginError(f"The hook {hook} must return a list of {kind.__name__}.")
    items = tuple(item for answer in answers for item in answer)
    for item in items:
        if not isinstance(item, kind):
            raise PluginError(f"The hook {hook} returned {item!r}, which is no {kind.__name__}.")
    return items
