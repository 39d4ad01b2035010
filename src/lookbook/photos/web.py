"""One try to get a photo from a web server or a filesystem, within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import anyio
import httpx
from fsspec.core import url_to_fs

from lookbook.errors import first_line
from lookbook.photos.network import PublicTransport, RefusedAddressError
from lookbook.photos.tars import etag_of
from lookbook.retry_after import read_retry_after

UNREACHABLE, REFUSED, NO_PHOTO, TOO_LARGE = "unreachable", "refused", "no photo", "too large"
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = 5
_CONNECT_S = 10.0


class FetchError(Exception):
    """A photo cannot be had; the message is the reason in a few words."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class PassingError(FetchError):
    """Another try may fare better.

    Attributes:
        wait: Seconds that the server asks to wait, if it does.
    """

    def __init__(self, reason: str, wait: float | None = None, status: str = UNREACHABLE) -> None:
        super().__init__(status, reason)
        self.wait = wait


class SilentHostError(PassingError):
    """A host gives no answer at all."""


@dataclass(frozen=True)
class Answer:
    """What is at an address.

    Attributes:
        data: The file; ``None`` if it has not changed.
        etag: Changes with the file; empty if the server gives none.
        content_type: What the server calls it; empty if it does not say.
    """

    data: bytes | None
    etag: str
    content_type: str = ""


def open_client(timeout: float, allow_private: bool) -> httpx.AsyncClient:
    """Open a client that follows a few redirects.

    Args:
        timeout: Seconds between two signs of life.
        allow_private: Whether it reaches private networks, or whatever a proxy of the environment
            reaches; otherwise it goes to public addresses, without a proxy.
    """
    return httpx.AsyncClient(
        transport=None if allow_private else PublicTransport(),
        timeout=httpx.Timeout(timeout, connect=min(_CONNECT_S, timeout)),
        follow_redirects=True,
        max_redirects=_REDIRECTS,
        headers={"User-Agent": "lookbook", "Accept": "image/*"},
    )


async def get(
    client: httpx.AsyncClient,
    address: str,
    etag: str,
    timeout: float,
    longest_wait: float,
    max_bytes: int,
) -> Answer:
    """Ask a web server once.

    Args:
        client: See :func:`open_client`.
        address: Of the photo.
        etag: Of what is there already; empty for nothing.
        timeout: Seconds in all.
        longest_wait: Seconds that the server may ask to wait.
        max_bytes: Larger files are refused.

    Raises:
        FetchError: If the photo cannot be had.
    """
    headers = {"If-None-Match": etag} if etag else {}
    try:
        with anyio.fail_after(timeout):
            async with client.stream("GET", address, headers=headers) as reply:
                if reply.status_code == httpx.codes.NOT_MODIFIED and etag:
                    return Answer(None, etag)
                _check_status(reply, longest_wait)
                data = await _receive(reply, max_bytes)
    except TimeoutError as error:
        raise SilentHostError(f"no answer within {timeout:g} s") from error
    except RefusedAddressError as error:
        raise FetchError(REFUSED, str(error)) from error
    except httpx.TooManyRedirects as error:
        raise FetchError(REFUSED, f"it redirects more than {_REDIRECTS} times") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise FetchError(REFUSED, f"not an address to fetch: {first_line(error)}") from error
    except (httpx.ConnectError, httpx.TimeoutException) as error:
        raise SilentHostError(f"no connection: {first_line(error)}") from error
    except httpx.HTTPError as error:
        raise PassingError(f"the connection was cut: {first_line(error)}") from error
    return Answer(data, reply.headers.get("etag", ""), reply.headers.get("content-type", ""))


def _check_status(reply: httpx.Response, longest_wait: float) -> None:
    """Raise an error for any status but success."""
    reason = f"HTTP {reply.status_code} {reply.reason_phrase}".strip()
    if reply.status_code in _RETRIED:
        wait = read_retry_after(reply.headers)
        if wait is not None and wait > longest_wait:
            raise FetchError(UNREACHABLE, f"{reason}: the server asks to wait {wait:,.0f} s")
        raise PassingError(reason, wait)
    if not reply.is_success:
        raise FetchError(UNREACHABLE, reason)


async def _receive(reply: httpx.Response, max_bytes: int) -> bytes:
    """Read a body, and stop where it grows too large."""
    declared = reply.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise FetchError(TOO_LARGE, _tell_size(int(declared), max_bytes))
    data = bytearray()
    async for chunk in reply.aiter_bytes():
        data += chunk
        if len(data) > max_bytes:
            raise FetchError(TOO_LARGE, f"more than the {max_bytes:,} bytes allowed")
    return bytes(data)


def read(address: str, etag: str, storage_options: dict[str, Any], max_bytes: int) -> Answer:
    """Read a file of a filesystem, unless it is as it was.

    Args:
        address: ``file://…`` or ``s3://…``.
        etag: See :func:`get`.
        storage_options: Passed to the filesystem.
        max_bytes: See :func:`get`.

    Raises:
        FetchError: If it cannot be had.
    """
    path = address
    if address.lower().startswith("file://"):
        path = unquote(address[len("file://") :].removeprefix("localhost"))
        if not path.startswith("/"):
            raise FetchError(REFUSED, "it names a file of another machine")
    try:
        files, path = url_to_fs(path, **storage_options)
        info = files.info(path)
        if info["type"] != "file":
            raise FetchError(NO_PHOTO, "it is not a file")
        if info["size"] > max_bytes:
            raise FetchError(TOO_LARGE, _tell_size(info["size"], max_bytes))
        state = etag_of(info)
        return Answer(None if state == etag else files.cat_file(path), state)
    except FetchError:
        raise
    except Exception as error:
        # Filesystems raise whatever the client of their service raises.
        raise FetchError(UNREACHABLE, first_line(error)) from error


def _tell_size(size: int, largest: int) -> str:
    return f"{size:,} bytes, more than the {largest:,} allowed"
