import pytest

from lookbook.assistant.interpretation import interpret
from lookbook.assistant.types import QueryPhoto
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.request import Message, Part, Request
from project import open_search

RED = Part(wanted={"Colours": ["red"]})
SHOES = Part(wanted={"Garment": ["sneakers", "boots"]})


class GivenStylist:
    """Understands what it is told to."""

    def __init__(self, request):
        self.request = request

    def understand(self, conversation, schema):
        self.conversation = conversation
        return self.request


@pytest.fixture(scope="module")
def search(ran):
    return open_search(ran[0])


@pytest.fixture(scope="module")
def page(search):
    """A dress, trousers and shoes that a shop sells for a price."""
    priced = [
        next(item for item in search.browse({"Category": [category]}, 100)
             if item.product and item.product.effective_price is not None)
        for category in ("Dresses", "Pants", "Shoes")
    ]  # fmt: skip
    return [item.photo_id for item in priced]


@pytest.fixture
def interpreted(search, schema):
    def interpreted(request, message="message", history=(), photo=None, **given):
        stylist = GivenStylist(request)
        return interpret(message, list(history), photo, stylist, search, schema, **given)

    return interpreted


def shown(page, content="Look:"):
    return [Message(role="user", content="clothes"),
            Message(role="assistant", content=content, shown=page)]  # fmt: skip


THANKED = [Message(role="user", content="thanks"), Message(role="assistant", content="Welcome.")]


def test_a_stylist_sees_the_turns_their_items_and_what_can_be_had(interpreted, search, page):
    turn = interpreted(Request(parts=[RED]), "in red", shown(page))
    conversation = turn.conversation
    assert conversation.message == "in red"
    assert [one.role for one in conversation.turns] == ["user", "assistant"]
    assert [item["Category"] for item in conversation.page] == ["Dresses", "Pants", "Shoes"]
    assert conversation.facets == search.product_facets()
    assert (turn.photo, turn.plan.mode) == (None, "search")


def test_photos_that_left_the_catalogue_are_not_on_the_page(interpreted, page):
    turn = interpreted(Request(), history=shown([*page, "gone"]))
    assert len(turn.conversation.page) == 3


def test_the_second_one_in_another_colour_starts_from_the_second_one(interpreted, page):
    request = Request(act="similar", parts=[RED], refers_to=2)
    turn = interpreted(request, "the second one but in red", shown(page))
    assert turn.photo.photo_id == page[1]
    assert turn.conversation.item["Category"] == "Pants"
    (query,) = turn.plan.queries
    assert (turn.plan.mode, query.slot) == ("similar", "lower")


def test_an_item_of_the_page_counts_before_the_customers_photo(interpreted, search, page):
    dress = QueryPhoto(search.item(page[0]).attributes)
    turn = interpreted(Request(act="complement", refers_to=3), history=shown(page), photo=dress)
    assert turn.photo.photo_id == page[2]
    assert "feet" not in {query.slot for query in turn.plan.queries}
    kept = interpreted(Request(act="complement"), history=shown(page), photo=dress)
    assert kept.photo is dress


def test_a_number_beyond_the_page_is_no_reference(interpreted, page):
    assert interpreted(Request(refers_to=9), history=shown(page)).photo is None
    assert interpreted(Request(refers_to=1)).photo is None


def test_the_page_is_still_there_after_a_word_of_thanks(interpreted, page):
    request = Request(act="similar", refers_to=2)
    turn = interpreted(request, history=[*shown(page), *THANKED])
    assert turn.photo.photo_id == page[1]


@pytest.mark.parametrize(
    ("request_", "starts"),
    [
        (Request(act="similar"), True),
        (Request(act="complement"), True),
        (Request(act="similar", parts=[RED], speaks_of_page=True), True),
        (Request(act="complement", parts=[SHOES], owned={"Garment": ["dress"]}), False),
        (Request(act="complement", parts=[SHOES]), False),
        (Request(act="search", speaks_of_page=True), False),
    ],
)
def test_what_goes_with_it_starts_from_the_best_item_shown(interpreted, page, request_, starts):
    turn = interpreted(request_, history=shown(page))
    assert (turn.photo.photo_id if turn.photo else None) == (page[0] if starts else None)


def test_cheaper_ones_cost_less_than_the_item_meant(interpreted, search, page):
    request = Request(act="search", parts=[SHOES], refers_to=3, is_cheaper=True)
    price = search.item(page[2]).product.effective_price
    for query in interpreted(request, history=shown(page)).plan.queries:
        assert query.products.max_price == pytest.approx(price - 0.01)
    limited = request.model_copy(update={"products": ProductFilter(max_price=1, sizes=["M"])})
    (query,) = interpreted(limited, history=shown(page)).plan.queries
    assert query.products == ProductFilter(max_price=1, sizes=["M"])


def test_cheaper_ones_without_a_price_are_sorted_by_price(interpreted, search, page):
    photo = QueryPhoto(search.item(page[0]).attributes)
    turn = interpreted(Request(parts=[SHOES], is_cheaper=True), photo=photo)
    assert turn.plan.sort == "price_ascending"


def test_items_that_were_shown_before_are_not_among_others(interpreted, page):
    history = [*shown(page[:2]), *shown(page[1:])]
    turn = interpreted(Request(parts=[SHOES], wants_others=True), "others", history)
    assert turn.plan.exclude == page
    assert interpreted(Request(parts=[SHOES]), history=history).plan.exclude == []


def test_a_question_is_about_the_item_that_it_names_shows_or_means(interpreted, search, page):
    asks = Request(act="question", asks=["price"])
    assert interpreted(asks, "how much?", shown(page)).plan.about == page
    second = asks.model_copy(update={"refers_to": 2})
    assert interpreted(second, "how much is the 2nd?", shown(page)).plan.about == [page[1]]
    photo = QueryPhoto(search.item(page[2]).attributes, page[2])
    assert interpreted(asks, "how much?", photo=photo).plan.about == [page[2]]
    product = search.item(page[1]).product
    named = interpreted(asks, f"what does {product.product_id} cost?", shown(page))
    assert named.plan.about == [page[1]]
    assert interpreted(asks, "how much?").plan.about == []


def test_a_products_number_alone_finds_the_product(interpreted, search, page):
    number = search.item(page[1]).product.product_id
    turn = interpreted(Request(understood=False), number)
    assert turn.request.act == "search" and turn.request.understood
    assert [query.text for query in turn.plan.queries] == [number]


def test_small_talk_searches_nothing(interpreted, page):
    turn = interpreted(Request(act="small_talk"), "thanks!", shown(page))
    assert (turn.plan.queries, turn.plan.about, turn.photo) == ([], [], None)


def recipients_of(turn):
    return [
        preference.values
        for query in turn.plan.queries
        for preference in query.preferences
        if preference.attribute == "Gender"
    ]


def test_a_given_recipient_counts_where_the_message_names_none(interpreted):
    turn = interpreted(Request(parts=[SHOES]), recipient="Women")
    assert turn.request.recipients == ["Women"]
    assert recipients_of(turn) == [["Women", "Unisex"]]
    men = Request(parts=[SHOES], recipients=["Men"])
    assert recipients_of(interpreted(men, recipient="Women")) == [["Men", "Unisex"]]
    named = Request(parts=[Part(wanted={"Gender": ["Men"]})])
    assert interpreted(named, recipient="Women").request.recipients == []


def test_anybody_is_a_recipient_too(interpreted):
    turn = interpreted(Request(parts=[SHOES]), recipient="Unisex")
    assert set(*recipients_of(turn)) == {"Women", "Men", "Unisex"}


def test_an_outfit_around_an_item_of_the_catalogue_knows_its_probabilities(interpreted, page):
    turn = interpreted(Request(act="complement", refers_to=1), history=shown(page))
    assert sum(turn.photo.probabilities["Gender"].values()) == pytest.approx(1, abs=0.01)
    assert interpreted(Request(act="similar"), history=shown(page)).photo.probabilities is None
