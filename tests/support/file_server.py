"""A web server on loopback that serves files, and as much of the hub's protocol as clients use."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_secret-token-of-the-tests"


@dataclass
class FileServer:
    """What the server has, and what it saw.

    Attributes:
        files: Contents by path; as of the data set ``shop/clothes`` too.
        cut: Paths whose connection breaks after so many bytes, once each.
        lies: Paths that the hub's list describes otherwise than they are.
        gated: The hub asks for a token.
        requests: Method, path and range of each request.
    """

    files: dict[str, bytes]
    cut: dict[str, int] = field(default_factory=dict)
    lies: set[str] = field(default_factory=set)
    gated: bool = False
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    url: str = ""

    def listing(self) -> list[dict]:
        """Lists the files as the hub does, large ones with their hash."""
        listed = []
        for name, content in self.files.items():
            digest = hashlib.sha256(content if name not in self.lies else b"other").hexdigest()
            listed.append(
                {
                    "type": "file", "path": name, "rfilename": name, "size": len(content),
                    "oid": hashlib.sha1(content).hexdigest(),
                    "blobId": hashlib.sha1(content).hexdigest(),
                    "lfs": {
                        "oid": digest, "sha256": digest, "size": len(content), "pointerSize": 130
                    },
                }
            )  # fmt: skip
        return listed


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: FileServer

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.served.requests.append((self.command, path, self.headers.get("Range")))
        of_hub = path.startswith(("/api/datasets/", "/datasets/"))
        if of_hub and self.served.gated and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.send(401, b"{}", {"X-Error-Code": "GatedRepo"})
        if path.startswith("/api/datasets/shop/clothes"):
            listed = self.served.listing()
            info = {
                "_id": "1", "id": "shop/clothes", "sha": COMMIT, "private": False,
                "gated": False, "disabled": False, "downloads": 0, "likes": 0, "tags": [],
                "siblings": listed,
            }  # fmt: skip
            body = listed if "/tree/" in path else info
            return self.send(200, json.dumps(body).encode(), {"Content-Type": "application/json"})
        name = path.removeprefix(f"/datasets/shop/clothes/resolve/{COMMIT}").lstrip("/")
        if name not in self.served.files:
            return self.send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        return self.send_file(name)

    def send_file(self, name: str) -> None:
        content = self.served.files[name]
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "X-Repo-Commit": COMMIT}
        start = 0
        wanted, only_if = self.headers.get("Range"), self.headers.get("If-Range")
        if wanted and only_if in (None, etag):
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send(206 if start else 200, content[start:], headers, self.served.cut, name)

    def send(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str],
        cut: dict[str, int] | None = None,
        name: str = "",
    ) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut and name in cut:
            self.wfile.write(body[: cut.pop(name)])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return
        self.wfile.write(body)


@contextmanager
def serving_files(files: dict[str, bytes], **options: object) -> Iterator[FileServer]:
    """Serves in a thread of this process."""
    served = FileServer(files, **options)
    handler = type("Handler", (_Handler,), {"served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
