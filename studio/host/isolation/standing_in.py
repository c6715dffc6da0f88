"""Declarations of a plugin that this program does not import: its own process says what they are."""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import json
import logging
import sys
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from studio import __version__
from studio.api.errors import PluginError
from studio.api.hookspecs import hookimpl
from studio.api.models import ModelCard, Recognised
from studio.host.candidates import GROUP, Candidate, slug
from studio.host.isolation import declared, wire
from studio.host.isolation.process import Ended, PluginProcess
from studio.host.plugins import LoadedPlugin

_PACKAGE = "studio_isolated"
_FORMAT = 2
_SECONDS = 30.0
_IDLE_SECONDS = 5.0
_POLL = 0.05
_READ = frozenset({".py", ".toml", ".so", ".pyd"})
_log = logging.getLogger(__name__)
_open: set[Clerk] = set()
# What went wrong when plugins were asked ahead, by where their declarations would be kept.
_failures: dict[Path, tuple[str, Exception]] = {}


def stand_ins(found: Iterable[Candidate], isolated: Collection[str]) -> list[Candidate]:
    """The candidates, of which those that are isolated are not imported by loading them."""
    return [_stand_in(each) if each.name in isolated else each for each in found]


def ask_ahead(found: Iterable[Candidate]) -> None:
    """Have plugins' processes say what the plugins declare: loading those is quick then.

    May be called on any thread, and takes as long as they do to start; one that fails is told when it
    is loaded next.
    """
    for each in found:
        Clerk(each).ask_ahead()


def is_known(candidate: Candidate) -> bool:
    """Whether a plugin is loaded without asking its process."""
    return Clerk(candidate).kept() is not None


def is_stand_in(plugin: LoadedPlugin) -> bool:
    """Whether a plugin's code is not in this program."""
    return plugin.module.__name__.startswith(_PACKAGE + ".")


def _stand_in(candidate: Candidate) -> Candidate:
    return replace(candidate, load=Clerk(candidate).load)


class Clerk:
    """Asks a plugin's process what the plugin declares, and has its small functions called there.

    Such a process imports no torch, and ends soon when nothing is asked of it.
    """

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate
        self._lock = threading.Lock()
        self._process: PluginProcess | None = None

    def load(self) -> ModuleType:
        """A module with the hooks of the plugin, and nothing else of it.

        Raises:
            PluginError: if the plugin does not load, or crashes at that.
        """
        data = self.kept()
        if data is None:
            mark, failure = _failures.pop(_cache(self._candidate), ("", None))
            if failure is not None and mark == _mark(self._candidate):
                raise failure
            data = self._described()
        return self._module(data)

    def ask_ahead(self) -> None:
        """Find out what the next `load` needs, on whatever thread this is."""
        if self.kept() is None:
            mark = _mark(self._candidate)
            try:
                self._described()
            except Exception as error:  # noqa: BLE001 - whoever loads it is to hear of it
                _failures[_cache(self._candidate)] = (mark, error)

    def _described(self) -> dict[str, Any]:
        self.close()  # it may know the plugin as it was before it was changed
        data: dict[str, Any] = self._asked("describe")
        self._keep(data)
        return data

    def ask(self, what: str, key: str, name: str, *args: Any) -> Any:
        """What a function of the plugin says.

        Raises:
            UserError: what it raised, or that it crashed or does not end.
        """
        return self._asked("ask", what=what, key=key, name=name, args=args)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    # Asking

    def _asked(self, kind: str, **values: Any) -> Any:
        name = self._candidate.name
        try:
            with self._lock, self._running().talk() as talk:
                talk.send(kind, **values)
                deadline = time.monotonic() + _SECONDS
                while time.monotonic() < deadline:
                    message = talk.next(_POLL)
                    if message is not None and message.kind == "failed":
                        raise wire.unpack_error(message.values)
                    if message is not None and message.kind == "done":
                        return message.values["result"]
                talk.process.close("start")
                raise PluginError(
                    f"The plugin {name} does not answer.",
                    "This is a fault in the plugin: remove it, or tell its author.",
                )
        except Ended as ended:
            end = ended.end
            if end.reason == "idle":  # just now, for want of questions
                return self._asked(kind, **values)
            raise PluginError(
                f"The plugin {name} crashed while it was loaded: its process {end.how}.",
                "This is a fault in the plugin: remove it, or tell its author.",
            ) from wire.ChildTraceback(end.words or "it left no words")

    def _running(self) -> PluginProcess:
        process = self._process
        if process is None or process.gone.is_set():
            place = self._candidate.path
            hello = {
                "light": True,
                "plugin": self._candidate.name,
                "place": str(place.absolute()) if place else None,
                "plugins": None,
                "disabled": [],
                "isolated": [],
                "galleries": [],
            }
            process = self._process = PluginProcess(self._candidate.name, hello, _IDLE_SECONDS)
            _open.add(self)
        return process

    # Making a module of it

    def _module(self, data: dict[str, Any]) -> ModuleType:
        name = f"{_PACKAGE}.{slug(self._candidate.name)}"
        module = ModuleType(name, data["doc"])
        members: dict[str, Any] = {
            "api_version": data["api_version"],
            "__version__": data["version"],
            "__license__": data["license"],
        }
        loaders = []
        for number, each in enumerate(data["loaders"]):
            members[f"recognise_{number}"] = self._recogniser(each["id"])
            loaders.append(declared.loader_of(each, f":recognise_{number}"))
        answers: dict[str, list[Any]] = {
            "operations": [declared.operation_of(each, self.ask) for each in data["operations"]],
            "trainers": [declared.trainer_of(each, self.ask) for each in data["trainers"]],
            "model_cards": [ModelCard.model_validate(each) for each in data["cards"]],
            "galleries": [declared.gallery_of(each) for each in data["galleries"]],
            "checkpoint_loaders": loaders,
        }
        for hook, answer in answers.items():
            if answer:
                members[hook] = hookimpl(lambda answer=answer: answer)
        vars(module).update(members)
        sys.modules.setdefault(_PACKAGE, ModuleType(_PACKAGE))
        sys.modules[name] = module
        return module

    def _recogniser(self, key: str) -> Any:
        def recognise(paths: tuple[Path, ...]) -> Recognised | None:
            found = self.ask("loader", key, "", *(str(path.absolute()) for path in paths))
            return None if found is None else Recognised(**found)

        return recognise

    # Keeping it between starts

    def kept(self) -> dict[str, Any] | None:
        """What it declared when it was asked last; None if its files are others now."""
        path = _cache(self._candidate)
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["mark"] == _mark(self._candidate):
                data: dict[str, Any] = kept["data"]
                return data
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def _keep(self, data: dict[str, Any]) -> None:
        path = _cache(self._candidate)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"mark": _mark(self._candidate), "data": data})
            partial = path.with_suffix(".part")
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        except OSError:
            _log.info("what %s declares is not kept", self._candidate.name, exc_info=True)


def _cache(candidate: Candidate) -> Path:
    from studio.host.recovery import data_folder

    return data_folder() / "declared" / f"{slug(candidate.name)}.json"


def _mark(candidate: Candidate) -> str:
    """Another one whenever a file of the plugin is, or this program."""
    digest = hashlib.sha256(f"{_FORMAT} {__version__} {sys.version} {candidate.origin}".encode())
    for path in sorted(_sources(candidate)):
        status = path.stat()
        digest.update(f"{path} {status.st_mtime_ns} {status.st_size}\n".encode())
    return digest.hexdigest()


def _sources(candidate: Candidate) -> Iterator[Path]:
    """The files that a plugin's declarations are made of."""
    roots = [candidate.path] if candidate.path is not None else _package(candidate.name)
    for root in roots:
        if root.is_file():
            yield root
        else:
            yield from (each for each in root.rglob("*") if each.suffix in _READ)


def _package(name: str) -> list[Path]:
    """Where the package of an installed plugin lies; it is not imported for that."""
    found = []
    for point in entry_points(group=GROUP, name=name):
        spec = importlib.util.find_spec(point.module.partition(".")[0])
        if spec is not None and spec.submodule_search_locations:
            found += [Path(place) for place in spec.submodule_search_locations]
        elif spec is not None and spec.origin:
            found.append(Path(spec.origin))
    return found


@atexit.register
def _close_all() -> None:
    for clerk in list(_open):
        clerk.close()
