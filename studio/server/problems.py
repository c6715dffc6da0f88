"""What goes wrong as JSON: problem details by RFC 9457, with a hint of what to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from studio.api.errors import PluginError, UserError
from studio.host.jobs import JobError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "hint"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "the status in words"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what happened"},
        "hint": {"type": "string", "description": "what to do; may be empty"},
    },
}


class Problem(Exception):
    """An answer that is no result.

    Args:
        status: of HTTP.
        message: what happened.
        hint: what to do.
        headers: further ones of the answer.
    """

    def __init__(
        self, status: int, message: str, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.hint = status, message, hint
        self.headers = dict(headers or {})

    @classmethod
    def of_job(cls, error: JobError) -> Problem:
        """From the end of a job; its traceback stays here."""
        status = (
            HTTPStatus.INTERNAL_SERVER_ERROR if error.fault else HTTPStatus.UNPROCESSABLE_ENTITY
        )
        return cls(status, error.message, error.hint)

    def response(self) -> JSONResponse:
        """As it goes out."""
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": int(self.status),
            "detail": self.message,
            "hint": self.hint,
        }
        return JSONResponse(body, self.status, self.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let every failure be such an answer."""

    @app.exception_handler(Problem)
    async def _problem(_request: Request, error: Problem) -> JSONResponse:
        return error.response()

    @app.exception_handler(UserError)
    async def _user_error(_request: Request, error: UserError) -> JSONResponse:
        status = 500 if isinstance(error, PluginError) else 422
        return Problem(status, error.message, error.hint).response()

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        hint = "/docs shows what each address takes."
        return Problem(422, f"{place}: {first['msg']}.", hint).response()

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        message = "There is nothing at this address." if error.status_code == 404 else error.detail
        headers = error.headers or {}
        return Problem(error.status_code, message, "/docs lists all addresses.", headers).response()

    @app.exception_handler(ClientDisconnect)
    async def _gone(_request: Request, _error: Exception) -> JSONResponse:
        return Problem(400, "The request ended before all of it was here.").response()

    @app.exception_handler(Exception)
    async def _fault(_request: Request, error: Exception) -> JSONResponse:
        log.error("a request failed", exc_info=error)
        return Problem(500, "Something unexpected went wrong.", "Please report this.").response()
