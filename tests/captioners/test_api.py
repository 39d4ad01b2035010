import base64
import dataclasses
import io
import itertools
import json
import socket

import pytest
from PIL import Image

from chat_server import KEY, MODEL, serving
from lookbook.attributes.parsing import parse_answer
from lookbook.captioners.api import ApiCaptioner, Price
from lookbook.chat_models import connection
from lookbook.chat_models.sampling import Sampling
from lookbook.chat_models.server import Server
from lookbook.errors import InputError
from lookbook.photos.photo import Photo


def coloured(seed):
    """Encode a picture of one colour, another one for each seed."""
    buffer = io.BytesIO()
    Image.new("RGB", (48, 64), (4 * seed, 90, 200 - seed)).save(buffer, "PNG")
    return buffer.getvalue()


def photos(count):
    drawn = [coloured(seed) for seed in range(count)]
    return [Photo(str(seed), lambda data=data: data) for seed, data in enumerate(drawn)]


def captioner(server, **options):
    settings = {"model": MODEL, "api_key": KEY, "retries": 3, "timeout": 5, **options}
    return ApiCaptioner(base_url=server if isinstance(server, str) else server.url, **settings)


def test_every_photo_comes_back_once_with_its_own_caption(prompt):
    with serving() as server:
        captions = list(captioner(server).caption(iter(photos(40)), prompt))
    assert sorted(int(caption.photo_id) for caption in captions) == list(range(40))
    assert len({caption.text for caption in captions}) == 40
    assert all(
        parse_answer(caption.text, prompt.attributes).repair == "json" for caption in captions
    )


def test_keeps_so_many_requests_in_flight_and_no_more(prompt):
    with serving(delay=0.4) as server:
        list(captioner(server, concurrency=7).caption(photos(14), prompt))
        assert server.most_in_flight == 7


def test_takes_photos_only_as_it_can_send_them(prompt):
    taken = itertools.count()
    with serving() as server:
        stream = (photo for photo in photos(50) if next(taken) >= 0)
        next(captioner(server, concurrency=4).caption(stream, prompt))
    assert next(taken) <= 5


def test_asks_with_prompt_schema_and_a_small_picture_without_exif(prompt):
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (2000, 1000), "navy").save(buffer, "JPEG", exif=exif)
    with serving() as server:
        list(captioner(server).caption([Photo("large", buffer.getvalue)], prompt))
    (request,) = server.requests
    system, user = request["messages"]
    assert (system["role"], system["content"]) == ("system", prompt.system)
    assert user["content"][1]["text"] == prompt.question
    assert request["response_format"]["json_schema"]["schema"] == prompt.answer_schema
    sent = base64.b64decode(user["content"][0]["image_url"]["url"].partition(",")[2])
    with Image.open(io.BytesIO(sent)) as picture:
        assert picture.size == (559, 280)
        assert not picture.getexif()


def test_several_photos_of_a_product_go_into_one_request(prompt):
    first, *others = photos(3)
    product = dataclasses.replace(first, others=(*(one.read for one in others), lambda: b"none"))
    with serving() as server:
        (caption,) = captioner(server).caption([product], prompt)
    assert caption.photo_id == first.photo_id
    (request,) = server.requests
    *pictures, question = request["messages"][-1]["content"]
    assert len({picture["image_url"]["url"] for picture in pictures}) == 3
    assert question["text"] == prompt.question_about(3)


@pytest.mark.parametrize(("size", "sent"), [((800, 20), (559, 28)), ((9, 7), (28, 28))])
def test_strips_and_tiny_photos_are_padded_for_vision_encoders(prompt, size, sent):
    buffer = io.BytesIO()
    Image.new("RGB", size, "navy").save(buffer, "PNG")
    with serving() as server:
        (caption,) = captioner(server).caption([Photo("strip", buffer.getvalue)], prompt)
        (request,) = server.requests
    url = request["messages"][-1]["content"][0]["image_url"]["url"]
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
        assert picture.size == sent
    assert caption.text


def test_sampling_is_sent_and_another_one_captions_anew(prompt):
    sampling = Sampling(temperature=1, top_p=0.9, top_k=50, repetition_penalty=1.1, stop=["\n\n"])
    with serving() as server:
        engine = captioner(server, sampling=sampling, max_tokens=99)
        list(engine.caption(photos(1), prompt))
        assert server.requests[0].items() >= {**sampling.options(), "max_tokens": 99}.items()
        assert engine.fingerprint(prompt) != captioner(server, max_tokens=99).fingerprint(prompt)


@pytest.mark.parametrize("fault", ["rate limit", "error", "cut", "slow", "drip", "junk"])
def test_what_passes_is_waited_for_or_asked_again(prompt, fault):
    with serving() as calm:
        expected = {c.photo_id: c.text for c in captioner(calm).caption(photos(3), prompt)}
    with serving(faults={fault: 1.0}) as server:
        # Only what never answers is to be given up soon: a busy machine may be slow by itself.
        options = {"timeout": 2} if fault in ("slow", "drip") else {}
        captions = list(captioner(server, **options).caption(photos(3), prompt))
        assert set(server.pictures.values()) == {2}
    assert {caption.photo_id: caption.text for caption in captions} == expected


@pytest.mark.parametrize("fault", ["refusal", "truncated"])
def test_an_answer_of_no_use_is_asked_for_once_more_and_counted(prompt, fault):
    with serving(faults={fault: 1.0}) as server:
        (caption,) = captioner(server).caption(photos(1), prompt)
    assert parse_answer(caption.text, prompt.attributes).rejection is None
    assert (caption.answers, caption.input_tokens, caption.output_tokens) == (2, 2000, 100)
    assert [request["temperature"] for request in server.requests] == [0.0, 0.7]


def test_all_faults_together_lose_nothing(prompt):
    faults = dict.fromkeys(["rate limit", "error", "cut", "slow", "drip", "junk", "truncated"], 0.1)
    with serving(faults=faults, delay=0.01) as server:
        captions = list(captioner(server, timeout=0.4, retries=6).caption(photos(60), prompt))
        assert len(server.met) > 10
    assert sorted(int(caption.photo_id) for caption in captions) == list(range(60))
    assert all(caption.failure is None for caption in captions)


@pytest.mark.parametrize(
    ("refuses", "answer_format"),
    [
        ({"json_schema"}, "json_object"),
        ({"json_schema", "json_object"}, None),
        ({"system"}, "json_schema"),
        ({"system", "json_schema", "json_object"}, None),
        ({"max_tokens", "temperature"}, "json_schema"),
        ({"top_k", "system", "json_schema"}, "json_object"),
    ],
)
def test_asks_as_the_server_can_take_it(prompt, refuses, answer_format):
    with serving(refuses=refuses) as server:
        sampling = Sampling(top_k=5)
        captions = list(captioner(server, sampling=sampling).caption(photos(5), prompt))
        assert all(caption.failure is None for caption in captions)
        # The first request finds out what the server takes.
        assert len(server.requests) <= 5 + 5
        assert not refuses & server.requests[-1].keys()
        last = server.requests[-1]
    assert last.get("response_format", {}).get("type") == answer_format
    assert len(last["messages"]) == (1 if "system" in refuses else 2)
    assert prompt.system in json.dumps(last["messages"], ensure_ascii=False)


def test_a_photo_that_the_server_refuses_harms_only_itself(prompt):
    with serving(poison="") as server:
        server.poison = None
        engine = captioner(server, concurrency=2)
        list(engine.caption(photos(3), prompt))
        server.poison = min(server.pictures)[:8]
        captions = list(engine.caption(photos(3), prompt))
    failures = [caption.failure for caption in captions if caption.failure]
    assert failures == ["HTTP 400: the picture cannot be read"]
    assert sum(caption.text is not None for caption in captions) == 2


def test_photos_that_the_server_refuses_first_do_not_keep_the_others_from_it(prompt):
    with serving() as server:
        list(captioner(server).caption(photos(9), prompt))
        refused = list(server.pictures)[:6]
    with serving(poison=tuple(refused)) as server:
        first = sorted(photos(9), key=lambda one: one.photo_id)
        captions = list(captioner(server, retries=0).caption(first, prompt))
    assert sum(caption.text is not None for caption in captions) == 3


def test_a_poisoned_first_photo_does_not_spoil_how_the_others_are_asked(prompt):
    with serving() as server:
        engine = captioner(server, concurrency=1)
        list(engine.caption(photos(1), prompt))
        server.poison, server.requests = next(iter(server.pictures)), []
        list(engine.caption(photos(3), prompt))
    assert "response_format" in server.requests[-1]


def test_a_file_that_is_no_photo_is_never_sent(prompt):
    with serving() as server:
        (caption,) = captioner(server).caption([Photo("x", lambda: b"junk")], prompt)
        assert server.requests == []
    assert "cannot be decoded" in caption.failure


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"api_key": "wrong"}, "refuses the key: HTTP 401"),
        ({"model": "test/blind"}, "has no model 'test/blind': HTTP 404"),
    ],
)
def test_a_wrong_key_or_model_stops_at_once_in_a_sentence(prompt, options, sentence):
    with serving() as server:
        with pytest.raises(InputError, match=sentence) as raised:
            list(captioner(server, concurrency=4, **options).caption(photos(20), prompt))
        assert len(server.requests) <= 8
    assert options.get("api_key", KEY) not in str(raised.value)


def test_a_key_that_the_server_repeats_is_not_repeated(prompt):
    with serving() as server, pytest.raises(InputError) as raised:
        list(captioner(server, api_key=KEY[:-1]).caption(photos(1), prompt))
    assert KEY[:-1] not in str(raised.value)


def test_no_key_for_together_ends_in_a_sentence(prompt, monkeypatch):
    monkeypatch.delenv("TOGETHER_BASE_URL", raising=False)
    with pytest.raises(InputError, match="Set TOGETHER_API_KEY"):
        list(ApiCaptioner(MODEL).caption(photos(1), prompt))


def test_a_server_that_is_down_stops_the_run_and_not_only_its_photos(prompt):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        captions = []
        with pytest.raises(InputError, match=r"since the last 4 photos failed.*no connection to"):
            for caption in captioner(address, concurrency=2, retries=0).caption(photos(50), prompt):
                captions.append(caption)
    assert 1 <= len(captions) <= 4
    assert all("no connection" in caption.failure for caption in captions)


def test_a_server_that_goes_down_stops_the_run_after_what_was_answered(prompt):
    with serving() as server:
        stream = captioner(server, concurrency=3).caption(photos(30), prompt)
        answered = [next(stream)]
        server.poison = ""
        with pytest.raises(
            InputError, match=r"since the last 6 photos failed.*the picture cannot be read"
        ):
            answered.extend(stream)
    assert answered[0].text
    assert sum(caption.failure is not None for caption in answered) <= 6


def test_tokens_and_cost_are_counted(prompt):
    with serving() as server:
        (caption,) = captioner(server, price=Price(input=0.2, output=0.6)).caption(
            photos(1), prompt
        )
    assert (caption.input_tokens, caption.output_tokens) == (1000, 50)
    assert caption.cost == pytest.approx(0.00023)


def test_error_that_passes_is_no_answer_of_the_next_run(prompt):
    ended = {"choices": [{"finish_reason": "error", "message": {"content": ""}}]}
    filtered = {"choices": [{"finish_reason": "SAFETY", "message": {"content": None}}]}
    thoughts = {"choices": [{"message": {"content": "", "reasoning": "Is it a shirt? A draft."}}]}
    for reply, reason in [(ended, "'error'"), (filtered, "SAFETY"), (thoughts, "thought")]:
        with serving(reply_always=reply) as server:
            (caption,) = captioner(server, retries=0).caption(photos(1), prompt)
        assert caption.text is None
        assert reason in caption.failure


@pytest.mark.parametrize(
    ("status", "body", "header", "least"),
    [
        (429, {"error": {"message": "slow down"}}, "Retry-After: 90\r\n", 90),
        (503, {"error": {"message": "The model is loading"}}, "Retry-After: 70\r\n", 70),
        (529, {"error": {"message": "Overloaded"}}, "", 0.5),
    ],
)
def test_all_requests_wait_as_long_as_the_server_asks(
    prompt, monkeypatch, status, body, header, least
):
    speed, sleep, clock = 200, connection.sleep, connection.clock
    monkeypatch.setattr(connection, "sleep", lambda seconds: sleep(seconds / speed))
    monkeypatch.setattr(connection, "clock", lambda: clock() * speed)
    with serving(opening=[(status, body, header)]) as server:
        begun = clock()
        captions = list(captioner(server).caption(photos(8), prompt))
        assert (clock() - begun) * speed > least
        assert all(caption.text for caption in captions)
        assert len(server.requests) == 8 + 1


def test_draft_in_a_models_thoughts_is_no_caption(prompt):
    draft = '{"Title": "draft", "Description": "a draft"}'
    message = {"content": "", "reasoning_content": f"First {draft} Now, is that right?"}
    with serving(reply_always={"choices": [{"message": message}]}) as server:
        (caption,) = captioner(server).caption(photos(1), prompt)
    assert caption.text is None


@pytest.mark.parametrize(
    ("key", "said", "shown"),
    [
        ("none", "None of your models is loaded", "None of your models is loaded"),
        ("sk-1234567890", "bad key sk-1234567890!", "bad key …!"),
        ("abc", "Invalid key: abc", "Invalid key: …"),
    ],
)
def test_key_is_masked_and_the_servers_words_are_not(key, said, shown):
    server = Server(MODEL, "http://localhost/v1", key, timeout=1, retries=0)
    assert server.mask(said) == shown


@pytest.mark.parametrize(
    ("base_url", "sentence"),
    [
        ("localhost:8000/v1", "is not an address. It must begin with http://"),
        ("http://", "is not an address"),
    ],
)
def test_base_url_that_is_no_address_ends_in_a_sentence(prompt, base_url, sentence):
    with pytest.raises(InputError, match=sentence):
        list(captioner(base_url).caption(photos(1), prompt))


def test_redirect_to_another_host_does_not_get_the_key():
    server = Server(MODEL, "http://shop.test/v1", KEY, timeout=1, retries=0)
    server.move("https://shop.test/v2/chat/completions")
    assert server.address == "https://shop.test/v2/chat/completions"
    with pytest.raises(InputError, match=r"has moved to https://other.test/v1.*\. Set base_url"):
        server.move("https://other.test/v1/chat/completions")
