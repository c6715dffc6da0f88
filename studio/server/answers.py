"""Results as they go out: PNG files, and what is told beside them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from fastapi.responses import Response

from studio.document import composite
from studio.files.codec import SaveOptions
from studio.files.formats import FORMATS
from studio.files.images import encode_image
from studio.host.disclosure import public
from studio.host.results import RunResult
from studio.server.desk import Ticket
from studio.server.problems import Problem

_PNG = next(kind for kind in FORMATS if kind.name == "PNG")
_LONGEST_HEADER = 4000


class PngResponse(Response):
    """A picture."""

    media_type = "image/png"


def address(ticket: Ticket) -> str:
    """Where a job is."""
    return f"/v1/jobs/{ticket.id}"


def png_of(ticket: Ticket, result: RunResult, variation: int) -> PngResponse:
    """One result as a PNG file, as `impasto run` would have written it. Takes its time.

    Raises:
        Problem: 404 if there is no variation of this number.
        UserError: if the picture does not fit the format.
    """
    if not 0 <= variation < result.variations:
        raise Problem(
            404,
            f"There is no variation {variation}.",
            f"There are {result.variations}, counted from 0.",
        )
    after = result.flat(variation)
    made = public({"title": result.title, **result.record_of(variation)})
    metadata = replace(ticket.metadata, icc=after.icc, recipe=(*ticket.metadata.recipe, made))
    data, notes = encode_image(_PNG, composite(after), metadata, SaveOptions())
    told = [*ticket.metadata.notes, *result.notes, *notes]
    return PngResponse(data, headers=_headers(ticket, result, told))


def as_json(ticket: Ticket) -> dict[str, Any]:
    """The state of a job."""
    job, base = ticket.job, address(ticket)
    told: dict[str, Any] = {
        "id": ticket.id,
        "operation": job.request.operation,
        "state": str(job.state),
        "fraction": round(job.fraction, 4),
        "message": job.message,
        "notes": list(dict.fromkeys([*ticket.metadata.notes, *job.notes])),
        "seconds": round(job.seconds, 3),
        "results": [],
        "error": None,
    }
    if job.error is not None:
        told["error"] = {"detail": job.error.message, "hint": job.error.hint}
    if job.result is not None:
        count = job.result.variations
        told["results"] = [f"{base}/results/{number}" for number in range(count)]
        told["record"] = public(job.result.record)
    return told


def _headers(ticket: Ticket, result: RunResult, notes: list[str]) -> dict[str, str]:
    headers = {
        "Impasto-Job": ticket.id,
        "Impasto-Variations": str(result.variations),
        "Impasto-Seconds": f"{result.seconds:.3f}",
        "Content-Location": f"{address(ticket)}/results/0",
    }
    text = json.dumps(list(dict.fromkeys(notes)))  # ASCII: it is a header
    if notes and len(text) <= _LONGEST_HEADER:
        headers["Impasto-Notes"] = text
    return headers
