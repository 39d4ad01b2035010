"""Dialogues, by the network that the project ships."""

import pytest

from lookbook.attributes.schema import Schema
from lookbook.understanding.examples import record_of
from lookbook.understanding.learned_stylist import carry_over
from lookbook.understanding.planning import plan_search
from lookbook.understanding.request import Conversation, Part, Request, Turn
from project import bundled_stylist, declared_fields

SCHEMA = Schema.model_validate(declared_fields())
RED_DRESS = {
    **dict.fromkeys(SCHEMA.texts, ""),
    **{name: one.default for name, one in SCHEMA.singles.items()},
    "Title": "Red cotton dress", "Garment": "dress", "Category": "Dresses", "Colours": ["red"],
}  # fmt: skip


def understand(*messages, items=(RED_DRESS,) * 3, item=None):
    """Understand the last of some messages; each before it was answered with items."""
    turns = []
    for message in messages[:-1]:
        turns += [Turn("user", message), Turn("assistant", "Look:", list(items))]
    return bundled_stylist().understand(Conversation(messages[-1], turns, item), SCHEMA)


def asked(request):
    return {name: values for part in request.parts for name, values in part.wanted.items()}


@pytest.mark.parametrize("more", ["show me more", "zeig mir andere", "d'autres", "más", "no"])
def test_a_wish_for_others_keeps_the_request_and_excludes_what_was_shown(more):
    request = understand("a red dress", more)
    assert request.wants_others
    assert asked(request) == {"Garment": ["dress"], "Colours": ["red"]}


def test_others_may_be_asked_for_again_and_again():
    assert understand("a red dress", "more", "others please").wants_others


def test_a_colour_takes_the_place_of_another_and_the_garment_stays():
    wanted = asked(understand("a red dress", "actually blue"))
    assert wanted["Garment"] == ["dress"]
    assert "red" not in wanted["Colours"] and "blue" in wanted["Colours"]


@pytest.mark.parametrize(
    ("first", "refusal"),
    [
        ("a red dress", "not red, sorry, navy"), ("ein rotes Kleid", "nicht rot, lieber blau"),
        ("une robe rouge", "pas de rouge"), ("un vestido rojo", "nada de rojo"),
    ],
)  # fmt: skip
def test_what_is_refused_later_is_not_asked_for(first, refusal):
    request = understand(first, refusal)
    assert "red" not in asked(request).get("Colours", [])
    assert asked(request)["Garment"] == ["dress"]


def test_for_somebody_else_all_else_holds():
    request = understand("a hoodie for men", "for my girlfriend")
    assert request.recipients == ["Women"]
    assert asked(request) == {"Garment": ["hoodie"]}


@pytest.mark.parametrize("thanks", ["thank you very much", "merci beaucoup", "vielen Dank"])
def test_thanks_after_items_are_no_search(thanks):
    assert understand("jeans", thanks).act == "small_talk"


def test_a_few_words_are_answered_in_the_language_of_the_conversation():
    assert understand("ich suche ein rotes Kleid", "in blau").language == "de"
    assert understand("Hallo").language == "de"


def test_the_second_one_is_the_second_of_the_page():
    request = understand("a dress", "the second one but in blue")
    assert request.refers_to == 2
    assert "blue" in asked(request)["Colours"]


def test_a_piece_with_an_item_shown_is_like_it_but_for_what_is_said():
    assert understand("another one like this", item=RED_DRESS).act == "similar"


def test_questions_and_what_is_off_topic_look_for_nothing():
    for message, act in (("do you ship to Ireland?", "question"),
                         ("what's the capital of Peru", "off_topic")):  # fmt: skip
        request = understand(message)
        assert (request.act, request.parts) == (act, [])


@pytest.mark.parametrize(
    ("message", "slot"),
    [("hats", "head"), ("Hüte", "head"), ("shoes", "feet"), ("coats", "outer"), ("jeans", "lower")],
)
@pytest.mark.parametrize("messages", [("",), ("something for work",)])
def test_a_garment_named_alone_asks_for_its_slot_whatever_is_on_the_page(message, slot, messages):
    page = [record_of({"garment": [one]}, SCHEMA) for one in ("windbreaker", "heels", "sweater")]
    for item in (RED_DRESS, None):
        request = understand(*messages, message, items=page, item=item)
        assert request.refers_to is None
        plan = plan_search(request, item, message, SCHEMA, is_first=False)
        assert {query.slot for query in plan.queries} == {slot}


def test_a_message_without_words_asks_what_goes_with_the_item():
    assert understand("", item=RED_DRESS).act == "complement"


def test_other_garments_take_the_place_of_earlier_ones():
    shirt, shoes = Part(wanted={"Garment": ["shirt"]}), Part(wanted={"Garment": ["boots"]})
    request = Request(parts=[shoes])
    assert carry_over(Request(parts=[shirt]), request, SCHEMA) == request


def test_a_refused_piece_is_dropped_and_the_rest_stays():
    previous = Request(
        parts=[Part(wanted={"Garment": ["shirt"]}), Part(wanted={"Garment": ["boots"]})]
    )
    request = Request(parts=[Part(refused={"Garment": ["boots"]})])
    (part,) = carry_over(previous, request, SCHEMA).parts
    assert part == Part(wanted={"Garment": ["shirt"]}, refused={"Garment": ["boots"]})


def test_a_garment_of_a_refused_material_is_not_asked_for():
    (part,) = understand("a black jacket, no leather").parts
    assert "jacket" in part.wanted["Garment"] and "leather jacket" not in part.wanted["Garment"]
    assert part.refused == {"Material": ["leather"]}


@pytest.mark.parametrize(
    ("message", "weather"),
    [
        ("something for a cold day", "cold"), ("for a hot summer day", "hot"),
        ("etwas für einen kalten Tag", "cold"), ("pour un jour de pluie", "rain"),
    ],
)  # fmt: skip
def test_weather_that_a_message_names_holds_beside_an_item(message, weather):
    assert understand(message, item=RED_DRESS).weather == weather


@pytest.mark.parametrize("message", ["something for a cold day", "warm outfit please"])
def test_garments_of_a_page_that_answers_a_photo_are_no_wishes(message):
    shoes = {**RED_DRESS, "Title": "White sneakers", "Garment": "sneakers", "Category": "Shoes"}
    turns = [Turn("assistant", "These go with your red dress:", [shoes] * 3)]
    conversation = Conversation(message, turns, RED_DRESS)
    request = bundled_stylist().understand(conversation, SCHEMA)
    assert not any(part.wanted.get("Garment") for part in request.parts)


@pytest.mark.parametrize(
    ("message", "wanted", "refused"),
    [
        ("in black", {"Colours": ["black"]}, {}),
        ("en noir", {"Colours": ["black"]}, {}),
        ("more formal", {"Type": ["Formal"]}, {}),
        ("eleganter", {"Type": ["Formal"]}, {}),
        ("not so sporty", {}, {"Type": ["Sport"]}),
    ],
)
def test_short_wishes_after_outfits_are_about_what_goes_with_the_item(message, wanted, refused):
    page = [record_of({"garment": [one]}, SCHEMA) for one in ("blazer", "heels", "cap")]
    request = understand("", message, items=page, item=RED_DRESS)
    assert (request.act, request.refers_to) == ("complement", None)
    (part,) = request.parts
    assert (part.wanted, part.refused) == (wanted, refused)


def test_wishes_about_outfits_add_up():
    page = [record_of({"garment": [one]}, SCHEMA) for one in ("blazer", "heels", "cap")]
    request = understand("", "in black", "not so sporty", items=page, item=RED_DRESS)
    assert request.act == "complement"
    assert asked(request)["Colours"] == ["black"]


def test_other_outfits_are_others_and_the_same_in_another_colour_is_none():
    page = [record_of({"garment": [one]}, SCHEMA) for one in ("blazer", "heels", "cap")]
    assert understand("", "show me others", items=page, item=RED_DRESS).wants_others
    assert understand("", "the same in blue", items=page, item=RED_DRESS).act == "similar"


def test_outfits_stay_outfits_through_others_and_another_recipient():
    page = [record_of({"garment": [one]}, SCHEMA) for one in ("blazer", "heels", "cap")]
    for message in ("show me others", "for women"):
        request = understand("", "in black", message, items=page, item=RED_DRESS)
        assert (request.act, asked(request)) == ("complement", {"Colours": ["black"]})
        assert request.wants_others == (message == "show me others")
