"""The application: addresses, and what happens at each."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from studio import __version__
from studio.api.operation import Operation
from studio.host.services import Services
from studio.server.answers import PngResponse, address, as_json, png_of
from studio.server.desk import Desk
from studio.server.guard import Guard
from studio.server.options import ServerOptions
from studio.server.page import docs_page
from studio.server.problems import MEDIA_TYPE, SCHEMA, Problem, install
from studio.server.schemas import form_schema, parameter_schema
from studio.server.uploads import LARGEST_TEXT, Upload, read_form, to_request

_MOST_FIELDS = 32
_PATIENCE = 120  # seconds for a request to come
_PROBLEM = {
    "description": "What went wrong, and what to do",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_DONE = {"description": "The result", "content": {"image/png": {"schema": {"type": "string"}}}}
_JOB = {"description": "The job, with ?wait=false"}


class Server(FastAPI):
    """The application, with the desk where its jobs are while it runs.

    Args:
        services: of the host.
        options: limits and token.
    """

    def __init__(self, services: Services, options: ServerOptions) -> None:
        super().__init__(
            title="Impasto",
            version=__version__,
            description="Operations on pictures. Send a picture, get a picture.",
            docs_url=None,  # those pages load scripts from elsewhere; ours is plain
            redoc_url=None,
            lifespan=_lifespan,
        )
        self.services, self.limits = services, options
        self.desk: Desk | None = None
        install(self)
        _add_pages(self)
        _add_jobs(self)
        for operation in services.registry.operations():
            _add_operation(self, operation)

    def open_desk(self) -> Desk:
        """The desk.

        Raises:
            Problem: 503 before the server has started.
        """
        if self.desk is None:
            raise Problem(503, "The server is not running.")
        return self.desk

    def openapi(self) -> dict[str, Any]:
        """The schema, the operations' parameters among its components."""
        if self.openapi_schema is None:
            schema = super().openapi()
            components = schema.setdefault("components", {}).setdefault("schemas", {})
            components["Problem"] = SCHEMA
            for operation in self.services.registry.operations():
                whole, shared = parameter_schema(operation)
                components |= {operation.id: whole, **shared}
            if self.limits.token is not None:
                scheme = {"token": {"type": "http", "scheme": "bearer"}}
                schema["components"]["securitySchemes"] = scheme
                schema["security"] = [{"token": []}]
            self.openapi_schema = schema
        return self.openapi_schema


def create_app(services: Services, options: ServerOptions) -> tuple[Server, ASGIApp]:
    """The application, and the same with its guard before it, which is what to serve."""
    server = Server(services, options)
    return server, Guard(server, options)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    if not isinstance(app, Server):
        raise TypeError("the lifespan of a Server")
    desk = app.desk = Desk(app.services.jobs, app.limits)
    try:
        yield
    finally:
        desk.begin_closing()
        await run_in_threadpool(app.services.jobs.close)
        desk.close()
        app.desk = None


def _add_pages(app: Server) -> None:
    @app.get("/", include_in_schema=False)
    async def start() -> Response:
        return RedirectResponse("/docs")

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        operations = sorted(app.services.registry.operations(), key=lambda each: each.id)
        host = request.headers.get("host", "")
        token = app.limits.token is not None
        return HTMLResponse(docs_page(operations, __version__, host, token=token))

    @app.get("/v1/operations", tags=["operations"])
    async def operations() -> Response:
        """All operations: what each takes and gives."""
        return JSONResponse([_described(each) for each in app.services.registry.operations()])


def _described(operation: Operation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "title": operation.title,
        "menu": operation.menu,
        "help": operation.help,
        "input": operation.input,
        "output": operation.output,
        "selection": operation.selection,
        "hints": operation.hints,
        "address": f"/v1/operations/{operation.id}",
        "parameters": parameter_schema(operation)[0]["properties"],
    }


def _add_jobs(app: Server) -> None:
    problems: dict[int | str, dict[str, Any]] = {"4XX": _PROBLEM}

    @app.get("/v1/jobs/{job}", tags=["jobs"], responses=problems)
    async def state(job: str) -> Response:
        """Where a job is: queued, running, done, failed or cancelled."""
        return JSONResponse(as_json(app.open_desk().ticket(job)))

    @app.delete("/v1/jobs/{job}", tags=["jobs"], status_code=204, responses=problems)
    async def forget(job: str) -> Response:
        """Cancel a job, or drop its result."""
        desk = app.open_desk()
        desk.forget(desk.ticket(job))
        return Response(status_code=204)

    @app.get(
        "/v1/jobs/{job}/results/{number}",
        tags=["jobs"],
        response_class=PngResponse,
        responses=problems,
    )
    async def result(job: str, number: int) -> Response:
        """One of a finished job's results, counted from 0."""
        desk = app.open_desk()
        ticket = desk.ticket(job)
        return await run_in_threadpool(png_of, ticket, desk.result(ticket), number)


def _add_operation(app: Server, operation: Operation) -> None:
    app.add_api_route(
        f"/v1/operations/{operation.id}",
        _endpoint(app, operation),
        methods=["POST"],
        tags=["operations"],
        name=operation.id,
        operation_id=operation.id,
        summary=operation.title,
        description=operation.help,
        response_class=PngResponse,
        responses={200: _DONE, 202: _JOB, "4XX": _PROBLEM, "5XX": _PROBLEM},
        openapi_extra={"requestBody": form_schema(operation)},
    )


async def _received(request: Request, operation: Operation) -> Upload:
    """The form of a request, if it comes within a reasonable time: meanwhile it takes up a place."""
    try:
        async with asyncio.timeout(_PATIENCE):
            form = await request.form(
                max_files=_MOST_FIELDS, max_fields=_MOST_FIELDS, max_part_size=LARGEST_TEXT
            )
    except TimeoutError:
        raise Problem(
            408, f"The request did not come within {_PATIENCE} seconds.", "Send it again."
        ) from None
    try:
        return await read_form(form, operation)
    finally:
        await form.close()


def _endpoint(app: Server, operation: Operation) -> Callable[..., Awaitable[Response]]:
    async def run(request: Request, wait: bool = True) -> Response:
        desk = app.open_desk()
        folder = Path(tempfile.mkdtemp(prefix="impasto-"))
        try:
            with desk.place():
                upload = await _received(request, operation)
                made = await to_request(upload, operation, app.services, app.limits, folder)
            ticket = desk.submit(*made, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if not wait:
            return JSONResponse(as_json(ticket), 202, {"Location": address(ticket)})
        result = await desk.finished(ticket, request.is_disconnected)
        answer = await run_in_threadpool(png_of, ticket, result, 0)
        if result.variations == 1:
            desk.forget(ticket)
        return answer

    return run
