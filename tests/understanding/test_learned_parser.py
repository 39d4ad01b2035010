import numpy as np
import pytest
import yaml

from lookbook.attributes.schema import Schema
from lookbook.understanding.learned_parser import LearnedParser, decode
from lookbook.understanding.mentions import Mention
from lookbook.understanding.message_features import MESSAGE, Segment
from lookbook.understanding.message_network import ACTS, ROLES, NetworkFacts, Reading, Thresholds
from lookbook.understanding.request import Part, Request
from project import ROOT

THRESHOLDS = Thresholds(wanted=0.4, refused=0.4, owned=0.5, named_wanted=0.4, named_refused=0.4)
NAMES = {
    "dress": ("Garment", "dress"), "sneakers": ("Garment", "sneakers"),
    "boots": ("Garment", "boots"), "coat": ("Garment", "coat"), "red": ("Colours", "red"),
    "white": ("Colours", "white"), "wool": ("Material", "wool"), "kids": ("Gender", "Kids"),
}  # fmt: skip
VALUES = list(NAMES.values())


def probabilities(role="none", probability=0.9):
    rest = (1 - probability) / (len(ROLES) - 1)
    return np.array([probability if one == role else rest for one in ROLES])


def reading_of(roles, together=(), mentions=(), act="search", sure=0.9, **changes):
    """What a network reads.

    Args:
        roles: Role by the name of a value, or its probabilities.
        together: Groups of names that belong to one piece.
        act: The likeliest act.
        sure: Its probability.
    """
    rows = [
        roles[name] if isinstance(roles.get(name), np.ndarray)
        else probabilities(roles.get(name, "none"))
        for name in NAMES
    ]  # fmt: skip
    linked = [[any({one, other} <= set(group) for group in together) for other in NAMES]
              for one in NAMES]  # fmt: skip
    given = {
        "acts": {name: sure if name == act else (1 - sure) / 5 for name in ACTS},
        "recipients": {"Women": 0.1, "Men": 0.1}, "weather": None, "occasion": "",
        "language": "en", "refers_to": None, "is_cheapest": False, "mentions": list(mentions),
    }  # fmt: skip
    return Reading(roles=np.stack(rows), links=np.where(linked, 0.9, 0.1), **{**given, **changes})


@pytest.fixture
def request_of(schema):
    def request_of(*arguments, schema=schema, **changes):
        return decode(reading_of(*arguments, **changes), VALUES, THRESHOLDS, schema)

    return request_of


def read_schema(path):
    return Schema.model_validate(yaml.safe_load((ROOT / path).read_text())["schema"])


def test_values_become_wanted_implied_refused_and_owned(request_of):
    roles = {"dress": "wanted", "wool": "implied", "red": "refused", "coat": "owned"}
    request = request_of(roles, [("dress", "wool")])
    assert request.parts == [
        Part(
            wanted={"Garment": ["dress"]}, implied={"Material": ["wool"]},
            refused={"Colours": ["red"]},
        )
    ]  # fmt: skip
    assert request.owned == {"Garment": ["coat"]}
    assert request.understood


def test_a_refused_value_is_never_wanted(request_of):
    torn = np.array([0.0, 0.3, 0.15, 0.5, 0.05])
    (part,) = request_of({"dress": "wanted", "red": torn}).parts
    assert part == Part(wanted={"Garment": ["dress"]}, refused={"Colours": ["red"]})
    (part,) = request_of({"dress": "wanted", "red": np.array([0.0, 0.6, 0.2, 0.1, 0.1])}).parts
    assert part.wanted == {"Garment": ["dress"], "Colours": ["red"]}
    assert part.refused == {}


def test_what_is_likely_wanted_or_implied_is_asked_for_together(request_of):
    (part,) = request_of({"coat": np.array([0.55, 0.15, 0.3, 0.0, 0.0])}).parts
    assert part.implied == {"Garment": ["coat"]}
    unlikely = {"coat": np.array([0.65, 0.15, 0.2, 0.0, 0.0])}
    assert not request_of(unlikely, act="complement").parts


def test_a_search_for_no_garment_is_for_the_likeliest_ones(request_of):
    likely, unlikely = np.array([0.7, 0.05, 0.25, 0.0, 0.0]), np.array([0.9, 0.0, 0.1, 0.0, 0.0])
    (part,) = request_of({"coat": likely, "boots": unlikely}, weather="cold").parts
    assert part == Part(implied={"Garment": ["coat"]})


def test_pieces_are_told_apart_by_their_links(request_of):
    roles = dict.fromkeys(["dress", "sneakers", "red", "white"], "wanted")
    parts = request_of(roles, [("dress", "red"), ("sneakers", "white")]).parts
    assert [part.wanted for part in parts] == [
        {"Garment": ["dress"], "Colours": ["red"]},
        {"Garment": ["sneakers"], "Colours": ["white"]},
    ]


def test_alternatives_are_one_piece_and_what_is_of_both_is_in_each(request_of):
    roles = dict.fromkeys(["sneakers", "boots", "coat", "white"], "wanted")
    together = [("sneakers", "boots"), ("sneakers", "white"), ("boots", "white"), ("coat", "white")]
    parts = request_of(roles, together).parts
    assert [part.wanted for part in parts] == [
        {"Garment": ["sneakers", "boots"], "Colours": ["white"]},
        {"Garment": ["coat"], "Colours": ["white"]},
    ]


def test_a_value_that_no_link_is_sure_of_goes_to_the_nearest_piece(request_of):
    parts = request_of(dict.fromkeys(["dress", "sneakers", "red"], "wanted")).parts
    assert sum("Colours" in part.wanted for part in parts) >= 1


def test_values_without_a_garment_are_one_piece(request_of):
    parts = request_of({"red": "wanted", "wool": "wanted"}).parts
    assert [part.wanted for part in parts] == [{"Colours": ["red"], "Material": ["wool"]}]


def test_a_refusal_alone_is_a_part_and_understood(request_of):
    request = request_of({"red": "refused"}, act="complement")
    assert request.parts == [Part(refused={"Colours": ["red"]})]


def test_each_part_has_what_is_refused(request_of):
    roles = {"dress": "wanted", "boots": "wanted", "red": "refused"}
    assert [part.refused for part in request_of(roles).parts] == [{"Colours": ["red"]}] * 2


def test_values_that_the_schema_lacks_are_dropped(request_of):
    request = request_of({"dress": "wanted", "kids": "wanted"}, [("dress", "kids")])
    assert [part.wanted for part in request.parts] == [{"Garment": ["dress"]}]
    request = request_of({"kids": "wanted"})
    assert (request.parts, request.understood) == ([], False)


def test_values_that_the_schema_alone_knows_have_their_mentions_role(request_of):
    furniture = read_schema("tests/end_to_end/furniture/schema.yml")
    mentions = [
        (Mention(0, 4, frozenset({("Category", "sofa")})), probabilities("wanted")),
        (Mention(9, 12, frozenset({("Material", "oak")})), probabilities("refused")),
        (Mention(20, 24, frozenset({("Category", "lamp")})), probabilities("owned")),
        (Mention(25, 29, frozenset({("Garment", "scarf")})), probabilities("wanted")),
    ]
    request = request_of({"white": "wanted"}, mentions=mentions, schema=furniture)
    assert request.parts == [
        Part(
            wanted={"Colours": ["white"], "Category": ["sofa"]}, refused={"Material": ["oak"]},
        )
    ]  # fmt: skip
    assert request.owned == {"Category": ["lamp"]}


def test_a_mention_does_not_overrule_the_networks_own_values(request_of):
    mention = Mention(0, 5, frozenset({NAMES["dress"]})), probabilities("refused")
    (part,) = request_of({"dress": "wanted"}, mentions=[mention]).parts
    assert part == Part(wanted={"Garment": ["dress"]})


def test_a_schema_of_fewer_words_gets_its_own(request_of):
    recipe = read_schema("conf/recipe/schema.yml")
    request = request_of({"sneakers": "wanted", "red": "wanted"}, schema=recipe)
    assert [part.wanted for part in request.parts] == [{"Category": ["Shoes"]}]


def test_what_a_schema_has_one_word_for_is_wanted_if_any_of_it_is(request_of):
    recipe = read_schema("conf/recipe/schema.yml")
    request = request_of({"sneakers": "wanted", "boots": "refused"}, schema=recipe)
    assert request.parts == [Part(wanted={"Category": ["Shoes"]})]


def test_the_rest_of_a_reading_is_told_as_it_is(request_of):
    request = request_of(
        {}, act="similar", recipients={"Women": 0.7, "Men": 0.6, "Kids": 0.2}, weather="rain",
        occasion="wedding", language="de", refers_to=2, is_cheapest=True,
    )  # fmt: skip
    assert request == Request(
        act="similar", recipients=["Women", "Men"], weather="rain", occasion="wedding",
        language="de", refers_to=2, sort="price_ascending",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "understood"),
    [
        ({}, False), ({"act": "off_topic"}, True), ({"weather": "rain"}, True),
        ({"occasion": "party"}, True), ({"recipients": {"Men": 0.9}}, True),
    ],
)  # fmt: skip
def test_a_search_for_nothing_is_not_understood(request_of, changes, understood):
    assert request_of({}, **changes).understood is understood


class GivenNetwork:
    """Reads what it is given, with a mention's role for each mention that is found."""

    ordinary: frozenset[str] = frozenset()
    facts = NetworkFacts(values=VALUES, occasions=[""], thresholds=THRESHOLDS, tokenizer="")

    def read(self, segments, finder):
        self.found = finder.find(segments[0].text)
        return reading_of({}, mentions=[(one, probabilities("wanted")) for one in self.found])


def test_a_parser_finds_the_words_of_the_schema_that_it_is_asked_with(schema):
    network = GivenNetwork()
    parser = LearnedParser(network, {"lbd": frozenset({NAMES["dress"]})})
    furniture = read_schema("tests/end_to_end/furniture/schema.yml")
    segments = [Segment(MESSAGE, 0, "an LBD on a couch")]
    assert parser.parse(segments, furniture).parts == [Part(wanted={"Category": ["sofa"]})]
    assert [one.values for one in network.found] == [{NAMES["dress"]}, {("Category", "sofa")}]
    assert not parser.parse(segments, schema).parts
    assert parser.finder(schema) is parser.finder(schema) is not parser.finder(furniture)
    assert not parser.finder(schema, has_vocabulary=False).find("an LBD")


def test_a_garment_named_alone_asks_for_no_other_and_for_none_of_the_page(request_of):
    coat, boots = Mention(0, 4, frozenset({NAMES["coat"]})), frozenset({NAMES["boots"]})
    roles = {"sneakers": "wanted", "red": "wanted", "boots": "refused"}
    alone = {"mentions": [(coat, probabilities("none"))], "refers_to": 2, "earlier": boots}
    request = request_of(roles, **alone, is_names_only=True)
    assert request.refers_to is None
    assert [part.wanted for part in request.parts] == [{"Garment": ["coat"], "Colours": ["red"]}]
    assert request.parts[0].refused == {"Garment": ["boots"]}
    told = request_of(roles, **alone)
    assert (told.refers_to, told.parts[0].wanted["Garment"]) == (2, ["sneakers"])


def test_a_doubtful_question_that_names_a_piece_is_a_search(request_of):
    assert request_of({"dress": "wanted"}, act="question", sure=0.5).act != "question"
    sure = request_of({"dress": "wanted"}, act="question", sure=0.9)
    assert (sure.act, sure.parts) == ("question", [])
    assert request_of({}, act="off_topic", sure=0.5).act == "off_topic"
