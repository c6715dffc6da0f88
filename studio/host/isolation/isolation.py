"""Runs of plugins that the user wants in processes of their own."""

from __future__ import annotations

import atexit
import contextlib
import sys
import threading
import time
import weakref
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.api.errors import Cancelled, PluginError, UserError
from studio.api.operation import Operation
from studio.api.parameters import Parameters
from studio.host.isolation import nested, wire
from studio.host.isolation.blocks import Block
from studio.host.isolation.limits import allowance
from studio.host.isolation.line import Message
from studio.host.isolation.process import End, Ended, PluginProcess, Talk
from studio.host.isolation.standing_in import is_stand_in
from studio.host.observer import Observer
from studio.host.plugins import LoadedPlugin, PluginRegistry
from studio.host.requests import RunRequest
from studio.host.results import RunResult

if TYPE_CHECKING:
    from studio.host.context import RunContext
    from studio.host.runs import Runner

IDLE_SECONDS = 600.0
GRACE_SECONDS = 1.0
_POLL = 0.02
_ENDS = frozenset({"done", "failed", "cancelled"})
_open: weakref.WeakSet[Isolation] = weakref.WeakSet()


class Isolation:
    """The processes of plugins: one for each, started at its first run and kept warm.

    Args:
        names: of the plugins that are to run in processes of their own, as it is now.
        plugins: folder of dropped-in plugins; the user's if None.
        disabled: names of plugins that are left alone.
        memory: bytes that a run may take; most of what is free at its start if None.
        idle_seconds: a process that is not needed for so long is ended.
    """

    def __init__(
        self,
        names: Callable[[], Collection[str]],
        plugins: Path | None = None,
        disabled: Callable[[], Collection[str]] = tuple,
        *,
        memory: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._names, self._plugins, self._disabled = names, plugins, disabled
        self._memory, self._idle_seconds = memory, idle_seconds
        self._lock = threading.Lock()
        self._processes: dict[str, tuple[PluginRegistry, PluginProcess]] = {}
        self._retired: list[PluginProcess] = []
        _open.add(self)

    def covers(self, registry: PluginRegistry, operation_id: str) -> bool:
        """Whether an operation is to run in a process of its plugin's own."""
        plugin = registry.plugin_of(operation_id)
        return plugin.name in self._names() or is_stand_in(plugin)

    def pid(self, name: str) -> int | None:
        """The process of a plugin, if it has one now."""
        with self._lock:
            found = self._processes.get(name)
        return None if found is None or found[1].gone.is_set() else found[1].pid

    def execute(
        self,
        runner: Runner,
        operation: Operation,
        parameters: Parameters,
        request: RunRequest,
        observer: Observer,
    ) -> RunResult:
        """As `Runner.execute`, in the process of the operation's plugin.

        Raises:
            UserError: what the run raised, or that its process crashed or took too much memory.
            Cancelled: if the observer asked to stop; a process that does not heed is ended.
        """
        started = time.monotonic()
        observer.progress(0.0, "Preparing")

        def ask(talk: Talk) -> None:
            with Block.new() as block:
                packed = wire.pack_request(request, operation, parameters, block)
                terms = self._terms(runner, talk)
                talk.send("run", block, request=packed, **terms)

        message = self._asked(runner, operation, ask, _Follower(observer))
        result = _unpacked(message, operation, request)
        return replace(result, seconds=time.monotonic() - started)

    def call(
        self,
        runner: Runner,
        operation: Operation,
        parameters: Parameters,
        args: tuple[Any, ...],
        context: RunContext,
    ) -> Any:
        """The operation's function, called by a run of this process, in the plugin's own process.

        Raises:
            UserError: what it raised, or that its process crashed or took too much memory.
            MemoryError: if memory ran out there.
            Cancelled: if the run was asked to stop.
        """

        def ask(talk: Talk) -> None:
            with Block.new() as block:
                packed = nested.pack_call(operation, parameters, args, context, block)
                talk.send("call", block, request=packed, **self._terms(runner, talk))

        message = self._asked(runner, operation, ask, _Follower(nested.Within(context)))
        if message.block is None:
            raise _nothing(operation)
        with message.block as block:
            return nested.unpack_answer(message.values["result"], block, context)

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            processes = [process for _, process in self._processes.values()] + self._retired
            self._processes.clear()
            self._retired.clear()
        for process in processes:
            process.kill("closed")
        for process in processes:
            process.close()

    def keep(self) -> None:
        """End the processes of plugins that run in the program again, once their runs are over."""
        names = self._names()
        with self._lock:
            for name in [name for name in self._processes if name not in names]:
                self._retire(self._processes.pop(name)[1])

    def _retire(self, process: PluginProcess) -> None:
        process.retire()
        self._retired = [each for each in self._retired if not each.gone.is_set()] + [process]

    # Asking

    def _asked(
        self, runner: Runner, operation: Operation, ask: Callable[[Talk], None], follower: _Follower
    ) -> Message:
        """The answer of the plugin's process to what ``ask`` asks of it."""
        plugin = runner.registry.plugin_of(operation.id)
        while True:
            process = self._process(runner, plugin)
            try:
                with process.talk() as talk:
                    _handed(ask, talk)
                    return follower.until_done(talk)
            except Ended as ended:
                if follower.asked:
                    raise Cancelled from None
                # Ended for another run, or for want of work just now: nothing was wrong with this.
                if ended.end.reason not in {"cancelled", "idle"}:
                    raise _crash(plugin.name, operation.title, ended.end) from wire.ChildTraceback(
                        ended.end.words or "it left no words"
                    )
                follower.again()

    def _terms(self, runner: Runner, talk: Talk) -> dict[str, Any]:
        """What counts for one run."""
        return {
            "memory": allowance() if self._memory is None else self._memory,
            "urgent": talk.urgent,
            "folder": _folder_here(),
            "max_pixels": runner.max_pixels,
        }

    def _process(self, runner: Runner, plugin: LoadedPlugin) -> PluginProcess:
        """The warm process of a plugin, or a new one."""
        with self._lock:
            known, process = self._processes.get(plugin.name, (None, None))
            if process is not None and not process.gone.is_set():
                if known is runner.registry:
                    return process
                self._retire(process)  # it knows the plugins as they were before
            process = PluginProcess(plugin.name, self._hello(runner, plugin), self._idle_seconds)
            self._processes[plugin.name] = (runner.registry, process)
            return process

    def _hello(self, runner: Runner, plugin: LoadedPlugin) -> dict[str, Any]:
        """What the process has to know of this program."""
        registry, store = runner.registry, runner.store
        torch = sys.modules.get("torch")
        threads = getattr(torch, "get_num_threads", lambda: None)()
        place = plugin.candidate.path if plugin.candidate else None
        isolated = [name for name in self._names() if name != plugin.name]
        return {
            "plugin": plugin.name,
            "place": str(place.absolute()) if place else None,
            "plugins": str(self._plugins.absolute()) if self._plugins else None,
            "disabled": list(self._disabled()),
            "isolated": isolated,
            "cards": [card.model_dump(mode="json") for card in registry.cards()],
            "galleries": [[g.id, g.title, *_folder(g.folder)] for g in registry.galleries()],
            "trainers": {t.task: t.id for t in reversed(registry.trainers())},
            "models": str(store.cache_dir.absolute()),
            "bundled": str(store.bundled_dir.absolute()),
            "threads": threads,
        }


class _Follower:
    """Brings what a process reports to the observer of a run, and the observer's wishes to it."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.again()

    def again(self) -> None:
        """The run starts anew."""
        self._asked_at: float | None = None
        self._stopping = self._over = False

    @property
    def asked(self) -> bool:
        """Whether the observer has asked for a cancel."""
        return self._asked_at is not None

    def until_done(self, talk: Talk) -> Message:
        """Relay until the end of the run; its last message.

        Raises:
            Cancelled: if the observer asked for it.
            Ended: if the process is gone.
            BaseException: what the run raised.
        """
        try:
            while True:
                message = talk.next(_POLL)
                self._observer.give_way()
                if message is not None and message.kind in _ENDS:
                    self._over = True
                    return _outcome(talk, message)
                if message is not None:
                    self._hear(message)
                self._tell(talk)
        except Ended:
            raise
        except BaseException:
            if not self._over:  # such as Ctrl+C: nobody waits for this run any more
                self._leave(talk)
            raise

    def _hear(self, message: Message) -> None:
        values = message.values
        match message.kind:
            case "progress":
                self._observer.progress(values["fraction"], values["message"])
            case "note":
                self._observer.note(values["message"])
            case "tile":
                self._observer.tile(wire.unpack_preview(message))

    def _tell(self, talk: Talk) -> None:
        """Pass on what the observer wishes; end a process that does not heed."""
        if not self._stopping and self._observer.stopping():
            self._stopping = True
            talk.send("stop")
        if self._asked_at is None and self._observer.cancelled():
            self._asked_at = time.monotonic()
            talk.send("cancel")
            if not talk.process.ready.is_set():
                # It is not at the run yet, and will leave it out: being ready serves the next one.
                self._over = True
                raise Cancelled
        if self._asked_at is not None and time.monotonic() - self._asked_at > GRACE_SECONDS:
            self._over = True
            talk.process.close("cancelled")
            raise Cancelled

    def _leave(self, talk: Talk) -> None:
        with contextlib.suppress(Ended):
            talk.send("cancel")
            deadline = time.monotonic() + GRACE_SECONDS
            while time.monotonic() < deadline:
                message = talk.next(_POLL)
                if message is not None and message.kind in _ENDS:
                    if message.block is not None:
                        message.block.close()
                    return
            talk.process.close("cancelled")


def _handed(ask: Callable[[Talk], None], talk: Talk) -> None:
    try:
        ask(talk)
    except OSError as error:  # of the block: no room for the pixels
        raise UserError(
            "There is not enough memory to hand the picture to the plugin's process.",
            "Close other programs or documents, or try a smaller picture or selection.",
        ) from error


def _outcome(talk: Talk, message: Message) -> Message:
    """The last message of a run that was done, or what it raised instead."""
    if message.kind == "cancelled":
        raise Cancelled
    if message.kind == "failed":
        if message.values["memory"] or message.values["start"]:
            talk.process.close("cancelled")  # the next run begins with a clean one
        raise wire.unpack_error(message.values)
    return message


def _unpacked(message: Message, operation: Operation, request: RunRequest) -> RunResult:
    if message.block is None:
        raise _nothing(operation)
    with message.block as block:
        try:
            return wire.unpack_result(message.values["result"], block, request)
        except (ValueError, KeyError) as error:
            raise _nothing(operation) from error


def _nothing(operation: Operation) -> PluginError:
    return PluginError(
        f"{operation.title} gave nothing usable back from its own process.",
        "This is a fault in the plugin; tell its author.",
    )


def _crash(name: str, title: str, end: End) -> UserError:
    """What the user reads of a process that is gone."""
    kept = "The picture is as it was. "
    if end.reason == "memory":
        return UserError(
            f"{title} took more memory than there is; the process of the plugin {name} was ended.",
            kept + "Close other programs, or try a smaller picture or selection.",
        )
    if end.reason == "start":
        return PluginError(
            f"The plugin {name} did not get ready in its own process.",
            kept + "This is a fault in the plugin; tell its author.",
        )
    if end.reason == "closed":
        return UserError(f"The process of the plugin {name} was ended.", kept + "Run it again.")
    hint = "Run it again; if that happens again, tell the plugin's author. The details help."
    if end.how.endswith("SIGKILL"):
        hint = "The system may have run out of memory: close other programs and run it again."
    return PluginError(
        f"The plugin {name} crashed while running {title}: its process {end.how}.", kept + hint
    )


def _folder_here() -> str | None:
    """Where relative paths of pictures start."""
    try:
        return str(Path.cwd())
    except OSError:  # it was removed
        return None


def _folder(folder: Path | str) -> tuple[str, bool]:
    return str(folder), isinstance(folder, Path)


@atexit.register
def _close_all() -> None:
    for isolation in list(_open):
        isolation.close()
