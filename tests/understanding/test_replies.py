from dataclasses import replace
from functools import partial
from typing import get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.products.product import Product
from lookbook.search.items import Hit, Item
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.planning import plan_search
from lookbook.understanding.replies import (
    PLACEHOLDERS,
    ReplyTexts,
    name_unmet,
    outfit_sentence,
    placeholders_of,
    read_replies,
    write_reply,
)
from lookbook.understanding.request import (
    Conversation,
    Language,
    Part,
    Recommendation,
    Request,
    ShoppingPlan,
)
from lookbook.understanding.shop_facts import ShopFacts, read_shop_facts
from project import ROOT, declared_fields

SHIPPED = ROOT / "conf/base/replies.yml"
SCHEMA = Schema.model_validate(declared_fields())
TEXTS = read_replies(str(SHIPPED))
FACTS = read_shop_facts(str(ROOT / "conf/base/shop_facts.yml"))
LANGUAGES = get_args(Language)
# A shop may name a value in its own way.
TEXTS.de.values["Colours"]["navy"] = "marineblau"
BOOTS = Product(
    "1", "Stiefel Elbe", price=89.95, sale_price=49.95, currency="EUR", brand="Acme",
    in_stock=True, sizes=["40", "41"], sold_out_sizes=["41"],
)  # fmt: skip


def record(**values):
    return {
        "Title": "Black shoes", "Size": "M", "Gender": "Men", "Category": "Shoes",
        "Type": "Casual", "Description": "Leather.", "Garment": "other", "Colours": ["black"],
        "Pattern": "plain", "Material": "unknown", "Sleeve": "unknown", "Neckline": "unknown",
        "Length": "unknown", **values,
    }  # fmt: skip


def recommended(slot="", product=None, why="", **values):
    return Recommendation(slot, Hit(Item("1", "1.jpg", record(**values), product=product)), why=why)


SHIRT = record(Title="Blue shirt", Category="Tops", Garment="shirt", Colours=["blue"])
SHOES = recommended("feet", why="casual")


def reply(request, items=(), message="", item=None, plan=None, facts=FACTS):
    """The reply to a request, planned as the assistant plans it."""
    plan = plan or plan_search(request, item, message, SCHEMA)
    conversation = Conversation(message, item=item)
    written = write_reply(request, plan, conversation, items, SCHEMA, TEXTS, facts)
    return "".join(written)


def ask(message, items=(), **values):
    return reply(Request(act="question", **values), items, message)


# The texts.


@pytest.mark.parametrize("key", PLACEHOLDERS)
def test_every_sentence_has_the_same_placeholders_in_all_languages(key):
    found = [placeholders_of(TEXTS.of(language).sentences[key]) for language in LANGUAGES]
    assert found == [set(PLACEHOLDERS[key])] * len(LANGUAGES)


def test_every_slot_and_every_kind_of_small_talk_has_words_in_all_languages():
    for language in LANGUAGES:
        texts = TEXTS.of(language)
        assert set(texts.slots) == set(SCHEMA.slots)
        assert set(texts.words) == {"greeting", "thanks", "goodbye", "machine", "insult"}
        assert all(texts.words.values())


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_every_value_has_a_name_in_other_languages(language):
    values = TEXTS.of(language).values
    for attribute, declared in SCHEMA.categorical.items():
        if attribute != "Size":
            named = {*declared.values} - {getattr(declared, "default", None), "none", "other"}
            assert set(values[attribute]) == named, attribute


@given(st.text(), st.sampled_from(LANGUAGES))
def test_titles_stay_as_they_are(title, language):
    assert title in TEXTS.sentence("sold_out", language, title=title)


@pytest.mark.parametrize(
    ("language", "joined"),
    [("en", "a, b or c"), ("de", "a, b oder c"), ("fr", "a, b ou c"), ("es", "a, b o c")],
)
def test_words_are_joined_in_the_language(language, joined):
    assert TEXTS.join(["a", "b", "c"], "or", language) == joined
    assert TEXTS.join(["a"], "and", language) == "a"


def without(declared):
    del declared["fr"]["sentences"]["thanks"]


def unknown(declared):
    declared["de"]["sentences"]["thank"] = "Danke"


def misspelled(declared):
    declared["es"]["sentences"]["price"] = "{titulo} cuesta {price}."


def silent(declared):
    del declared["es"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without, "fr.sentences .*lacks thanks"), (unknown, "has unknown keys: thank"),
        (misspelled, "'price' has no {titulo}"), (silent, "es Field required"),
    ],
)  # fmt: skip
def test_incomplete_texts_are_rejected_with_the_reason(tmp_path, change, reason):
    declared = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    change(declared)
    path = tmp_path / "replies.yml"
    path.write_text(yaml.safe_dump(declared))
    with pytest.raises(InputError, match=reason):
        read_replies(str(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="There is no replies file"):
        read_replies(str(tmp_path / "replies.yml"))


# Small talk and messages that are no request.


@pytest.mark.parametrize(
    ("language", "message", "keys"),
    [
        ("en", "hellooo!!", ["greeting"]), ("de", "Guten Morgen ☀️", ["greeting"]),
        ("fr", "coucou", ["greeting"]), ("es", "BUENOS DIAS", ["greeting"]),
        ("en", "thanks a lot", ["thanks"]), ("de", "Vielen Dank!", ["thanks"]),
        ("fr", "mercii", ["thanks"]), ("es", "¡Gracias!", ["thanks"]),
        ("en", "bye", ["goodbye"]), ("de", "tschüss", ["goodbye"]),
        ("fr", "Bonne soirée", ["goodbye"]), ("es", "hasta luego", ["goodbye"]),
        ("de", "Hallo, danke und tschüß", ["thanks", "goodbye"]),
        ("en", "are you a real person or a bot?", ["machine"]), ("en", "lol", ["small_talk"]),
    ],
)  # fmt: skip
def test_small_talk_is_answered_by_its_kind(language, message, keys):
    answer = " ".join(TEXTS.sentence(key, language) for key in keys)
    assert reply(Request(act="small_talk", language=language), message=message) == answer


@pytest.mark.parametrize(
    ("language", "message"),
    [("en", "you are useless"), ("de", "Du Trottel"), ("fr", "connard"), ("es", "eres idiota")],
)
@pytest.mark.parametrize("act", ["small_talk", "off_topic", "search"])
def test_insults_get_one_calm_sentence(language, message, act):
    request = Request(act=act, language=language, understood=act != "search")
    assert reply(request, message=message) == TEXTS.sentence("insult", language)


def test_a_strong_word_in_a_wish_is_no_insult():
    request = Request(parts=[Part(wanted={"Garment": ["jeans"]})])
    assert reply(request, [recommended()], "stupid loud jeans").startswith("I found:")


@pytest.mark.parametrize("language", LANGUAGES)
def test_off_topic_messages_are_told_what_the_assistant_can_do(language):
    request = Request(act="off_topic", language=language)
    assert reply(request, message="2 + 2?") == TEXTS.sentence("off_topic", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_that_is_not_understood_gets_one_question(language):
    request = Request(understood=False, language=language)
    question = TEXTS.sentence("not_understood", language)
    assert reply(request, message="blub") == question
    assert question.endswith("?")
    found = reply(request, [recommended()], "blub")
    perhaps = TEXTS.sentence("perhaps", language)
    assert found == f"{question} {perhaps}\n- Black shoes"


def test_notes_come_first():
    request = Request(act="small_talk", notes=["Aha."])
    assert reply(request, message="thanks") == "Aha. You are welcome."


# Recommendations.


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "These go with your blue shirt:\n- shoes: Black shoes (casual)"),
        ("de", "Zu „blue shirt“ passt:\n- Schuhe: Black shoes (Freizeitkleidung)"),
        (
            "fr",
            "Avec « blue shirt », je propose :\n- chaussures : Black shoes (tenue décontractée)",
        ),
        ("es", "Con «blue shirt» combina:\n- zapatos: Black shoes (ropa informal)"),
    ],
)
def test_the_best_item_of_each_slot_has_a_line(language, expected):
    request = Request(
        act="complement", parts=[Part(wanted={"Category": ["Shoes"]})], language=language
    )
    second = recommended("feet", Title="Grey shoes")
    assert reply(request, [SHOES, second], "shoes", SHIRT) == expected


def test_similar_items_are_said_to_be_so():
    items = [recommended("upper", Title="White shirt")]
    written = reply(Request(act="similar", language="de"), items, "", SHIRT)
    assert written == "Ähnlich wie „blue shirt“:\n- Oberteil: White shirt"


def test_what_the_customer_owns_is_named_in_their_language():
    owned = {"Garment": ["dress"], "Colours": ["red"]}
    request = Request(act="complement", owned=owned, language="de")
    written = reply(request, [SHOES], "Schuhe zu meinem roten Kleid?")
    assert written.startswith("Zu dem, was Sie haben (Kleid, rot), passt:\n- Schuhe: Black shoes")


def test_slots_for_which_nothing_fits_are_named():
    plan = plan_search(Request(act="complement", language="fr"), SHIRT, "", SCHEMA)
    request = Request(act="complement", language="fr")
    written = reply(request, [SHOES], "", SHIRT, plan)
    assert written.endswith("\nJe n’ai rien trouvé pour : bas, veste ou manteau.")


def test_prices_and_titles_are_the_shops():
    written = reply(Request(), [recommended(product=BOOTS)], "boots")
    assert written == "I found:\n- Stiefel Elbe, 49.95 EUR"


def test_reasons_without_words_in_the_language_are_left_out():
    items = [recommended(why="black, navy and beige are often worn together")]
    assert reply(Request(language="es"), items, "botas").endswith("\n- Black shoes (negro)")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "I could not find this: red or navy. These come closest:"),
        ("de", "Das habe ich nicht gefunden: rot oder marineblau. Das kommt dem am nächsten:"),
        (
            "fr",
            "Je n’ai pas trouvé ceci : rouge ou bleu marine. Voici ce qui s’en rapproche le plus :",
        ),
        ("es", "No he encontrado esto: rojo o azul marino. Esto es lo que más se acerca:"),
    ],
)
def test_wishes_that_no_item_meets_are_named(language, expected):
    part = Part(wanted={"Colours": ["red", "navy"]}, implied={"Garment": ["boots"]})
    request = Request(parts=[part], language=language)
    assert reply(request, [recommended(Garment="sneakers")]).startswith(f"{expected}\n")
    found = reply(request, [recommended(Colours=["navy"])])
    assert found.startswith(TEXTS.sentence("found", language))


def test_each_wish_that_no_item_meets_is_named():
    part = Part(wanted={"Category": ["Shoes"], "Colours": ["red"], "Material": ["leather"]})
    request = Request(act="complement", parts=[part], language="de")
    written = reply(request, [recommended("feet", Material="cotton")], "", SHIRT)
    assert written.startswith("Das habe ich nicht gefunden: Leder; rot. Zu „blue shirt“ passt:")


def test_of_several_slots_the_one_without_is_named():
    parts = [Part(wanted={"Category": [one], "Colours": ["red"]}) for one in ("Shoes", "Hats")]
    request = Request(act="complement", parts=parts, language="de")
    items = [recommended("feet"), recommended("head", Category="Hats", Colours=["red"])]
    written = reply(request, items, "", SHIRT)
    assert written.startswith("Das habe ich nicht gefunden (Schuhe): rot. Zu „blue shirt“ passt:")


def test_unknown_values_are_no_unmet_wish():
    request = Request(parts=[Part(wanted={"Material": ["leather"]})])
    assert reply(request, [recommended()]).startswith("I found:")


def test_whom_nothing_is_for_is_named_without_whom_it_may_be_for_too():
    written = reply(Request(recipients=["Women"]), [recommended()])
    assert written.startswith("I could not find this: for women. These")


def test_refused_values_among_the_items_are_named():
    part = Part(refused={"Garment": ["heels", "boots"]})
    request = Request(parts=[part], language="de")
    items = [recommended(Garment="heels"), recommended(Garment="flats")]
    assert reply(request, items).startswith("Nicht alles davon ist ohne: Absatzschuhe. ")
    assert "ohne" not in reply(request, items[1:])


def test_what_is_unmet_is_named_without_a_reply_too():
    request = Request(parts=[Part(wanted={"Colours": ["red"]}, refused={"Garment": ["heels"]})])
    plan = plan_search(request, None, "", SCHEMA)
    named = name_unmet(request, plan, [recommended(Garment="heels")], SCHEMA, TEXTS)
    assert list(named) == [
        "I could not find this: red.", "Some of these still have this: high heels."
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"max_price": 40}, "Nothing that fits costs up to 40 EUR; the nearest costs 49.95 EUR."),
        (
            {"min_price": 60},
            "Nothing that fits costs at least 60 EUR; the nearest costs 49.95 EUR.",
        ),
        (
            {"min_price": 10, "max_price": 20.5},
            "Nothing that fits costs between 10 EUR and 20.50 EUR; the nearest costs 49.95 EUR.",
        ),
        ({"sizes": ["39", "41"]}, "Nothing that fits comes in 39 or 41."),
        ({"brands": ["Other"]}, "Nothing that fits is by Other."),
    ],
)
def test_limits_that_no_item_meets_are_named(limits, expected):
    request = Request(products=ProductFilter(**limits))
    assert reply(request, [recommended(product=BOOTS)]).startswith(f"{expected} These")


def test_limits_that_an_item_meets_are_not_named():
    limits = ProductFilter(min_price=20, max_price=50, sizes=["40"], brands=["Acme"])
    written = reply(Request(products=limits), [recommended(product=BOOTS)])
    assert written.startswith("I found:")


def test_a_limit_is_unmet_where_no_price_is_known():
    limits = ProductFilter(max_price=50, currency="EUR")
    written = reply(Request(products=limits, language="de"), [recommended()])
    assert written.startswith("Nichts Passendes kostet höchstens 50 EUR. ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_found_is_said(language):
    assert reply(Request(language=language)) == TEXTS.sentence("nothing_found", language)
    others = Request(wants_others=True, language=language)
    assert reply(others) == TEXTS.sentence("nothing_else", language)


# Questions.


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Stiefel Elbe costs 49.95 EUR instead of 89.95 EUR."),
        ("de", "Stiefel Elbe kostet 49.95 EUR statt 89.95 EUR."),
        ("fr", "Stiefel Elbe coûte 49.95 EUR au lieu de 89.95 EUR."),
        ("es", "Stiefel Elbe cuesta 49.95 EUR en lugar de 89.95 EUR."),
    ],
)
def test_prices_are_told_in_the_customers_language(language, expected):
    assert ask("?", [recommended(product=BOOTS)], asks=["price"], language=language) == expected


@pytest.mark.parametrize(
    ("fact", "change", "wanted", "expected"),
    [
        ("price", {"sale_price": None}, [], "Stiefel Elbe costs 89.95 EUR."),
        ("stock", {}, [], "Stiefel Elbe is in stock."),
        ("stock", {"in_stock": False}, [], "Stiefel Elbe is sold out."),
        ("brand", {}, [], "Stiefel Elbe is by Acme."),
        ("sizes", {}, [], "Stiefel Elbe comes in 40, 41. Sold out: 41."),
        ("sizes", {}, ["40"], "Stiefel Elbe comes in 40."),
        ("sizes", {}, ["41"], "Stiefel Elbe is sold out in 41."),
        ("sizes", {"in_stock": False}, ["40"], "Stiefel Elbe is sold out in 40."),
        (
            "sizes", {"sold_out_sizes": []}, ["42"],
            "Stiefel Elbe does not come in 42, but in 40, 41.",
        ),
    ],
)  # fmt: skip
def test_facts_are_the_shops(fact, change, wanted, expected):
    items = [recommended(product=replace(BOOTS, **change))]
    limits = ProductFilter(sizes=wanted or None)
    assert ask("?", items, asks=[fact], products=limits) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknown_facts_are_said_to_be_so(language):
    asks = ["price", "stock", "sizes", "brand"]
    keys = ["unknown_price", "unknown_stock", "unknown_sizes", "unknown_brand"]
    expected = " ".join(TEXTS.sentence(key, language, title="Black shoes") for key in keys)
    assert ask("?", [SHOES], asks=asks, language=language) == expected


def test_facts_of_up_to_three_items_are_told():
    items = [recommended(Title=str(number), product=None) for number in range(4)]
    assert ask("?", items, asks=["brand"]).count("\n") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_about_no_item_asks_which_one(language):
    assert ask("?", asks=["price"], language=language) == TEXTS.sentence("which_item", language)


@pytest.mark.parametrize(
    ("message", "language", "expected"),
    [
        ("Do you deliver?", "en", "I do not know about delivery. Please ask the shop."),
        ("Liefert ihr?", "de",
         "Dazu habe ich keine Angaben: Lieferung. Bitte fragen Sie das Geschäft."),
        ("Vous livrez ?", "fr", "Je n’ai pas d’informations à ce sujet : livraison. "
         "Adressez-vous à la boutique, s’il vous plaît."),
        ("¿Hacen envíos?", "es",
         "No tengo información sobre esto: envío. Pregunte a la tienda, por favor."),
    ],
)  # fmt: skip
def test_what_the_shop_does_not_say_is_said_to_be_unknown(message, language, expected):
    assert ask(message, language=language) == expected


def test_the_shops_answer_is_given_and_its_contact_where_it_has_none():
    facts = FACTS.model_copy(deep=True, update={"contact": "hello@shop.example"})
    facts.topics["returns"].answer = "Within 30 days."
    answer = partial(reply, Request(act="question"), facts=facts)
    assert answer(message="Can I return it?") == "Within 30 days."
    assert answer(message="Delivery and returns?") == (
        "Within 30 days.\nI do not know about delivery. The shop will tell you: hello@shop.example."
    )


def test_the_price_of_delivery_is_no_items_price():
    written = ask("how much is delivery?", asks=["price"])
    assert written == "I do not know about delivery. Please ask the shop."
    written = ask("how much is it, and can I return it?", asks=["price"], speaks_of_page=True,
                  items=[recommended(product=BOOTS)])  # fmt: skip
    assert written.startswith("Stiefel Elbe costs 49.95 EUR instead of 89.95 EUR.\nI do not know")


def test_other_questions_are_said_to_be_unknown():
    assert ask("Has it got pockets?", [SHOES], speaks_of_page=True) == (
        "I do not know that about Black shoes. Please ask the shop."
    )
    assert ask("Who is Karl?", language="de") == (
        "Das weiß ich leider nicht. Bitte fragen Sie das Geschäft."
    )


def test_a_question_with_a_wish_shows_items():
    request = Request(act="question", parts=[Part(wanted={"Garment": ["boots"]})])
    written = reply(request, [recommended(Garment="boots")], "do you have boots?")
    assert written.startswith("I found:")


def test_questions_about_the_shop_are_answered_where_little_was_understood():
    written = reply(Request(understood=False), message="opening hours")
    assert written == "I do not know about opening hours. Please ask the shop."


def test_shops_of_other_schemas_name_slots_by_their_own_words():
    declared = declared_fields()
    slots = declared["Category"]["slots"]
    declared["Category"]["slots"] = {**slots, "hands": {"display": "gloves"}}
    schema = Schema.model_validate(declared)
    written = write_reply(
        Request(language="de"), ShoppingPlan(), Conversation("gloves"),
        [recommended("hands")], schema, TEXTS, ShopFacts(),
    )  # fmt: skip
    assert "".join(written) == "Das habe ich gefunden:\n- gloves: Black shoes"


def test_texts_are_the_same_after_a_round_trip():
    assert ReplyTexts.model_validate(TEXTS.model_dump()) == TEXTS


@pytest.mark.parametrize(
    ("reasons", "pair", "language", "sentence"),
    [
        ([], None, "en", ""),
        (["formality"], None, "en", "Equally dressy."),
        (
            ["formality", "warmth", "recipient", "boldness"],
            ("jeans", "boots"),
            "en",
            "Equally dressy, right for the same weather and for the same wearer.",
        ),
        (
            ["pairs", "warmth"],
            ("jeans", "Sneakers"),
            "en",
            "Right for the same weather; jeans and sneakers are often worn together.",
        ),
        (
            ["formality", "warmth", "recipient", "pairs"],
            ("jeans", "boots"),
            "de",
            "Gleich festlich und für dasselbe Wetter; "
            "Jeans und Stiefel werden oft zusammen getragen.",
        ),
        # A shop's own scale has no text.
        (["comfort", "boldness"], None, "en", "One pattern at most."),
        ([], ("navy", "beige"), "en", "Navy and beige are often worn together."),
        (["pairs"], None, "en", ""),
        (["warmth", "boldness"], None, "es", "Para el mismo tiempo y como mucho un estampado."),
    ],
)
def test_an_outfit_is_explained_by_up_to_three_of_its_reasons(reasons, pair, language, sentence):
    assert outfit_sentence(reasons, pair, language, TEXTS) == sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rule_that_the_first_outfit_breaks_is_named(language):
    request = Request(language=language, act="complement")
    plan = ShoppingPlan(mode="complementary", broken_rules=["warmth", "comfort"])
    said = reply(request, [recommended("feet")], plan=plan)
    assert TEXTS.sentence("broken_warmth", language) in said
    assert TEXTS.sentence("broken_other", language, rule="comfort") in said
    assert list(name_unmet(request, plan, [], SCHEMA, TEXTS))[1:] == [
        TEXTS.sentence("broken_other", language, rule="comfort")
    ]
