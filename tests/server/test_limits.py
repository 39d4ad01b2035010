import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lookbook.assistant.assistant import Assistant
from lookbook.server import limits
from lookbook.server.launch import launch_options, server_options
from lookbook.server.limits import RequestLimits
from lookbook.server.page import Page
from project import assistant_of, free_port

ANSWER = "/gradio_api/run/answer"


@contextmanager
def serving(app):
    """Serve an application over HTTP."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join()


def echo_server(max_uploads=64):
    async def size(request: Request) -> JSONResponse:
        return JSONResponse({"size": len(await request.body())})

    paths = (ANSWER, "/gradio_api/upload")
    routes = [Route(path, size, methods=["POST"]) for path in paths]
    middleware = [Middleware(RequestLimits, max_uploads=max_uploads)]
    return Starlette(routes=routes, middleware=middleware)


class WaitingAssistant(Assistant):
    """The real assistant, whose answers wait until the test lets them go."""

    def __init__(self, *args):
        super().__init__(*args)
        self.released = threading.Event()
        self.in_flight = self.most_in_flight = 0
        self._count = threading.Lock()

    def answer(self, upload, message, history, params):
        with self._count:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            self.released.wait(60)
            return super().answer(upload, message, history, params)
        finally:
            with self._count:
                self.in_flight -= 1


@pytest.fixture(scope="module")
def shop(ran):
    """The real page, served by Gradio, with room for two answers."""
    assistant = assistant_of(ran[0], WaitingAssistant)
    assistant.reload_index(assistant.params)
    page = Page(assistant, assistant.params, max_in_flight=2)
    blocks = page.build()
    app, address, _ = blocks.launch(
        **launch_options(), prevent_thread_lock=True, server_port=free_port(), quiet=True,
        app_kwargs=server_options(assistant),
    )  # fmt: skip
    number = next(number for number, fn in blocks.fns.items() if fn.api_name == "answer")
    yield assistant, app, address.rstrip("/"), number
    assistant.released.set()
    blocks.close()


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


def post(address, path, **body):
    try:
        return httpx.post(f"{address}{path}", json=body, timeout=20)
    except httpx.ReadTimeout:
        return None


DATA = [None, "blue trousers", "hybrid", 1, [], {}, "relevance", None]


def test_the_limit_of_answers_holds_whatever_address_they_are_asked_by(held):
    assistant, app, address, number = held
    paths = [
        path
        for path, methods in app.openapi()["paths"].items()
        if "post" in methods and "{api_name}" in path
    ]
    assert len(paths) >= 6
    with ThreadPoolExecutor(64) as customers:
        for path in paths:
            for name, body in (("answer", {}), ("anything", {"fn_index": number})):
                url = path.replace("{api_name}", name)
                customers.submit(post, address, url, data=DATA, **body)
        joined = {"fn_index": number, "session_hash": "one", "data": DATA}
        for _ in range(3):
            customers.submit(post, address, "/gradio_api/queue/join", **joined)
        wait_until(lambda: assistant.in_flight == 2)
        refused = post(address, ANSWER, data=DATA)
        assistant.released.set()
    wait_until(lambda: assistant.in_flight == 0)
    assert assistant.most_in_flight == 2
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == str(limits.RETRY_AFTER_S)
    assert refused.json()["error"] == limits.BUSY
    assert post(address, ANSWER, data=DATA).status_code == 200


def test_the_page_is_there_while_answers_wait(held):
    _, _, address, _ = held
    with ThreadPoolExecutor(2) as customers:
        for _ in range(2):
            customers.submit(post, address, ANSWER, data=DATA)
        wait_until(lambda: held[0].in_flight == 2)
        assert httpx.get(address, timeout=20).status_code == 200
        held[0].released.set()


@pytest.mark.parametrize(
    "history",
    [
        [{"role": "user", "content": "a hat"}] * (limits.MAX_TURNS + 1),
        [{"role": "user", "content": "x" * (limits.MAX_HISTORY_CHARACTERS + 1)}],
    ],
)
def test_a_history_over_the_limit_gets_422_with_a_sentence(shop, history):
    response = post(shop[2], ANSWER, data=[*DATA[:4], history, *DATA[5:]])
    assert response.status_code == 422
    assert response.json()["error"] == limits.LONG_HISTORY


def test_a_body_over_the_limit_gets_413_and_an_upload_has_its_own_limit(shop):
    response = post(shop[2], ANSWER, data=[None, "x" * limits.MAX_BODY_BYTES, "hybrid", 1, []])
    assert response.status_code == 413
    assert "larger than 2,000,000 bytes" in response.text
    with serving(echo_server()) as port:
        body = b"x" * (limits.MAX_BODY_BYTES + 1)
        response = httpx.post(f"http://127.0.0.1:{port}/gradio_api/upload", content=body)
        assert response.json() == {"size": len(body)}


def test_a_sender_holds_a_place_until_it_goes_or_gets_408_for_its_slowness(monkeypatch):
    head = b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
    with serving(echo_server(max_uploads=1)) as port:

        def upload():
            return httpx.post(f"http://127.0.0.1:{port}/gradio_api/upload")

        with socket.create_connection(("127.0.0.1", port)) as cut:
            cut.sendall(head)
            wait_until(lambda: upload().status_code == 503)
            assert upload().json()["error"] == limits.BUSY
        wait_until(lambda: upload().status_code == 200)
        monkeypatch.setattr(limits, "BODY_TIMEOUT_S", 0.1)
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(head)
            assert b"408" in slow.recv(1000)
        wait_until(lambda: upload().status_code == 200)


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [(ANSWER, "answer"), ("/gradio_api/upload", "upload"), ("/", "page"), ("/theme.css", "page")],
)
def test_paths_are_counted_by_what_they_lead_to(path, endpoint):
    assert limits.endpoint_of(path) == endpoint
