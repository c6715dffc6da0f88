"""Listening, until the process is asked to end."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from studio.api.errors import UserError
from studio.host.services import Services
from studio.server.app import Server, create_app
from studio.server.options import ServerOptions

_PATIENCE = 10  # seconds for answers that are being sent when the process is asked to end
_CONNECTIONS = 64


class _Loop(uvicorn.Server):
    """Ends cleanly at Ctrl+C and SIGTERM: what runs is cancelled, who waits is told.

    uvicorn alone waits for requests that wait for a job, and then ends by the signal.
    """

    def __init__(self, config: uvicorn.Config, app: Server) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - its signature
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True
        if self._app.desk is not None:
            self._app.desk.ask_to_close()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {each: signal.signal(each, self.handle_exit) for each in signals}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def serve(
    services: Services, options: ServerOptions, port: int, told: Callable[[str], None]
) -> None:
    """Serve until the process is asked to end.

    Args:
        services: of the host; their queue is closed at the end.
        options: address, token and limits.
        port: 0: any that is free.
        told: called with the address once it is listened at.

    Raises:
        UserError: if the address cannot be listened at.
    """
    listening = _bound(options.host, port)
    app, guarded = create_app(services, options)
    config = uvicorn.Config(
        guarded,
        log_level="warning",
        access_log=False,
        ws="none",
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_PATIENCE,
    )
    services.jobs.warm_up(options.device)
    try:
        told(_address(options.host, listening))
        _Loop(config, app).run(sockets=[listening])
    finally:
        listening.close()
        services.jobs.close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind)
        try:
            if os.name == "posix":  # elsewhere it would let others take the address over
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(where)
            listening.listen(_CONNECTIONS)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise UserError(
            f"{host} port {port} cannot be listened at: {error.strerror or error}.",
            "Choose another --port; 0 takes any that is free.",
        ) from error
    return listening


def _address(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
