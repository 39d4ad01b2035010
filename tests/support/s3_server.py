"""A bucket on loopback, with as much of S3's protocol as reading a folder takes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "shop"
_TIME = "2026-01-31T12:00:00.000Z"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    keys: dict[str, bytes]

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        """List keys, or send one."""
        address = urlsplit(self.path)
        key = unquote(address.path).lstrip("/").removeprefix(BUCKET).lstrip("/")
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if "list-type" in query:
            return self._send(200, self._list(query).encode())
        if key not in self.keys:
            return self._send(404, b"<Error><Code>NoSuchKey</Code></Error>")
        data = self.keys[key]
        if wanted := self.headers.get("Range"):
            start, _, end = wanted.removeprefix("bytes=").partition("-")
            part = data[int(start) : int(end) + 1 if end else None]
            span = f"bytes {start}-{int(start) + len(part) - 1}/{len(data)}"
            return self._send(206, part, {"Content-Range": span})
        return self._send(200, data)

    def _list(self, query: dict[str, str]) -> str:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        files, folders = [], set()
        for key in sorted(self.keys):
            rest = key.removeprefix(prefix)
            if not key.startswith(prefix):
                continue
            if delimiter and delimiter in rest:
                folders.add(prefix + rest.split(delimiter)[0] + delimiter)
            else:
                files.append(key)
        files = files[: int(query.get("max-keys", 1000))]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{_TIME}</LastModified>"
            f"<ETag>&quot;{hashlib.md5(self.keys[key]).hexdigest()}&quot;</ETag>"
            f"<Size>{len(self.keys[key])}</Size></Contents>"
            for key in files
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>"
            for one in sorted(folders)
        )
        return (
            "<ListBucketResult><IsTruncated>false</IsTruncated>"
            f"<KeyCount>{len(files)}</KeyCount>{contents}{common}</ListBucketResult>"
        )

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Last-Modified", "Sat, 31 Jan 2026 12:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serving_bucket(keys: dict[str, bytes]) -> Iterator[dict[str, object]]:
    """Serve a bucket; yield the arguments with which s3fs reads it."""
    handler = type("Handler", (_Handler,), {"keys": keys})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {
            "endpoint_url": f"http://127.0.0.1:{server.server_port}",
            "key": "none",
            "secret": "none",
            "skip_instance_cache": True,
            "use_listings_cache": False,
        }
    finally:
        server.shutdown()
        server.server_close()
