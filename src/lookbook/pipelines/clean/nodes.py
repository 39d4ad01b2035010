"""Turns captions as models write them into a catalogue of declared values."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from pydantic import BaseModel, Field

from lookbook.attributes.cleaning import map_values, strip_title
from lookbook.attributes.corrections import (
    COLUMNS,
    correct_record,
    count_outcomes,
    outcome_of,
    read_corrections,
)
from lookbook.attributes.parsing import ParsedAnswer, parse_answer
from lookbook.attributes.record import (
    from_row,
    join_values,
    raw_values_from_row,
    split_values,
    to_row,
)
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.evaluation.plots import plot_before_and_after
from lookbook.lazy import PlotlyFigure, pd
from lookbook.parts import TableParts, cut
from lookbook.photos.sampling import cap_groups, count_rows
from lookbook.pools import Pool
from lookbook.products.provenance import read_facts

# Texts and values that an attribute's description lists.
_COMMONEST = 10
MAPPING = ["attribute", "value", "mapped_to", "method"]


class CleanParams(BaseModel):
    """How the catalogue is balanced and drawn.

    Attributes:
        by: The attribute whose values are balanced.
        across: The attribute that it is drawn against.
        cap: The most items of a value in the balanced catalogue; ``None`` for all.
        seed: Chooses among them.
        facts: By attribute the column of the shop's products that speaks of it.
    """

    by: str
    across: str
    cap: int | None = Field(gt=0)
    seed: int
    facts: dict[str, str]


def parse_captions(
    captions: pd.DataFrame, schema: Schema, pool: Pool
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Read every caption, and sets aside those that say nothing usable.

    Args:
        captions: ``file``, ``photo_id``, ``caption`` (text) and ``failure`` (why there is no
            text).
        schema: The catalogue's schema.
        pool: Who does it.

    Returns:
        The labels, one row per photo: ``photo_id``, ``Filename``, the attributes as the model wrote
        them (missing where it did not) and ``repair``; the rejected captions: ``photo_id``,
        ``file``, ``reason`` and ``caption``; together as many rows as captions. And how many of
        each there are: ``captions``, ``usable``, ``read_as``, ``rejected`` and
        ``rejected_by_reason``.
    """
    parsed = list(pool.map(partial(_parse_batch, schema=schema), cut(captions)))
    labels = pd.concat([one for one, _ in parsed], ignore_index=True)
    rejected = pd.concat([other for _, other in parsed], ignore_index=True)
    counts = {
        "captions": len(captions),
        "usable": len(labels),
        "read_as": labels["repair"].value_counts().to_dict(),
        "rejected": len(rejected),
        "rejected_by_reason": rejected["reason"].value_counts().to_dict(),
    }
    return labels, rejected, counts


def _parse_batch(captions: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, pd.DataFrame]:
    texts = captions["caption"].fillna("")
    answers = [
        ParsedAnswer(rejection=f"no caption: {failure}")
        if isinstance(failure, str)
        else parse_answer(text, schema)
        for text, failure in zip(texts, captions["failure"], strict=True)
    ]
    reasons = [answer.rejection for answer in answers]
    usable = captions[[reason is None for reason in reasons]]
    told = [answer for answer in answers if answer.rejection is None]
    labels = pd.DataFrame(
        [
            {
                "photo_id": row.photo_id,
                "Filename": row.file,
                **{name: join_values(value) for name, value in answer.raw_values.items()},
                "repair": answer.repair,
            }
            for row, answer in zip(usable.itertuples(), told, strict=True)
        ],
        columns=["photo_id", "Filename", *schema.names, "repair"],
    )
    rejected = captions.assign(reason=reasons).drop(usable.index)
    return labels, rejected[["photo_id", "file", "reason", "caption"]]


def map_vocabulary(
    labels: pd.DataFrame, schema: Schema, pool: Pool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Map models' values to the declared values.

    Returns:
        The items: ``Filename``, the attributes, ``photo_id``; and what was mapped to what:
        ``attribute``, ``value`` (as the model wrote it, empty for nothing), ``mapped_to``,
        ``method`` (see :class:`lookbook.attributes.cleaning.ValueMapping`) and ``items``.
    """
    items, counts = [], Counter[tuple[str, ...]]()
    for some, counted in pool.map(partial(_map_batch, schema=schema), cut(labels)):
        items.append(some)
        counts.update(counted)
    mapping = pd.DataFrame(
        [(*mapped, count) for mapped, count in sorted(counts.items())], columns=[*MAPPING, "items"]
    )
    order = {name: number for number, name in enumerate(schema.names)}
    mapping["order"] = mapping["attribute"].map(order)
    mapping = mapping.sort_values(["order", "items", "value"], ascending=[True, False, True])
    return pd.concat(items, ignore_index=True), mapping.drop(columns="order").reset_index(drop=True)


def _map_batch(
    labels: pd.DataFrame, schema: Schema
) -> tuple[pd.DataFrame, Counter[tuple[str, ...]]]:
    rows, counts = [], Counter[tuple[str, ...]]()
    for row in labels.to_dict("records"):
        record, mapped = map_values(raw_values_from_row(row, schema), schema)
        where = {"Filename": row["Filename"]}
        rows.append({**where, **to_row(record, schema), "photo_id": row["photo_id"]})
        counts.update((one.attribute, one.value, one.mapped_to, one.method) for one in mapped)
    return pd.DataFrame(rows, columns=["Filename", *schema.names, "photo_id"]), counts


def strip_titles(mapped: pd.DataFrame, schema: Schema, pool: Pool) -> TableParts:
    """Drop a title that the description opens with, and sorts by file."""
    ordered = mapped.sort_values("Filename", ignore_index=True)
    strip = partial(_strip_batch, schema=schema)
    return TableParts(lambda: pool.map(strip, cut(ordered)))


def _strip_batch(mapped: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    rows = [
        {**row, **to_row(strip_title(from_row(row, schema), schema), schema)}
        for row in mapped.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=list(mapped.columns))


def map_facts(
    captioned_items: pd.DataFrame, products: pd.DataFrame, schema: Schema, params: CleanParams
) -> pd.DataFrame:
    """Map the shop's own values to declared ones, see :func:`read_facts`.

    Raises:
        InputError: If ``clean.facts`` names what is no column of the products.
    """
    for name, column in params.facts.items():
        if name in schema.names and column not in products.columns:
            raise InputError(
                f"'clean.facts' takes {name} from '{column}', which is not a column of "
                f"'products': {', '.join(products.columns)}."
            )
    return read_facts(captioned_items, products, params.facts, schema)


def apply_corrections(
    items_with_facts: pd.DataFrame, corrections: pd.DataFrame, schema: Schema
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put people's word in the place of the captioner's and the shop's.

    Args:
        items_with_facts: The items as the captioner and the shop describe them.
        corrections: What people have decided, see
            :func:`lookbook.attributes.corrections.read_corrections`.
        schema: The catalogue's schema.

    Returns:
        The items, without photos of which people say that they show none; and every correction,
        with its ``line`` and ``outcome``.
    """
    read = read_corrections(corrections, schema)
    outcomes = list(read.outcomes)
    decided = items_with_facts["photo_id"].isin(list(read.decisions))
    known = {
        row["photo_id"]: from_row(row, schema)
        for row in items_with_facts[decided].to_dict("records")
    }
    for photo_id, told in read.decisions.items():
        for name, decision in told.items():
            outcomes[decision.row] = outcome_of(name, decision, known.get(photo_id))
    corrected = [
        to_row(correct_record(record, read.values_for(photo_id), schema), schema)
        for photo_id, record in known.items()
    ]
    items = items_with_facts.copy()
    rows = pd.DataFrame(corrected, columns=schema.names, index=items.index[decided])
    items.loc[decided, schema.names] = rows
    items = items[items["photo_id"].map(read.is_item).astype(bool)]
    listed = corrections[["line", *COLUMNS]].assign(outcome=outcomes)
    return items.reset_index(drop=True), listed


def balance_catalogue(full_catalogue: pd.DataFrame, params: CleanParams) -> pd.DataFrame:
    """Keep at most ``cap`` items of each value, chosen by seed: the recipe's table."""
    kept = cap_groups(
        full_catalogue, by=params.by, key="Filename", cap=params.cap, seed=params.seed
    )
    return kept.drop(columns=["photo_id", "product_id"])


def count_items(
    full_catalogue: pd.DataFrame, catalogue: pd.DataFrame, params: CleanParams
) -> pd.DataFrame:
    """Count items of each pair of values before and after balancing.

    Returns:
        The attribute that is balanced, the attribute that it is drawn against, ``items`` of the
        full catalogue and ``balanced``, those of the balanced one.
    """
    return count_rows([params.by, params.across], items=full_catalogue, balanced=catalogue)


def report_clean(
    reading_counts: dict[str, Any],
    mapping: pd.DataFrame,
    shop_facts: pd.DataFrame,
    disagreements: pd.DataFrame,
    applied_corrections: pd.DataFrame,
    item_counts: pd.DataFrame,
    captioner: str,
    params: CleanParams,
) -> dict[str, Any]:
    """Report what became of every caption, and where people or the shop say otherwise."""
    by_attribute, others = count_outcomes(applied_corrections)
    told = mapping[mapping["value"].ne("")]
    several = told[told["method"].eq("first of several")]
    captions, usable = reading_counts["captions"], reading_counts["usable"]
    full, balanced = (_of_each(item_counts, params.by, name) for name in ("items", "balanced"))
    return {
        **reading_counts,
        "usable_share": round(usable / max(captions, 1), 4),
        "mapped_by": mapping.groupby("method")["items"].sum().to_dict(),
        "values_mapped": int(told.loc[told["method"].ne("exact"), "items"].sum()),
        "values_that_name_several": several.drop(columns="method").to_dict("records"),
        "contradictions": int(mapping.loc[mapping["method"].eq("contradicted"), "items"].sum()),
        "captioner": captioner,
        "shop_values": len(shop_facts),
        "disagreements": disagreements["attribute"].value_counts().to_dict(),
        "corrections": {"by_attribute": by_attribute, "others": others},
        "by": params.by,
        "values": full.to_dict(),
        "balanced": int(balanced.sum()),
        "balanced_values": balanced.to_dict(),
    }


def describe_columns(full_catalogue: pd.DataFrame, schema: Schema) -> dict[str, Any]:
    """Describe each attribute of the catalogue.

    Returns:
        By attribute: ``missing`` and ``missing_share`` (nothing, or the value for nothing),
        ``distinct`` texts or values, and the ``commonest`` of them with their items.
    """
    described = {}
    for name in schema.names:
        cells = full_catalogue[name].fillna("").astype(str)
        nothing = schema.singles[name].default if name in schema.singles else ""
        is_missing = cells.isin(["", nothing])
        values = cells[~is_missing]
        if name in schema.multis:
            values = values.map(split_values).explode()
        described[name] = {
            "missing": int(is_missing.sum()),
            "missing_share": round(float(is_missing.mean()), 4) if len(cells) else 0.0,
            "distinct": int(values.nunique()),
            "commonest": values.value_counts().head(_COMMONEST).to_dict(),
        }
    return described


def plot_balanced_catalogue(item_counts: pd.DataFrame, params: CleanParams) -> PlotlyFigure:
    """Draw the balanced catalogue in four panels.

    The panels are items and shares by each of the two attributes, a heat map of both, and the
    shares of one attribute within each value of the other.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    by, across = params.by, params.across
    pairs = item_counts.pivot(index=by, columns=across, values="balanced").fillna(0)
    within = f"{across} within each {by.lower()}"
    figure = make_subplots(2, 2, subplot_titles=(by, across, f"{by} and {across}", within))
    for column, name in ((1, by), (2, across)):
        items = _of_each(item_counts, name, "balanced")
        shares = [f"{share:.1%}" for share in items / max(items.sum(), 1)]
        figure.add_trace(go.Bar(x=items.index, y=items, text=shares, showlegend=False), 1, column)
    heat = go.Heatmap(
        z=pairs, x=pairs.columns, y=pairs.index, texttemplate="%{z}", colorscale="Blues",
        showscale=False,
    )  # fmt: skip
    figure.add_trace(heat, 2, 1)
    rows = pairs.div(pairs.sum(axis=1).clip(lower=1), axis=0)
    for name in rows.columns:
        figure.add_trace(go.Bar(x=rows.index, y=rows[name], name=str(name)), 2, 2)
    title = f"Balanced catalogue: {int(pairs.to_numpy().sum()):,} items"
    return figure.update_layout(
        barmode="stack", height=900, title=title, yaxis4={"tickformat": ".0%"}
    )


def plot_categories(item_counts: pd.DataFrame, params: CleanParams) -> PlotlyFigure:
    """Draw the items of each balanced value before and after balancing."""
    return _plot_balancing(item_counts, params.by)


def plot_types(item_counts: pd.DataFrame, params: CleanParams) -> PlotlyFigure:
    """Draw the items of each value of the other attribute before and after balancing."""
    return _plot_balancing(item_counts, params.across)


def plot_category_by_type(item_counts: pd.DataFrame, params: CleanParams) -> PlotlyFigure:
    """Draw how many items each pair of values has."""
    import plotly.express as px

    counts = item_counts.pivot(index=params.by, columns=params.across, values="items")
    title = f"Items by {params.by.lower()} and {params.across.lower()}"
    return px.imshow(counts.fillna(0), text_auto=True, color_continuous_scale="Blues", title=title)


def _plot_balancing(item_counts: pd.DataFrame, name: str) -> PlotlyFigure:
    title = f"Items by {name.lower()}, before and after balancing"
    full, balanced = (_of_each(item_counts, name, which) for which in ("items", "balanced"))
    return plot_before_and_after(full, balanced, title)


def _of_each(item_counts: pd.DataFrame, name: str, which: str) -> pd.Series:
    """Add up an attribute's values, the commonest first."""
    added = item_counts.groupby(name)[which].sum()
    return added[added.gt(0)].sort_values(ascending=False, kind="stable")
