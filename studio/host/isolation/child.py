"""The process of one plugin: ``python -m studio.host.isolation.child SOCKET PARENT``.

Its first message says which plugin, and where models and pictures are; then come runs. A run is
done by the same `Runner` as in the program, and so has the same result.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from studio.api.errors import Cancelled, PluginError
from studio.host.isolation import nested, wire
from studio.host.isolation.blocks import Block
from studio.host.isolation.limits import restrain, settle
from studio.host.isolation.line import Line, Message
from studio.host.observer import Observer
from studio.host.previews import TilePreview

_REPORT_SECONDS = 0.02


class Desk:
    """What is asked of this process: runs that wait, and what is wished of those that go on."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.cancelled: set[int] = set()
        self.stopping: set[int] = set()
        self._waiting: deque[Message] = deque()
        self._wake = threading.Condition()
        threading.Thread(target=self._listen, name="plugin-line", daemon=True).start()

    def next(self) -> Message:
        """The next run; waits for it."""
        with self._wake:
            self._wake.wait_for(lambda: self._waiting)
            return self._waiting.popleft()

    def urgent(self) -> Message | None:
        """A run that another one has to give way to."""
        with self._wake:
            for message in self._waiting:
                if message.values["urgent"]:
                    self._waiting.remove(message)
                    return message
        return None

    def _listen(self) -> None:
        while True:
            try:
                message = self.line.receive()
            except EOFError:
                os._exit(0)  # the program is gone; whatever this process does is for nobody
            if message is None:
                continue
            with self._wake:
                if message.kind == "cancel":
                    self.cancelled.add(message.values["run"])
                elif message.kind == "stop":
                    self.stopping.add(message.values["run"])
                else:
                    self._waiting.append(message)
                self._wake.notify_all()


class Relay(Observer):
    """Tells the program of one run, and hears what it wishes."""

    def __init__(self, worker: Worker, run: int) -> None:
        self._worker, self._run = worker, run
        self._desk = worker.desk
        self._said = ""
        self._next = 0.0

    def progress(self, fraction: float, message: str) -> None:
        """Pass it on; of many in a moment that say the same, one."""
        now = time.monotonic()
        if message == self._said and fraction < 1 and now < self._next:
            return
        self._said, self._next = message, now + _REPORT_SECONDS
        self._send({"kind": "progress", "fraction": fraction, "message": message})

    def tile(self, preview: TilePreview) -> None:
        """Pass it on."""
        values, pixels = wire.pack_preview(preview)
        self._send(values, pixels)

    def note(self, message: str) -> None:
        """Pass it on."""
        self._send({"kind": "note", "message": message})

    def cancelled(self) -> bool:
        """Whether the program wants it to stop."""
        return self._run in self._desk.cancelled

    def stopping(self) -> bool:
        """Whether it is to keep what it has."""
        return self._run in self._desk.stopping

    def give_way(self) -> bool:
        """Do what is more urgent first."""
        urgent = self._desk.urgent()
        if urgent is None:
            return False
        import torch

        with torch.inference_mode(False):
            while urgent is not None:
                self._worker.do(urgent)
                urgent = self._desk.urgent()
        return True

    def _send(self, values: dict[str, Any], data: bytes = b"") -> None:
        self._desk.line.send({**values, "run": self._run}, data)


class Worker:
    """Does the runs, one at a time."""

    def __init__(self, hello: dict[str, Any], desk: Desk) -> None:
        from studio.api.models import ModelCard
        from studio.host import devices, memory
        from studio.host.isolation.isolation import Isolation
        from studio.host.isolation.registry import plugins_of
        from studio.host.models import ModelStore
        from studio.host.runs import Runner

        self.desk = desk
        registry = plugins_of(hello)
        cards = [ModelCard.model_validate(card) for card in hello["cards"]]
        store = ModelStore(
            Path(hello["models"]), Path(hello["bundled"]), cards, trainers=hello["trainers"]
        )
        plugins = Path(hello["plugins"]) if hello["plugins"] else None
        # An operation of another plugin that is not trusted either runs in a process of that one.
        others = Isolation(lambda: hello["isolated"], plugins, lambda: hello["disabled"])
        self.runner = Runner(registry, store, isolation=others)
        memory.keep_pages()
        devices.warm_up()
        if hello["threads"] is not None:
            import torch

            torch.set_num_threads(hello["threads"])

    def do(self, message: Message) -> None:
        """One run, to its end; nothing is raised."""
        run = message.values["run"]
        try:
            values, block = self._done(message, Relay(self, run))
        except Cancelled:
            values, block = {"kind": "cancelled"}, None
        except SystemExit as error:
            failure = PluginError(
                f"The plugin asked the program to end (exit code {error.code}).",
                "This is a fault in the plugin; tell its author.",
            )
            failure.__cause__ = error
            values, block = wire.pack_error(failure), None
        except BaseException as error:  # noqa: BLE001 - the program hears of anything
            values, block = wire.pack_error(error), None
        try:
            self.desk.line.send({**values, "run": run}, block=block)
        finally:
            if block is not None:
                block.close()

    def _done(self, message: Message, observer: Relay) -> tuple[dict[str, Any], Block]:
        values = message.values
        assert message.block is not None  # noqa: S101 - runs come with one
        with message.block as given:
            if observer.cancelled():
                raise Cancelled
            if values["folder"] is not None:
                os.chdir(values["folder"])
            restrain(values["memory"])
            self.desk.line.send({"kind": "begun", "memory": values["memory"]})
            self.runner.max_pixels = values["max_pixels"]
            if message.kind == "call":
                call = nested.unpack_call(values["request"], given)
            else:
                request = wire.unpack_request(values["request"], given)
        if message.kind == "call":
            answer = nested.answer(self.runner, call, observer)
            return _packed(lambda block: nested.pack_answer(answer, block))
        result = self.runner.execute(request, observer)
        return _packed(lambda block: wire.pack_result(result, block))


class Clerk:
    """Says what the plugin declares, and calls small functions of it; imports no torch for that."""

    def __init__(self, hello: dict[str, Any], desk: Desk) -> None:
        from studio.host.isolation.registry import plugins_of

        self._desk = desk
        self._plugin = plugins_of(hello).plugins[0]

    def do(self, message: Message) -> None:
        """Answer one question; nothing is raised."""
        from studio.host.isolation import declared

        values = message.values
        try:
            if message.kind == "describe":
                found: Any = declared.as_data(self._plugin)
            else:
                asked = (values["what"], values["key"], values["name"], values["args"])
                found = declared.called(self._plugin, *asked)
            answer = {"kind": "done", "result": found}
        except BaseException as error:  # noqa: BLE001 - the program hears of anything
            answer = wire.pack_error(error)
        self._desk.line.send({**answer, "run": values["run"]})


def _packed(pack: Callable[[Block], Any]) -> tuple[dict[str, Any], Block]:
    block = Block.new()
    try:
        return {"kind": "done", "result": pack(block)}, block
    except BaseException:
        block.close()
        raise


def _end_of_line(argument: str) -> socket.socket:
    if argument == "stdin":
        from_share = getattr(socket, "fromshare", None)
        assert from_share is not None  # noqa: S101 - only such systems share
        end: socket.socket = from_share(sys.stdin.buffer.read())
        return end
    end = socket.socket(fileno=int(argument))
    end.set_inheritable(False)
    return end


def main(arguments: Sequence[str]) -> None:
    """Work for the program until it hangs up."""
    faulthandler.enable()
    settle(int(arguments[1]))
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    line = Line(_end_of_line(arguments[0]))
    hello = line.receive()
    assert hello is not None  # noqa: S101 - it waits for ever
    desk = Desk(line)
    try:
        worker = (Clerk if hello.values.get("light") else Worker)(hello.values, desk)
    except BaseException as error:  # noqa: BLE001 - the program hears of anything
        failure = {**wire.pack_error(error), "start": True}
        line.send({**failure, "run": desk.next().values["run"]})
        return
    line.send({"kind": "ready"})
    while True:
        worker.do(desk.next())


if __name__ == "__main__":
    main(sys.argv[1:])
