import asyncio
import socket
import threading
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lookbook.assistant import admission
from lookbook.assistant.admission import Admission
from project import free_port

ANSWER = "/gradio_api/run/answer"


@contextmanager
def serving(most):
    """A real server whose answers wait until they are let go."""
    released = asyncio.Event()

    async def answer(request: Request) -> JSONResponse:
        await request.body()
        if request.query_params.get("wait"):
            await released.wait()
        return JSONResponse({"answered": True})

    routes = [Route(ANSWER, answer, methods=["POST"]), Route("/page", answer)]
    app = Starlette(routes=routes, middleware=[Middleware(Admission, most=most)])
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    loop = server.servers[0].get_loop()
    try:
        yield port, lambda: loop.call_soon_threadsafe(released.set)
    finally:
        loop.call_soon_threadsafe(released.set)
        server.should_exit = True
        thread.join()


def test_what_is_too_much_is_turned_away_at_once_with_a_sentence_and_when_to_come_again():
    with serving({"answer": 2}) as (port, release), httpx.Client(timeout=10) as client:
        url = f"http://127.0.0.1:{port}{ANSWER}"

        def wait():
            # Where this test's own request had the second place, until there is one.
            while httpx.post(f"{url}?wait=1", timeout=60).status_code == 503:
                pass

        waiting = [threading.Thread(target=wait) for _ in range(2)]
        for one in waiting:
            one.start()
        while (refused := client.post(url)).status_code == 200:
            pass
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == str(admission.RETRY_AFTER)
        assert refused.json()["error"] == admission.BUSY
        # What is no answer is not bounded by answers.
        assert client.get(f"http://127.0.0.1:{port}/page").status_code == 200
        release()
        for one in waiting:
            one.join()
        assert client.post(url).status_code == 200


def test_a_slow_sender_is_turned_away_and_a_cut_connection_frees_its_place(monkeypatch):
    monkeypatch.setattr(admission, "PATIENCE", 1.0)
    with serving({"answer": 1}) as (port, _):
        head = f"POST {ANSWER} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc".encode()
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(head)
            assert b"408" in slow.recv(1000)
        with socket.create_connection(("127.0.0.1", port)) as cut:
            cut.sendall(head)
        answers = [httpx.post(f"http://127.0.0.1:{port}{ANSWER}").status_code for _ in range(20)]
        assert answers[-1] == 200


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [(ANSWER, "answer"), ("/gradio_api/upload", "upload"), ("/", "page"), ("/theme.css", "page")],
)
def test_paths_are_counted_by_what_they_lead_to(path, endpoint):
    assert admission.endpoint_of(path) == endpoint
