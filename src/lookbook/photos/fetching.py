"""Photos by their addresses: asked for politely, checked and stored by their content."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

import anyio
import httpx
from anyio.to_thread import run_sync
from fsspec.core import url_to_fs
from pydantic import BaseModel, Field
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from lookbook.lazy import pd
from lookbook.photos.inspecting import Shards
from lookbook.photos.network import PublicTransport, RefusedAddressError
from lookbook.photos.photo import PhotoError, decode
from lookbook.photos.store import PhotoStore
from lookbook.photos.tars import etag_of
from lookbook.retry_after import read_retry_after

COLUMNS = ["image", "file", "etag", "bytes", "status", "reason", "time"]
UNREACHABLE, REFUSED, NO_PHOTO, TOO_LARGE = "unreachable", "refused", "no photo", "too large"
_ADDRESS = re.compile(r"(https?|file|s3)://|//(?=[^/])", re.IGNORECASE)
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_WEB = re.compile(r"https?://(?:[^/?#]*@)?([^/?#]*)", re.IGNORECASE)
_REDIRECTS = 5
# A host is left alone for the rest of a run after so many addresses without any answer.
_SILENT = 5
# A JPEG is decoded to this side only: it is read to its end all the same.
_DECODED_SIDE = 64


class FetchParams(BaseModel):
    """How photos are fetched from their addresses.

    Attributes:
        connections: Photos that are fetched at once, from one host or from several.
        batch_size: Addresses that a worker is given at once.
        addresses_per_file: Addresses whose results are written at once: what a kill costs.
        attempts: Tries of an address.
        timeout: Seconds that a try may take in all.
        longest_wait: Seconds that a server may ask to wait.
        max_bytes: Larger files are not fetched.
        refresh: Whether servers are asked if photos that were fetched have changed.
        allow_private_addresses: Whether hosts of this machine and of private networks are reached.
    """

    connections: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    addresses_per_file: int = Field(gt=0)
    attempts: int = Field(gt=0)
    timeout: float = Field(gt=0)
    longest_wait: float = Field(ge=0)
    max_bytes: int = Field(gt=0)
    refresh: bool
    allow_private_addresses: bool


class FetchError(Exception):
    """A photo cannot be had; the message is the reason in a few words."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _PassingError(FetchError):
    """Another try may fare better."""

    def __init__(self, reason: str, wait: float | None = None, status: str = UNREACHABLE) -> None:
        super().__init__(status, reason)
        self.wait = wait


class _SilentHostError(_PassingError):
    """A host gives no answer at all."""


def is_address(image: str) -> bool:
    """Whether an image is named by its address: ``https://``, ``//``, ``file://`` or ``s3://``."""
    return bool(_ADDRESS.match(image))


def read_fetches(shards: Shards, addresses: Iterable[str]) -> pd.DataFrame:
    """Gather what came of addresses.

    Args:
        shards: Tables of records, see :meth:`PhotoFetcher.fetch`.
        addresses: The addresses.

    Returns:
        The last record of each in no order; the last with a photo, where one was ever fetched.
    """
    wanted = set(addresses)
    tables = [pd.DataFrame(columns=COLUMNS)]
    for load in shards.values():
        table = load()
        tables.append(table[table["image"].isin(wanted)])
    records = pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)
    is_ok = records["status"].eq("ok")
    last = records.assign(is_ok=is_ok).sort_values(["is_ok", "time"]).drop(columns="is_ok")
    return last.drop_duplicates("image", keep="last")


def record_loss(before: dict[str, Any], reason: str) -> dict[str, Any]:
    """Return the record of an address whose photo kills whoever fetches it."""
    lost = {"image": before["image"], "bytes": 0, "status": UNREACHABLE, "reason": reason}
    return {**dict.fromkeys(COLUMNS, ""), **lost, "time": time.time()}


class PhotoFetcher:
    """Fetches photos into a store. What is learned of a host counts for all later batches."""

    def __init__(self, path: str, storage_options: dict[str, Any] | None = None) -> None:
        """Name the store; nothing is fetched yet.

        Args:
            path: The folder of the fetched photos.
            storage_options: By protocol, such as ``s3``, what its filesystem takes.
        """
        self._options = storage_options or {}
        protocol = path.partition("://")[0] if "://" in path else "file"
        self.store = PhotoStore(path, self._options.get(protocol))
        self._resume_at: dict[str, float] = {}
        self._silent: Counter[str] = Counter()

    def fetch(
        self, batch: list[dict[str, Any]], params: FetchParams, connections: int, max_pixels: int
    ) -> list[dict[str, Any]]:
        """Fetch some photos.

        Args:
            batch: ``image``, an address; and ``file``, ``etag`` and ``bytes`` of a photo that was
                fetched before and is there, otherwise empty.
            params: Bounds.
            connections: Photos at once.
            max_pixels: See :func:`lookbook.photos.photo.decode`.

        Returns:
            One record an address, see :data:`COLUMNS`. ``status`` is ``ok``, ``unreachable``,
            ``refused``, ``no photo``, ``corrupt``, ``truncated`` or ``too large``.
        """
        return anyio.run(_BatchFetch(self, params, connections, max_pixels).fetch_all, batch)

    def check_host(self, host: str) -> None:
        """Leave a host alone that does not answer.

        Raises:
            FetchError: If it has not answered for long.
        """
        if self._silent[host] >= _SILENT:
            reason = f"'{host}' did not answer {_SILENT} times in a row, so it was asked no more"
            raise FetchError(UNREACHABLE, reason)

    async def wait_for(self, host: str) -> None:
        """Wait until a host may be asked again."""
        while (left := self._resume_at.get(host, 0) - time.monotonic()) > 0:
            await anyio.sleep(left)

    def pause(self, host: str, seconds: float) -> None:
        """Let a host rest, as it asks for."""
        self._resume_at[host] = max(self._resume_at.get(host, 0), time.monotonic() + seconds)

    def note(self, host: str, has_answered: bool) -> None:
        """Note whether a host answers."""
        self._silent[host] = 0 if has_answered else self._silent[host] + 1

    def read(self, address: str, etag: str, max_bytes: int) -> tuple[bytes | None, str]:
        """Read a file of a filesystem, unless it is as it was.

        Raises:
            FetchError: If it cannot be had.
        """
        protocol = address.partition("://")[0].lower()
        if protocol == "file":
            address = unquote(address[len("file://") :].removeprefix("localhost"))
            if not address.startswith("/"):
                raise FetchError(REFUSED, "it names another machine's file")
        try:
            files, path = url_to_fs(address, **self._options.get(protocol, {}))
            info = files.info(path)
            if info["type"] != "file":
                raise FetchError(NO_PHOTO, "it is no file")
            if info["size"] > max_bytes:
                raise FetchError(TOO_LARGE, _tell_size(info["size"], max_bytes))
            state = etag_of(info)
            return (None if state == etag else files.cat_file(path)), state
        except FetchError:
            raise
        except Exception as error:
            # Filesystems raise whatever the client of their service raises.
            raise FetchError(UNREACHABLE, _first_line(error)) from error


class _BatchFetch:
    """One batch on its way, in an event loop of its own."""

    def __init__(
        self, fetcher: PhotoFetcher, params: FetchParams, connections: int, max_pixels: int
    ) -> None:
        self._fetcher = fetcher
        self._params = params
        self._connections = connections
        self._max_pixels = max_pixels

    async def fetch_all(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = [{} for _ in batch]
        limit = anyio.CapacityLimiter(self._connections)
        timeout = httpx.Timeout(self._params.timeout, connect=min(10, self._params.timeout))
        transport = PublicTransport(self._connections, self._params.allow_private_addresses)

        async def fetch(place: int, before: dict[str, Any]) -> None:
            async with limit:
                records[place] = await self._fetch_one(client, before)

        async with (
            httpx.AsyncClient(
                transport=transport, follow_redirects=True, max_redirects=_REDIRECTS,
                timeout=timeout, headers={"User-Agent": "lookbook", "Accept": "image/*"},
            ) as client,
            anyio.create_task_group() as tasks,
        ):  # fmt: skip
            for place, before in enumerate(batch):
                tasks.start_soon(fetch, place, before)
        return records

    async def _fetch_one(self, client: httpx.AsyncClient, before: dict[str, Any]) -> dict[str, Any]:
        record = {**dict.fromkeys(COLUMNS, ""), "image": before["image"], "bytes": 0}
        try:
            data, etag = await self._try(client, before["image"], before["etag"])
            if data is None:
                stored = {"file": before["file"], "bytes": before["bytes"]}
            else:
                name = await run_sync(self._fetcher.store.save, data)
                stored = {"file": name, "bytes": len(data)}
            record |= {**stored, "etag": etag, "status": "ok"}
        except FetchError as error:
            record |= {"status": error.status, "reason": str(error)}
        return {**record, "time": time.time()}

    async def _try(
        self, client: httpx.AsyncClient, image: str, etag: str
    ) -> tuple[bytes | None, str]:
        """Try until there is a photo, or no try is left.

        Returns:
            The photo, ``None`` if it has not changed; and its ETag.

        Raises:
            FetchError: If it cannot be had.
        """
        address = f"https:{image}" if image.startswith("//") else image
        web = _WEB.match(address)
        host = web[1].lower() if web else ""
        self._fetcher.check_host(host)
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_PassingError), wait=_choose_wait, sleep=anyio.sleep,
            stop=stop_after_attempt(self._params.attempts), reraise=True,
        )  # fmt: skip
        try:
            found: tuple[bytes | None, str] = await retrying(
                self._attempt, client, address, host, etag
            )
        except FetchError as error:
            self._fetcher.note(host, has_answered=not isinstance(error, _SilentHostError))
            raise
        self._fetcher.note(host, has_answered=True)
        return found

    async def _attempt(
        self, client: httpx.AsyncClient, address: str, host: str, etag: str
    ) -> tuple[bytes | None, str]:
        if not host:
            data, etag = await run_sync(self._fetcher.read, address, etag, self._params.max_bytes)
            kind = ""
        else:
            await self._fetcher.wait_for(host)
            try:
                data, etag, kind = await self._get(client, address, etag)
            except _PassingError as error:
                if error.wait is not None:
                    self._fetcher.pause(host, error.wait)
                raise
        if data is not None:
            await run_sync(self._check, data, kind)
        return data, etag

    async def _get(
        self, client: httpx.AsyncClient, address: str, etag: str
    ) -> tuple[bytes | None, str, str]:
        """Ask a server once: the photo, its ETag, and what the server calls its content."""
        try:
            with anyio.fail_after(self._params.timeout):
                headers = {"If-None-Match": etag} if etag else {}
                async with client.stream("GET", address, headers=headers) as reply:
                    if reply.status_code == httpx.codes.NOT_MODIFIED and etag:
                        return None, etag, ""
                    self._check_status(reply)
                    data = await self._receive(reply)
        except TimeoutError as error:
            raise _SilentHostError(f"no answer within {self._params.timeout:g} s") from error
        except RefusedAddressError as error:
            raise FetchError(REFUSED, str(error)) from error
        except httpx.TooManyRedirects as error:
            raise FetchError(REFUSED, f"it redirects more than {_REDIRECTS} times") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            raise FetchError(REFUSED, f"no address to fetch: {_first_line(error)}") from error
        except (httpx.ConnectError, httpx.TimeoutException) as error:
            raise _SilentHostError(_first_line(error)) from error
        except httpx.HTTPError as error:
            raise _PassingError(f"the connection was cut: {_first_line(error)}") from error
        return data, reply.headers.get("etag", ""), reply.headers.get("content-type", "")

    def _check_status(self, reply: httpx.Response) -> None:
        code = reply.status_code
        if code in _RETRIED:
            wait = read_retry_after(reply.headers)
            if wait is not None and wait > self._params.longest_wait:
                raise FetchError(UNREACHABLE, f"HTTP {code}: the server asks to wait {wait:,.0f} s")
            raise _PassingError(f"HTTP {code} {reply.reason_phrase}".strip(), wait)
        if not reply.is_success:
            raise FetchError(UNREACHABLE, f"HTTP {code} {reply.reason_phrase}".strip())

    async def _receive(self, reply: httpx.Response) -> bytes:
        largest = self._params.max_bytes
        declared = reply.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > largest:
            raise FetchError(TOO_LARGE, _tell_size(int(declared), largest))
        data = bytearray()
        async for chunk in reply.aiter_bytes():
            data += chunk
            if len(data) > largest:
                raise FetchError(TOO_LARGE, f"more than the {largest:,} bytes allowed")
        return bytes(data)

    def _check(self, data: bytes, kind: str) -> None:
        """Decode a photo.

        Raises:
            FetchError: If it is none; one that is cut off may come whole the next time.
        """
        try:
            decode(data, self._max_pixels, _DECODED_SIDE)
        except PhotoError as error:
            kind = kind.partition(";")[0].strip().lower()
            if kind and not kind.startswith(("image/", "application/octet-stream")):
                raise FetchError(NO_PHOTO, f"the server sends {kind} and no photo") from error
            if error.status == "truncated":
                raise _PassingError(str(error), status=error.status) from error
            raise FetchError(error.status, str(error)) from error


_backoff = wait_exponential_jitter(initial=0.5, max=10, jitter=0.5)


def _choose_wait(state: RetryCallState) -> float:
    """Choose the seconds before another try; where a server names them, its pause counts."""
    error = state.outcome.exception() if state.outcome else None
    return 0.0 if getattr(error, "wait", None) is not None else _backoff(state)


def _tell_size(size: int, largest: int) -> str:
    return f"{size:,} bytes, more than the {largest:,} allowed"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
