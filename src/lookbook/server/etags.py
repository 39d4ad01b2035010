"""Which version of an answer a caller has."""

from __future__ import annotations

from starlette.requests import Request


def is_known(request: Request, etag: str) -> bool:
    """Return whether a caller has the current version, by the header ``If-None-Match``.

    Proxies that compress answers make tags weak, so weak tags count as well.

    Args:
        request: The request.
        etag: The current version's tag, with its quotes.
    """
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or etag in {
        one.strip().removeprefix("W/") for one in given.split(",")
    }
