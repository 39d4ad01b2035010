"""Who may call the API, and how often: API keys, tokens of the page, rate limits."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import HTTPConnection

from lookbook.server.metrics import REFUSED
from lookbook.server.problems import Refusal

# Seconds that a page may use its token; then it asks for another.
TOKEN_LIFETIME_S = 12 * 3600
_PAGE = "page"


class Access:
    """Checks the keys of callers, and counts their requests.

    With keys, the page has none of its own: it gets a token that this process signs, which counts
    by the visitor's address.
    """

    def __init__(self, keys: Mapping[str, str], rate_limit: int | None) -> None:
        """Create the check.

        Args:
            keys: API keys by the name of the caller; nobody needs one if there are none.
            rate_limit: Requests a minute for one caller; ``None`` for no limit.
        """
        self._keys = {_digest(key): name for name, key in keys.items()}
        self._secret = secrets.token_bytes(32)
        self._limit = None if rate_limit is None else RateLimitItemPerMinute(rate_limit)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    @property
    def needs_key(self) -> bool:
        """Whether callers need a key."""
        return bool(self._keys)

    def token(self) -> str:
        """Return a token for a page that is opened now."""
        opened = f"{_PAGE}.{int(time.time())}"
        return f"{opened}.{self._sign(opened)}"

    def check(self, connection: HTTPConnection) -> None:
        """Check a request's key, and count the request.

        Raises:
            Refusal: With 401 for a missing or unknown key, with 429 over the rate limit.
        """
        address = connection.client.host if connection.client else ""
        caller = self._caller(connection, address) if self._keys else address
        # Who guesses keys has a rate, too.
        self._count(caller or f"unknown {address}")
        if caller is None:
            REFUSED.labels("key").inc()
            raise Refusal(
                401, "Send your API key in the header 'Authorization: Bearer KEY'.", "key-missing",
                {"WWW-Authenticate": 'Bearer realm="Lookbook"'},
            )  # fmt: skip

    def _count(self, caller: str) -> None:
        """Count a request of a caller.

        Raises:
            Refusal: With 429, over the rate limit.
        """
        if self._limit is not None and not self._limiter.hit(self._limit, caller):
            REFUSED.labels("rate").inc()
            reset = self._limiter.get_window_stats(self._limit, caller).reset_time
            wait = max(1, round(reset - time.time()))
            raise Refusal(
                429, f"You may send {self._limit.amount} requests a minute. Try again in {wait} s.",
                "rate-limited", {"Retry-After": str(wait)},
            )  # fmt: skip

    def _caller(self, connection: HTTPConnection, address: str) -> str | None:
        """Return the name of the key's owner; the address of a page; ``None`` without a key."""
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        key = given.strip() if scheme.lower() == "bearer" else ""
        key = key or connection.headers.get("x-api-key", "")
        if key.startswith(f"{_PAGE}."):
            opened, _, signature = key.rpartition(".")
            is_ours = hmac.compare_digest(signature.encode(), self._sign(opened).encode())
            stamp = opened.removeprefix(f"{_PAGE}.")
            if is_ours and time.time() - int(stamp) < TOKEN_LIFETIME_S:
                return address
        # Digests are compared, so that no time tells how much of a key is right.
        return self._keys.get(_digest(key)) if key else None

    def _sign(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), "sha256").hexdigest()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
