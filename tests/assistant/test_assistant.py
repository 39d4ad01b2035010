import io
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from threading import Lock, Thread, get_ident

import pytest
from PIL import Image

from lookbook.assistant.assistant import NOT_READY, Assistant
from lookbook.assistant.query_photo import receive
from lookbook.assistant.recommender import Recommender
from lookbook.assistant.types import QueryPhoto
from lookbook.errors import InputError
from lookbook.server import launch
from lookbook.server.launch import follow_index
from project import answer_of, assistant_of, jpeg, make_project


@pytest.fixture(scope="module")
def assistant(ran):
    return assistant_of(ran[0])


def ask(assistant, photo, message="", **changes):
    params = assistant.params.model_copy(update=changes)
    turn, found = assistant.recommend(photo, message, [], params)
    return turn.plan, found.items, "".join(assistant.reply(turn, found.items))


def described(assistant, label, colour):
    """A photo without identity, embedding and probabilities."""
    return QueryPhoto(assistant.describe(jpeg(label, colour)).record)


def test_answers_to_a_photo(assistant):
    photo = described(assistant, "Pants", "red")
    plan, found, reply = ask(assistant, photo)
    assert photo.record["Category"] == "Pants"
    assert plan.mode == "complementary"
    assert {one.slot for one in found} <= {"upper", "outer", "feet", "head"}
    assert found[0].title(assistant.schema) in reply
    assert all(0 <= one.score <= 1 for one in found)


def test_an_answer_is_whole_and_holds_no_vectors(assistant):
    answer = answer_of(assistant, jpeg("Pants", "red"), "shoes")
    assert answer["item"]["Category"] == "Pants"
    assert [query["slot"] for query in answer["plan"]["queries"]] == ["feet"]
    assert answer["recommendations"][0]["product"]["title"] in answer["reply"]
    assert all("vector" not in one for one in answer["recommendations"])
    json.dumps(answer)


@pytest.fixture
def searching(monkeypatch):
    """How many customers are searched for, each time that one more is."""
    under_way, counts, lock, find = set(), [], Lock(), Recommender.recommend

    def counted(*arguments):
        with lock:
            under_way.add(get_ident())
            counts.append(len(under_way))
        try:
            return find(*arguments)
        finally:
            with lock:
                under_way.remove(get_ident())

    monkeypatch.setattr(Recommender, "recommend", counted)
    return counts


def test_customers_at_once_get_their_own_answers(assistant, searching):
    preferences = [f"{colour} {garment}" for colour in ("red", "blue", "black", "white")
              for garment in ("dress", "hat", "shoes", "trousers")]  # fmt: skip
    alone = [ask(assistant, None, preference)[2] for preference in preferences]
    with ThreadPoolExecutor(16) as customers:
        together = list(
            customers.map(lambda preference: ask(assistant, None, preference)[2], preferences)
        )
    assert together == alone
    assert len(set(alone)) > 4
    assert len(searching) == 2 * len(preferences)
    # More threads than cores would only take Python's lock from one another.
    assert max(searching) <= os.cpu_count()


def test_an_item_is_not_recommended_to_itself(assistant, schema):
    slots = schema.singles["Category"].values
    for example in assistant.examples(3):
        photo = QueryPhoto(example.record, example.photo_id)
        _, found = assistant.recommend(photo, "similar ones", [], assistant.params)
        assert example.photo_id not in {one.photo_id for one in found.items}
        own = slots[example.record["Category"]].slot
        assert {slots[one.record["Category"]].slot for one in found.items} == {own}


def test_examples_are_of_different_kinds(assistant):
    assert len({one.record["Category"] for one in assistant.examples(5)}) == 5


def test_more_like_a_photo_is_by_its_picture(assistant):
    photo = jpeg("Pants", "red", seed=9)
    answer = answer_of(assistant, photo, "show me similar ones")
    assert answer["plan"]["mode"] == "similar"
    assert {one["matched_by"] for one in answer["recommendations"]} == {"picture"}
    assert answer["recommendations"][0]["Category"] == "Pants"


def outfits_of(assistant, photo, message=""):
    return assistant.recommend(photo, message, [], assistant.params)[1].outfits


@pytest.mark.parametrize(
    ("shown", "message", "parts"),
    [
        ("Pants", "", {"upper", "outer", "feet"}),
        (None, "a red dress", {"full_body", "outer", "feet"}),
        (None, "white shirt, black trousers, black shoes", {"upper", "lower", "feet"}),
        (None, "what goes with blue jeans?", {"upper", "outer", "feet"}),
    ],
)
def test_whole_outfits_are_put_together_for_a_photo_an_item_and_words(
    assistant, shown, message, parts
):
    photo = described(assistant, shown, "red") if shown else None
    outfits = outfits_of(assistant, photo, message)
    assert 1 <= len(outfits) <= 3
    files = [one.photo_id for outfit in outfits for one in outfit.items]
    assert len(set(files)) == len(files)
    for outfit in outfits:
        assert {one.slot for one in outfit.items} == parts
        assert 0 <= outfit.score <= 1
    # No third outfit is shown that nobody would wear.
    assert all(outfit.score >= assistant.judge.min_acceptability for outfit in outfits[1:])


def test_an_outfits_reason_says_what_speaks_for_it(assistant):
    photo = described(assistant, "Pants", "blue")
    outfits = outfits_of(assistant, photo)
    assert any(outfit.reasons for outfit in outfits)
    for outfit in outfits:
        assert bool(outfit.reason) == bool(outfit.pair or outfit.reasons)


def test_a_piece_can_be_swapped_until_there_is_no_other(assistant):
    photo = assistant.see(jpeg("Pants", "blue"), assistant.params)
    _, found = assistant.recommend(photo, "", [], assistant.params)
    items, rejected = found.outfits[0].items, []
    number = next(n for n, one in enumerate(items) if one.slot == "feet")
    shoes = {items[number].photo_id}
    for _ in range(200):
        rejected.append(items[number].photo_id)
        swapped = assistant.swap(photo, "", [], assistant.params, items, number, rejected)
        if swapped is None:
            break
        items = swapped.items
        assert items[number].photo_id not in shoes
        assert items[number].record["Category"] == "Shoes"
        shoes.add(items[number].photo_id)
    assert swapped is None and len(shoes) > 2


def test_the_same_photo_is_answered_the_same_and_another_otherwise(assistant):
    photo = assistant.see(jpeg("Pants", "blue"), assistant.params)

    def ask(photo):
        _, found = assistant.recommend(photo, "", [], assistant.params)
        return [one.photo_id for one in found.items]

    assert ask(photo) == ask(photo) != ask(replace(photo, photo_id="another"))


@pytest.mark.parametrize("message", ["what is the capital of France?", "who won the world cup"])
def test_what_is_not_about_clothes_gets_a_friendly_sentence(assistant, message):
    _, found, reply = ask(assistant, None, message)
    assert (found, 'Try "navy chinos' in reply) == ([], True)


@pytest.mark.parametrize(
    "message", ["purple velvet toga", "something groovy to wear", "gold leather swimwear, striped"]
)
def test_whatever_is_asked_about_clothes_shows_something(assistant, message):
    assert ask(assistant, None, message)[1]


def test_what_cannot_be_had_is_given_up_and_said(assistant):
    _, found, reply = ask(assistant, None, "purple velvet boots")
    assert found[0].record["Category"] == "Shoes"
    assert "I could not find this: " in reply and "These come closest" in reply


def test_an_inferred_recipient_counts(assistant):
    photo = assistant.see(jpeg("Pants", "blue"), assistant.params)
    photo = replace(photo, record={**photo.record, "Gender": "Unknown"})
    params = assistant.params.model_copy(update={"temperature": 0.0})

    def women(probabilities):
        known = {**(photo.probabilities or {}), "Gender": probabilities}
        _, found = assistant.recommend(replace(photo, probabilities=known), "", [], params)
        return sum(one.hit.item.probabilities["Gender"]["Women"] for one in found.items)

    assert women({"Men": 0.97, "Women": 0.03}) < women({"Men": 0.03, "Women": 0.97})


def test_a_customer_is_asked_for_whom_an_uncertain_photo_is(assistant):
    answer = answer_of(assistant, jpeg("Shirt", "blue"), "")
    assert set(answer["needs"]) == {"recipient"}
    assert answer["outfits"]
    assert answer_of(assistant, jpeg("Shirt", "blue"), "", recipient="Men")["needs"] == {}
    said = answer_of(assistant, jpeg("Shirt", "blue"), "for my wife")
    assert said["needs"] == {}


def test_a_server_that_runs_on_follows_the_seasons(ran):
    days = iter([date(2026, 1, 31), date(2026, 7, 1)])
    assistant = assistant_of(ran[0], partial(Assistant, today=lambda: next(days)))
    seasons = [
        answer_of(assistant, None, "black boots", weather="season")["plan"]["context"]
        for _ in range(2)
    ]
    assert seasons == [{"season": "cold"}, {"season": "warm"}]


def test_hyde_finds_items_by_one_text_on_all_that_goes_with_a_photo(assistant):
    photo = described(assistant, "Pants", "red")
    _, found, reply = ask(assistant, photo, "white sneakers and a blue shirt", method="hyde")
    assert len(found) == assistant.params.limit
    assert {one.slot for one in found} == {""}
    assert {"Shoes", "Tops", "T-Shirt"} & {one.record["Category"] for one in found}
    assert found[0].title(assistant.schema) in reply


def test_filters_narrow_what_is_shown(assistant):
    filters = {"Category": ["Shoes"], "Colours": ["red", "white"], "Type": []}
    _, found, _ = ask(assistant, None, "something nice", filters=filters)
    assert {one.record["Category"] for one in found} == {"Shoes"}
    assert found and all({"red", "white"} & set(one.record["Colours"]) for one in found)


def test_a_colour_that_is_not_wanted_is_not_shown(assistant):
    _, found, _ = ask(assistant, None, "shoes, not black")
    assert found and all("black" not in one.record["Colours"] for one in found)


@pytest.mark.parametrize("name", ["../../conf/base/globals.yml", "/etc/passwd", "", "images.csv"])
def test_only_the_catalogues_photos_can_be_had(assistant, name):
    assert assistant.picture(name) is None


def test_an_upload_is_encoded_anew_without_its_metadata():
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[274], exif[270] = 6, "where I live"
    Image.new("RGB", (4000, 2000), "red").save(buffer, "JPEG", exif=exif)
    kept = Image.open(io.BytesIO(receive(buffer.getvalue()).read()))
    assert max(kept.size) == kept.height == 1600
    assert not kept.getexif()


@pytest.mark.parametrize("data", [b"", b"junk", jpeg()[:700]])
def test_an_upload_that_is_no_photo_ends_in_a_sentence(data):
    with pytest.raises(InputError, match="cannot use that photo"):
        receive(data)


def test_an_upload_of_too_many_pixels_is_refused_before_it_is_decoded():
    buffer = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")
    with pytest.raises(InputError, match="109,000,000"):
        receive(buffer.getvalue())


def test_without_an_index_it_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="kedro run"):
        ask(assistant_of(make_project(tmp_path)), None, "red dress")


def test_a_server_whose_first_warm_up_failed_recovers_by_itself(ran, monkeypatch):
    monkeypatch.setattr(launch, "RELOAD_INTERVAL_S", 0.05)
    assistant = assistant_of(ran[0])
    load, failures = assistant._load, iter([ValueError("torn file"), InputError("No style yet.")])
    states = []

    def load_at_the_third_try(name):
        if name == "style" and (failure := next(failures, None)):
            raise failure
        states.append(assistant.state)
        return load(name)

    assistant._load = load_at_the_third_try
    Thread(target=follow_index, args=(assistant, assistant.params), daemon=True).start()
    deadline = time.monotonic() + 60
    while assistant.state != "ready":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert {NOT_READY, "No style yet."} & set(states)


def test_an_index_that_could_not_be_used_is_opened_again(ran, tmp_path):
    project = make_project(tmp_path)
    assistant = assistant_of(project)
    with pytest.raises(InputError, match="kedro run"):
        assistant.reload_index(assistant.params)
    shutil.copytree(ran[0] / "data", project / "data", dirs_exist_ok=True)
    assert assistant.reload_index(assistant.params)
    assert assistant.state == "ready"
    assert not assistant.reload_index(assistant.params)
