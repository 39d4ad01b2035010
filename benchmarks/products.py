"""Measures a large shop: products, their photos, and a price that changes.

Usage: ``make bench-products`` or ``python benchmarks/products.py --products 200000``. Works in a
project of its own in a temporary folder and types ``kedro run`` there as a user does. Photos are
measured and captioned already, and vectors are given, so that the rest is what is measured.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from given_photos import VIEWS, measure_photos, name_photos
from given_vectors import GivenVectors
from results import Results
from rich.console import Console
from rich.table import Table
from scale import VERSION, run

from lookbook.attributes.schema import Schema
from lookbook.photos.inspecting import fingerprint_inspection
from lookbook.photos.photo import identify
from project import configuration, declared_fields, make_project, report

PART = 1_024
ENV = "--env=given"
# What a changed price needs: no photo is looked at, and no text is embedded.
PRICE_NODES = "--nodes=products.list_products,clean.join_products,index.embed_items"
COLOURS = ("navy", "red", "beige", "olive", "black")
KINDS = {"Shirts": "shirt", "Dresses": "dress", "Pants": "trousers"}


def describe_product(number: int, price: float) -> dict[str, Any]:
    """Describe a product as a shop's file does."""
    colour = COLOURS[number % len(COLOURS)]
    category, kind = list(KINDS.items())[number % len(KINDS)]
    reduced = f"{price * 0.8:.2f}" if number % 4 == 0 else ""
    return {
        "SKU": f"P-{number:07d}", "Name": f"{colour} {kind} {number}",
        "Description": f"<p>A {colour} {kind} of <b>organic cotton</b>, made in lot {number}.</p>",
        "Price": f"{price:.2f}", "Sale Price": reduced, "Currency": "EUR",
        "Brand": f"Brand {number % 300}", "Sizes": "S, M, L", "Quantity": number % 9,
        "URL": f"https://shop.example/p/{number}", "Color": colour, "Category": category,
        "Supplier note": f"shelf {number % 977}",
        **{
            f"Image {view}": name
            for view, name in enumerate(name_photos(range(number, number + 1)), start=1)
        },
    }  # fmt: skip


def write_shop_file(path: Path, count: int, new_price: float | None = None) -> None:
    """Write the shop's file; the first product has another price if one is given."""
    rng = random.Random(0)
    prices = [rng.randrange(900, 20_000) / 100 for _ in range(count)]
    if new_price is not None:
        prices[0] = new_price
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, describe_product(0, 0))
        writer.writeheader()
        writer.writerows(describe_product(number, price) for number, price in enumerate(prices))


def parts(count: int) -> Iterator[range]:
    """Cut the numbers of products into parts."""
    return (range(start, min(start + PART, count)) for start in range(0, count, PART))


def write_given(project: Path, count: int) -> None:
    """Write what earlier runs would have left: measured photos and their captions."""
    schema = Schema.model_validate(declared_fields())
    record: dict[str, Any] = dict.fromkeys(schema.texts, "")
    record |= {name: next(iter(one.values)) for name, one in schema.singles.items()}
    record |= {name: [next(iter(one.values))] for name, one in schema.multis.items()}
    params = configuration("parameters_ingest")["ingest"]
    fingerprint = fingerprint_inspection(params["max_pixels"], params["smallest_side"])
    features, outputs = project / "data/04_feature", project / "data/07_model_output"
    captions = features / f"captions.csv/{VERSION}/captions.csv"
    captions.parent.mkdir(parents=True)
    for part in parts(count):
        name, table = measure_photos(part, fingerprint)
        path = project / f"data/02_intermediate/inspections/{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_parquet(path)
        main = table.iloc[::VIEWS]
        path = outputs / f"image_embedding_shards/{GivenVectors.image_fingerprint}/{part.start}"
        path.parent.mkdir(parents=True, exist_ok=True)
        vectors = [*GivenVectors().encode(main["file"].tolist())]
        pd.DataFrame(
            {
                "photo_id": main["photo_id"], "image_embedding": vectors,
                "image_in_text_space": vectors, "failure": None,
            }
        ).to_parquet(path.with_suffix(".parquet"))  # fmt: skip
        texts = [
            json.dumps({**record, "Title": f"Photo {name}", "Description": f"shown in {name}"})
            for name in table["file"]
        ]
        rows = {"file": table["file"], "photo_id": table["photo_id"], "caption": texts}
        costs = {"failure": None, "answers": 1, "input_tokens": 0, "output_tokens": 0}
        pd.DataFrame({**rows, **costs, "cost": None, "seconds": 0.0}).to_csv(
            captions, mode="a", header=part.start == 0, index=False
        )
    told = features / f"captioner_fingerprint.txt/{VERSION}/captioner_fingerprint.txt"
    told.parent.mkdir(parents=True)
    told.write_text("given")
    nothing = outputs / f"probabilities.parquet/{VERSION}/probabilities.parquet"
    nothing.parent.mkdir(parents=True)
    pd.DataFrame({"photo_id": []}, dtype=str).to_parquet(nothing)
    alone = outputs / f"near_duplicates.csv/{VERSION}/near_duplicates.csv"
    alone.parent.mkdir(parents=True)
    alone.write_text("photo_id,Filename,duplicate_group,cosine,hamming_distance\n")
    engine = {"type": "lookbook.datasets.engine_dataset.EngineDataset"}
    (project / "conf/given").mkdir()
    (project / "conf/given/catalog.yml").write_text(
        yaml.safe_dump(
            {
                "embedders": {**engine, "engine": "given_vectors.open_given"},
                "photo_files": {
                    "type": "CachedDataset",
                    "copy_mode": "assign",
                    "dataset": {
                        **engine, "engine": "given_photos.GivenPhotos", "products": count
                    },
                },
            }
        )
    )  # fmt: skip


def read_price(project: Path, number: int) -> float:
    """Read a product's price from the index."""
    import lancedb

    index = lancedb.connect(str(project / "data/07_model_output/lancedb")).open_table("minilm")
    main = identify(next(name_photos(range(number, number + 1))).encode())
    (row,) = index.search().where(f"photo_id = '{main}'").select(["product_price"]).to_list()
    return float(row["product_price"])


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=200_000)
    count = parser.parse_args().products
    table = Table(
        "what", "products", "photos", "seconds", "products/s", "peak MiB", "",
        title="A large shop",
    )  # fmt: skip

    results = Results(
        "products",
        "How long does a large shop take?",
        f"make bench-products PRODUCTS={count}",
        f"{count:,} synthetic products with {VIEWS} photos each, measured and captioned already",
    )

    def measure(what: str, *arguments: str) -> None:
        took = run(project, ENV, f"--params=photos={shop}", *arguments)
        rate = f"{count / took.seconds:,.0f}"
        key = what.replace(" ", "_")
        results.add(f"{key}_seconds", what, took.seconds, "s")
        results.add(f"{key}_memory", f"{what}: peak memory", took.mebibytes, "MiB")
        notes = ""
        if "index" in arguments[0]:
            notes = f"{report(project, 'index')['embedders']['minilm']['embedded']:,} embedded"
        table.add_row(
            what, f"{count:,}", f"{count * VIEWS:,}", f"{took.seconds:.0f}", rate,
            f"{took.mebibytes:,.0f}", notes,
        )  # fmt: skip

    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder))
        shop = project / "shop.csv"
        write_shop_file(shop, count)
        write_given(project, count)
        measure("products", "--pipelines=products")
        measure("ingest", "--pipelines=ingest")
        measure("clean", "--pipelines=clean")
        measure("index", "--nodes=index.embed_items")
        write_shop_file(shop, count, new_price=12.34)
        measure("a changed price", PRICE_NODES)
        price = read_price(project, 0)
        assert price == 12.34, f"the price in the index is {price}"
    results.save()
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
