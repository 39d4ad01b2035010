"""A web server on loopback that answers for photos as shops' servers do on bad days."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


@dataclass
class PhotoServer:
    """Answers by path, and the requests for each."""

    answers: dict[str, Answer]
    url: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def count(self, path: str) -> Iterator[None]:
        with self._lock:
            self.requests[path] += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        yield
        with self._lock:
            self._at_once -= 1


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: PhotoServer

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        with self.server_state.count(self.path), suppress(ConnectionError):
            self.server_state.answers.get(self.path, status(404))(self)

    def reply(self, code: int, body: bytes = b"", **headers: str) -> None:
        """Send a reply with its length."""
        self.send_response(code)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def status(code: int, **headers: str) -> Answer:
    return lambda handler: handler.reply(code, **headers)


def photo(data: bytes, etag: str = "") -> Answer:
    """A photo; with an ETag 304 to whoever has it."""

    def answer(handler: Handler) -> None:
        if etag and handler.headers["If-None-Match"] == etag:
            return handler.reply(304, ETag=etag)
        return handler.reply(
            200, data, Content_Type="image/jpeg", **({"ETag": etag} if etag else {})
        )

    return answer


def in_turn(*answers: Answer) -> Answer:
    """One answer after another; the last again and again."""
    remaining = list(answers)

    def answer(handler: Handler) -> None:
        (remaining.pop(0) if len(remaining) > 1 else remaining[0])(handler)

    return answer


def endless(chunk: bytes, pause: float = 0.0) -> Answer:
    """A body without length and without end."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "image/jpeg")
        handler.end_headers()
        handler.close_connection = True
        while True:
            handler.wfile.write(chunk)
            time.sleep(pause)

    return answer


def cut(data: bytes, after: int, with_length: bool = True) -> Answer:
    """A connection that breaks."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "image/jpeg")
        if with_length:
            handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:after])
        handler.close_connection = True

    return answer


@contextmanager
def serving_photos(answers: dict[str, Answer]) -> Iterator[PhotoServer]:
    """Serve in threads of this process."""
    state = PhotoServer(answers)
    handler = type("PhotoHandler", (Handler,), {"server_state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
