import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.errors import InputError
from lookbook.outfits.ratings import PROBLEMS, RatingParams, read_ratings
from project import configuration

PARAMS = RatingParams.model_validate(configuration("parameters_style")["compatibility"]["table"])
FILES = {f"shop/{name}.jpg": name for name in "abcdef"}
HEADINGS = ["outfit", "query", "items", "score", "faults"]


def table(*rows):
    return pd.DataFrame(rows, columns=HEADINGS)


def test_rated_outfits_are_read_with_the_customers_piece_first():
    outfits, problems = read_ratings(
        table(("1", "a.jpg", "b.jpg|c.jpg", "4", ""), ("2", "b.jpg", "a.jpg", "2", "Season+slot")),
        FILES,
        PARAMS,
    )
    assert outfits["1"].photo_ids == ["a", "b", "c"]
    assert (outfits["1"].score, outfits["1"].faults, outfits["1"].source) == (4.0, [], "")
    assert outfits["2"].faults == ["season", "slot"]
    assert problems.empty


def test_files_are_named_with_or_without_folder_and_ending_in_any_case():
    outfits, _ = read_ratings(table((1, "SHOP/A.JPG", r"c:\shop\b | C", 3.5, None)), FILES, PARAMS)
    assert outfits["1"].photo_ids == ["a", "b", "c"]


def test_columns_are_found_by_their_headings():
    rows = [("1", "a", "b", "5", "rule")]
    told = pd.DataFrame(rows, columns=["Look-ID", "Customer's piece", "Pieces", "Rating", "Method"])
    assert read_ratings(told, FILES, PARAMS)[0]["1"].source == "rule"


@pytest.mark.parametrize(
    ("row", "value", "reason"),
    [
        (("2", "z.jpg", "b", "3", ""), "z.jpg", "no such photo"),
        (("2", "a", "b|z", "3", ""), "z", "no such photo"),
        (("2", "", "b", "3", ""), "", "names no photo of the customer's piece"),
        (("2", "a", "b", None, ""), "", "not rated yet"),
        (("2", "a", "b", "fine", ""), "fine", "the score is not a number"),
        (("2", "a", "b", "0.9", ""), "0.9", "the score is not from 1 to 5"),
        (("2", "a", "b", "nan", ""), "nan", "the score is not from 1 to 5"),
        (("2", "a", "", "3", ""), "", "has a single piece"),
        (("2", "a", "b|shop/b.jpg", "3", ""), "shop/b.jpg", "the same piece twice"),
        (("2", "a", "A.jpg", "3", ""), "A.jpg", "the same piece twice"),
        (("1", "a", "b", "3", ""), "", "an earlier row has the same number"),
        (("", "a", "b", "3", ""), "", "names no outfit"),
    ],
)
def test_rows_of_no_use_are_listed_with_their_reason(row, value, reason):
    outfits, problems = read_ratings(table(("1", "a", "b", "3", ""), row), FILES, PARAMS)
    assert list(outfits) == ["1"]
    assert list(problems.columns) == PROBLEMS
    assert problems.to_dict("records") == [
        {"row": 2, "outfit": row[0], "value": value, "reason": reason}
    ]


def test_a_table_without_a_needed_column_ends_in_a_sentence():
    with pytest.raises(InputError, match=r"no column 'items', 'score'\. It has outfit, query"):
        read_ratings(pd.DataFrame({"outfit": ["1"], "query": ["a"]}), FILES, PARAMS)


def test_an_empty_form_ends_in_a_sentence():
    with pytest.raises(InputError, match=r"no rated outfit: not rated yet \(2\)"):
        read_ratings(table(("1", "a", "b", "", ""), ("2", "a", "c", "", "")), FILES, PARAMS)
    with pytest.raises(InputError, match="it has no rows"):
        read_ratings(table(), FILES, PARAMS)


CELLS = st.one_of(st.sampled_from([*"abcz12345|", "b|c", ""]), st.text(max_size=6), st.none())


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS, CELLS), max_size=6))
def test_any_row_is_a_whole_outfit_or_a_problem(rows):
    good = ("good", "a", "b", "3", "")
    outfits, problems = read_ratings(table(good, *rows), FILES, PARAMS)
    assert len(outfits) + len(problems) == len(rows) + 1
    assert problems["row"].between(2, len(rows) + 1).all() and problems["reason"].all()
    for outfit in outfits.values():
        assert PARAMS.lowest <= outfit.score <= PARAMS.highest
        assert len(set(outfit.photo_ids)) == len(outfit.photo_ids) >= 2


@given(
    pieces=st.lists(st.sampled_from("abcdef"), min_size=2, unique=True),
    score=st.floats(PARAMS.lowest, PARAMS.highest),
    faults=st.lists(st.sampled_from(["season", "slot", "wearer"]), unique=True),
)
def test_what_is_written_is_read_back(pieces, score, faults):
    row = ("1", pieces[0], "|".join(pieces[1:]), str(score), "+".join(faults))
    outfits, problems = read_ratings(table(row), FILES, PARAMS)
    assert problems.empty
    assert outfits["1"].model_dump() == {
        "photo_ids": pieces, "score": score, "faults": faults, "source": ""
    }  # fmt: skip


def test_the_rated_outfits_of_real_photos_are_read(clothing):
    cases = os.environ.get("LOOKBOOK_CASES")
    path = Path(cases or "").parent / "outfit_ratings/ratings.csv"
    if not cases or not path.exists():
        pytest.skip("there is no folder outfit_ratings beside LOOKBOOK_CASES")
    files = {
        path.relative_to(clothing).as_posix(): path.stem
        for path in clothing.glob("images_compressed/*")
    }
    outfits, problems = read_ratings(pd.read_csv(path, dtype=str), files, PARAMS)
    assert len(outfits) == 900 and problems.empty
    scores = pd.DataFrame([outfit.model_dump() for outfit in outfits.values()])
    means = scores.groupby("source")["score"].mean()
    assert means.to_dict() == pytest.approx(
        {"coherent": 3.15, "product": 2.53, "random": 2.65}, abs=0.01
    )
