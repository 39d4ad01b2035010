import numpy as np
import pandas as pd
import pytest

from lookbook.assistant.types import ServingParams
from lookbook.captioners.network import hash_photo
from lookbook.errors import InputError
from lookbook.outfits.builder import piece_of
from lookbook.outfits.judge import OutfitJudge
from lookbook.outfits.params import OutfitParams
from lookbook.outfits.slots import slot_of
from lookbook.outfits.style import open_style
from lookbook.pipelines.sheets.nodes import (
    ASSISTANT,
    RANDOM,
    RULE,
    SheetParams,
    draw_sheets,
    propose_outfits,
)
from lookbook.pipelines.sheets.summary import summarise
from lookbook.search.items import Hit
from project import bundled_stylist, configuration, jpeg, open_search

PARAMS = SheetParams.model_validate(configuration("parameters_sheets")["sheets"])
SERVING = ServingParams.model_validate(
    configuration("parameters_serving")["serving"] | {"max_concurrency": None}
)

OUTFITS = OutfitParams.model_validate(configuration("parameters_outfits")["outfits"])


class Taught:
    """A model that was taught with some photos."""

    def __init__(self, *photo_ids):
        self.training_photos = frozenset(map(hash_photo, photo_ids))


@pytest.fixture(scope="module")
def search(ran):
    return open_search(ran[0])


@pytest.fixture(scope="module")
def items(search):
    return {item.file: item for item in search.browse({}, 1000)}


@pytest.fixture(scope="module")
def propose(search, schema):
    def propose(captioner=None, among=search, **changes):
        params = PARAMS.model_copy(update={"queries": 6, **changes})
        return propose_outfits(
            among, captioner or Taught(), {}, bundled_stylist(), open_style(None), OUTFITS,
            schema, SERVING, params,
        )  # fmt: skip

    return propose


def test_each_query_has_an_outfit_of_each_source_for_the_same_slots(propose, items, schema):
    _, key, report = propose()
    assert key["outfit"].tolist() == list(range(1, len(key) + 1))
    assert (report["queries"], report["outfits"]) == (6, len(key))
    for query, outfits in key.groupby("query"):
        assert sorted(outfits["source"]) == sorted([ASSISTANT, RANDOM, RULE])
        slots = [
            [slot_of(items[file].attributes, schema) for file in one.split("|")]
            for one in outfits["items"]
        ]
        assert slots == [slots[0]] * len(slots)
        assert not outfits["items"].str.contains(query, regex=False).any()


def test_outfits_by_rule_break_fewer_rules_than_random_ones(propose, items, search, schema):
    judge = OutfitJudge(open_style(None), OUTFITS, schema)
    broken = {ASSISTANT: 0, RANDOM: 0, RULE: 0}
    for row in propose(queries=12)[1].itertuples():
        files = [row.query, *row.items.split("|")]
        whole = [Hit(search.item(items[file].photo_id)) for file in files]
        rows = np.arange(len(files))[None]
        broken[row.source] += judge.broken_rules(
            judge.pieces([piece_of(hit) for hit in whole]), rows
        ).any()
    assert broken[RULE] < broken[RANDOM]


def test_the_form_tells_no_source_and_is_empty_to_fill_in(propose):
    form, key, _ = propose()
    assert form.columns.tolist() == ["outfit", "query", "items", "score", "faults"]
    assert form["outfit"].tolist() == key["outfit"].tolist()
    assert form[["score", "faults"]].eq("").all(axis=None)
    # No source comes before another.
    assert key["source"].tolist() != sorted(key["source"])
    assert key["query"].tolist() != sorted(key["query"])


def test_the_seed_decides(propose):
    pd.testing.assert_frame_equal(propose()[1], propose()[1])
    assert propose(seed=1)[1]["query"].tolist() != propose()[1]["query"].tolist()


def test_categories_take_turns(propose, items):
    queries = propose()[1]["query"].unique()
    assert len({items[file].attributes["Category"] for file in queries}) == len(queries)


def test_photos_that_taught_nothing_come_first(propose, items):
    unseen = [item.photo_id for item in items.values() if item.attributes["Category"] == "Pants"]
    taught = Taught(*(item.photo_id for item in items.values() if item.photo_id not in unseen))
    _, key, report = propose(taught, queries=len(unseen))
    assert 0 < report["unseen"] <= report["queries"]
    assert {items[file].photo_id for file in key["query"]} & set(unseen)
    _, _, none = propose(Taught(*(item.photo_id for item in items.values())))
    assert none["unseen"] == 0 and none["queries"] == 6
    assert "0 of the photos taught the network nothing" in summarise(none).happened


def test_a_catalogue_with_one_slot_ends_in_a_sentence(propose, search, items):
    shoes = [item.photo_id for item in items.values() if item.attributes["Category"] == "Shoes"]
    with pytest.raises(InputError, match="no outfit for any photo"):
        propose(among=search.among(shoes))


def test_a_page_shows_each_outfit_in_a_row_with_the_query_framed():
    form = pd.DataFrame(
        [["1", "a", "b|c"], ["2", "b", "gone"], ["3", "c", "a|b|d"]],
        columns=["outfit", "query", "items"],
    )
    files = dict.fromkeys("abcd", jpeg)
    pages = draw_sheets(form, files, PARAMS.model_copy(update={"outfits_per_page": 2}))
    assert list(pages) == ["page_001.png", "page_002.png"]
    first = pages["page_001.png"]
    assert first.get_figwidth() * first.dpi == 1440
    axes = first.axes
    assert [axis.texts[0].get_text() for axis in (axes[0], axes[3])] == ["1", "2"]
    assert [len(axis.images) for axis in axes] == [1, 1, 1, 1, 0, 0]
    assert [axis.axison for axis in axes] == [True, False, False] * 2
