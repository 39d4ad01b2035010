"""Photos by their addresses: asked for politely, checked and stored by their content."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import anyio
from anyio.to_thread import run_sync
from pydantic import BaseModel, Field
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from lookbook.lazy import pd
from lookbook.photos.inspecting import Shards
from lookbook.photos.photo import PhotoError, decode
from lookbook.photos.store import PhotoStore
from lookbook.photos.web import (
    NO_PHOTO,
    UNREACHABLE,
    Answer,
    FetchError,
    PassingError,
    SilentHostError,
    get,
    open_client,
    read,
)

if TYPE_CHECKING:
    from httpx import AsyncClient

COLUMNS = ["image", "file", "etag", "bytes", "status", "reason", "time"]
_ADDRESS = re.compile(r"(https?|file|s3)://|//(?=[^/])", re.IGNORECASE)
_HOST = re.compile(r"https?://(?:[^/?#]*@)?([^/?#]*)", re.IGNORECASE)
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


def is_address(image: str) -> bool:
    """Whether an image is named by its address: ``https://``, ``//``, ``file://`` or ``s3://``."""
    return bool(_ADDRESS.match(image))


class PhotoFetcher:
    """Fetches photos into a store. What is learned of a host counts for all later batches.

    Attributes:
        store: The fetched photos.
    """

    def __init__(self, path: str, storage_options: dict[str, dict[str, Any]] | None = None) -> None:
        """Name the store; nothing is fetched yet.

        Args:
            path: The folder of the fetched photos.
            storage_options: By protocol, such as ``s3``, what its filesystem takes.
        """
        self._options = storage_options or {}
        self.store = PhotoStore(path, self._options_for(path))
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
        return anyio.run(self._fetch_all, batch, params, connections, max_pixels)

    async def _fetch_all(
        self, batch: list[dict[str, Any]], params: FetchParams, connections: int, max_pixels: int
    ) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = [{} for _ in batch]
        limit = anyio.CapacityLimiter(connections)

        async def fetch(place: int, before: dict[str, Any]) -> None:
            record = {**before, "status": "ok", "reason": ""}
            async with limit:
                try:
                    answer = await self._try(client, before, params, max_pixels)
                    record["etag"] = answer.etag
                    if answer.data is not None:
                        record["file"] = await run_sync(self.store.save, answer.data)
                        record["bytes"] = len(answer.data)
                except FetchError as error:
                    record["reason"] = str(error)
                    # A photo that is there is not lost to a server's bad day.
                    if not before["file"]:
                        record["status"] = error.status
            records[place] = {**record, "time": time.time()}

        async with (
            open_client(params.timeout, params.allow_private_addresses) as client,
            anyio.create_task_group() as tasks,
        ):
            for place, before in enumerate(batch):
                tasks.start_soon(fetch, place, before)
        return records

    async def _try(
        self, client: AsyncClient, before: dict[str, Any], params: FetchParams, max_pixels: int
    ) -> Answer:
        """Try until there is a photo, or no try is left.

        Raises:
            FetchError: If it cannot be had.
        """
        image, etag = before["image"], before["etag"]
        address = f"https:{image}" if image.startswith("//") else image
        match = _HOST.match(address)
        host = match[1].lower() if match else ""
        if self._silent[host] >= _SILENT:
            reason = f"'{host}' did not answer {_SILENT} times in a row, so it was not asked again"
            raise FetchError(UNREACHABLE, reason)

        async def attempt() -> Answer:
            if host:
                answer = await self._ask(client, address, host, etag, params)
            else:
                options = self._options_for(address)
                answer = await run_sync(read, address, etag, options, params.max_bytes)
            if answer.data is not None:
                await run_sync(_check, answer, max_pixels)
            return answer

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(PassingError), wait=_choose_wait, sleep=anyio.sleep,
            stop=stop_after_attempt(params.attempts), reraise=True,
        )  # fmt: skip
        try:
            answer: Answer = await retrying(attempt)
        except FetchError as error:
            is_silent = isinstance(error, SilentHostError)
            self._silent[host] = self._silent[host] + 1 if is_silent else 0
            raise
        self._silent[host] = 0
        return answer

    async def _ask(
        self, client: AsyncClient, address: str, host: str, etag: str, params: FetchParams
    ) -> Answer:
        """Ask a host once it may be asked."""
        while (left := self._resume_at.get(host, 0) - time.monotonic()) > 0:
            await anyio.sleep(left)
        bounds = params.timeout, params.longest_wait, params.max_bytes
        try:
            return await get(client, address, etag, *bounds)
        except PassingError as error:
            resume_at = time.monotonic() + (error.wait or 0)
            self._resume_at[host] = max(self._resume_at.get(host, 0), resume_at)
            raise

    def _options_for(self, address: str) -> dict[str, Any]:
        protocol = address.partition("://")[0].lower() if "://" in address else "file"
        return self._options.get(protocol, {})


def _check(answer: Answer, max_pixels: int) -> None:
    """Decode a photo.

    Raises:
        FetchError: If it is none; one that is cut off may come whole the next time.
    """
    try:
        decode(answer.data or b"", max_pixels, _DECODED_SIDE)
    except PhotoError as error:
        kind = answer.content_type.partition(";")[0].strip().lower()
        if kind and not kind.startswith(("image/", "application/octet-stream", "binary/")):
            raise FetchError(NO_PHOTO, f"the server sends {kind}, not a photo") from error
        if error.status == "truncated":
            raise PassingError(str(error), status=error.status) from error
        raise FetchError(error.status, str(error)) from error


_backoff = wait_exponential_jitter(initial=0.5, max=10, jitter=0.5)


def _choose_wait(state: RetryCallState) -> float:
    """Choose the seconds before another try; where a server names them, its host rests as long."""
    error = state.outcome.exception() if state.outcome else None
    return 0.0 if getattr(error, "wait", None) is not None else _backoff(state)


def read_fetches(shards: Shards, addresses: Iterable[str]) -> pd.DataFrame:
    """Gather what came of addresses.

    Args:
        shards: Tables of records, see :meth:`PhotoFetcher.fetch`.
        addresses: The addresses.

    Returns:
        The last record of each, in no order.
    """
    wanted = set(addresses)
    tables = [pd.DataFrame(columns=COLUMNS).astype({"image": str, "file": str})]
    for load in shards.values():
        table = load()
        tables.append(table[table["image"].map(wanted.__contains__)])
    records = pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)
    return records.sort_values("time").drop_duplicates("image", keep="last")


def record_loss(before: dict[str, Any], reason: str) -> dict[str, Any]:
    """Return the record of an address whose photo kills whoever fetches it."""
    return {**before, "status": UNREACHABLE, "reason": reason, "time": time.time()}
