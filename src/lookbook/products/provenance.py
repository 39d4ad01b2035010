"""Facts: what the shop says of an item's attributes, which outranks the model's guesses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from lookbook.attributes.corrections import correct_record, decided_attributes
from lookbook.attributes.probabilities import ProbabilityTable
from lookbook.attributes.record import from_row, join_values, split_values, to_row
from lookbook.attributes.schema import MultiAttribute, Schema, TextAttribute
from lookbook.attributes.text import clean_text
from lookbook.lazy import pd
from lookbook.parts import TableParts, cut
from lookbook.pools import Pool
from lookbook.products.tables import PRODUCTS
from lookbook.products.texts import split_path

FACTS = ["photo_id", "product_id", "attribute", "value", "shop_text"]
PROVENANCE = ["photo_id", "attribute", "value", "source", "probability"]
DISAGREEMENTS = [
    "product_id", "photo_id", "Filename", "attribute", "shop_text", "shop_value", "model_value",
    "probability",
]  # fmt: skip
# Sources of a value, the strongest first.
PERSON, SHOP, MODEL = "person", "shop", "model"
# Only wordings that as a whole mean a value are facts; a part of one may be about something else.
_WHOLE = ("exact", "synonym")


def read_facts(
    items: pd.DataFrame, products: pd.DataFrame, properties: dict[str, str], schema: Schema
) -> pd.DataFrame:
    """Map the shop's own values to declared ones.

    A category path counts by its last part that means a value. Several colours are those of
    variants, of which a photo shows one: they are no fact.

    Args:
        items: ``photo_id`` and ``product_id``.
        products: The shop's products.
        properties: By attribute the column of `products` that speaks of it.
        schema: The declared attributes.

    Returns:
        :data:`FACTS`, a row per value; ``shop_text`` is the shop's own wording.
    """
    rows = items[["photo_id", "product_id"]].merge(products, on="product_id")
    facts = []
    for name in [name for name in schema.names if properties.get(name) in rows]:
        texts = rows[properties[name]]
        read = _reader(name, schema, is_path=properties[name] == "category")
        values = texts.map(read, na_action="ignore").fillna("")
        stated = rows.assign(attribute=name, value=values, shop_text=texts)
        facts.append(stated.loc[values.ne(""), FACTS])
    if not facts:
        return pd.DataFrame(columns=FACTS)
    return pd.concat(facts).sort_values("photo_id", kind="stable", ignore_index=True)


def _reader(name: str, schema: Schema, is_path: bool) -> Any:
    """Return the function that maps a shop's text to an attribute's value; empty for none.

    Args:
        name: The attribute.
        schema: The declared attributes.
        is_path: Whether a text is a path, such as ``Women > Jeans``; "Blue/White" is none.
    """
    attribute = schema.root[name]

    @cache
    def read(text: str) -> str:
        if isinstance(attribute, TextAttribute):
            return clean_text(text, attribute.max_length)
        texts = json.loads(text) if text.startswith("[") else [text]
        if len(texts) != 1:
            return ""
        for part in reversed(split_path(str(texts[0])) if is_path else [str(texts[0])]):
            value: Any
            if isinstance(attribute, MultiAttribute):
                value, method = attribute.lookup([part])
            else:
                value, method = attribute.lookup(part)
            if method in _WHOLE and value != attribute.default:
                return join_values(value)
        return ""

    return read


def apply_facts(items: pd.DataFrame, facts: pd.DataFrame, schema: Schema, pool: Pool) -> TableParts:
    """Put the shop's values in the place of the model's, with what they imply."""

    def parts() -> Iterator[pd.DataFrame]:
        stated = facts.set_index("photo_id")[["attribute", "value"]]
        pairs = ((part, stated[stated.index.isin(part["photo_id"])]) for part in cut(items))
        yield from pool.map(partial(_apply_facts, schema=schema), pairs)

    return TableParts(parts)


def _apply_facts(part: tuple[pd.DataFrame, pd.DataFrame], schema: Schema) -> pd.DataFrame:
    items, facts = part
    stated: dict[str, dict[str, Any]] = {}
    for photo_id, name, value in facts.itertuples():
        stated.setdefault(photo_id, {})[name] = (
            split_values(value) if name in schema.multis else value
        )
    rows = [
        {**row, **to_row(correct_record(from_row(row, schema), values, schema), schema)}
        if (values := stated.get(row["photo_id"]))
        else row
        for row in items.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=items.columns)


def trace_values(
    catalogue: pd.DataFrame,
    facts: pd.DataFrame,
    applied_corrections: pd.DataFrame,
    probabilities: pd.DataFrame,
    schema: Schema,
) -> TableParts:
    """List the source of every known value.

    Returns:
        :data:`PROVENANCE`: the source is ``person``, ``shop`` or ``model``, and the probability
        the model's, of several values the least; missing for texts, and where it returns none.
    """
    corrected = decided_attributes(applied_corrections)
    stated: dict[str, set[str]] = facts.groupby("photo_id")["attribute"].agg(set).to_dict()
    table = ProbabilityTable(probabilities)

    def parts() -> Iterator[pd.DataFrame]:
        for part in cut(catalogue):
            photo_ids = part["photo_id"]
            traced = []
            for name in schema.names:
                sources = [
                    PERSON
                    if name in corrected.get(photo_id, ())
                    else SHOP
                    if name in stated.get(photo_id, ())
                    else MODEL
                    for photo_id in photo_ids
                ]
                rows = pd.DataFrame(
                    {
                        "photo_id": photo_ids,
                        "attribute": name,
                        "value": part[name],
                        "source": sources,
                        "probability": _probability(part[name], name, table, photo_ids, schema),
                    }
                )
                rows.loc[rows["source"].ne(MODEL), "probability"] = np.nan
                default = schema.categorical[name].default if name in schema.categorical else ""
                is_known = rows["value"].fillna("").ne("") & rows["value"].ne(default)
                traced.append(rows[is_known])
            yield pd.concat(traced)[PROVENANCE].sort_values("photo_id", kind="stable")

    return TableParts(parts)


def _probability(
    cells: pd.Series, name: str, table: ProbabilityTable, photo_ids: pd.Series, schema: Schema
) -> np.ndarray:
    """Return (items,) the probability of each cell's least probable value; NaN if unknown."""
    shares = np.full(len(cells), np.nan)
    if name not in schema.categorical:
        return shares
    values = list(schema.categorical[name].values)
    known = table.reindex(photo_ids).of(name, values)
    if known is None:
        return shares
    columns = {value: column for column, value in enumerate(values)}
    for row, cell in enumerate(cells):
        chosen = [columns[value] for value in split_values(cell) if value in columns]
        if chosen:
            shares[row] = known[row, chosen].min()
    return shares


def list_disagreements(
    items: pd.DataFrame, facts: pd.DataFrame, probabilities: pd.DataFrame, schema: Schema
) -> pd.DataFrame:
    """List where the shop and the model contradict each other: one of them is wrong.

    Args:
        items: The items as the captioner describes them.
        facts: The shop's values, see :func:`read_facts`.
        probabilities: The model's probabilities by item.
        schema: The declared attributes.

    Returns:
        :data:`DISAGREEMENTS`, the model's surest contradictions first. Texts are not compared.
    """
    table = ProbabilityTable(probabilities)
    differing = []
    for name, attribute in schema.categorical.items():
        of_name = facts[facts["attribute"].eq(name)]
        rows = of_name.merge(items[["photo_id", "Filename", name]], on="photo_id")
        rows = rows.rename(columns={"value": "shop_value", name: "model_value"})
        rows = rows.assign(
            probability=_probability(rows["model_value"], name, table, rows["photo_id"], schema)
        )
        agrees = [
            not split_values(model) or model == attribute.default or shop in split_values(model)
            for shop, model in zip(rows["shop_value"], rows["model_value"], strict=True)
        ]
        differing.append(rows[~np.array(agrees, bool)])
    return pd.concat(differing).sort_values(
        ["probability", "photo_id"], ascending=[False, True], ignore_index=True
    )[DISAGREEMENTS]


def stated_attributes(provenance: pd.DataFrame) -> dict[str, set[str]]:
    """Return the attributes that people or the shop have stated, by photo."""
    stated = provenance[provenance["source"].isin([PERSON, SHOP])]
    attributes: dict[str, set[str]] = stated.groupby("photo_id")["attribute"].agg(set).to_dict()
    return attributes


def join_products(
    catalogue: pd.DataFrame, products: pd.DataFrame, manifest: pd.DataFrame
) -> pd.DataFrame:
    """List the product of each item, with all of its photos.

    Returns:
        ``photo_id`` (the item's), :data:`PRODUCTS`, and ``photos``: files as JSON, the main photo
        first. Items without a product have no row.
    """
    ordered = manifest.dropna(subset="product_id").sort_values(["position", "file"])
    photos = ordered.groupby("product_id")["file"].agg(list).map(json.dumps)
    rows = catalogue[["photo_id", "product_id"]].merge(products[PRODUCTS], on="product_id")
    return rows.assign(photos=rows["product_id"].map(photos))
