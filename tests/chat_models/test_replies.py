import json

import pytest

from lookbook.chat_models.replies import read_reply
from lookbook.chat_models.server_errors import ServerError

LABEL = '{"Title": "Men\'s shirt", "Description": "Red."}'
DRAFT = '{"Title": "draft", "Description": "a draft"}'
QUOTA = "You exceeded your current quota, please check your plan and billing details."


def reply(body, status=200, headers=None):
    data = body if isinstance(body, str) else json.dumps(body)
    return read_reply(status, headers or {}, data.encode())


def choice(finish_reason="stop", **message):
    return {"choices": [{"index": 0, "finish_reason": finish_reason, "message": message}]}


def thinking(text):
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


@pytest.mark.parametrize(
    "body",
    [
        choice(content=LABEL),
        choice(content=[thinking(DRAFT), {"type": "text", "text": LABEL}]),
        choice(content=[{"type": "reasoning", "text": DRAFT}, LABEL[:9], LABEL[9:]]),
        choice(content=json.loads(LABEL)),
        choice(content={"type": "text", "text": LABEL}),
        choice(content=f"<think>{DRAFT}</think>{LABEL}"),
        choice(content="", reasoning=f"It is a shirt.\n```json\n{LABEL}\n```"),
        choice(content=None, reasoning_content=f"{DRAFT} Hmm, better: {LABEL}"),
        choice("eos_token", content=LABEL),
    ],
)
def test_answer_is_read_without_the_models_thinking(body):
    assert json.loads(reply(body).text) == json.loads(LABEL)


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (choice(content=[thinking(DRAFT)]), "thought and gave no answer"),
        (choice(content="", reasoning=f"A draft: {DRAFT}"), "thought and gave no answer"),
        (choice(content="", reasoning=f"{DRAFT} Is that right?"), "thought and gave no answer"),
        (choice("length", content="", reasoning=DRAFT), "raise max_tokens or switch thinking off"),
        (choice("length", content=f"<think>{DRAFT}"), "raise max_tokens or switch thinking off"),
        (choice(content=""), "the answer is empty"),
        (choice(content=None, refusal="No, never."), "refused by the model: No, never."),
    ],
)
def test_thinking_alone_is_no_answer(body, flaw):
    completion = reply(body)
    assert completion.text == ""
    assert flaw in completion.flaw


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (429, {"error": {"message": QUOTA, "code": "insufficient_quota"}}, "unpaid", "quota"),
        (429, {"error": {"message": QUOTA}}, "rate", "HTTP 429"),
        (402, "", "unpaid", "HTTP 402: Payment Required"),
        (529, "", "passing", "HTTP 529: overloaded"),
        (503, {"error": "Model x is currently loading"}, "loading", "currently loading"),
        (502, "<html><h1>502 Bad Gateway</h1></html>", "passing", "HTTP 502: 502 Bad Gateway"),
        (401, {"error": {"message": "No key"}}, "key", "HTTP 401: No key"),
        (403, {"error": {"message": "Your input was flagged"}}, "filtered", "flagged"),
        (403, {"error": {"message": "x", "metadata": {"reasons": ["hate"]}}}, "filtered", "(hate)"),
        (403, {"error": {"message": "Not in your country"}}, "forbidden", "country"),
        (404, {"message": "The model `x` does not exist"}, "model", "does not exist"),
        (404, {"detail": "Not Found"}, "address", "Not Found"),
        (400, {"error": {"code": "content_filter", "message": "x"}}, "filtered", "x"),
        (400, {"error": {"message": "Bad picture"}}, "unsupported", "Bad picture"),
        (200, {"error": {"code": 502, "metadata": {"raw": "gone"}}}, "passing", "HTTP 502: gone"),
        (200, {"error": {"code": 402, "message": "Pay"}}, "unpaid", "HTTP 402: Pay"),
        (200, {"error": {"type": "authentication_error", "message": "x"}}, "key", "HTTP 401: x"),
        (200, {"error": {"message": "Too many requests"}, "choices": None}, "rate", "HTTP 429"),
        (200, {"detail": "Unauthorized"}, "key", "Unauthorized"),
        (
            200,
            [{"error": {"status": "UNAVAILABLE", "message": "x"}}],
            "junk",
            "not a chat completion",
        ),
        (200, {"choices": []}, "filtered", "has no choices"),
        (200, choice("content_filter", content='{"Title"'), "filtered", "content_filter"),
        (200, choice("RECITATION", content=None), "filtered", "RECITATION"),
        (200, choice("error", content=""), "passing", "'error'"),
        (200, "", "junk", "the reply is empty"),
        (
            200,
            "<!DOCTYPE html><title>Sign in</title>",
            "junk",
            "the reply is a web page (HTML): Sign in",
        ),
        (200, "[" * 100_000, "junk", "not a chat"),
    ],
)
def test_error_has_its_kind_and_shows_the_servers_words(status, body, kind, reason):
    with pytest.raises(ServerError) as raised:
        reply(body, status)
    assert raised.value.kind == kind
    assert reason in str(raised.value)
    assert len(str(raised.value)) < 250


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": "7"}, {"prompt_tokens": [], "x": 1}, 3])
def test_odd_token_counts_cost_no_answer(usage):
    assert reply({**choice(content=LABEL), "usage": usage}).input_tokens in (0, 7)
