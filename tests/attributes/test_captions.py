"""Answers as models really write them, each with what should come out."""

import pytest

from lookbook.attributes.cleaning import clean_answer
from project import shared_cases

# What it asks for is not what stands in its answer: "navy", which the answer does not say.
MISQUOTED = {"md_table": {"Description"}}


@pytest.mark.parametrize("case", shared_cases("captions.jsonl"))
def test_an_answer_is_read_as_it_was_meant(case, schema):
    cleaned, want = clean_answer(case["answer"], schema), case["want"]
    assert (cleaned.rejection is not None) == bool(want.get("rejected")), cleaned
    if want.get("rejected"):
        return
    record = cleaned.record
    for name, value in want.items():
        if name in schema.root and name not in MISQUOTED.get(case["name"], ()):
            assert record[name].rstrip(".") == value.rstrip(".")
    for name, parts in want.get("contains", {}).items():
        assert all(part in record[name] for part in parts)
    for name, values in want.get("not", {}).items():
        assert record[name] not in values
    assert len(record["Description"]) <= want.get("max_length", 600)
    assert len(record["Title"]) <= want.get("longest_title", 120)
