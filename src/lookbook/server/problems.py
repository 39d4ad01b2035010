"""Errors of the API as problem details (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lookbook.errors import InputError, OperatorError
from lookbook.server.metrics import FAILURES

MEDIA_TYPE = "application/problem+json"
FAILED = "Something went wrong, and the server's log has the details. Please try again."
# Errors of one request that are listed.
_MAX_ERRORS = 20

logger = logging.getLogger(__name__)


class Refusal(Exception):  # noqa: N818
    """A request that gets no answer.

    Attributes:
        status: The HTTP status.
        kind: The last part of the problem's type, such as ``photo-unknown``; empty for none.
        headers: Headers of the response.
    """

    def __init__(
        self, status: int, detail: str, kind: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Create a refusal."""
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.headers = headers or {}


class NotFound(Refusal):
    """A request for what is not known."""

    def __init__(self, detail: str, kind: str = "not-found") -> None:
        """Create a refusal with the status 404."""
        super().__init__(404, detail, kind)


def to_problem(error: Exception) -> dict[str, Any]:
    """Return an error as problem details; other people's errors get a sentence of ours."""
    if isinstance(error, Refusal):
        return _problem(error.status, str(error), error.kind)
    if isinstance(error, InputError) and not isinstance(error, OperatorError):
        return _problem(422, str(error), "invalid-input")
    if isinstance(error, HTTPException):
        return _problem(error.status_code, str(error.detail))
    if isinstance(error, RequestValidationError):
        errors = [
            {"pointer": _pointer(one["loc"]), "detail": one["msg"].removeprefix("Value error, ")}
            for one in error.errors()[:_MAX_ERRORS]
        ]
        first = errors[0]
        detail = f"{first['pointer'] or 'The request'}: {first['detail']}."
        return {**_problem(422, detail, "invalid-request"), "errors": errors}
    FAILURES.inc()
    logger.error("An answer failed.", exc_info=error)
    is_not_ready = isinstance(error, OperatorError)
    return _problem(503 if is_not_ready else 500, FAILED, "not-ready" if is_not_ready else "")


def problem_response(error: Exception) -> JSONResponse:
    """Return the response to a request that ends in an error."""
    problem = to_problem(error)
    headers = dict(getattr(error, "headers", None) or {})
    return JSONResponse(problem, problem["status"], headers, media_type=MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Answer every error of an application with problem details."""

    async def handle(request: Request, error: Exception) -> JSONResponse:
        return problem_response(error)

    for kind in (Refusal, InputError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, handle)


def _problem(status: int, detail: str, kind: str = "") -> dict[str, Any]:
    return {
        "type": f"/docs#{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }


def _pointer(location: tuple[int | str, ...]) -> str:
    """Return where an error is in the body, as a JSON pointer; else the place and name."""
    if location[:1] == ("body",):
        return "".join(f"/{part}" for part in location[1:])
    return ".".join(str(part) for part in location)
