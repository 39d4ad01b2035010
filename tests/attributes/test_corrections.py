import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from lookbook.attributes.corrections import (
    CHANGED,
    COLUMNS,
    CONFIRMED,
    DUPLICATE_OF,
    GONE,
    NOT_AN_ITEM,
    OVERTAKEN,
    STATUS,
    TAKEN_BACK,
    UNDECIDED,
    correct_record,
    outcome_of,
    read_corrections,
)

ONE, OTHER = "a" * 64, "b" * 64


def told(*rows):
    """A table of corrections: photo, attribute and value of each, a second apart."""
    table = pd.DataFrame(
        [
            [photo, attribute, "", value, "ann", f"2026-01-31T12:00:{second:02d}+00:00"]
            for second, (photo, attribute, value) in enumerate(rows)
        ],
        columns=COLUMNS,
    )
    return table.assign(problem="")


def record(schema, **values):
    empty: dict = {name: attribute.default for name, attribute in schema.singles.items()}
    empty |= {name: [] for name in schema.multis} | dict.fromkeys(schema.texts, "")
    return {**empty, **values}


def test_the_latest_decision_counts_whichever_row_comes_first(schema):
    table = told((ONE, "Garment", "skirt"), (ONE, "Garment", "dress"))
    for rows in (table, table[::-1].reset_index(drop=True)):
        read = read_corrections(rows, schema)
        assert read.values_for(ONE) == {"Garment": "dress"}
        assert sorted(read.outcomes) == ["", OVERTAKEN]


def test_a_decision_that_is_taken_back_counts_no_more(schema):
    read = read_corrections(
        told((ONE, "Garment", "skirt"), (ONE, "Garment", UNDECIDED), (OTHER, "Type", "Formal")),
        schema,
    )
    assert read.decisions.keys() == {OTHER}
    assert read.outcomes == [OVERTAKEN, TAKEN_BACK, ""]


def test_what_cannot_be_used_is_named_and_kept(schema):
    table = told(
        ("12", "Garment", "skirt"),
        (ONE, "Garment", "spaceship"),
        (ONE, "Weight", "heavy"),
        (ONE, STATUS, "perhaps"),
        (ONE, "Colours", "navy, spaceship"),
    )
    table.loc[5] = [ONE, "Garment", "", "skirt", "ann", "yesterday", ""]
    table.loc[6] = [ONE, "", "", "", "", "", "1 cells instead of 6"]
    read = read_corrections(table, schema)
    assert not read.decisions
    assert read.outcomes == [
        "photo_id is not a SHA-256",
        "no value of the attribute",
        "no attribute of the catalogue",
        "no value of the attribute",
        "no value of the attribute",
        "timestamp is not a time such as 2026-01-31T12:00:00+00:00",
        "1 cells instead of 6",
    ]


def test_values_may_be_lists_none_synonyms_and_texts(schema):
    read = read_corrections(
        told(
            (ONE, "Colours", "navy, white"),
            (OTHER, "Colours", ""),
            (OTHER, "Category", "trousers"),
            (OTHER, "Title", "  A  plain\tskirt "),
        ),
        schema,
    )
    assert read.values_for(ONE) == {"Colours": ["navy", "white"]}
    assert read.values_for(OTHER) == {
        "Colours": [],
        "Category": "Pants",
        "Title": "A plain skirt",
    }


def test_photos_of_no_item_and_of_the_same_item_are_no_fields(schema):
    read = read_corrections(told((ONE, STATUS, NOT_AN_ITEM), (OTHER, DUPLICATE_OF, ONE)), schema)
    assert (read.is_item(ONE), read.is_item(OTHER)) == (False, True)
    assert read.decisions[OTHER][DUPLICATE_OF].value == ONE
    assert read.values_for(ONE) == {}


def test_what_follows_is_filled_in_and_what_contradicts_gives_way(schema):
    said = record(schema, Category="T-Shirt", Garment="T-shirt", Title="Navy T-shirt")
    corrected = correct_record(said, {"Garment": "jeans"}, schema)
    assert (corrected["Garment"], corrected["Category"]) == ("jeans", "Pants")
    corrected = correct_record({**said, "Garment": "jeans"}, {"Category": "Skirts"}, schema)
    assert (corrected["Garment"], corrected["Category"]) == (
        schema.singles["Garment"].default,
        "Skirts",
    )


def test_two_decisions_that_contradict_each_other_both_stand(schema):
    people = {"Garment": "jeans", "Category": "Skirts"}
    corrected = correct_record(record(schema), people, schema)
    assert {name: corrected[name] for name in people} == people


def test_texts_keep_their_words_but_for_what_was_replaced(schema):
    said = record(
        schema,
        Garment="skirt",
        Colours=["navy"],
        Title="Navy skirt",
        Description="A navy skirt, as plain as a skirt can be.",
    )
    corrected = correct_record(said, {"Garment": "dress", "Colours": ["orange"]}, schema)
    assert corrected["Title"] == "Orange dress"
    assert corrected["Description"] == "An orange dress, as plain as a dress can be."
    kept = correct_record(said, {"Garment": "dress", "Title": "Sunday best"}, schema)
    assert kept["Title"] == "Sunday best"


def test_nothing_said_changes_nothing(schema):
    said = record(schema, Garment="jeans", Category="Pants", Title="Jeans")
    assert correct_record(said, {}, schema) == said


def test_says_what_a_decision_does_to_a_captioners_word(schema):
    decided = read_corrections(told((ONE, "Colours", "navy, white")), schema).decisions[ONE]
    told_so = {"Colours": ["navy", "white"]}
    assert outcome_of("Colours", decided["Colours"], told_so) == CONFIRMED
    assert outcome_of("Colours", decided["Colours"], {"Colours": ["white"]}) == CHANGED
    assert outcome_of("Colours", decided["Colours"], None) == GONE


CELLS = st.text(max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=5))
def test_whatever_stands_there_each_row_has_one_end(schema, rows):
    table = pd.DataFrame(
        [
            [photo, attribute, "", value, "ann", when, ""]
            for photo, attribute, value, when in [*rows, (ONE, "Garment", "skirt", "2026-01-31")]
        ],
        columns=[*COLUMNS, "problem"],
    )
    read = read_corrections(table, schema)
    assert len(read.outcomes) == len(table)
    assert read.values_for(ONE)["Garment"] == "skirt"
