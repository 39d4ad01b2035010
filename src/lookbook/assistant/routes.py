"""What the server gives beside the page: pictures, its health, and its counts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lookbook.assistant.cards import HEIGHT, WIDTH, thumbnail
from lookbook.photos.photo import identify

# Pictures that are kept, of some ten kilobytes each.
KEPT = 4096
_A_YEAR = "private, max-age=31536000, immutable"


def picture_url(item: dict[str, Any]) -> str:
    """Gives the address of an item's picture, relative to the page's.

    Who does not know the photo's hash, which a page behind a password does not tell, cannot ask
    for it.
    """
    return f"pictures/{item['photo_id']}/{quote(item['Filename'])}"


class Served(Protocol):
    """Whose photos and state are told.

    Attributes:
        state: ``ready``, or what is missing.
    """

    state: str

    def picture(self, filename: str) -> bytes | None:
        """Reads a photo; ``None`` for what is not among the photos."""


class Routes:
    """The server's own addresses."""

    def __init__(self, served: Served, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        """Takes whose photos and state are told.

        Args:
            served: Whose.
            size: Width and height that pictures fit into.
        """
        self._served = served
        self._size = size
        self._thumbnail = lru_cache(maxsize=KEPT)(self._make_thumbnail)

    def all(self) -> list[Route]:
        """Lists them."""
        return [
            Route("/pictures/{photo_id}/{file:path}", self._picture),
            Route("/health", self._health),
            Route("/metrics", self._metrics),
        ]

    def _make_thumbnail(self, photo_id: str, file: str) -> bytes:
        data = self._served.picture(file)
        if not data or identify(data) != photo_id:
            # Raised, and so not cached: the photo may come, and junk displaces no thumbnail.
            raise FileNotFoundError(file)
        return thumbnail(data, self._size)

    async def _picture(self, request: Request) -> Response:
        photo_id, file = request.path_params["photo_id"], request.path_params["file"]
        tag = f'"{photo_id}"'
        headers = {"ETag": tag, "Cache-Control": _A_YEAR}
        try:
            data = await run_in_threadpool(self._thumbnail, photo_id, file)
        except FileNotFoundError:
            return Response("There is no such picture.", status_code=404)
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(data, media_type="image/webp", headers=headers)

    async def _health(self, request: Request) -> Response:
        told = self._served.state
        return JSONResponse({"status": told}, status_code=200 if told == "ready" else 503)

    async def _metrics(self, request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
