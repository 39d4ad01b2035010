import pytest

from lookbook.assistant.types import QueryPhoto, ServingParams
from lookbook.assistant.wearer import find_needs
from lookbook.attributes.schema import Schema
from lookbook.understanding.request import Part, Request, ShoppingPlan
from project import declared_fields

OUTFIT = ShoppingPlan(mode="complementary")


@pytest.fixture
def needed(schema):
    def needed(
        probabilities=None, value="Unknown", request=None, plan=OUTFIT, schema=schema, **changes
    ):
        params = ServingParams.model_construct(
            **{"certain_recipient": 0.8, "filters": {}, **changes}
        )
        known = {"Gender": probabilities} if probabilities else None
        photo = QueryPhoto({"Gender": value}, probabilities=known)
        return find_needs(request or Request(), plan, photo, params, schema)

    return needed


@pytest.mark.parametrize(
    ("probabilities", "value", "guess"),
    [
        ({"Women": 0.79, "Men": 0.11, "Unisex": 0.1}, "Women", "Women"),
        ({"Women": 0.81, "Men": 0.1, "Unisex": 0.09}, "Women", None),
        ({"Women": 0.2, "Men": 0.45, "Unisex": 0.35}, "Unknown", "Men"),
        ({"Women": 0.2, "Men": 0.3, "Unisex": 0.5}, "Unisex", "Unisex"),
        ({"Women": 0.05, "Men": 0.05, "Unisex": 0.9}, "Unisex", None),
        # An unknown recipient is no answer, however certain it is.
        ({"Women": 0.04, "Men": 0.06, "Unisex": 0.0, "Unknown": 0.9}, "Unknown", "Men"),
        # A person has put it right, or a captioner gives no probabilities.
        ({"Women": 0.6, "Men": 0.3, "Unisex": 0.1}, "Men", None),
        (None, "Women", None),
        (None, "Unknown", "Unisex"),
    ],
)
def test_an_uncertain_recipient_is_asked_for_with_the_likeliest_as_the_guess(
    needed, probabilities, value, guess
):
    assert needed(probabilities, value) == ({"recipient": guess} if guess else {})


@pytest.mark.parametrize(
    "request_",
    [
        Request(recipients=["Men"]),
        Request(recipients=["Kids"]),
        Request(parts=[Part(wanted={"Gender": ["Women"]})]),
        Request(parts=[Part(), Part(refused={"Gender": ["Men"]})]),
    ],
)
def test_a_customer_who_says_for_whom_is_not_asked(needed, request_):
    assert needed(request=request_) == {}


def test_a_filter_by_hand_says_for_whom(needed):
    assert needed(filters={"Gender": ["Women"]}) == {}
    assert needed(filters={"Gender": []}) == {"recipient": "Unisex"}


def test_only_outfits_around_a_photo_need_a_recipient(needed, schema):
    assert needed(plan=ShoppingPlan(mode="similar")) == {}
    assert needed(plan=ShoppingPlan(mode="search")) == {}
    params = ServingParams.model_construct(certain_recipient=0.8, filters={})
    assert find_needs(Request(), OUTFIT, None, params, schema) == {}


def test_a_shop_may_never_ask(needed):
    assert needed({"Women": 0.4, "Men": 0.3, "Unisex": 0.3}, certain_recipient=0.0) == {}
    assert needed(certain_recipient=0.0) == {}


def test_values_of_another_name_are_guessed_in_the_words_of_a_request(needed):
    declared = {
        **declared_fields(),
        "Gender": {
            "kind": "single",
            "default": "?",
            "description": "For whom",
            "values": {
                "F": {"synonyms": ["women"], "compatible_with": []},
                "M": {"synonyms": ["men"], "compatible_with": ["F"]},
                "?": {},
            },
        },
    }
    schema = Schema.model_validate(declared)
    assert needed({"F": 0.6, "M": 0.4}, "F", schema=schema) == {"recipient": "Women"}


def test_a_schema_without_recipients_asks_nothing(needed):
    declared = {
        name: one for name, one in declared_fields(details=False).items() if name != "Gender"
    }
    for attribute in declared.values():
        if "template" in attribute:
            attribute["template"] = "item"
    assert needed(schema=Schema.model_validate(declared)) == {}
