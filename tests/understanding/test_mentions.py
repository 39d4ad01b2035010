import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.understanding.mentions import MentionFinder, fold, is_all_mentions, phrase_key

VOCABULARY = {
    "red": [("Colours", "red")],
    "rot": [("Colours", "red")],
    "rouge": [("Colours", "red")],
    "rojo": [("Colours", "red")],
    "navy blue": [("Colours", "navy")],
    "blue": [("Colours", "blue"), ("Colours", "light blue")],
    "dress": [("Garment", "dress")],
    "kleid": [("Garment", "dress")],
    "vestido": [("Garment", "dress")],
    "robe d'été": [("Garment", "dress"), ("Type", "Casual")],
    "écharpe": [("Garment", "scarf")],
    "wolle": [("Material", "wool")],
    "pullover": [("Garment", "sweater")],
    "trainers": [("Garment", "sneakers")],
    "sneakers": [("Garment", "sneakers")],
    "robe": [("Garment", "dress")],
    "schwarz": [("Colours", "black")],
    "shirt": [("Garment", "shirt")],
    "t-shirt": [("Garment", "t shirt")],
}
FINDER = MentionFinder(VOCABULARY, frozenset({"address", "trainees"}))


def named(text, finder=FINDER):
    return [(text[one.start : one.end], set(one.values)) for one in finder.find(text)]


RED, BLACK, DRESS = {("Colours", "red")}, {("Colours", "black")}, {("Garment", "dress")}


def test_mentions_come_in_the_order_of_the_text():
    assert named("A dress, please: RED!") == [("dress", DRESS), ("RED", RED)]


def test_the_longest_phrase_counts():
    assert named("navy blue") == [("navy blue", {("Colours", "navy")})]
    assert named("blue") == [("blue", {("Colours", "blue"), ("Colours", "light blue")})]


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("dresses", DRESS), ("kleider", DRESS), ("vestidos", DRESS), ("rouges", RED),
        ("ROUGE", RED), ("schwarze", BLACK), ("schwarzen", BLACK), ("schwarzer", BLACK),
        ("schwarzes", BLACK), ("trainer", {("Garment", "sneakers")}),
        ("robes d'été", {("Garment", "dress"), ("Type", "Casual")}),
    ],
)  # fmt: skip
def test_other_forms_of_a_word_are_found(word, values):
    assert named(word) == [(word, values)]


def test_a_german_compound_names_what_its_parts_name():
    assert named("Wollpullover") == [
        ("Wollpullover", {("Material", "wool"), ("Garment", "sweater")})
    ]
    assert named("Lieblingspullover") == [("Lieblingspullover", {("Garment", "sweater")})]


@pytest.mark.parametrize("word", ["sneekers", "snaekers", "sneakrs", "sneakerss"])
def test_a_misspelt_word_is_found(word):
    assert named(word) == [(word, {("Garment", "sneakers")})]


def test_an_ordinary_word_and_a_short_one_are_no_misspellings():
    assert named("trainees rad") == []
    assert named("traines", MentionFinder(VOCABULARY, frozenset())) != []


@pytest.mark.parametrize("text", ["l'écharpe", "L’ÉCHARPE", "qu'écharpe", "d'écharpes"])
def test_a_word_after_an_elided_one_is_found(text):
    assert named(text) == [(text, {("Garment", "scarf")})]


@pytest.mark.parametrize("text", ["t-shirt", "T-Shirts", "t shirt", "T‑shirt"])
def test_hyphens_and_case_do_not_matter(text):
    assert named(text) == [(text, {("Garment", "t shirt")})]


def test_accents_do_not_matter():
    assert named("robe d'ete") == [("robe d'ete", {("Garment", "dress"), ("Type", "Casual")})]
    assert phrase_key("  Robe   d’ÉTÉ! ") == "robe d'ete"


def test_an_empty_vocabulary_finds_nothing():
    assert MentionFinder({}, frozenset()).find("a red dress") == []
    assert MentionFinder({"": [("Garment", "dress")]}, frozenset()).find("a dress") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dress", True), ("Navy-blue dress!", True), ("red, rot?", True), ("a dress", False),
        ("no dress", False), ("", False), ("…", False), ("hello", False),
    ],
)  # fmt: skip
def test_names_and_nothing_else_are_told_from_other_texts(text, expected):
    assert is_all_mentions(text, FINDER.find(text)) is expected


@given(text=st.text(max_size=100))
def test_folding_keeps_the_length(text):
    assert len(fold(text)) == len(text)


@given(words=st.lists(st.sampled_from([*VOCABULARY, "please", "ß", "l'", "…", "ﬁ", "İ", "\n"])))
def test_mentions_lie_in_the_text_do_not_overlap_and_hold_what_is_named(words):
    text = " ".join(words)
    mentions = FINDER.find(text)
    places = [place for one in mentions for place in (one.start, one.end)]
    assert places == sorted(places) and all(0 <= place <= len(text) for place in places)
    assert all(one.start < one.end and one.values for one in mentions)
    # Two words side by side may be one phrase, so not each of them is named by itself.
    assert {value for one in mentions for value in one.values} <= {
        value for values in VOCABULARY.values() for value in values
    }
    assert bool(mentions) == any(word in VOCABULARY for word in words)


@given(text=st.text(max_size=200))
def test_no_text_breaks_the_finder(text):
    assert all(text[one.start : one.end].strip() for one in FINDER.find(text))


def test_what_is_found_does_not_depend_on_what_was_looked_up_before():
    finder = MentionFinder(VOCABULARY, frozenset())
    finder.find(" ".join(f"word{number}" for number in range(51_000)))
    assert named("dresses", finder) == [("dresses", DRESS)]
