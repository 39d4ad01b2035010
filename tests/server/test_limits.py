import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lookbook.assistant.assistant import Assistant
from lookbook.server import limits
from lookbook.server.limits import RequestLimits
from project import assistant_of
from serving import app_of, serving

UPLOAD = "/gradio_api/upload"


def echo_server(max_uploads=64):
    async def size(request: Request) -> JSONResponse:
        return JSONResponse({"size": len(await request.body())})

    middleware = [Middleware(RequestLimits, max_uploads=max_uploads)]
    paths = (UPLOAD, "/other")
    routes = [Route(path, size, methods=["POST"]) for path in paths]
    return Starlette(routes=routes, middleware=middleware)


class WaitingAssistant(Assistant):
    """The real assistant, whose answers wait until the test lets them go."""

    def __init__(self, *args):
        super().__init__(*args)
        self.released = threading.Event()
        self.in_flight = self.most_in_flight = 0
        self._count = threading.Lock()

    def recommend(self, *args):
        with self._count:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            self.released.wait(60)
            return super().recommend(*args)
        finally:
            with self._count:
                self.in_flight -= 1


@pytest.fixture(scope="module")
def shop(ran):
    """The real application, with room for two answers."""
    assistant = assistant_of(ran[0], WaitingAssistant)
    assistant.reload_index(assistant.params)
    with serving(app_of(assistant, limit=2)) as address:
        yield assistant, address
        assistant.released.set()


@pytest.fixture
def held(shop):
    """The shop, whose answers wait until the test is over."""
    assistant = shop[0]
    assistant.released.clear()
    assistant.most_in_flight = 0
    yield shop
    assistant.released.set()
    wait_until(lambda: assistant.in_flight == 0)


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def post(url, body, **headers):
    try:
        return httpx.post(url, json=body, headers=headers, timeout=20)
    except httpx.ReadTimeout:
        return None


# Every way to ask for an answer.
ANSWERS = [
    ("/api/v1/recommend", {"message": "blue trousers"}, {}),
    ("/api/v1/recommend", {"message": "blue trousers"}, {"Accept": "text/event-stream"}),
    ("/api/v1/search", {"text": "blue trousers"}, {}),
    ("/gradio_api/run/answer", {"data": [None, "blue trousers"]}, {}),
    ("/gradio_api/api/answer", {"data": [None, "blue trousers"]}, {}),
    (
        "/mcp",
        {
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "search_items", "arguments": {"text": "blue trousers"}},
        },
        {"Accept": "application/json, text/event-stream"},
    ),
]  # fmt: skip


def test_the_limit_of_answers_holds_whatever_address_they_are_asked_by(held):
    assistant, address = held
    path, body, _ = ANSWERS[0]
    with ThreadPoolExecutor(32) as customers:
        for url, asked, headers in ANSWERS * 2:
            customers.submit(post, f"{address}{url}", asked, **headers)
        wait_until(lambda: assistant.in_flight == 2)
        refused = post(f"{address}{path}", body)
        # The rest of the server answers meanwhile.
        assert httpx.get(f"{address}/health", timeout=20).status_code == 200
        assistant.released.set()
    wait_until(lambda: assistant.in_flight == 0)
    assert assistant.most_in_flight == 2
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == str(limits.RETRY_AFTER_S)
    assert refused.json()["detail"] == limits.BUSY
    assert post(f"{address}{path}", body).status_code == 200


def test_a_body_over_the_limit_gets_413_and_a_photo_has_its_own_limit(shop, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 1000)
    monkeypatch.setattr(limits, "MAX_PHOTO_BODY_BYTES", 5000)
    with serving(echo_server()) as address:

        def status(path, size):
            return httpx.post(f"{address}{path}", content=b"x" * size).status_code

        assert [status("/other", size) for size in (1000, 1001)] == [200, 413]
        assert [status(UPLOAD, size) for size in (5000, 5001)] == [200, 413]


def test_a_sender_holds_a_place_until_it_goes_or_gets_408_for_its_slowness(monkeypatch):
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 5)
    head = b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
    with serving(echo_server(max_uploads=1)) as address:
        place = httpx.URL(address)

        def upload():
            return httpx.post(f"{address}{UPLOAD}", content=b"0123456789")

        with socket.create_connection((place.host, place.port)) as cut:
            cut.sendall(head)
            wait_until(lambda: upload().status_code == 503)
            assert upload().json()["detail"] == limits.BUSY
        wait_until(lambda: upload().status_code == 200)
        monkeypatch.setattr(limits, "BODY_TIMEOUT_S", 0.1)
        with socket.create_connection((place.host, place.port)) as slow:
            slow.sendall(head)
            assert b"408" in slow.recv(1000)
        wait_until(lambda: upload().status_code == 200)


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/api/v1/recommend", "answer"), ("/api/v1/items/1", "api"), ("/mcp", "agent"),
        ("/gradio_api/run/answer", "answer"), (UPLOAD, "upload"), ("/", "page"),
    ],
)  # fmt: skip
def test_paths_are_counted_by_what_they_lead_to(path, endpoint):
    assert limits.endpoint_of(path) == endpoint
