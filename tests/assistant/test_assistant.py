import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from PIL import Image

from lookbook.assistant import Assistant, label_of, receive
from lookbook.errors import InputError
from project import ROOT, jpeg, make_project


def assistant_of(project):
    bootstrap_project(ROOT)
    with KedroSession.create(project) as session:
        return Assistant(session.load_context().catalog, pipelines["serving"])


@pytest.fixture(scope="module")
def assistant(ran):
    return assistant_of(ran[0])


def ask(assistant, item, message="", **changes):
    params = assistant.params.model_copy(update=changes)
    plan, found = assistant.recommend(item, None, message, [], params)
    return plan, found, "".join(assistant.reply(plan, item, found, message, []))


def test_answers_to_a_photo(assistant):
    item = assistant.describe(receive(jpeg("Pants", "red")))
    plan, found, reply = ask(assistant, item)
    assert item["Category"] == "Pants"
    assert plan["mode"] == "complementary"
    assert set(found["slot"]) <= {"upper", "outer", "feet", "head"}
    assert found["Title"][0] in reply


def test_customers_at_once_get_their_own_answers(assistant):
    wishes = [f"{colour} {garment}" for colour in ("red", "blue", "black", "white")
              for garment in ("dress", "hat", "shoes", "trousers")]  # fmt: skip
    alone = [ask(assistant, {}, wish)[2] for wish in wishes]
    with ThreadPoolExecutor(16) as customers:
        together = list(customers.map(lambda wish: ask(assistant, {}, wish)[2], wishes))
    assert together == alone
    assert len(set(alone)) > 4


def test_an_item_is_not_recommended_to_itself(assistant):
    shown = assistant.examples(3)
    for item in shown:
        photo = assistant.photo_id(item["Filename"])
        _, found = assistant.recommend(label_of(item), photo, "similar ones", [], assistant.params)
        assert item["Filename"] not in set(found["Filename"])
        assert set(found["Category"]) == {item["Category"]}


def test_filters_narrow_what_is_shown(assistant):
    filters = assistant.params.filters.model_copy(update={"categories": ["Shoes"]})
    _, found, _ = ask(assistant, {}, "something black", filters=filters)
    assert set(found["Category"]) == {"Shoes"}


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
        ask(assistant_of(make_project(tmp_path)), {}, "red dress")
