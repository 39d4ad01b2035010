"""Error replies of chat-completions servers, and what follows from each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from lookbook.retry_after import read_retry_after

# ``passing``: the same request may succeed later; ``rate``: so it may, and all others wait, too;
# ``loading``: the model is not there yet; ``junk``: no chat completion came; ``filtered``: the
# content is refused; ``unsupported``: the request itself is; the others end a run.
Kind = Literal[
    "passing", "rate", "loading", "junk", "filtered", "unsupported",
    "key", "forbidden", "unpaid", "model", "address",
]  # fmt: skip
LONGEST_REASON = 200
PAYMENT_REQUIRED = 402
OVERLOADED = 529
# Statuses that servers write as words, in ``code``, ``type`` or ``status``.
_STATUSES = {
    "invalid_api_key": 401, "authentication_error": 401, "unauthenticated": 401,
    "unauthorized": 401, "insufficient_quota": 402, "insufficient_balance": 402,
    "insufficient_funds": 402, "insufficient_credits": 402, "billing_hard_limit_reached": 402,
    "billing_not_active": 402, "payment_required": 402, "billing_error": 402,
    "permission_error": 403, "permission_denied": 403, "forbidden": 403, "model_not_found": 404,
    "not_found": 404, "not_found_error": 404, "rate_limit_exceeded": 429, "rate_limit_error": 429,
    "rate_limit": 429, "rate_limited": 429, "too_many_requests": 429, "resource_exhausted": 429,
    "server_error": 500, "internal_error": 500, "internal_server_error": 500, "internal": 500,
    "api_error": 500, "bad_gateway": 502, "service_unavailable": 503, "unavailable": 503,
    "engine_overloaded": 503, "overloaded": 529, "overloaded_error": 529, "timeout": 504,
    "timeout_error": 504, "deadline_exceeded": 504, "invalid_request_error": 400,
    "invalid_argument": 400, "bad_request": 400, "content_filter": 400,
}  # fmt: skip
# The same of servers that send a sentence alone.
_SENTENCES = {
    402: re.compile(r"insufficient (?:quota|balance|funds|credit)|out of credit|payment", re.I),
    401: re.compile(r"api[ _-]?key|unauthori[sz]ed|authenticat|credentials", re.I),
    429: re.compile(r"rate limit|too many requests", re.I),
    503: re.compile(r"overloaded|unavailable|loading", re.I),
}
_UNPAID = re.compile(r"insufficient[ _](?:quota|balance|funds|credit)|billing_", re.I)
_LOADING = re.compile(r"\bload(?:ing|ed)?\b|warming up|starting", re.I)
_FILTER = re.compile(
    r"content[ _-]?(?:filter|polic|management|moderation|safety|violation)|moderation|flagged|"
    r"safety|inappropriate|prohibited|unsafe|nsfw|sexual|responsible ?ai|data_?inspection|"
    r"guardrail|harmful|sensitive (?:content|information|words)|usage polic|blocklist",
    re.I,
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>|<h1[^>]*>(.*?)</h1>", re.I | re.DOTALL)
_KEY = re.compile(r"\b(?:key|token|credential|auth\w*|login|revoked|permission)\b", re.I)


_KINDS: dict[int, Kind] = {
    401: "key", 402: "unpaid", 429: "rate", 408: "passing", 409: "passing", 425: "passing",
    400: "unsupported", 413: "unsupported", 415: "unsupported", 422: "unsupported",
}  # fmt: skip


class ServerError(Exception):
    """An error reply; the message is the reason in a line.

    Attributes:
        kind: What follows from it.
        status: HTTP status, the one that the error carries if the reply came with 200.
        words: All that the server wrote about it.
        retry_after: Seconds that it asks to wait, if it does.
    """

    def __init__(
        self,
        kind: Kind,
        reason: str,
        status: int = 200,
        words: str = "",
        retry_after: float | None = None,
    ) -> None:
        """Hold what is known about the error."""
        super().__init__(reason)
        self.kind: Kind = kind
        self.status, self.words, self.retry_after = status, words, retry_after


def read_error(status: int, reply: Any, text: str, headers: Mapping[str, str]) -> ServerError:
    """Read an error reply.

    Args:
        status: HTTP status.
        reply: The body as JSON; ``None`` if it is none.
        text: The body as text.
        headers: HTTP headers.
    """
    error = _find_error(reply)
    line = " ".join(_sentences_of(error)) if error else describe_page(text)
    words = json.dumps(error, ensure_ascii=False) if error else text[:2000]
    carried = _carried_status(status, error, line)
    shown = status if status >= 300 else carried
    reason = f"HTTP {shown}: {' '.join(line.split())[:LONGEST_REASON] or _phrase(shown)}"
    waits = read_retry_after(headers)
    return ServerError(_kind(carried, error, words, line), reason, carried, words, waits)


def _find_error(reply: Any) -> dict[str, Any]:
    """Return the object that describes an error, wherever a server puts it."""
    if not isinstance(reply, dict):
        return {"message": str(reply)} if reply else {}
    error = reply.get("error") or reply.get("errors") or reply
    error = error[0] if isinstance(error, list) and error else error
    return error if isinstance(error, dict) else {"message": str(error)}


def _sentences_of(error: dict[str, Any]) -> list[str]:
    """List what an error says, the general first and the provider's own words after it."""
    metadata = error.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    reasons = metadata.get("reasons")
    parts = [
        next((error[key] for key in ("message", "detail", "msg", "title") if error.get(key)), ""),
        metadata.get("raw", ""),
        f"({', '.join(map(str, reasons))})" if isinstance(reasons, list) and reasons else "",
    ]
    texts = [
        part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for part in parts
    ]
    return [text for text in texts if text] or [str(error.get("code") or error.get("type") or "")]


def _carried_status(status: int, error: dict[str, Any], line: str) -> int:
    """Return the status that an error carries; of a reply with an error status that one."""
    named = [error.get(key) for key in ("code", "status", "status_code", "type")]
    words = [str(one).casefold() for one in named if one is not None]
    if not 200 <= status < 300:
        # Only for payment is the word surer than the number: servers send 429 for it.
        unpaid = any(_STATUSES.get(word) == PAYMENT_REQUIRED for word in words)
        return PAYMENT_REQUIRED if unpaid or (status == 429 and _UNPAID.search(line)) else status
    for word in words:
        if word.isdigit() and 400 <= int(word) < 600:
            return int(word)
    by_word = next((_STATUSES[word] for word in words if word in _STATUSES), None)
    by_line = next((code for code, words in _SENTENCES.items() if words.search(line)), 502)
    return by_word or by_line


def _kind(status: int, error: dict[str, Any], words: str, line: str) -> Kind:
    metadata = error.get("metadata")
    flagged = isinstance(metadata, dict) and {"reasons", "flagged_input"} & metadata.keys()
    if status not in (401, 402, 404, 405, 429) and (flagged or _FILTER.search(words)):
        return "filtered"
    if status in (403, 407):
        return "key" if _KEY.search(line) else "forbidden"
    if status in (404, 405, 410):
        return "model" if re.search("model", line, re.I) else "address"
    if status == HTTPStatus.SERVICE_UNAVAILABLE and _LOADING.search(line):
        return "loading"
    return _KINDS.get(status, "passing" if status >= 500 else "junk")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "overloaded" if status == OVERLOADED else "no reason given"


def describe_page(text: str) -> str:
    """Return the title of a page, or what else the text opens with."""
    if not text.startswith("<"):
        return text
    title = _TITLE.search(text)
    return re.sub(r"<[^>]+>", " ", (title[1] or title[2]) if title else text[:500])
