import json
import socket
import threading
import time

import pytest
import torch

from chat_server import KEY, MODEL, serving
from lookbook.attributes.schema import Schema
from lookbook.chat_models.api import ApiChatModel
from lookbook.chat_models.checkpoint import Checkpoint, load_model
from lookbook.chat_models.huggingface import HuggingFaceChatModel
from lookbook.datasets.engine_dataset import EngineDataset
from lookbook.errors import InputError
from lookbook.products.product import Product
from lookbook.search.items import Hit, Item
from lookbook.search.product_filter import ProductFacets, ProductFilter
from lookbook.understanding.language_model import LanguageModelStylist, StylistPrompts
from lookbook.understanding.planning import plan_search
from lookbook.understanding.plans import parse_request, request_schema
from lookbook.understanding.request import (
    Conversation,
    Part,
    Recommendation,
    Request,
    Turn,
)
from project import ROOT, bundled_stylist, configuration, declared_fields

SCHEMA = Schema.model_validate(declared_fields())
REST = {
    "Size": "M", "Garment": "other", "Pattern": "plain", "Material": "unknown", "Sleeve": "unknown",
    "Neckline": "unknown", "Length": "unknown",
}  # fmt: skip
SHIRT = {
    "Title": "Blue shirt", "Category": "Tops", "Gender": "Men", "Type": "Casual",
    "Description": "Buttons and a collar.", "Colours": ["blue"], **REST,
}  # fmt: skip
BLACK_SHOES = {
    **SHIRT, "Title": "Black shoes", "Category": "Shoes", "Description": "Leather.",
    "Colours": ["black"],
}  # fmt: skip
SHOES = Recommendation("feet", Hit(Item("1", "1.jpg", BLACK_SHOES)), why="casual")
SNEAKERS = {
    "wanted": {"Garment": ["sneakers"], "Colours": ["white"]}, "implied": {},
    "refused": {"Pattern": ["logo"]},
}  # fmt: skip
NO_PRODUCTS = ProductFacets()
SHOES_FOR_SHIRT = Request(act="complement", parts=[Part(wanted={"Garment": ["sneakers"]})])
FALLBACK = "The bundled stylist answers instead."


@pytest.fixture(scope="module")
def prompts():
    return StylistPrompts.model_validate(configuration("globals")["stylist_prompts"])


@pytest.fixture(scope="module")
def stylist_of(prompts):
    return lambda chat: LanguageModelStylist(chat, prompts, bundled_stylist())


def answer_of(*parts, **changes):
    """An answer of a model."""
    answer = {
        "act": "complement", "parts": list(parts), "recipients": ["Men"], "occasion": "",
        "weather": None, "owned": {}, "refers_to": 0, "wants_others": False, "language": "en",
        "notes": [],
    }  # fmt: skip
    return json.dumps({**answer, **changes})


def conversation_of(message="white sneakers", turns=(), item=SHIRT, facets=NO_PRODUCTS):
    return Conversation(message, list(turns), item, facets)


def understood(stylist, *arguments, **options):
    return stylist.understand(conversation_of(*arguments, **options), SCHEMA)


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def stylist(server, stylist_of):
    return stylist_of(ApiChatModel(MODEL, base_url=server.url, api_key=KEY, retries=0))


FACETS = ProductFacets(["Acme"], ["S", "M"], ["EUR"], (10.0, 200.0), True)
BOOTS = Product("1", "Stiefel Elbe", price=89.95, sale_price=49.95, currency="EUR", sizes=["40"])


def replied(stylist, found=(SHOES,), request=SHOES_FOR_SHIRT):
    plan = plan_search(request, SHIRT, "shoes?", SCHEMA)
    conversation = conversation_of("shoes?")
    return list(stylist.reply(request, plan, conversation, list(found), SCHEMA))


def test_the_request_is_the_models_in_the_catalogues_values(server, stylist):
    server.plans = [answer_of(SNEAKERS, notes=["No prices here."])]
    request = understood(stylist, "white sneakers, cheap", [Turn("user", "hello")])
    assert (request.act, request.recipients) == ("complement", ["Men"])
    assert request.parts == [Part(**SNEAKERS)]
    assert request.notes == ["No prices here."]
    sent = server.requests[0]
    assert [turn["role"] for turn in sent["messages"]] == ["system", "user", "user"]
    assert "Blue shirt" in sent["messages"][-1]["content"]
    assert sent["response_format"]["json_schema"]["schema"] == request_schema(SCHEMA, NO_PRODUCTS)


def test_a_model_reads_the_items_that_were_shown_by_their_numbers(server, stylist):
    server.plans = [answer_of(SNEAKERS, act="similar", refers_to=2)]
    turns = [Turn("user", "shoes"), Turn("assistant", "Here.", [SHIRT, BLACK_SHOES])]
    assert understood(stylist, "the second one in white", turns).refers_to == 2
    shown = server.requests[0]["messages"][2]
    assert shown == {
        "role": "assistant", "content": "Here.\n1. Blue shirt\n2. Black shoes",
    }  # fmt: skip


def test_limits_of_a_request_are_those_that_products_can_meet(server, stylist):
    limits = {
        "max_price": 50, "min_price": 0, "sizes": ["M", "9"], "brands": ["Nobody"],
        "order": "price_ascending", "asks": ["price"], "is_cheaper": False,
    }  # fmt: skip
    server.plans = [answer_of(SNEAKERS, **limits)]
    request = understood(stylist, "white sneakers, cheap", facets=FACETS)
    assert request.products == ProductFilter(max_price=50, sizes=["M"])
    assert (request.sort, request.asks) == ("price_ascending", ["price"])
    sent = server.requests[0]["response_format"]["json_schema"]["schema"]
    assert sent == request_schema(SCHEMA, FACETS)


def test_a_reply_names_no_price_that_is_not_the_items(server, stylist):
    server.reply = "Take [1] for 49.95 EUR. It was 89,95 €. Elsewhere it costs $20."
    item = Item("1", "1.jpg", BLACK_SHOES, product=BOOTS)
    reply = "".join(replied(stylist, found=(Recommendation("feet", Hit(item)),)))
    assert reply.strip() == "Take Stiefel Elbe for 49.95 EUR. It was 89,95 €."
    sent = server.requests[-1]["messages"][-1]["content"]
    assert "price 49.95 EUR; sizes 40" in sent


def test_a_useless_answer_is_asked_for_once_more(server, stylist):
    server.plans = ["I'd rather not.", answer_of(SNEAKERS)]
    assert understood(stylist).parts == [Part(**SNEAKERS)]
    assert [request["temperature"] for request in server.requests] == [0.0, 0.7]


def test_after_two_useless_answers_the_bundled_stylist_understands(server, stylist, caplog):
    server.plans = ["no", "{}"]
    assert understood(stylist) == understood(bundled_stylist())
    assert FALLBACK in caplog.text


def test_a_reply_comes_in_parts_with_titles_for_numbers(server, stylist):
    server.reply = "Lovely shirt! I would take the [1]. They are easy to wear."
    parts = replied(stylist)
    assert "".join(parts) == "Lovely shirt! I would take the Black shoes. They are easy to wear. "
    assert len(parts) == 3
    assert server.requests[0]["stream"] is True


@pytest.mark.parametrize(
    "invented",
    [
        "Try the [2] too.",
        "A red scarf would be lovely.",
        "These green shoes are a dream.",
        "Take a hat as well.",
        "Or a belt.",
    ],
)
def test_a_sentence_about_what_is_not_shown_is_left_out(server, stylist, invented):
    server.reply = f"The [1] suit your blue shirt. {invented}"
    assert "".join(replied(stylist)).strip() == "The Black shoes suit your blue shirt."


TEMPLATE = "These go with your blue shirt:\n- shoes: Black shoes (casual)"


def test_where_nothing_true_was_said_the_templates_speak(server, stylist):
    server.reply = "Take the [7] hat."
    assert "".join(replied(stylist)) == TEMPLATE


def test_nothing_found_is_said_without_asking(server, stylist):
    bundled = bundled_stylist()
    assert replied(stylist, found=()) == replied(bundled, found=())
    assert server.requests == []


@pytest.mark.parametrize(
    "fault", ["cut", "stalled", "dripping", "garbage", "page", "error", "ended"]
)
def test_broken_stream_ends_in_the_templates_within_the_timeout(server, stylist_of, fault, caplog):
    server.reply, server.stream_fault = "Take the [1]. They are easy to wear.", fault
    chat = ApiChatModel(MODEL, base_url=server.url, api_key=KEY, retries=0, timeout=0.7)
    begun = time.monotonic()
    assert "".join(replied(stylist_of(chat))) == TEMPLATE
    assert time.monotonic() - begun < 5
    assert "chat model failed" in caplog.text or "sends no answers" in caplog.text


def test_reply_that_breaks_off_is_followed_by_the_templates(stylist_of):
    class BreaksOff:
        def stream(self, messages):
            yield "Take the [1]. They "
            raise InputError("The chat model failed.")

    assert "".join(replied(stylist_of(BreaksOff()))) == f"Take the Black shoes. \n\n{TEMPLATE}"


def test_answer_that_does_not_come_is_the_bundled_stylists_within_the_timeout(stylist_of, caplog):
    with serving(delay=20, plans=[answer_of(SNEAKERS)]) as server:
        chat = ApiChatModel(MODEL, base_url=server.url, api_key=KEY, timeout=0.5)
        begun = time.monotonic()
        stylist = stylist_of(chat)
        request = understood(stylist)
        assert request.is_late and request == understood(bundled_stylist()).model_copy(
            update={"is_late": True}
        )
        assert "cannot be used" in caplog.text
        asked = len(server.requests)
        # The customer does not wait once more.
        assert "Black shoes" in "".join(replied(stylist, request=request))
        assert len(server.requests) == asked
        assert time.monotonic() - begun < 5


def test_stream_that_the_reader_leaves_holds_nobody_up(server):
    server.reply, server.stream_fault = "Take the [1].", "stalled"
    chat = ApiChatModel(MODEL, base_url=server.url, api_key=KEY, timeout=30)
    stream = chat.stream([{"role": "user", "content": "shoes"}])
    begun = time.monotonic()
    assert next(stream) == "Take "
    stream.close()
    assert time.monotonic() - begun < 5


def test_thinking_is_no_part_of_a_reply(server, stylist):
    server.reply = "<think> The [1] are ugly. </think> Take the [1]."
    assert "".join(replied(stylist)).strip() == "Take the Black shoes."


@pytest.mark.parametrize("refused", [{"json_schema"}, {"json_schema", "json_object"}])
def test_a_server_without_schemas_is_asked_otherwise_and_it_is_remembered(stylist_of, refused):
    with serving(refuses=refused, plans=[answer_of(SNEAKERS)] * 2) as server:
        stylist = stylist_of(ApiChatModel(MODEL, base_url=server.url, api_key=KEY, retries=0))
        assert understood(stylist).parts == [Part(**SNEAKERS)]
        asked = len(server.requests)
        assert understood(stylist).parts == [Part(**SNEAKERS)]
        assert len(server.requests) == asked + 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"api_key": "wrong"}, "refuses the key"),
        ({"model": "no/such"}, "has no model 'no/such'"),
    ],
)
def test_what_the_server_refuses_the_log_says_without_the_key_and_templates_answer(
    server, stylist_of, options, told, caplog
):
    reached = {"model": MODEL, "base_url": server.url, "api_key": KEY, "retries": 0, **options}
    stylist = stylist_of(ApiChatModel(**reached))
    assert understood(stylist) == understood(bundled_stylist())
    assert "".join(replied(stylist)) == TEMPLATE
    assert caplog.text.count(told) == 2
    assert reached["api_key"] not in caplog.text


def test_a_server_that_is_down_is_named_in_the_log(stylist_of, caplog):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        stylist = stylist_of(ApiChatModel(MODEL, base_url=address, api_key=KEY, retries=0))
        assert understood(stylist) == understood(bundled_stylist())
    assert "chat model failed: no connection to" in caplog.text


def test_no_key_for_together_is_said_in_the_log(stylist_of, monkeypatch, caplog):
    monkeypatch.delenv("TOGETHER_BASE_URL", raising=False)
    assert understood(stylist_of(ApiChatModel(MODEL))) == understood(bundled_stylist())
    assert "Set TOGETHER_API_KEY" in caplog.text


@pytest.fixture(scope="module")
def local(tiny_mllama):
    return HuggingFaceChatModel(str(tiny_mllama), device="cpu", max_tokens=500)


def test_a_local_model_can_write_nothing_but_a_request(local):
    asked = [{"role": "system", "content": "Plan."}, {"role": "user", "content": "shoes"}]
    for temperature in (0.0, 0.7):
        written = local.answer(asked, request_schema(SCHEMA, FACETS), temperature)
        assert written.startswith('{"act":')
        request = parse_request(written, SCHEMA, FACETS)
        assert request is None or isinstance(request, Request)


def test_a_local_model_replies_in_parts(local, stylist_of):
    asked = [{"role": "system", "content": "Reply."}, {"role": "user", "content": "shoes"}]
    assert len(list(local.stream(asked))) > 1
    # Random weights say nothing true, and so the templates speak.
    assert "".join(replied(stylist_of(local))) == TEMPLATE


@pytest.mark.parametrize("fault", ["stalls", "fails"])
def test_a_local_model_that_does_not_write_leaves_the_reply_to_the_templates(
    tiny_mllama, stylist_of, fault, monkeypatch, caplog
):
    from transformers import MllamaForConditionalGeneration

    woken = threading.Event()

    def generate(self, **options):
        if fault == "stalls":
            woken.wait(20)
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    weights = load_model(Checkpoint(str(tiny_mllama), None, None, "cpu", "auto"))
    chat = HuggingFaceChatModel(str(tiny_mllama), device="cpu", timeout=0.5)
    monkeypatch.setattr(MllamaForConditionalGeneration, "generate", generate)
    begun = time.monotonic()
    stylist = stylist_of(chat)
    # The second customer meets a model that is still busy with the first.
    assert "".join(replied(stylist)) == "".join(replied(stylist)) == TEMPLATE
    assert understood(stylist).parts == understood(bundled_stylist()).parts
    woken.set()
    assert "chat model failed: " in caplog.text
    assert time.monotonic() - begun < 19
    assert weights.turn.acquire(timeout=10), "the model is still in use"
    weights.turn.release()


def test_stylists_are_catalog_entries(server, prompts, tiny_mllama):
    server.plans = [answer_of(SNEAKERS)]
    rooms, base = "lookbook.chat_models", ROOT / "conf/base"
    bundled = {
        "engine": "lookbook.understanding.learned_stylist.LearnedStylist",
        **{
            name: {"engine": f"lookbook.understanding.{engine}", "filepath": str(base / file)}
            for name, engine, file in (
                ("vocabulary", "vocabulary.read_vocabulary", "vocabulary.csv"),
                ("phrases", "phrases.read_phrases", "phrases.yml"),
                ("replies", "replies.read_replies", "replies.yml"),
                ("shop_facts", "shop_facts.read_shop_facts", "shop_facts.yml"),
            )
        },
    }
    given_ = {
        "engine": "lookbook.understanding.language_model.LanguageModelStylist",
        "prompts": prompts.model_dump(),
        "bundled": bundled,
    }
    chat = {"engine": f"{rooms}.api.ApiChatModel", "model": MODEL, "base_url": server.url}
    api = EngineDataset(**given_, chat={**chat, "credentials": {"api_key": KEY}}).load()
    assert understood(api).parts == [Part(**SNEAKERS)]
    chat = {"engine": f"{rooms}.huggingface.HuggingFaceChatModel", "model": str(tiny_mllama)}
    assert isinstance(EngineDataset(**given_, chat=chat).load(), LanguageModelStylist)
