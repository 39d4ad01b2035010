import json
import socket

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from chat_server import KEY, MODEL, serving
from lookbook.checkpoint import Checkpoint
from lookbook.datasets.api_stylist_dataset import ApiStylistDataset
from lookbook.datasets.huggingface_stylist_dataset import HuggingFaceStylistDataset
from lookbook.errors import InputError
from lookbook.stylists import Message, Recommendation
from lookbook.stylists.api import ApiChat
from lookbook.stylists.huggingface import HuggingFaceChat
from lookbook.stylists.language_model import LanguageModelStylist, StylistPrompts
from lookbook.vocabulary import SLOTS, Label
from project import ROOT

SHIRT = Label(
    Title="Blue shirt", Size="M", Category="Tops", Gender="Men", Type="Casual",
    Description="Buttons and a collar.",
)  # fmt: skip
SHOES = Recommendation(
    slot="feet", title="Black shoes", category="Shoes", description="Leather.", why="casual"
)
FEET = {
    "slot": "feet", "text": "white sneakers", "categories": ["Shoes"], "genders": ["Men"],
    "types": ["Casual"], "colours": ["white"],
}  # fmt: skip


@pytest.fixture(scope="module")
def prompts():
    written = yaml.safe_load((ROOT / "conf/base/globals.yml").read_text())["stylist_prompts"]
    return StylistPrompts.model_validate(written)


@pytest.fixture(scope="module")
def stylist_of(vocabulary, prompts):
    return lambda chat: LanguageModelStylist(chat, vocabulary, prompts)


def plan_of(*queries, **fields):
    plan = {"mode": "complementary", "queries": list(queries), "unwanted_colours": [], "notes": []}
    return json.dumps({**plan, **fields})


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def stylist(server, stylist_of):
    return stylist_of(ApiChat(MODEL, base_url=server.url, api_key=KEY, retries=0))


def replied(stylist, item=SHIRT, found=(SHOES,), message="shoes?"):
    plan = stylist._rules.plan(item, message, [])
    return list(stylist.reply(plan, item, list(found), message, []))


def test_the_plan_is_the_models_in_the_catalogues_values(server, stylist):
    server.plans = [plan_of(FEET, notes=["No prices here."])]
    plan = stylist.plan(SHIRT, "white sneakers, cheap", [Message(role="user", content="hello")])
    assert plan.mode == "complementary"
    assert plan.queries[0].model_dump() == FEET
    assert plan.notes == ["No prices here."]
    sent = server.requests[0]
    assert [turn["role"] for turn in sent["messages"]] == ["system", "user", "user"]
    assert "Blue shirt" in sent["messages"][-1]["content"]
    jsonschema.validate(json.loads(plan_of(FEET)), sent["response_format"]["json_schema"]["schema"])


def test_what_the_vocabulary_lacks_reaches_no_filter(server, stylist, vocabulary):
    odd = {
        **FEET, "categories": ["Shoes') OR 1=1 --", "Pants"], "genders": ["x"], "types": [],
        "colours": ["see-through"],
    }  # fmt: skip
    server.plans = [plan_of(odd)]
    query = stylist.plan(SHIRT, "shoes", []).queries[0]
    assert query.categories == ["Shoes"]
    assert query.genders == vocabulary.suiting("Gender", "Men")
    assert query.types == vocabulary.suiting("Type", "Casual")
    assert query.colours == []


def test_what_goes_with_an_item_is_none_of_its_kind(server, stylist):
    server.plans = [plan_of({**FEET, "slot": "upper", "categories": ["Tops"]}, FEET)]
    assert [query.slot for query in stylist.plan(SHIRT, "", []).queries] == ["feet"]


def test_a_useless_plan_is_asked_for_once_more(server, stylist):
    server.plans = ["I'd rather not.", plan_of(FEET)]
    assert stylist.plan(SHIRT, "shoes", []).queries
    assert [request["temperature"] for request in server.requests] == [0.0, 0.7]


def test_two_useless_plans_end_in_a_sentence(server, stylist):
    server.plans = ["no", plan_of()]
    with pytest.raises(InputError, match="gave no plan, asked twice"):
        stylist.plan(SHIRT, "shoes", [])


@given(answer=st.one_of(st.text(), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["mode", "queries", "slot", "text"]), inner, max_size=4),
    max_leaves=8,
).map(json.dumps)))  # fmt: skip
def test_no_answer_breaks_the_planning(stylist_of, answer):
    plan = stylist_of(None)._understand(answer, SHIRT)
    assert plan is None or all(query.categories for query in plan.queries)


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
    assert "Nothing in the catalogue" in "".join(replied(stylist, found=()))
    assert server.requests == []


@pytest.mark.parametrize("refused", [{"json_schema"}, {"json_schema", "json_object"}])
def test_a_server_without_schemas_is_asked_otherwise_and_it_is_remembered(stylist_of, refused):
    with serving(refuses=refused, plans=[plan_of(FEET)] * 2) as server:
        stylist = stylist_of(ApiChat(MODEL, base_url=server.url, api_key=KEY, retries=0))
        assert stylist.plan(SHIRT, "shoes", []).queries
        asked = len(server.requests)
        assert stylist.plan(SHIRT, "shoes", []).queries
        assert len(server.requests) == asked + 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"api_key": "wrong"}, "refuses the key"),
        ({"model": "no/such"}, "has no model 'no/such'"),
    ],
)
def test_what_the_server_refuses_ends_in_a_sentence_without_the_key(
    server, stylist_of, options, told
):
    reached = {"model": MODEL, "base_url": server.url, "api_key": KEY, "retries": 0, **options}
    stylist = stylist_of(ApiChat(**reached))
    for ask in (lambda: stylist.plan(SHIRT, "shoes", []), lambda: replied(stylist)):
        with pytest.raises(InputError, match=told) as raised:
            ask()
        assert reached["api_key"] not in str(raised.value)


def test_a_server_that_is_down_ends_in_a_sentence(stylist_of):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        stylist = stylist_of(ApiChat(MODEL, base_url=address, api_key=KEY, retries=0))
        with pytest.raises(InputError, match="cannot be reached"):
            stylist.plan(SHIRT, "shoes", [])


def test_no_key_for_together_ends_in_a_sentence(stylist_of, monkeypatch):
    monkeypatch.delenv("TOGETHER_BASE_URL", raising=False)
    with pytest.raises(InputError, match="set TOGETHER_API_KEY"):
        stylist_of(ApiChat(MODEL)).plan(SHIRT, "shoes", [])


@pytest.fixture(scope="module")
def local(tiny_mllama):
    return HuggingFaceChat(Checkpoint(str(tiny_mllama), None, None, "cpu", "auto"), 400)


def test_a_local_model_can_write_nothing_but_a_plan(local, stylist_of):
    stylist = stylist_of(local)
    asked = [{"role": "system", "content": "Plan."}, {"role": "user", "content": "shoes"}]
    for temperature in (0.0, 0.7):
        written = local.answer(asked, stylist._schema, temperature)
        assert written.startswith('{"mode":')
        plan = stylist._understand(written, SHIRT)
        assert plan is None or {query.slot for query in plan.queries} <= {*SLOTS, None}


def test_a_local_model_replies_in_parts(local, stylist_of):
    asked = [{"role": "system", "content": "Reply."}, {"role": "user", "content": "shoes"}]
    assert len(list(local.stream(asked))) > 1
    # Random weights say nothing true, and so the rules speak.
    assert "Black shoes" in "".join(replied(stylist_of(local)))


def test_stylists_are_catalog_entries(server, words, prompts, tiny_mllama):
    given_ = {"vocabulary": words, "prompts": prompts.model_dump()}
    server.plans = [plan_of(FEET)]
    api = ApiStylistDataset(
        model=MODEL, base_url=server.url, credentials={"api_key": KEY}, **given_
    ).load()
    assert api.plan(SHIRT, "shoes", []).queries
    local = HuggingFaceStylistDataset(model=str(tiny_mllama), device="cpu", **given_).load()
    assert isinstance(local, LanguageModelStylist)
