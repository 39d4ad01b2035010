"""Plays recorded answers of model servers through the captioner that asks them."""

import importlib.util
import io
import os
import re
import socketserver
import time
from pathlib import Path

import pytest
from PIL import Image

from lookbook.attributes.parsing import parse_answer
from lookbook.captioners.api import ApiCaptioner
from lookbook.chat_models import connection
from lookbook.errors import InputError
from lookbook.photos.photo import Photo
from project import shared_cases

# Times that the servers' clock and the captioner's run faster than the test's.
SPEED = 100


@pytest.fixture
def fast_clock(monkeypatch):
    sleep, clock = connection.sleep, time.monotonic
    # Servers on loopback look for the end of a test every half a second by default.
    monkeypatch.setattr(socketserver.BaseServer.serve_forever, "__defaults__", (0.01,))
    monkeypatch.setattr(connection, "sleep", lambda seconds: sleep(seconds / SPEED))
    monkeypatch.setattr(connection, "clock", lambda: clock() * SPEED)


def play(case):
    """Serve a case on the fast clock, by the server that comes with the cases."""
    script = Path(os.environ["LOOKBOOK_CASES"]) / "chat_server.py"
    spec = importlib.util.spec_from_file_location("case_server", script)
    server = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(server)
    for answer in case["sequence"]:
        if "until" in answer.get("when", {}):
            answer["when"]["until"] /= SPEED
    return server.serving(case)


def tiny_photo(number):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), (number, 2 * number % 256, 90)).save(buffer, "PNG")
    return Photo(str(number), buffer.getvalue)


@pytest.mark.parametrize("case", shared_cases("chat_answers.jsonl"))
def test_server_answer_has_the_right_outcome(case, prompt, fast_clock):
    captions, stopped = [], ""
    with play(case) as server:
        engine = ApiCaptioner("model", base_url=server.url, api_key="a key")
        try:
            captions.extend(engine.caption(map(tiny_photo, range(case["photos"])), prompt))
        except InputError as error:
            stopped = str(error)
    read = {one.photo_id: parse_answer(one.text or "", prompt.attributes) for one in captions}
    labels = [answer.raw_values for answer in read.values() if answer.rejection is None]
    reasons = [
        one.failure or read[one.photo_id].rejection
        for one in captions
        if one.failure or read[one.photo_id].rejection
    ]
    expect = case["expect"]
    outcome = f"{len(labels)} captioned, rejected: {set(reasons)}, stopped: '{stopped}'"
    assert len(labels) == expect.get("captioned", len(labels)), outcome
    assert len(labels) >= expect.get("least_captioned", 0), outcome
    assert len(reasons) == expect.get("rejected", len(reasons)), outcome
    assert all(re.search(expect.get("reason", ""), one) for one in reasons), outcome
    assert bool(stopped) == ("stops" in expect), outcome
    assert re.search(expect.get("stops", ""), stopped), outcome
    assert len(server.requests) <= expect.get("most_requests", 10**6), outcome
    for name in ("Title", "Description"):
        if wanted := expect.get(name.lower()):
            assert labels[0][name].rstrip(".") == wanted.rstrip("."), outcome
