import json
from functools import partial

import pandas as pd
import pytest

from lookbook.assistant.types import ServingParams
from lookbook.errors import InputError
from lookbook.photos.photo import Photo
from lookbook.pipelines.serving.nodes import describe_item, interpret_message, write_reply
from lookbook.understanding.replies import read_replies
from lookbook.understanding.request import Request, ShoppingPlan
from processes import run_kedro
from project import ROOT, bundled_stylist, configuration, jpeg, latest, open_search, succeed

TODAY = "2026-07-01"
REPLIES = read_replies(str(ROOT / "conf/base/replies.yml"))


def shown(data):
    return Photo("photo", lambda: data)


@pytest.fixture(scope="module")
def search(ran):
    return open_search(ran[0])


@pytest.fixture(scope="module")
def params():
    declared = configuration("parameters_serving")["serving"] | {"max_concurrency": None}
    return ServingParams.model_validate(declared)


@pytest.fixture(scope="module")
def describe(search, captioner, prompt, params):
    return lambda photo: describe_item(photo, captioner, prompt.model_dump(), search, params)


def test_a_photo_is_described_in_the_catalogues_words(describe):
    item = describe(shown(jpeg("Dress", "red")))
    record = item["record"]
    assert (item["photo_id"], record["Category"], record["Colours"]) == (
        "photo",
        "Dresses",
        ["red"],
    )
    assert not record["Description"].startswith(record["Title"])
    assert json.loads(json.dumps(item))["image_embedding"] == item["image_embedding"]


def test_no_photo_is_no_item(describe):
    assert describe(None) == {}


def test_a_file_that_is_no_photo_ends_in_a_sentence(describe):
    with pytest.raises(InputError, match="cannot be described: cannot be decoded"):
        describe(shown(b"junk"))


def test_neither_photo_nor_message_ends_in_a_sentence(search, params, schema):
    with pytest.raises(InputError, match="give a photo, a message or both"):
        interpret_message({}, "  ", [], bundled_stylist(), search, params, schema, TODAY)


def test_a_message_becomes_a_request_an_item_and_a_plan(search, params, schema):
    request, item, plan = interpret_message(
        {}, "black boots", [], bundled_stylist(), search, params, schema, TODAY
    )
    (part,) = Request.model_validate(request).parts
    assert (part.wanted["Garment"], part.wanted["Colours"]) == (["boots"], ["black"])
    assert (item, json.loads(json.dumps(plan))) == ({}, plan)
    (query,) = ShoppingPlan.model_validate(plan).queries
    assert (query.slot, query.text) == ("feet", "black boots")


@pytest.mark.parametrize(
    ("weather", "hemisphere", "message", "season"),
    [
        ("season", "north", "black boots", "warm"),
        ("season", "south", "black boots", "cold"),
        ("rain", "north", "black boots", "mild"),
        ("season", "north", "boots for a cold winter day", "cold"),
        (None, "north", "black boots", None),
    ],
)
def test_outfits_are_for_the_weather_that_is_configured_unless_the_message_says(
    search, params, schema, weather, hemisphere, message, season
):
    params = params.model_copy(update={"weather": weather, "hemisphere": hemisphere})
    _, _, plan = interpret_message(
        {}, message, [], bundled_stylist(), search, params, schema, TODAY
    )
    assert plan["context"].get("season") == season


def test_a_date_that_is_none_ends_in_a_sentence(search, params, schema):
    with pytest.raises(InputError, match="Write a date like"):
        interpret_message({}, "boots", [], bundled_stylist(), search, params, schema, "tomorrow")


def test_an_item_of_the_page_becomes_the_item_to_start_from(search, params, schema):
    (dress,) = search.browse({"Category": ["Dresses"]}, 1)
    history = [{"role": "user", "content": "a dress"},
               {"role": "assistant", "content": "Here.", "shown": [dress.photo_id]}]  # fmt: skip
    _, item, plan = interpret_message(
        {},
        "more like the first one please",
        history,
        bundled_stylist(),
        search,
        params,
        schema,
        TODAY,
    )
    assert item["photo_id"] == dress.photo_id
    assert (plan["mode"], plan["queries"][0]["slot"]) == ("similar", "full_body")


@pytest.fixture
def replied(search, params, schema):
    return partial(reply_to, search=search, params=params, schema=schema)


def reply_to(message, rows, search, params, schema, outfits=()):
    stylist = bundled_stylist()
    request, _, plan = interpret_message({}, message, [], stylist, search, params, schema, TODAY)
    columns = ["photo_id", "Filename", "slot", *schema.names, "product", "why"]
    found = pd.DataFrame(rows, columns=columns, dtype=object).fillna("")
    return write_reply(request, plan, {}, found, list(outfits), message, [], stylist, schema)


def test_a_reply_names_nothing_that_was_not_found(replied):
    assert REPLIES.sentence("nothing_found", "en") in replied("purple boots, cheap", [])


def test_a_reply_says_that_a_colour_is_not_to_be_had(replied):
    boots = {"slot": "feet", "Title": "Brown boots", "Colours": "brown", "Garment": "boots"}
    reply = replied("purple boots", [boots])
    assert "I could not find this" in reply and "purple" in reply
    assert reply.endswith("Brown boots")


def test_a_reply_names_the_shops_price(replied):
    product = {"product_id": "1", "title": "Stiefel Elbe", "price": 89.95, "currency": "EUR"}
    boots = {"slot": "feet", "Title": "Brown boots", "Garment": "boots", "Category": "Shoes",
             "product": json.dumps(product)}  # fmt: skip
    assert replied("boots", [boots]).endswith("Stiefel Elbe, 89.95 EUR")


def test_a_reply_says_which_rule_the_first_outfit_breaks(search, params, schema):
    broken = [{"broken_rules": ["formality"]}, {"broken_rules": ["missing"]}]
    boots = {"slot": "feet", "Title": "Brown boots", "Garment": "boots", "Category": "Shoes"}
    reply = reply_to("boots", [boots], search, params, schema, broken)
    assert REPLIES.sentence("broken_formality", "en") in reply
    assert REPLIES.sentence("broken_missing", "en") not in reply


def test_a_reply_is_in_the_customers_language(replied):
    boots = {"slot": "feet", "Title": "Stiefel", "Garment": "boots", "Category": "Shoes"}
    assert replied("Ich suche Stiefel für den Winter", [boots]).startswith(
        REPLIES.sentence("found", "de")
    )


@pytest.fixture
def answer(ran):
    project, _ = ran

    def run(**params):
        given = ",".join(f"{name}={value}" for name, value in params.items())
        result = run_kedro(project, "run", "--pipelines=serving", f"--params={given}")
        return result, project

    return run


def test_answers_for_one_photo_and_words_on_the_command_line(answer, ran):
    photo = ran[0] / "data/01_raw/sample/images_compressed"
    item = next(path for path in sorted(photo.iterdir()) if path.stat().st_size > 1000)
    result, project = answer(photo=item, message="something dressier")
    printed = succeed(result).stdout
    described = json.loads(latest(project, "described_item.json").read_text())
    request = json.loads(latest(project, "request.json").read_text())
    plan = json.loads(latest(project, "shopping_plan.json").read_text())
    items = pd.read_csv(latest(project, "recommendations.csv"), keep_default_na=False)
    assert request["act"] == "complement"
    assert json.loads(items["product"][0])["title"] in printed
    assert 0 < len(items) <= 10
    assert set(items["slot"]) <= {query["slot"] for query in plan["queries"]}
    assert described["record"]["Category"] not in set(items["Category"])
    assert item.name not in set(items["Filename"])
    assert items["score"].between(0, 1).all()


def test_what_to_ask_is_written_until_the_recipient_is_given(answer, tmp_path):
    photo = tmp_path / "shirt.jpg"
    photo.write_bytes(jpeg("Shirt", "blue"))
    result, project = answer(photo=photo)
    succeed(result)
    assert set(json.loads(latest(project, "needs.json").read_text())) == {"recipient"}
    result, project = answer(photo=photo, **{"serving.recipient": "Women"})
    succeed(result)
    assert json.loads(latest(project, "needs.json").read_text()) == {}
    request = json.loads(latest(project, "request.json").read_text())
    assert request["recipients"] == ["Women"]


def test_a_missing_photo_ends_in_a_sentence(answer):
    result, _ = answer(photo="nowhere.jpg")
    assert result.returncode == 1
    assert "nowhere.jpg' cannot be read" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr
