"""A data set repository on loopback, with as much of the hub's protocol as a push takes."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import yaml

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_secret-token-of-the-tests"


@dataclass
class Hub:
    """What the repository holds.

    Attributes:
        files: Contents by path.
        commits: Messages.
        private: Whether it was made as a private one.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    private: bool | None = None
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _is_known(self) -> bool:
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if not known:
            self._answer({"error": "Invalid username or password."}, 401)
        return known

    def _answer(self, told: object, status: int = 200) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Tells of the repository, and lists it."""
        if not self._is_known():
            return None
        if "/tree/" in self.path:
            files = [
                {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
                for name, data in self.hub.files.items()
            ]
            return self._answer(files)
        siblings = [{"rfilename": name} for name in self.hub.files]
        card = self.hub.files.get("README.md", b"").decode().split("---\n")
        told = {"cardData": yaml.safe_load(card[1])} if len(card) > 2 else {}
        return self._answer({"id": "shop/clothes", "sha": COMMIT, "siblings": siblings, **told})

    def do_POST(self) -> None:
        """Makes the repository, and takes a commit."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        place = urlsplit(self.path).path
        if not self._is_known():
            return None
        if place == "/api/repos/create":
            self.hub.private = json.loads(body).get("visibility") == "private"
            return self._answer({"url": f"{self.hub.url}/datasets/shop/clothes"})
        if place == "/api/validate-yaml":
            return self._answer({"errors": [], "warnings": []})
        if "/preupload/" in place:
            files = [
                {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                for one in json.loads(body)["files"]
            ]
            return self._answer({"files": files})
        for line in map(json.loads, body.splitlines()):
            told = line["value"]
            if line["key"] == "header":
                self.hub.commits.append(told["summary"])
            elif line["key"] == "file":
                self.hub.files[told["path"]] = base64.b64decode(told["content"])
            elif line["key"] == "deletedFile":
                del self.hub.files[told["path"]]
        url = f"{self.hub.url}/datasets/shop/clothes/commit/{COMMIT}"
        return self._answer({"success": True, "commitOid": COMMIT, "commitUrl": url})


@contextmanager
def serving_hub(**options: object) -> Iterator[Hub]:
    """Serves a repository until it is no longer looked at."""
    hub = Hub(**options)  # type: ignore[arg-type]
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
