"""Serves the page for customers, and the widget that opens it in a shop's own pages."""

from __future__ import annotations

import hashlib
import html
import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lookbook.errors import InputError
from lookbook.server.etags import is_known
from lookbook.server.models import Item
from lookbook.server.shop_page import WEB, PageParams, ShopPage

_AN_HOUR = "public, max-age=3600"
_A_YEAR = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript; charset=utf-8", ".json": "application/json"}
_OWN_SERVER = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)


def content_security_policy(frame_origins: Sequence[str]) -> str:
    """Return the page's policy: everything comes from the page's own server.

    Args:
        frame_origins: Sites whose pages may show the page in a frame.
    """
    ancestors = " ".join(frame_origins) or "'none'"
    return f"{_OWN_SERVER}; frame-ancestors {ancestors}"


@dataclass(frozen=True)
class Asset:
    """A file of the page.

    Attributes:
        data: Its bytes.
        media_type: Its media type.
        etag: The hash of its bytes.
    """

    data: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, name: str, data: bytes) -> Asset:
        """Return an asset for a file's name and bytes."""
        suffix = name[name.rfind(".") :]
        media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "text/plain"
        return cls(data, media_type, f'"{hashlib.sha256(data).hexdigest()[:16]}"')

    def response(self, request: Request, cache: str, **headers: str) -> Response:
        """Return the file, or 304 if the browser has it."""
        headers = {"ETag": self.etag, "Cache-Control": cache, **_SAFE, **headers}
        if is_known(request, self.etag):
            return Response(status_code=304, headers=headers)
        return Response(self.data, media_type=self.media_type, headers=headers)


_SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin"}


def site_router(
    params: PageParams,
    frame_origins: Sequence[str],
    examples: Callable[[int, str], list[Item]],
    token: Callable[[], str] = str,
    feedback: bool = False,
) -> APIRouter:
    """Return the routes of the page, its files, the widget and ``GET /api/v1/shop``.

    Args:
        params: How the page looks and speaks.
        frame_origins: Sites whose pages may show the page in a frame.
        examples: Returns so many items to start with, their pictures below the server's address.
        token: Returns what the page sends as its API key; an empty text where none is needed.
        feedback: Whether the server keeps which items were shown and clicked.

    Raises:
        InputError: If the logo cannot be read.
    """
    files = {path.relative_to(WEB).as_posix(): path for path in WEB.rglob("*") if path.is_file()}
    assets = {name: Asset.of(name, path.read_bytes()) for name, path in files.items()}
    version = hashlib.sha256("".join(sorted(one.etag for one in assets.values())).encode())
    digest = version.hexdigest()[:12]
    index = assets["index.html"].data.decode("utf-8")
    preloads = "\n".join(
        f'<link rel="modulepreload" href="web/{{version}}/{name}">'
        for name in sorted(assets)
        if name.endswith(".js") and name != "widget.js"
    )
    for placeholder, text in (
        ("{preloads}", preloads), ("{version}", digest), ("{name}", html.escape(params.name)),
    ):  # fmt: skip
        index = index.replace(placeholder, text)
    page = Asset.of("index.html", index.encode())
    policy = content_security_policy(frame_origins)
    logo = _read_logo(params)
    router = APIRouter()

    @router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def show_page(request: Request) -> Response:
        return page.response(request, "no-cache", **{"Content-Security-Policy": policy})

    @router.api_route("/web/{wanted}/{file:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def send_file(request: Request, wanted: str, file: str) -> Response:
        if file not in assets:
            return Response("There is no such file.", status_code=404)
        # An old page asks for its own version.
        return assets[file].response(request, _A_YEAR if wanted == digest else "no-cache")

    @router.api_route("/widget.js", methods=["GET", "HEAD"], include_in_schema=False)
    async def send_widget(request: Request) -> Response:
        anywhere = {"Cross-Origin-Resource-Policy": "cross-origin"}
        return assets["widget.js"].response(request, _AN_HOUR, **anywhere)

    @router.api_route("/logo", methods=["GET", "HEAD"], include_in_schema=False)
    async def send_logo(request: Request) -> Response:
        if logo is None:
            return Response("There is no logo.", status_code=404)
        # Scripts in an SVG stay without effect.
        own = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return logo.response(request, _AN_HOUR, **own)

    @router.get("/api/v1/shop", summary="What the page shows of this shop")
    async def show_shop(request: Request, response: Response) -> ShopPage:
        response.headers["Cache-Control"] = "no-store"
        try:
            items = await run_in_threadpool(examples, params.examples, str(request.base_url))
        except InputError:
            # The page opens without an index; a request gets the reason.
            items = []
        shown = params.model_dump(exclude={"logo", "examples"})
        return ShopPage(
            **shown, logo="logo" if logo else "", items=items, token=token(), feedback=feedback
        )

    return router


def _read_logo(params: PageParams) -> Asset | None:
    if params.logo is None:
        return None
    try:
        return Asset.of(params.logo.name, params.logo.read_bytes())
    except OSError as error:
        raise InputError(
            f"The logo '{params.logo}' cannot be read. Check server.page.logo: {error.strerror}."
        ) from error
