"""Turns captions as models write them into a catalogue in one vocabulary."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, Field

from lookbook.annotations import PlotlyFigure, pd
from lookbook.parsing import FIELDS, parse_caption
from lookbook.plots import plot_before_and_after
from lookbook.sampling import cap_groups
from lookbook.vocabulary import Vocabulary

CATALOGUE = ["Filename", "Title", "Size", "Gender", "Description", "Category", "Type"]
MAPPED = ("Category", "Type", "Gender", "Size")


class CleanParams(BaseModel):
    """How the catalogue is balanced.

    Attributes:
        cap: The most items of a category in the balanced catalogue.
        seed: Chooses among them.
    """

    cap: int = Field(gt=0)
    seed: int


def parse_captions(captions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reads every caption, and sets aside those that say nothing usable.

    Args:
        captions: ``file``, ``caption`` (text) and ``failure`` (why there is no text).

    Returns:
        The labels, a row a photo: ``Filename``, the fields as the model wrote them (missing
        where it did not) and ``repair``; and the rejected captions: ``file``, ``reason`` and
        ``caption``. Together as many rows as captions.
    """
    parsed = [parse_caption(text) for text in captions["caption"].fillna("")]
    reasons = [
        f"no caption: {failure}" if isinstance(failure, str) else one.rejection
        for one, failure in zip(parsed, captions["failure"], strict=True)
    ]
    usable = [reason is None for reason in reasons]
    labels = pd.DataFrame(
        [
            {"Filename": file, **one.fields, "repair": one.repair}
            for file, one, good in zip(captions["file"], parsed, usable, strict=True)
            if good
        ],
        columns=["Filename", *FIELDS, "repair"],
    )
    rejected = captions.assign(reason=reasons).loc[
        [not good for good in usable], ["file", "reason", "caption"]
    ]
    return labels, rejected.reset_index(drop=True)


def map_vocabulary(
    labels: pd.DataFrame, vocabulary: Vocabulary
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Brings category, type, gender and size into the vocabulary.

    A value that names several ("Pants and Jackets") becomes the one that it names first; one
    that fits nowhere becomes the vocabulary's fallback. A missing title becomes the category.

    Returns:
        The catalogue in the recipe's columns, and what was mapped to what: ``field``,
        ``value`` (as the model wrote it), ``mapped_to``, ``how`` (see
        :meth:`lookbook.vocabulary.Vocabulary.lookup`) and ``items``.
    """
    catalogue = labels.copy()
    mappings = []
    for field in MAPPED:
        written = labels[field].astype(object).fillna("")
        found = {value: vocabulary.lookup(field, value) for value in written.unique()}
        catalogue[field] = written.map({value: mapped for value, (mapped, _) in found.items()})
        counts = written.value_counts()
        mappings += [
            {"field": field, "value": value, "mapped_to": mapped, "how": how, "items": items}
            for value, items in counts.items()
            for mapped, how in [found[value]]
        ]
    catalogue["Title"] = catalogue["Title"].astype(object).fillna(catalogue["Category"])
    mapping = pd.DataFrame(mappings, columns=["field", "value", "mapped_to", "how", "items"])
    return catalogue[CATALOGUE], mapping


def strip_titles(mapped: pd.DataFrame) -> pd.DataFrame:
    """Drops a title that the description opens with.

    The title's words come back in every description of its kind, so a search for what goes
    with an item finds look-alikes of it.
    """
    descriptions = [
        strip_title(title, description)
        for title, description in zip(mapped["Title"], mapped["Description"], strict=True)
    ]
    return mapped.assign(Description=descriptions).sort_values("Filename", ignore_index=True)


def strip_title(title: str, description: str) -> str:
    """Drops a leading title and its linking word, unless nothing would be left."""
    words = r"\W+".join(map(re.escape, re.findall(r"\w+", title)))
    if not words:
        return description
    opening = rf"\W*(?:(?:the|this|an?)\s+)?{words}\b\W*(?:\b(?:is|are)\b)?\s*"
    rest = re.sub(rf"^{opening}", "", description, count=1, flags=re.IGNORECASE)
    return rest[:1].upper() + rest[1:] if re.search(r"\w", rest) else description


def balance_catalogue(full_catalogue: pd.DataFrame, params: CleanParams) -> pd.DataFrame:
    """Keeps at most ``cap`` items of each category, chosen by seed."""
    return cap_groups(
        full_catalogue, by="Category", key="Filename", cap=params.cap, seed=params.seed
    )


def report_clean(
    captions: pd.DataFrame,
    labels: pd.DataFrame,
    rejected: pd.DataFrame,
    mapping: pd.DataFrame,
    full_catalogue: pd.DataFrame,
    catalogue: pd.DataFrame,
) -> dict[str, Any]:
    """Counts what became of every caption."""
    changed = mapping[mapping["how"].ne("exact")]
    return {
        "captions": len(captions),
        "usable": len(labels),
        "usable_share": round(len(labels) / max(len(captions), 1), 4),
        "read_as": labels["repair"].value_counts().to_dict(),
        "rejected": len(rejected),
        "rejected_by_reason": rejected["reason"].value_counts().to_dict(),
        "values_mapped": int(changed["items"].sum()),
        "values_that_name_several": changed.loc[
            changed["how"].eq("first of several"), ["field", "value", "mapped_to", "items"]
        ].to_dict("records"),
        "categories": full_catalogue["Category"].value_counts().to_dict(),
        "balanced": len(catalogue),
        "balanced_categories": catalogue["Category"].value_counts().to_dict(),
    }


def plot_categories(full_catalogue: pd.DataFrame, catalogue: pd.DataFrame) -> PlotlyFigure:
    """Draws each category's items before and after balancing."""
    return plot_before_and_after(
        full_catalogue["Category"],
        catalogue["Category"],
        "Items by category, before and after balancing",
    )


def plot_types(full_catalogue: pd.DataFrame, catalogue: pd.DataFrame) -> PlotlyFigure:
    """Draws each type's items before and after balancing."""
    return plot_before_and_after(
        full_catalogue["Type"], catalogue["Type"], "Items by type, before and after balancing"
    )


def plot_category_by_type(full_catalogue: pd.DataFrame) -> PlotlyFigure:
    """Draws how many items each pair of category and type has."""
    import plotly.express as px

    counts = pd.crosstab(full_catalogue["Category"], full_catalogue["Type"])
    return px.imshow(
        counts, text_auto=True, color_continuous_scale="Blues", title="Items by category and type"
    )
