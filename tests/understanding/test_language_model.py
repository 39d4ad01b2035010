import json
import socket
import threading
import time

import jsonschema
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from lookbook.understanding.rule_stylist import NOTHING_FOUND, RuleStylist

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
from lookbook.understanding.language_model import (
    BY_RULES,
    LanguageModelStylist,
    StylistPrompts,
)
from lookbook.understanding.plans import parse_plan, plan_schema
from lookbook.understanding.request import Message, Recommendation
from project import configuration, declared_fields, usual_phrases

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
FEET = {
    "slot": "feet", "text": "white sneakers",
    "wished": {"Garment": ["sneakers"], "Colours": ["white"], "Gender": ["Men"]},
    "unwanted": {"Pattern": ["logo"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def prompts():
    return StylistPrompts.model_validate(configuration("globals")["stylist_prompts"])


@pytest.fixture(scope="module")
def stylist_of(prompts):
    return lambda chat: LanguageModelStylist(chat, prompts, usual_phrases())


def plan_of(*queries, **schema):
    plan = {"mode": "complementary", "queries": list(queries), "notes": []}
    return json.dumps({**plan, **schema})


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def stylist(server, stylist_of):
    return stylist_of(ApiChatModel(MODEL, base_url=server.url, api_key=KEY, retries=0))


FACETS = ProductFacets(["Acme"], ["S", "M"], ["EUR"], (10.0, 200.0), True)
BOOTS = Product("1", "Stiefel Elbe", price=89.95, sale_price=49.95, currency="EUR", sizes=["40"])


def replied(stylist, item=SHIRT, found=(SHOES,), message="shoes?"):
    plan = RuleStylist().plan(item, message, [], SCHEMA)
    return list(stylist.reply(plan, item, list(found), message, [], SCHEMA))


def test_the_plan_is_the_models_in_the_catalogues_values(server, stylist):
    server.plans = [plan_of(FEET, notes=["No prices here."])]
    plan = stylist.plan(
        SHIRT, "white sneakers, cheap", [Message(role="user", content="hello")], SCHEMA
    )
    assert plan.mode == "complementary"
    (query,) = plan.queries
    assert (query.slot, query.text) == ("feet", "white sneakers")
    assert query.filters == {"Category": ["Shoes"]}
    assert {(one.attribute, *one.values, one.negated) for one in query.preferences} == {
        ("Garment", "sneakers", False), ("Colours", "white", False), ("Gender", "Men", False),
        ("Pattern", "logo", True),
    }  # fmt: skip
    assert plan.notes == ["No prices here."]
    sent = server.requests[0]
    assert [turn["role"] for turn in sent["messages"]] == ["system", "user", "user"]
    assert "Blue shirt" in sent["messages"][-1]["content"]
    schema = sent["response_format"]["json_schema"]["schema"]
    every: dict[str, list[str]] = {name: [] for name in SCHEMA.categorical}
    whole = {**FEET, "wished": {**every, **FEET["wished"]}, "unwanted": every}
    jsonschema.validate(json.loads(plan_of(whole)), schema)


def test_limits_of_a_plan_are_those_that_products_can_meet(server, stylist):
    answered = {
        "max_price": 50, "min_price": 0, "sizes": ["M", "9"], "brands": ["Nobody"],
        "order": "price_ascending", "asks": ["price"], "is_about_shown": False, "refers_to": 2,
        "is_cheaper": False,
    }  # fmt: skip
    server.plans = [plan_of(FEET, **answered)]
    plan = stylist.plan(SHIRT, "white sneakers, cheap", [], SCHEMA, FACETS)
    assert plan.queries[0].products == ProductFilter(max_price=50, sizes=["M"])
    assert (plan.sort, plan.asks, plan.is_about_shown, plan.refers_to) == (
        "price_ascending", ["price"], True, 2,
    )  # fmt: skip
    schema = server.requests[0]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["sizes"]["items"] == {"enum": ["S", "M"]}
    assert "max_price" not in plan_schema(SCHEMA)["properties"]


def test_a_reply_names_no_price_that_is_not_the_items(server, stylist):
    server.reply = "Take [1] for 49.95 EUR. It was 89,95 €. Elsewhere it costs $20."
    item = Item("1", "1.jpg", BLACK_SHOES, product=BOOTS)
    reply = "".join(replied(stylist, found=(Recommendation("feet", Hit(item)),)))
    assert reply.strip() == "Take Stiefel Elbe for 49.95 EUR. It was 89,95 €."
    sent = server.requests[-1]["messages"][-1]["content"]
    assert "price 49.95 EUR; sizes 40" in sent


def test_what_the_fields_lack_reaches_no_filter(server, stylist):
    odd = {
        **FEET,
        "wished": {"Garment": ["Shoes') OR 1=1 --", "boots"], "1=1": ["y"], "Colours": ["x"]},
        "unwanted": {"Pattern": ["see-through"]},
    }
    server.plans = [plan_of(odd)]
    query = stylist.plan(SHIRT, "shoes", [], SCHEMA).queries[0]
    assert query.filters == {"Category": ["Shoes"]}
    assert [(preference.attribute, preference.values) for preference in query.preferences] == [
        ("Garment", ["boots"])
    ]


def test_what_goes_with_an_item_is_none_of_its_kind(server, stylist):
    server.plans = [plan_of({**FEET, "slot": "upper"}, FEET)]
    assert [query.slot for query in stylist.plan(SHIRT, "", [], SCHEMA).queries] == ["feet"]


def test_a_useless_plan_is_asked_for_once_more(server, stylist):
    server.plans = ["I'd rather not.", plan_of(FEET)]
    assert stylist.plan(SHIRT, "shoes", [], SCHEMA).queries
    assert [request["temperature"] for request in server.requests] == [0.0, 0.7]


def test_after_two_useless_plans_the_rules_plan_and_it_is_said(server, stylist):
    server.plans = ["no", plan_of()]
    plan = stylist.plan(SHIRT, "shoes", [], SCHEMA)
    assert ([query.slot for query in plan.queries], plan.notes) == (["feet"], [BY_RULES])


@given(answer=st.one_of(st.text(), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["mode", "queries", "slot", "text"]), inner, max_size=4),
    max_leaves=8,
).map(json.dumps)))  # fmt: skip
@example(answer='{"```json{```')
def test_no_answer_breaks_the_planning(answer):
    plan = parse_plan(answer, SHIRT, SCHEMA)
    assert plan is None or all(all(query.filters.values()) for query in plan.queries)


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


def test_where_nothing_true_was_said_the_rules_speak(server, stylist):
    server.reply = "Take the [7] hat."
    assert "".join(replied(stylist)) == "With your blue shirt go:\n- shoes: Black shoes (casual)"


def test_nothing_found_is_said_without_asking(server, stylist):
    assert "".join(replied(stylist, found=())) == NOTHING_FOUND
    assert server.requests == []


RULES = "With your blue shirt go:\n- shoes: Black shoes (casual)"


@pytest.mark.parametrize(
    "fault", ["cut", "stalled", "dripping", "garbage", "page", "error", "ended"]
)
def test_broken_stream_ends_in_the_rules_reply_within_the_timeout(
    server, stylist_of, fault, caplog
):
    server.reply, server.stream_fault = "Take the [1]. They are easy to wear.", fault
    chat = ApiChatModel(MODEL, base_url=server.url, api_key=KEY, retries=0, timeout=0.7)
    begun = time.monotonic()
    assert "".join(replied(stylist_of(chat))) == RULES
    assert time.monotonic() - begun < 5
    assert "chat model failed" in caplog.text or "sends no answers" in caplog.text


def test_reply_that_breaks_off_is_followed_by_the_rules(stylist_of):
    class BreaksOff:
        def stream(self, messages):
            yield "Take the [1]. They "
            raise InputError("The chat model failed.")

    assert "".join(replied(stylist_of(BreaksOff()))) == f"Take the Black shoes. \n\n{RULES}"


def test_plan_that_does_not_come_is_made_by_rules_within_the_timeout(stylist_of):
    with serving(delay=20, plans=[plan_of(FEET)]) as server:
        chat = ApiChatModel(MODEL, base_url=server.url, api_key=KEY, timeout=0.5)
        begun = time.monotonic()
        stylist = stylist_of(chat)
        plan = stylist.plan(SHIRT, "shoes", [], SCHEMA)
        assert BY_RULES in plan.notes
        asked = len(server.requests)
        # The customer does not wait once more.
        assert "Black shoes" in "".join(stylist.reply(plan, SHIRT, [SHOES], "", [], SCHEMA))
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
    with serving(refuses=refused, plans=[plan_of(FEET)] * 2) as server:
        stylist = stylist_of(ApiChatModel(MODEL, base_url=server.url, api_key=KEY, retries=0))
        assert stylist.plan(SHIRT, "shoes", [], SCHEMA).queries
        asked = len(server.requests)
        assert stylist.plan(SHIRT, "shoes", [], SCHEMA).queries
        assert len(server.requests) == asked + 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"api_key": "wrong"}, "refuses the key"),
        ({"model": "no/such"}, "has no model 'no/such'"),
    ],
)
def test_what_the_server_refuses_the_log_says_without_the_key_and_the_rules_answer(
    server, stylist_of, options, told, caplog
):
    reached = {"model": MODEL, "base_url": server.url, "api_key": KEY, "retries": 0, **options}
    stylist = stylist_of(ApiChatModel(**reached))
    assert BY_RULES in stylist.plan(SHIRT, "shoes", [], SCHEMA).notes
    assert "Black shoes" in "".join(replied(stylist))
    assert caplog.text.count(told) == 2
    assert reached["api_key"] not in caplog.text


def test_where_a_server_is_down_the_rules_plan_and_the_log_says_why(stylist_of, caplog):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        stylist = stylist_of(ApiChatModel(MODEL, base_url=address, api_key=KEY, retries=0))
        assert stylist.plan(SHIRT, "shoes", [], SCHEMA).queries
    assert "chat model failed: no connection to" in caplog.text


def test_no_key_for_together_is_said_in_the_log(stylist_of, monkeypatch, caplog):
    monkeypatch.delenv("TOGETHER_BASE_URL", raising=False)
    assert BY_RULES in stylist_of(ApiChatModel(MODEL)).plan(SHIRT, "shoes", [], SCHEMA).notes
    assert "set TOGETHER_API_KEY" in caplog.text


@pytest.fixture(scope="module")
def local(tiny_mllama):
    return HuggingFaceChatModel(str(tiny_mllama), device="cpu", max_tokens=500)


def test_a_local_model_can_write_nothing_but_a_plan(local):
    asked = [{"role": "system", "content": "Plan."}, {"role": "user", "content": "shoes"}]
    for temperature in (0.0, 0.7):
        written = local.answer(asked, plan_schema(SCHEMA, FACETS), temperature)
        assert written.startswith('{"mode":')
        plan = parse_plan(written, SHIRT, SCHEMA, FACETS)
        assert plan is None or {query.slot for query in plan.queries} <= {*SCHEMA.slots, None}


def test_a_local_model_replies_in_parts(local, stylist_of):
    asked = [{"role": "system", "content": "Reply."}, {"role": "user", "content": "shoes"}]
    assert len(list(local.stream(asked))) > 1
    # Random weights say nothing true, and so the rules speak.
    assert "Black shoes" in "".join(replied(stylist_of(local)))


@pytest.mark.parametrize("fault", ["stalls", "fails"])
def test_a_local_model_that_does_not_write_leaves_the_reply_to_the_rules(
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
    assert "".join(replied(stylist)) == "".join(replied(stylist)) == RULES
    assert BY_RULES in stylist.plan(SHIRT, "shoes", [], SCHEMA).notes
    woken.set()
    assert "chat model failed: " in caplog.text
    assert time.monotonic() - begun < 19
    assert weights.turn.acquire(timeout=10), "the model is still in use"
    weights.turn.release()


def test_stylists_are_catalog_entries(server, prompts, tiny_mllama):
    server.plans = [plan_of(FEET)]
    rooms = "lookbook.chat_models"
    given_ = {
        "engine": "lookbook.understanding.language_model.LanguageModelStylist",
        "prompts": prompts.model_dump(),
    }
    chat = {"engine": f"{rooms}.api.ApiChatModel", "model": MODEL, "base_url": server.url}
    api = EngineDataset(**given_, chat={**chat, "credentials": {"api_key": KEY}}).load()
    assert api.plan(SHIRT, "shoes", [], SCHEMA).queries
    chat = {"engine": f"{rooms}.huggingface.HuggingFaceChatModel", "model": str(tiny_mllama)}
    assert isinstance(EngineDataset(**given_, chat=chat).load(), LanguageModelStylist)
