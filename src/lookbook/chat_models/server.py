"""A chat-completions server: where it is, and what follows from its errors."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from lookbook.chat_models.connection import Connection
from lookbook.chat_models.request_style import RequestStyle
from lookbook.chat_models.server_errors import ServerError
from lookbook.errors import InputError

TOGETHER = "https://api.together.ai/v1"
COMPLETIONS = "/chat/completions"
# A shorter key, such as "none", may be a word of the server's sentence: only its echo is masked.
SHORTEST_SECRET = 8


class RequestFailedError(Exception):
    """A request has no answer; the message is the reason."""


class FilteredError(RequestFailedError):
    """The server refuses the content of a request, and of no other."""


@dataclass
class Server:
    """A server and what it has shown that it takes.

    Attributes:
        model: The model's name there.
        base_url: Its address, such as ``http://localhost:8000/v1``; Together by default.
        api_key: Key to it.
        timeout: Seconds after which a request is given up and repeated.
        retries: How often a request is repeated after a timeout, a cut connection, a rate limit
            (429) or an error of the server (5xx). The pause doubles from 1 s to 10 s, or is the
            server's ``Retry-After``, which all requests keep.
        style: How requests are put.
        is_proven: Whether an answer came in that style.
        moved_to: The address that the server has redirected to.
    """

    model: str
    base_url: str | None
    api_key: str | None = field(repr=False)
    timeout: float
    retries: int
    style: RequestStyle = field(default_factory=RequestStyle)
    is_proven: bool = False
    moved_to: str | None = None

    @property
    def address(self) -> str:
        """Return the address that requests are sent to.

        Raises:
            InputError: If the server is Together's and there is no key.
        """
        if self.moved_to:
            return self.moved_to
        base_url = self.base_url or os.environ.get("TOGETHER_BASE_URL")
        if not self.api_key and not base_url:
            raise InputError(
                "Together needs a key. Set TOGETHER_API_KEY, or together.api_key in "
                "conf/local/credentials.yml."
            )
        return (base_url or TOGETHER).rstrip("/").removesuffix(COMPLETIONS) + COMPLETIONS

    @asynccontextmanager
    async def connect(self, connections: int = 1) -> AsyncIterator[Connection]:
        """Open a client.

        Args:
            connections: Kept open at most.

        Raises:
            InputError: If the address or the key cannot be sent.
        """
        key = (self.api_key or "none").strip()
        if not key.isascii():
            raise InputError("The API key has invalid characters. Copy it again.")
        try:
            address = httpx.URL(self.address)
        except httpx.InvalidURL as error:
            raise InputError(f"base_url '{self.base_url}' is not an address: {error}.") from error
        if address.scheme not in ("http", "https") or not address.host:
            raise InputError(
                f"base_url '{self.base_url}' is not an address. It must begin with http:// or "
                "https://."
            )
        # Imported where a server is asked: it takes a second.
        from together import AsyncTogether

        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        root = address.copy_with(path="/")
        # Redirects and retries are the connection's own: it shares what it learns.
        async with (
            httpx.AsyncClient(limits=limits, timeout=self.timeout) as http_client,
            AsyncTogether(
                api_key=key, base_url=root, timeout=self.timeout, max_retries=0,
                http_client=http_client,
            ) as client,
        ):  # fmt: skip
            yield Connection(self, client)

    def move(self, location: str) -> None:
        """Follow a redirect, for this request and all later ones.

        Raises:
            InputError: If it leads to another host, which is not to have the key.
        """
        old, new = httpx.URL(self.address), httpx.URL(self.address).join(location)
        is_upgrade = (old.scheme, new.scheme) == ("http", "https")
        if old.host != new.host or (old.port != new.port and not is_upgrade):
            raise InputError(
                f"The server {old} has moved to {new}. Set base_url in the catalog to "
                f"{str(new).removesuffix(COMPLETIONS)}."
            )
        self.moved_to = str(new)

    def explain(self, error: ServerError) -> InputError | RequestFailedError:
        """Return the exception that a failed request ends in."""
        reason, address = self.mask(str(error)).rstrip("."), self.address
        base_url = address.removesuffix(COMPLETIONS)
        if error.kind == "filtered":
            return FilteredError(reason)
        usual = "" if re.search(r"/v\d\w*$", base_url) else f" (it usually ends in {base_url}/v1)"
        sentences = {
            "key": f"The server {base_url} refuses the key: {reason}. Set TOGETHER_API_KEY, or "
            "together.api_key in conf/local/credentials.yml.",
            "forbidden": f"The server {base_url} refuses every request: {reason}. Check the key, "
            f"and whether it may use the model '{self.model}'.",
            "unpaid": f"The server {base_url} wants to be paid first: {reason}.",
            "model": f"The server {base_url} has no model '{self.model}': {reason}. Name another "
            "as 'model' in the catalog.",
            "address": f"The server has nothing at the address {address}: {reason}. Check base_url "
            f"in the catalog{usual}, and the model '{self.model}'.",
            "junk": f"The address {address} sends no answers: {reason}. Check base_url in the "
            "catalog, and what stands between here and the server.",
        }
        is_photos_own = self.is_proven and error.kind in ("forbidden", "junk")
        if error.kind not in sentences or is_photos_own:
            return RequestFailedError(reason)
        return InputError(sentences[error.kind])

    def mask(self, reason: str) -> str:
        """Leave out the key, which some servers repeat."""
        key = (self.api_key or "").strip()
        if len(key) >= SHORTEST_SECRET:
            return reason.replace(key, "…")
        echo = rf"(\bBearer |\bkey\W{{1,3}}(?:provided\W{{1,3}})?|['\"`]){re.escape(key)}(?!\w)"
        return re.sub(echo, r"\1…", reason, flags=re.IGNORECASE) if key else reason
