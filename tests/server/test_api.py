import base64
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from lookbook.search.methods import METHODS
from lookbook.server.models import MAX_HISTORY_CHARACTERS
from lookbook.server.problems import FAILED, MEDIA_TYPE
from project import assistant_of, jpeg, make_project
from serving import app_of, serving


@pytest.fixture(scope="module")
def assistant(ran):
    assistant = assistant_of(ran[0])
    assistant.reload_index(assistant.params)
    return assistant


@pytest.fixture(scope="module")
def client(assistant):
    with serving(app_of(assistant)) as address, httpx.Client(base_url=address, timeout=60) as one:
        yield one


def post(client, path, **body):
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def get(client, path, **query):
    answer = client.get(f"/api/v1/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = answer.json()
    assert problem["status"] == status and problem["title"] and problem["detail"]
    return problem


@pytest.mark.parametrize("method", METHODS)
def test_a_message_is_answered_by_every_method(client, method):
    answer = post(client, "recommend", message="blue trousers", method=method, limit=3)
    assert 0 < len(answer["items"]) <= 3
    assert answer["items"][0]["title"] in answer["reply"]
    assert answer["request"]["act"] == "search" and answer["request"]["language"] == "en"


def test_an_item_has_all_that_a_shop_shows(client):
    item = post(client, "recommend", message="blue trousers", limit=1)["items"][0]
    assert item["price"]["text"] == f"{item['price']['amount']:.2f} {item['price']['currency']}"
    assert item["url"].startswith("https://") and item["brand"] and item["sizes"]
    assert item["attributes"]["Category"] == "Pants"
    picture = item["pictures"][0]
    for size, most in (("thumbnail", 400), ("large", 1280)):
        shown = client.get(picture[size])
        assert shown.headers["content-type"] == "image/webp"
        assert len(shown.content) < most * most


def test_a_photo_starts_a_conversation_and_later_turns_name_it(client):
    photo = base64.b64encode(jpeg("Pants", "red")).decode()
    first = post(client, "recommend", photo=photo)
    assert first["seen"]["attributes"]["Category"] == "Pants"
    assert {one["slot"] for one in first["items"]} == {"upper", "outer", "feet"}
    assert 1 <= len(first["outfits"]) <= 3
    history = [
        {"role": "user", "content": ""},
        {"role": "assistant", "content": first["reply"],
         "item_ids": [one["id"] for one in first["items"]]},
    ]  # fmt: skip
    second = post(
        client, "recommend", photo_id=first["seen"]["photo_id"], message="only shoes, in black",
        history=history,
    )  # fmt: skip
    assert {one["slot"] for one in second["items"]} == {"feet"}
    assert second["seen"] == first["seen"]


def test_a_photo_may_be_a_file_of_a_form(client):
    files = {"photo": ("photo.jpg", jpeg("Pants", "red"), "image/jpeg")}
    form = {"request": json.dumps({"message": "which shoes?"})}
    answer = client.post("/api/v1/recommend", files=files, data=form).json()
    assert answer["seen"]["attributes"]["Category"] == "Pants"
    assert {one["slot"] for one in answer["items"]} == {"feet"}


def test_a_request_beside_a_photo_may_be_a_file_and_a_photo_a_data_address(client):
    request = ("request.json", b'{"message": "which shoes?"}', "application/json")
    files = {"photo": ("photo.jpg", jpeg("Pants", "red")), "request": request}
    by_form = client.post("/api/v1/recommend", files=files).json()
    address = f"data:image/jpeg;base64,{base64.b64encode(jpeg('Pants', 'red')).decode()}"
    by_address = post(client, "recommend", photo=address, message="which shoes?")
    assert by_form["items"] == by_address["items"]


def test_what_the_photo_shows_can_be_corrected(client):
    photo = base64.b64encode(jpeg("Pants", "red")).decode()
    answer = post(client, "recommend", photo=photo, corrections={"Category": "Shoes"})
    assert answer["seen"]["attributes"]["Category"] == "Shoes"
    assert "feet" not in {one["slot"] for one in answer["items"]}
    wrong = client.post(
        "/api/v1/recommend", json={"photo": photo, "corrections": {"Category": "Sofas"}}
    )
    assert "'Category'" in refused(wrong, 422)["detail"]


def test_an_uncertain_recipient_is_asked_for_until_it_is_said(client):
    photo = base64.b64encode(jpeg("Shirt", "blue")).decode()
    asked = post(client, "recommend", photo=photo)
    assert asked["needs"]["recipient"] in ("Women", "Men")
    told = post(client, "recommend", photo_id=asked["seen"]["photo_id"], recipient="Men")
    assert told["needs"] == {} and told["request"]["recipients"] == ["Men"]


def test_an_unknown_photo_is_asked_for_again(client):
    answer = client.post("/api/v1/recommend", json={"photo_id": "0" * 64})
    assert refused(answer, 404)["type"].endswith("photo-unknown")


def test_events_bring_the_answer_before_its_reply(client):
    headers = {"Accept": "text/event-stream"}
    asked = {"message": "black shoes", "limit": 3}
    with client.stream("POST", "/api/v1/recommend", json=asked, headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        blocks = "".join(stream.iter_text()).strip().split("\n\n")
    events = [
        (lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: ")))
        for lines in (block.splitlines() for block in blocks)
    ]
    assert [name for name, _ in events][:2] == ["answer", "reply"]
    assert events[0][1]["items"] and events[0][1]["reply"] == ""
    parts = "".join(data["text"] for name, data in events if name == "reply")
    assert events[-1] == ("end", {"reply": parts})


def test_an_item_of_an_outfit_is_replaced(client):
    photo = base64.b64encode(jpeg("Pants", "red")).decode()
    answer = post(client, "recommend", photo=photo)
    items = [one["id"] for one in answer["outfits"][0]["items"]]
    start = {"photo_id": answer["seen"]["photo_id"], "outfit": items, "position": 0}
    other = [one["id"] for one in post(client, "outfits/swap", **start)["items"]]
    assert other[1:] == items[1:] and other[0] != items[0]
    again = post(client, "outfits/swap", **{**start, "outfit": other}, rejected=items[:1])
    assert again["items"][0]["id"] not in (items[0], other[0])
    late = client.post("/api/v1/outfits/swap", json={**start, "position": 9})
    assert "position" in refused(late, 422)["detail"]


def test_a_search_goes_through_pages(client):
    whole = post(client, "search", text="shirts", limit=6)["items"]
    first = post(client, "search", text="shirts", limit=3)
    second = post(client, "search", text="shirts", limit=3, offset=first["next_offset"])
    assert [one["id"] for one in first["items"] + second["items"]] == [one["id"] for one in whole]


def test_a_search_names_no_page_that_it_refuses(client, monkeypatch):
    monkeypatch.setattr("lookbook.server.models.MAX_RESULTS", 3)
    assert post(client, "search", limit=3)["next_offset"] == 3
    assert post(client, "search", limit=4)["next_offset"] is None


def test_an_empty_list_of_values_allows_all(client):
    every = post(client, "search", limit=100)
    assert post(client, "search", limit=100, filters={"attributes": {"Gender": []}}) == every


def test_a_search_without_text_lists_what_meets_the_filters(client):
    filters = {"max_price": 40, "attributes": {"Category": ["Tops", "T-Shirt"]}}
    found = post(client, "search", filters=filters, sort="price_descending", limit=100)
    prices = [one["price"]["amount"] for one in found["items"]]
    assert prices and prices == sorted(prices, reverse=True) and prices[0] <= 40
    assert {one["attributes"]["Category"] for one in found["items"]} <= {"Tops", "T-Shirt"}
    assert found["next_offset"] is None
    rest = post(client, "search", filters=filters, sort="price_descending", offset=2)
    assert [one["id"] for one in rest["items"]] == [one["id"] for one in found["items"][2:12]]


def test_an_item_is_found_by_the_shops_id_and_by_its_photo(client):
    (item,) = post(client, "search", text="red dress", limit=1)["items"]
    assert item["id"] != item["photo_id"]
    by_id = client.get(f"/api/v1/items/{item['id']}")
    assert by_id.json() == get(client, f"items/{item['photo_id']}")
    again = client.get(
        f"/api/v1/items/{item['id']}", headers={"If-None-Match": by_id.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    weak = {"If-None-Match": f'"other", W/{by_id.headers["etag"]}'}
    assert client.get(f"/api/v1/items/{item['id']}", headers=weak).status_code == 304
    several = client.get("/api/v1/items", params={"id": ["nothing", item["id"]]}).json()
    assert several == [by_id.json()]
    assert "nothing" in refused(client.get("/api/v1/items/nothing"), 404)["detail"]


def test_items_alike_and_items_that_go_with_one(client):
    (item,) = post(client, "search", text="red dress", limit=1)["items"]
    alike = get(client, f"items/{item['id']}/similar", limit=3)["items"]
    assert len(alike) == 3 and item["id"] not in {one["id"] for one in alike}
    answer = get(client, f"items/{item['id']}/goes-with")
    assert answer["seen"]["item_id"] == item["id"] and answer["seen"]["photo_id"] is None
    assert "full_body" not in {one["slot"] for one in answer["items"]}
    assert answer["outfits"]


def test_what_can_be_filtered_by_has_labels_and_counts(client):
    facets = get(client, "attributes", language="de")
    colours = next(one for one in facets["attributes"] if one["name"] == "Colours")
    assert colours["label"] == "Farben" and colours["is_multiple"]
    black = next(one for one in colours["values"] if one["name"] == "black")
    assert black["label"] == "schwarz"
    found = post(client, "search", filters={"attributes": {"Colours": ["black"]}}, limit=100)
    assert len(found["items"]) == black["count"]
    assert facets["price"]["min"] < facets["price"]["max"]
    assert facets["slots"]["feet"] == "Schuhe"


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("recommend", {}, "nothing to answer"),
        ("recommend", {"message": "x", "limit": 0}, "/limit"),
        ("recommend", {"message": "x", "unknown": 1}, "/unknown"),
        ("recommend", {"message": "x", "recipient": "Nobody"}, "/recipient"),
        ("recommend", {"photo": "bm8gcGhvdG8="}, "cannot use that photo"),
        ("recommend", {"photo": "no photo!"}, "/photo: is not a file in base64"),
        ("recommend", {"photo": ""}, "base64"),
        ("search", {"filters": {"min_price": 2, "max_price": 1}}, "min_price is above max_price"),
        ("recommend", {"message": "x", "filters": {"sizes": ["ZZ"]}}, "There are: S, M, L"),
        ("recommend", {"message": "x", "filters": {"attributes": {"Style": ["a"]}}}, "Style"),
        ("recommend", {"message": "x", "filters": {"attributes": {"Colours": ["a"]}}}, "black"),
        ("recommend",
         {"message": "x", "history": [{"role": "user", "content": "y" * 30_000}] * 2},
         f"{MAX_HISTORY_CHARACTERS:,}"),
        ("search", {"text": "x", "method": "guess"}, "/method"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_used_says_why(client, path, body, named):
    assert named in refused(client.post(f"/api/v1/{path}", json=body), 422)["detail"]


def test_other_requests_are_refused_as_problems(client):
    refused(client.post("/api/v1/recommend", content=b"a", headers={"Content-Type": "text/x"}), 415)
    refused(
        client.post(
            "/api/v1/recommend", content=b"{", headers={"Content-Type": "application/json"}
        ),
        422,
    )
    for method in ("DELETE", "HEAD", "GET"):
        answer = client.request(method, "/api/v1/recommend")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    refused(client.get("/api/v1/nothing"), 404)
    form = client.post("/api/v1/recommend", files={"photo": jpeg()}, data={"message": "shoes"})
    assert "message" in refused(form, 422)["detail"]
    large = {"photo": "A" * 28_000_000}
    assert "larger" in refused(client.post("/api/v1/recommend", json=large), 413)["detail"]


def test_requests_have_ids(client):
    given = client.get("/api/v1/attributes", headers={"X-Request-ID": "mine-1"})
    assert given.headers["x-request-id"] == "mine-1"
    made = client.get("/api/v1/attributes", headers={"X-Request-ID": "no id"})
    assert len(made.headers["x-request-id"]) == 16


def test_the_api_documents_itself_without_the_internet(client):
    described = client.get("/openapi.json").json()
    paths = described["paths"]
    for path in ("recommend", "search", "items/{item_id}", "attributes", "feedback"):
        assert f"/api/v1/{path}" in paths
    body = paths["/api/v1/recommend"]["post"]["requestBody"]["content"]
    assert {*body} == {"application/json", "multipart/form-data"}
    name = body["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert "message" in described["components"]["schemas"][name]["properties"]
    page = client.get("/docs").text
    assert "https://" not in page
    assert client.get("/docs-assets/swagger-ui-bundle.js").status_code == 200


def test_sixteen_at_once_get_their_own_answers(client):
    wishes = ["red dress", "black shoes", "blue trousers", "white hat"] * 4
    with ThreadPoolExecutor(16) as customers:
        answers = list(customers.map(lambda wish: post(client, "recommend", message=wish), wishes))
    slots = [{one["slot"] for one in answer["items"]} for answer in answers]
    assert slots == [{"full_body"}, {"feet"}, {"lower"}, {"head"}] * 4


def test_without_an_index_customers_read_no_path_of_the_server(tmp_path):
    project = make_project(tmp_path)
    with serving(app_of(assistant_of(project))) as address:
        answer = httpx.post(
            f"{address}/api/v1/recommend", json={"message": "red dress"}, timeout=60
        )
    problem = refused(answer, 503)
    assert problem["detail"] == FAILED and problem["type"].endswith("not-ready")
    assert answer.headers["retry-after"]


def test_feedback_is_refused_unless_the_shop_asks_for_it(client, assistant):
    event = {"answer_id": "0" * 32, "event": "clicked", "item_ids": ["x"]}
    off = refused(client.post("/api/v1/feedback", json=event), 404)
    assert "serving.feedback" in off["detail"]
