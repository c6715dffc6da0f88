"""Who may ask, and how much at a time: looked at before anything else.

A web page that somebody has open must not get to use the server of their computer: not by a request to
the address itself (the browser names the page as ``Origin``), and not by a name of its own that leads
here (DNS rebinding: that name is in ``Host``). Programs send no ``Origin``.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.server.options import ServerOptions, is_loopback
from studio.server.problems import Problem

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """ASGI middleware: refuses foreign pages, missing tokens, and bodies that are too large.

    Args:
        app: what lies behind.
        options: token, address and limits.
    """

    def __init__(self, app: ASGIApp, options: ServerOptions) -> None:
        self._app, self._options = app, options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is allowed."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"no {scope['type']} here")
        headers = Headers(scope=scope)
        try:
            check(headers, self._options)
            received = _Counted(receive, headers, self._options.max_bytes)
        except Problem as problem:
            await problem.response()(scope, receive, _hardened(send))
            return
        await self._app(scope, received, _hardened(send))


def check(headers: Headers, options: ServerOptions) -> None:
    """Refuse a request by its headers.

    Raises:
        Problem: 400, 401 or 403.
    """
    host = headers.get("host", "")
    if options.loopback and not _names_this_computer(host, options):
        raise Problem(
            403, f"This server is not {host or 'nameless'}.", "Use the address that it printed."
        )
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site", "none")
    if (origin is not None and not _same(origin, host)) or site not in ("none", "same-origin"):
        raise Problem(
            403, "Web pages of others may not use this server.", "Send the request from a program."
        )
    if options.token is not None and not _shows(headers.get("authorization", ""), options.token):
        raise Problem(
            401,
            "The token is missing or wrong.",
            "Send the header Authorization: Bearer TOKEN.",
            {"WWW-Authenticate": 'Basic realm="Impasto", charset="UTF-8"'},
        )


def _names_this_computer(host: str, options: ServerOptions) -> bool:
    name = _name(host)
    return bool(name) and (is_loopback(name) or name == options.host.casefold())


def _name(host: str) -> str:
    """The name or address out of ``name:port``."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _same(origin: str, host: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.casefold() == host.casefold()


def _shows(authorization: str, token: str) -> bool:
    """Whether it is the token: as Bearer, or as the password of Basic, for which browsers ask."""
    scheme, _, value = authorization.partition(" ")
    shown = value.strip()
    if scheme.casefold() == "basic":
        try:
            shown = base64.b64decode(shown, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif scheme.casefold() != "bearer":
        return False
    return hmac.compare_digest(shown.encode(), token.encode())


class _Counted:
    """Hands a body on, until it is more than is allowed, whatever its header says."""

    def __init__(self, receive: Receive, headers: Headers, limit: int) -> None:
        self._receive, self._limit, self._count = receive, limit, 0
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            raise Problem(400, "Content-Length is no number.")
        self._check(int(length))

    async def __call__(self) -> Message:
        message = await self._receive()
        self._count += len(message.get("body", b""))
        self._check(self._count)
        return message

    def _check(self, count: int) -> None:
        if count > self._limit:
            raise Problem(
                413,
                f"The request is larger than {self._limit / 1e6:g} MB.",
                "Send a smaller picture, or start the server with a larger --max-upload.",
                {"Connection": "close"},
            )


def _hardened(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    return sender
