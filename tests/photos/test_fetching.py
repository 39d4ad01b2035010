from __future__ import annotations

import io
import time
from functools import partial

import pytest
from PIL import Image

from lookbook.photos.fetching import FetchParams, PhotoFetcher, is_address
from lookbook.photos.network import is_public
from photo_server import cut, endless, in_turn, photo, serving_photos, status
from project import configuration
from s3_server import BUCKET, serving_bucket


def encode(size: int = 40) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((size, size), 80).save(buffer, "JPEG")
    return buffer.getvalue()


PHOTO = encode()


@pytest.fixture
def fetch(tmp_path):
    """Fetches addresses with the shipped parameters, except for those given."""
    fetcher = PhotoFetcher(str(tmp_path / "store"))

    def params(**changed):
        declared = {**configuration("parameters_ingest")["fetch"], "allow_private_addresses": True}
        return FetchParams.model_validate({**declared, **changed})

    def fetch(*images, known=None, connections=4, **changed):
        nothing = {"file": "", "etag": "", "bytes": 0}
        batch = [{"image": image, **nothing, **(known or {})} for image in images]
        records = fetcher.fetch(batch, params(**changed), connections, 109_000_000)
        return records[0] if len(records) == 1 else records

    fetch.store, fetch.params = fetcher.store, params
    return fetch


@pytest.fixture
def serve():
    """Serves one answer; gives its address and the server."""
    started = []

    def serve(answer, path="/a.jpg", **others):
        context = serving_photos({path: answer, **others})
        server = context.__enter__()
        started.append(context)
        return f"{server.url}{path}", server

    yield serve
    for context in started:
        context.__exit__(None, None, None)


def test_a_photo_is_stored_under_its_hash_once(fetch, serve):
    address, _ = serve(photo(PHOTO, '"1"'))
    first, second = fetch(address, address)
    assert first["status"] == "ok"
    assert (first["etag"], first["bytes"], first["file"]) == ('"1"', len(PHOTO), second["file"])
    assert first["file"].startswith("fetched/") and first["file"].endswith(".jpg")
    assert fetch.store.names() == {first["file"]}
    assert fetch.store.get(first["file"])() == PHOTO


@pytest.mark.parametrize(
    ("answer", "expected", "reason"),
    [
        (status(404), "unreachable", "HTTP 404 Not Found"),
        (status(429, Retry_After="7200"), "unreachable", "asks to wait 7,200 s"),
        (lambda h: h.reply(200, b"<html>", Content_Type="text/html; x"), "no photo", "text/html"),
        (lambda h: h.reply(200, b"<html>", Content_Type="image/jpeg"), "corrupt", "cannot be dec"),
        (lambda h: h.reply(302, Location=h.path), "refused", "redirects more than 5 times"),
        (status(302, Location="file:///etc/passwd"), "refused", "not an address to fetch"),
        (endless(b"x" * 1000), "too large", "more than the 90,000 bytes allowed"),
        (status(200, Content_Length="90001"), "too large", "90,001 bytes"),
        (lambda h: h.reply(200), "corrupt", "empty"),
    ],
)
def test_a_failure_has_a_status_and_a_reason(fetch, serve, answer, expected, reason):
    address, server = serve(answer)
    record = fetch(address, max_bytes=90_000)
    assert (record["status"], record["file"]) == (expected, "")
    assert reason in record["reason"]
    assert server.requests["/a.jpg"] == (6 if "redirects" in reason else 1)


def test_a_passing_error_is_tried_again(fetch, serve, monkeypatch):
    monkeypatch.setattr("lookbook.photos.fetching._backoff", lambda state: 0.0)
    broken = [cut(PHOTO, 500), cut(PHOTO, 500, with_length=False)]
    address, server = serve(in_turn(status(500), *broken, photo(PHOTO)))
    assert fetch(address)["status"] == "ok"
    assert server.requests["/a.jpg"] == 4


def test_a_server_that_asks_to_wait_is_left_alone_that_long(fetch, serve):
    address, server = serve(in_turn(status(429, Retry_After="1"), photo(PHOTO)))
    begun = time.monotonic()
    assert fetch(address)["status"] == "ok"
    assert time.monotonic() - begun >= 1
    assert server.requests["/a.jpg"] == 2


def test_a_slow_body_is_given_up_in_time(fetch, serve):
    address, _ = serve(endless(b"x", pause=0.05))
    begun = time.monotonic()
    record = fetch(address, timeout=0.3, attempts=1)
    assert record["reason"] == "no answer within 0.3 s"
    assert time.monotonic() - begun < 2


def test_an_unchanged_photo_is_not_sent_again(fetch, serve):
    address, server = serve(photo(PHOTO, '"1"'))
    first = fetch(address)
    known = {key: first[key] for key in ("file", "etag", "bytes")}
    again = fetch(address, known=known)
    assert {**again, "time": 0} == {**first, "time": 0}
    server.answers["/a.jpg"] = photo(encode(50), '"2"')
    changed = fetch(address, known=known)
    assert changed["etag"] == '"2"' and changed["file"] != first["file"]


def test_a_host_is_asked_for_so_many_photos_at_once_and_no_more(fetch, serve):
    def slow(handler):
        time.sleep(0.02)
        handler.reply(200, PHOTO)

    address, server = serve(slow)
    records = fetch(*[address] * 20, connections=3)
    assert {record["status"] for record in records} == {"ok"}
    assert server.most_at_once == 3


def test_private_addresses_are_refused_at_every_hop(fetch, serve, monkeypatch):
    address, server = serve(photo(PHOTO))
    deny = partial(fetch, allow_private_addresses=False)
    record = deny(address)
    assert record["status"] == "refused"
    assert "127.0.0.1" in record["reason"] and "allow_private_addresses" in record["reason"]
    assert deny(address.replace("127.0.0.1", "localhost"))["status"] == "refused"
    assert not server.requests

    server.answers["/b.jpg"] = status(302, Location=address.replace("127.0.0.1", "127.0.0.2"))
    monkeypatch.setattr("lookbook.photos.network.is_public", "127.0.0.1".__eq__)
    assert deny(address)["status"] == "ok"
    record = deny(address.replace("a.jpg", "b.jpg"))
    assert record["status"] == "refused" and "127.0.0.2" in record["reason"]


def test_a_connection_goes_to_the_address_that_was_checked(fetch, serve, monkeypatch):
    resolved = []

    async def resolve(host, port):
        resolved.append(host)
        return [(None, None, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr("lookbook.photos.network.anyio.getaddrinfo", resolve)
    monkeypatch.setattr("lookbook.photos.network.is_public", "127.0.0.1".__eq__)
    address, _ = serve(photo(PHOTO))
    address = address.replace("127.0.0.1", "shop.example")
    assert fetch(address, allow_private_addresses=False)["status"] == "ok"
    assert resolved == ["shop.example"]


def test_a_silent_host_is_asked_no_more_for_the_rest_of_the_run(fetch):
    nobody = "http://127.0.0.1:9/{}.jpg"
    records = fetch(*[nobody.format(n) for n in range(10)], attempts=1, connections=1)
    assert "not asked again" in records[-1]["reason"]
    assert sum("not asked again" in record["reason"] for record in records) == 5


def test_files_of_filesystems_are_fetched(fetch, tmp_path):
    (tmp_path / "a b.jpg").write_bytes(PHOTO)
    (tmp_path / "a.txt").write_text("text")
    ok = fetch(f"file://{tmp_path}/a%20b.jpg")
    assert (ok["status"], ok["bytes"]) == ("ok", len(PHOTO))
    known = {key: ok[key] for key in ("file", "etag", "bytes")}
    assert fetch(f"file://{tmp_path}/a%20b.jpg", known=known)["file"] == ok["file"]
    assert fetch(f"file://{tmp_path}/a.txt")["status"] == "corrupt"
    assert fetch(f"file://{tmp_path}/none.jpg")["status"] == "unreachable"
    assert fetch("file://server/a.jpg")["reason"] == "it names a file of another machine"
    assert fetch(f"file://{tmp_path}")["status"] == "no photo"
    assert fetch("file:///dev/zero")["status"] == "no photo"


def test_a_bucket_is_fetched_from(tmp_path, fetch):
    pytest.importorskip("s3fs")
    with serving_bucket({"a.jpg": PHOTO}) as options:
        fetcher = PhotoFetcher(str(tmp_path / "store"), {"s3": options})
        batch = [{"image": f"s3://{BUCKET}/{name}", "file": "", "etag": "", "bytes": 0}
                 for name in ("a.jpg", "b.jpg")]  # fmt: skip
        ok, failed = fetcher.fetch(batch, fetch.params(), 2, 1_000_000)
    assert (ok["status"], fetch.store.get(ok["file"])()) == ("ok", PHOTO)
    assert failed["status"] == "unreachable"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_public_addresses_are_those_of_the_internet(address, expected):
    assert is_public(address) is expected


def test_addresses_are_told_from_file_names():
    for image in ("https://a.example/a.jpg", "HTTP://a.example/a", "//a.example/a", "s3://b/a.jpg"):
        assert is_address(image)
    for image in ("a.jpg", "images/a.jpg", "///a.jpg", "C:\\a.jpg", "ftp://a.example/a.jpg", ""):
        assert not is_address(image)
