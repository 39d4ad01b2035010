"""Routes beside the page: pictures, health and metrics."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lookbook.photos.photo import identify
from lookbook.server.cards import HEIGHT, WIDTH, thumbnail

# Cached pictures, of some ten kilobytes each.
CACHE_SIZE = 4096
_A_YEAR = "private, max-age=31536000, immutable"


def picture_url(item: dict[str, Any], file: str | None = None) -> str:
    """Return the address of an item's picture, relative to the page.

    It holds the hash of the item's main photo, so that nobody guesses addresses behind a password.

    Args:
        item: The item.
        file: Another of its photos; the main one by default.
    """
    return f"pictures/{item['photo_id']}/{quote(file or item['Filename'])}"


class PhotoService(Protocol):
    """A service with photos.

    Attributes:
        state: ``ready``, or the reason why it is not.
    """

    state: str

    def picture(self, filename: str) -> bytes | None:
        """Read a photo; ``None`` for other files."""


class Routes:
    """The server's own routes."""

    def __init__(
        self,
        service: PhotoService,
        size: tuple[int, int] = (WIDTH, HEIGHT),
        further_photos: Callable[[str], Collection[str]] = lambda photo_id: (),
    ) -> None:
        """Create the routes of a service.

        Args:
            service: The photos and their state.
            size: The largest width and height of pictures.
            further_photos: Returns the files that an item has beside its main photo.
        """
        self._service = service
        self._further_photos = further_photos
        self._size = size
        self._thumbnail = lru_cache(maxsize=CACHE_SIZE)(self._make_thumbnail)

    def all(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/pictures/{photo_id}/{file:path}", self._picture),
            Route("/health", self._health),
            Route("/metrics", self._metrics),
        ]

    def _make_thumbnail(self, photo_id: str, file: str) -> bytes:
        data = self._service.picture(file)
        is_main = bool(data) and identify(data or b"") == photo_id
        if not data or not (is_main or file in self._further_photos(photo_id)):
            # An exception is not cached: the photo may appear later.
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
        state = self._service.state
        return JSONResponse({"status": state}, status_code=200 if state == "ready" else 503)

    async def _metrics(self, request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
