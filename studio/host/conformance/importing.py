"""What importing a plugin does: ``python -m studio.host.conformance.importing TARGET``.

Run in a fresh process, which has imported what the host imports at every start and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from typing import Any

from studio.api.deprecation import noticed
from studio.api.testing import Finding, Status
from studio.host.conformance import sources
from studio.host.conformance.clock import waited
from studio.host.conformance.lines import Sender
from studio.host.conformance.targets import Target
from studio.host.plugins import LoadedPlugin, load

FRAMEWORKS = (
    *("torch", "torchvision", "tensorflow", "jax", "diffusers", "transformers"),
    *("spandrel", "onnxruntime"),
)
LIMIT = 0.1
"""Seconds that importing may take: every start waits for all plugins."""
_CONNECTING = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"})


class _Line:
    """Hears every attempt to open a connection, and lets none come about."""

    def __init__(self) -> None:
        self.attempts: list[str] = []
        self._watching = True
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching or event not in _CONNECTING:
            return
        place = arguments[1] if event == "socket.connect" else arguments[0]
        if isinstance(place, str | bytes) and event == "socket.connect":
            return  # a socket of this computer, under a path
        self.attempts.append(str(place))
        raise OSError("No connections while a plugin is imported.")

    def close(self) -> None:
        """Hear no more; a hook cannot be taken out."""
        self._watching = False


def inspect(target: Target) -> tuple[dict[str, Any], list[Finding]]:
    """Import a plugin and ask it for its declarations, as the host does at its start.

    Returns:
        What the plugin is, in plain values, and what was found.
    """
    line = _Line()
    candidate = target.candidate()
    delay, started = waited(), time.perf_counter()
    with contextlib.suppress(Exception, SystemExit):  # what it raises, it raises again below
        candidate.load()
    seconds = time.perf_counter() - started - (waited() - delay)
    registry = load([candidate])
    line.close()
    about = {"version": candidate.version, "origin": candidate.origin, "operations": []}
    found = [
        _import_time(seconds),
        _absent("import-torch", FRAMEWORKS, "Import it in the module that runs."),
        _finding("network", [f"It connects to {place}" for place in line.attempts]),
    ]
    if registry.failures:
        (failure,) = registry.failures
        return about, [Finding("loads", "", "failed", failure.message), *found]
    (plugin,) = registry.plugins
    about |= {"version": plugin.version, "operations": [o.id for o in plugin.operations]}
    return about, [Finding("loads", "", "passed", _what_it_has(plugin)), *_read(plugin), *found]


def _read(plugin: LoadedPlugin) -> list[Finding]:
    """What its source says."""
    qt = _absent("qt", sources.QT, "The window is the host's.")
    if qt.status == "passed":
        qt = _finding("qt", sources.of_qt(plugin.module))
    imports = _finding("imports", sources.not_public(plugin.module))
    return [imports, qt, uses_deprecated(plugin)]


def uses_deprecated(plugin: LoadedPlugin) -> Finding:
    """What a plugin used so far, in this process, that the plugin API will not have for ever."""
    name = plugin.module.__name__
    found = [str(each) for each in noticed() if sources.within(each.module, name)]
    return Finding("deprecated", "", "warned" if found else "passed", " ".join(found))


def _import_time(seconds: float) -> Finding:
    limit = f"{1000 * LIMIT:.0f} ms"
    status: Status = "passed" if seconds < LIMIT else "failed"
    hint = (
        "" if status == "passed" else f"; the limit is {limit}. Import what is large where it runs."
    )
    return Finding("import-time", "", status, f"{1000 * seconds:.0f} ms{hint}", seconds)


def _absent(rule: str, names: tuple[str, ...], hint: str) -> Finding:
    found = [name for name in names if name in sys.modules]
    return _finding(rule, [f"It imports {', '.join(found)}. {hint}"] if found else [])


def _finding(rule: str, problems: list[str]) -> Finding:
    return Finding(rule, "", "failed" if problems else "passed", "; ".join(problems))


def _what_it_has(plugin: LoadedPlugin) -> str:
    counts = {
        "operation": len(plugin.operations),
        "model": len(plugin.cards),
        "trainer": len(plugin.trainers),
        "checkpoint loader": len(plugin.loaders),
    }
    return ", ".join(f"{n} {what}{'s' if n > 1 else ''}" for what, n in counts.items() if n)


def main(target: dict[str, Any]) -> None:
    """Say what was found."""
    sender = Sender()
    about, findings = inspect(Target(**{**target, "places": tuple(target["places"])}))
    sender.send("about", **about)
    for each in findings:
        sender.send("finding", **vars(each))
    sender.send("end")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
