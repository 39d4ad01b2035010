import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from PIL import Image

from lookbook.assistant.answering import NOTHING_SHOWN, Shown
from lookbook.assistant.assistant import Assistant, receive
from lookbook.cli import parts_of
from lookbook.errors import InputError
from project import ROOT, jpeg, make_project


def assistant_of(project):
    bootstrap_project(ROOT)
    with KedroSession.create(project) as session:
        return Assistant(parts_of(session.load_context().catalog))


@pytest.fixture(scope="module")
def assistant(ran):
    return assistant_of(ran[0])


def ask(assistant, item, message="", **changes):
    params = assistant.params.model_copy(update=changes)
    plan, found = assistant.recommend(item, NOTHING_SHOWN, message, [], params)
    return plan, found, "".join(assistant.reply(plan, item, found, message, []))


def test_answers_to_a_photo(assistant):
    item = assistant.describe(receive(jpeg("Pants", "red")))
    plan, found, reply = ask(assistant, item)
    assert item["Category"] == "Pants"
    assert plan.mode == "complementary"
    assert {one["slot"] for one in found} <= {"upper", "outer", "feet", "head"}
    assert found[0]["Title"] in reply
    assert found[0]["score"] == max(
        one["score"] for one in found if one["slot"] == found[0]["slot"]
    )


def test_an_answer_is_whole_and_holds_no_vectors(assistant):
    answer = assistant.answer(receive(jpeg("Pants", "red")), "shoes", [], assistant.params)
    assert answer["item"]["Category"] == "Pants"
    assert [query["slot"] for query in answer["plan"]["queries"]] == ["feet"]
    assert answer["recommendations"][0]["Title"] in answer["reply"]
    assert all("vector" not in one for one in answer["recommendations"])
    json.dumps(answer)


def test_customers_at_once_get_their_own_answers(assistant):
    wishes = [f"{colour} {garment}" for colour in ("red", "blue", "black", "white")
              for garment in ("dress", "hat", "shoes", "trousers")]  # fmt: skip
    alone = [ask(assistant, None, wish)[2] for wish in wishes]
    with ThreadPoolExecutor(16) as customers:
        together = list(customers.map(lambda wish: ask(assistant, None, wish)[2], wishes))
    assert together == alone
    assert len(set(alone)) > 4


def test_an_item_is_not_recommended_to_itself(assistant):
    for item in assistant.examples(3):
        record = {name: item[name] for name in assistant.fields.names}
        _, found = assistant.recommend(
            record, Shown(item["photo_id"]), "similar ones", [], assistant.params
        )
        assert item["photo_id"] not in {one["photo_id"] for one in found}
        assert {one["Category"] for one in found} == {item["Category"]}


def test_examples_are_of_different_kinds(assistant):
    assert len({item["Category"] for item in assistant.examples(5)}) == 5


def test_more_like_a_photo_is_by_its_picture(assistant):
    photo = receive(jpeg("Pants", "red", seed=9))
    answer = assistant.answer(photo, "show me similar ones", [], assistant.params)
    assert answer["plan"]["mode"] == "similar"
    assert {one["found_by"] for one in answer["recommendations"]} == {"picture"}
    assert {one["Category"] for one in answer["recommendations"]} == {"Pants"}


def test_filters_narrow_what_is_shown(assistant):
    filters = {"Category": ["Shoes"], "Colours": ["black", "brown"], "Type": []}
    _, found, _ = ask(assistant, None, "something nice", filters=filters)
    assert {one["Category"] for one in found} == {"Shoes"}
    assert all({"black", "brown"} & set(one["Colours"]) for one in found)


def test_a_colour_that_is_not_wanted_is_not_shown(assistant):
    _, found, _ = ask(assistant, None, "shoes, not black")
    assert found and all("black" not in one["Colours"] for one in found)


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
    with pytest.raises(InputError, match="no photo I can use"):
        receive(data)


def test_an_upload_of_too_many_pixels_is_refused_before_it_is_decoded():
    buffer = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")
    with pytest.raises(InputError, match="50,000,000"):
        receive(buffer.getvalue())


def test_without_an_index_it_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="kedro run"):
        ask(assistant_of(make_project(tmp_path)), None, "red dress")
