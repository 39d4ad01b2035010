"""Routes beside the page: pictures, health and metrics."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Protocol

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lookbook.photos.photo import PhotoError, decode, identify
from lookbook.server.etags import is_known

SIZE = (320, 400)
LARGE_SIZE = (1280, 1280)
# Cached pictures, of some ten kilobytes each.
CACHE_SIZE = 4096
_A_YEAR = "private, max-age=31536000, immutable"


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
        size: tuple[int, int] = SIZE,
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
        self._cached = lru_cache(maxsize=CACHE_SIZE)(self._make_thumbnail)

    def all(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/pictures/{photo_id}/{file:path}", self._picture),
            Route("/health", self._health),
            Route("/metrics", self._metrics),
        ]

    def thumbnail(self, photo_id: str, file: str) -> bytes:
        """Return a small copy of a photo, see :func:`shrink`.

        Args:
            photo_id: The item's main photo.
            file: The file of one of its photos.

        Raises:
            FileNotFoundError: If the item has no such photo.
        """
        return self._cached(photo_id, file)

    def _make_thumbnail(self, photo_id: str, file: str) -> bytes:
        return shrink(self._read(photo_id, file), self._size)

    def _read(self, photo_id: str, file: str) -> bytes:
        data = self._service.picture(file)
        is_main = bool(data) and identify(data or b"") == photo_id
        if not data or not (is_main or file in self._further_photos(photo_id)):
            # An exception is not cached: the photo may appear later.
            raise FileNotFoundError(file)
        return data

    async def _picture(self, request: Request) -> Response:
        photo_id, file = request.path_params["photo_id"], request.path_params["file"]
        is_large = request.query_params.get("size") == "large"
        tag = f'"{photo_id}"'
        headers = {"ETag": tag, "Cache-Control": _A_YEAR}
        try:
            if is_large:
                data = await run_in_threadpool(
                    lambda: shrink(self._read(photo_id, file), LARGE_SIZE)
                )
            else:
                data = await run_in_threadpool(self.thumbnail, photo_id, file)
        except FileNotFoundError:
            return Response("There is no such picture.", status_code=404)
        if is_known(request, tag):
            return Response(status_code=304, headers=headers)
        return Response(data, media_type="image/webp", headers=headers)

    async def _health(self, request: Request) -> Response:
        state = self._service.state
        return JSONResponse({"status": state}, status_code=200 if state == "ready" else 503)

    async def _metrics(self, request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def shrink(data: bytes, size: tuple[int, int]) -> bytes:
    """Return a small, upright copy of a photo in WebP, without metadata.

    Args:
        data: The photo's bytes; of other files the copy is empty.
        size: The largest width and height in pixels.
    """
    try:
        image = decode(data, at_least=max(size))
    except PhotoError:
        return b""
    image.thumbnail(size)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=75)
    return buffer.getvalue()
