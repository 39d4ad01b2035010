import numpy as np
import pytest

from lookbook.understanding.mentions import Mention
from lookbook.understanding.message_network import ACTS, ROLES, Reading
from lookbook.understanding.pieces import PieceGrouping

SHIRT, TROUSERS, JEANS, BAG = (("Garment", one) for one in ("shirt", "trousers", "jeans", "bag"))
WHITE, BLACK = ("Colours", "white"), ("Colours", "black")
WOOL = ("Material", "wool")
VALUES = [SHIRT, TROUSERS, JEANS, BAG, WHITE, BLACK, WOOL]


@pytest.fixture
def pieces_of(schema):
    """Groups the values of a message: words with the values that they name."""

    def pieces_of(words, link=0.1, unnamed=(), **linked):
        mentions, place = [], 0
        for word, values in words:
            mention = Mention(place, place + len(word), frozenset(values))
            mentions += [(mention, np.zeros(len(ROLES)))] if values else []
            place += len(word) + 1
        links = np.full((len(VALUES), len(VALUES)), link)
        for one, other, probability in linked.get("links", ()):
            rows = VALUES.index(one), VALUES.index(other)
            links[rows] = links[rows[::-1]] = probability
        reading = Reading(
            roles=np.zeros((len(VALUES), len(ROLES))), links=links, acts=dict.fromkeys(ACTS, 0.0),
            recipients={}, weather=None, occasion="", language="en", refers_to=None,
            is_cheapest=False, mentions=mentions,
        )  # fmt: skip
        asked = [value for _, values in words for value in values]
        grouping = PieceGrouping(reading, VALUES, schema)
        return [set(piece) for piece in grouping.group([*dict.fromkeys([*asked, *unnamed])])]

    return pieces_of


def test_a_colour_belongs_to_the_piece_that_it_stands_next_to(pieces_of):
    words = [("white", [WHITE]), ("shirt", [SHIRT]), ("and", []), ("black", [BLACK]),
             ("trousers", [TROUSERS])]  # fmt: skip
    assert pieces_of(words) == [{SHIRT, WHITE}, {TROUSERS, BLACK}]


def test_garments_of_one_mention_are_alternatives(pieces_of):
    assert pieces_of([("pants", [TROUSERS, JEANS]), ("bag", [BAG])]) == [{TROUSERS, JEANS}, {BAG}]


def test_linked_garments_are_alternatives_sooner_where_they_fill_one_slot(pieces_of):
    def words(first, second):
        return [("one", [first]), ("or", []), ("other", [second])]

    alike = [(TROUSERS, JEANS, 0.5), (TROUSERS, BAG, 0.5)]
    assert pieces_of(words(TROUSERS, JEANS), links=alike) == [{TROUSERS, JEANS}]
    assert pieces_of(words(TROUSERS, BAG), links=alike) == [{TROUSERS}, {BAG}]


def test_an_unnamed_garment_joins_the_piece_that_it_is_linked_with(pieces_of):
    links = [(SHIRT, JEANS, 0.1), (TROUSERS, JEANS, 0.8)]
    words = [("shirt", [SHIRT]), ("trousers", [TROUSERS])]
    assert pieces_of(words, unnamed=[JEANS], links=links) == [{SHIRT}, {TROUSERS, JEANS}]


def test_what_is_surely_of_both_pieces_is_in_both_unless_one_has_its_own(pieces_of):
    shared = [(SHIRT, WHITE, 0.9), (TROUSERS, WHITE, 0.9)]
    words = [("white", [WHITE]), ("shirt", [SHIRT]), ("and", []), ("trousers", [TROUSERS])]
    assert pieces_of(words, links=shared) == [{SHIRT, WHITE}, {TROUSERS, WHITE}]
    black = [*words[:3], ("black", [BLACK]), words[3]]
    assert pieces_of(black, links=shared) == [{SHIRT, WHITE}, {TROUSERS, BLACK}]


def test_properties_without_a_garment_are_one_piece(pieces_of):
    assert pieces_of([("white", [WHITE]), ("wool", [WOOL])]) == [{WHITE, WOOL}]
    assert pieces_of([]) == []
