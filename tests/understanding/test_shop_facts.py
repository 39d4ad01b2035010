from typing import get_args

import pytest
import yaml

from lookbook.errors import InputError
from lookbook.understanding.request import Language
from lookbook.understanding.shop_facts import Answer, ShopFacts, read_shop_facts
from project import ROOT

SHIPPED = str(ROOT / "conf/base/shop_facts.yml")


@pytest.fixture(scope="module")
def facts():
    return read_shop_facts(SHIPPED)


@pytest.fixture(scope="module")
def answered(facts):
    """The shop's facts with an answer on delivery by language, and one on returns for all."""
    told = facts.model_copy(deep=True)
    told.topics["delivery"].answer = {"en": "Two days.", "de": "Zwei Tage."}
    told.topics["returns"].answer = "30"
    return told


def topics(facts, question):
    names = {topic.name["en"]: key for key, topic in facts.topics.items()}
    return [names[one.topic] for one in facts.answer(question, "en")]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Do you deliver there?", ["delivery"]), ("wie lang sind die Lieferzeiten", ["delivery"]),
        ("c'est combien la livraison", ["delivery"]), ("HACEIS ENVIOS A CEUTA", ["delivery"]),
        ("can I return it", ["returns"]), ("wie sind die Rücksendekosten?", ["returns"]),
        ("quel est le délai de remboursement", ["returns"]), ("¿puedo devolverlo?", ["returns"]),
        ("when are you open?", ["opening_hours"]), ("wann habt ihr auf?", ["opening_hours"]),
        ("Vous ouvrez le dimanche ?", ["opening_hours"]), ("qué horario tienen", ["opening_hours"]),
        ("do they run small", ["size_advice"]), ("fallen die groß aus", ["size_advice"]),
        ("est-ce que ça taille petit ?", ["size_advice"]), ("tallan bien?", ["size_advice"]),
        ("can I pay with PayPal", ["payment"]), ("geht Kauf auf Rechnung?", ["payment"]),
        ("is it machine washable", ["care"]), ("darf das in den Trockner", ["care"]),
        ("where are you based", ["stores"]), ("habt ihr eine Filiale in Bonn", ["stores"]),
        ("do you gift-wrap?", ["gift_wrapping"]), ("un paquet cadeau ?", ["gift_wrapping"]),
        ("is it organic", ["sustainability"]), ("¿es reciclado?", ["sustainability"]),
        ("delivery and returns?", ["delivery", "returns"]),
        ("how much is the second one", []), ("do you have it in red", []), ("", []),
    ],
)  # fmt: skip
def test_questions_are_about_their_topics_in_four_languages(facts, question, expected):
    assert topics(facts, question) == expected


def test_the_shipped_facts_answer_nothing(facts):
    assert facts.contact is None
    assert all(topic.answer is None for topic in facts.topics.values())
    assert facts.answer("Do you deliver?", "fr") == [Answer("livraison", "")]


@pytest.mark.parametrize("part", ["name", "phrases"])
def test_every_topic_is_known_in_every_language(facts, part):
    for topic in facts.topics.values():
        by_language = getattr(topic, part)
        assert set(by_language) == set(get_args(Language))
        assert all(by_language.values())


@pytest.mark.parametrize(
    ("language", "text"), [("en", "Two days."), ("de", "Zwei Tage."), ("fr", "Two days.")]
)
def test_answers_are_in_the_customers_language_if_the_shop_has_them(answered, language, text):
    (answer,) = answered.answer("delivery?", language)
    assert answer.text == text


def test_one_answer_may_do_for_all_languages(answered):
    assert answered.answer("retour?", "fr") == [Answer("retours", "30")]


def test_a_contact_may_have_languages(answered):
    assert ShopFacts(contact={"de": "Tel. 1", "es": "Tel. 2"}).contact_in("es") == "Tel. 2"
    assert ShopFacts(contact={"de": "Tel. 1"}).contact_in("fr") == "Tel. 1"
    assert ShopFacts().contact_in("en") == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "There is no shop_facts file '.*'. Name a file as 'shop_facts:'"),
        ("contacts: x", "cannot be used: .*contacts"),
        ("topics: {delivery: {name: {en: delivery}, phrases: {it: [spedizione]}}}", "phrases.it"),
    ],
)
def test_invalid_files_are_rejected_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "facts.yml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=reason):
        read_shop_facts(str(path))


def test_a_shop_may_have_topics_of_its_own(tmp_path):
    path = tmp_path / "facts.yml"
    topic = {"name": {"en": "parking"}, "phrases": {"en": ["park*"]}, "answer": "Behind the shop."}
    path.write_text(yaml.safe_dump({"topics": {"parking": topic}}))
    facts = read_shop_facts(str(path))
    assert facts.answer("Is there parking?", "de") == [Answer("parking", "Behind the shop.")]
