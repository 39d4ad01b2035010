"""Measures what every search method finds with every embedding model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from lookbook.assistant import answering
from lookbook.assistant.answering import ServingParams
from lookbook.evaluation.metrics import (
    bootstrap_interval,
    diversity,
    ndcg_at,
    precision_at,
    reciprocal_rank,
)
from lookbook.evaluation.params import EvaluateParams
from lookbook.labels.fields import Fields
from lookbook.labels.record import Record, from_row, text_of
from lookbook.lazy import PlotlyFigure, pd
from lookbook.outfits import Stylist
from lookbook.outfits.harmony import hued_field
from lookbook.outfits.slots import complements, other_slots, slot_of, suiting, suiting_fields
from lookbook.search.catalogue_search import METHODS, CatalogueSearch, Item, Method, Query

# What the complementary search is compared with: the items whose descriptions are nearest.
NEAREST = "nearest texts"
WAY = ["embedder", "method"]
SECONDS = "seconds"

Finder = Callable[[str, Method], list[Item]]


def choose_items(
    full_catalogue: pd.DataFrame, captions: pd.DataFrame, fields: Fields, params: EvaluateParams
) -> pd.DataFrame:
    """Chooses by seed the items that are asked for.

    Returns:
        Rows of the catalogue with the photo's human ``label`` and ``question``: the item's
        title with the first of its colours that the title does not name.
    """
    chosen = full_catalogue.sample(min(params.items, len(full_catalogue)), random_state=params.seed)
    questions = [_question(from_row(row, fields), fields) for row in chosen.to_dict("records")]
    labels = captions[["photo_id", "label"]]
    return chosen.assign(question=questions).merge(labels, on="photo_id", how="left")


def find_similar_items(
    items: pd.DataFrame,
    captions: pd.DataFrame,
    search_index: CatalogueSearch,
    fields: Fields,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Asks for more like each item, itself left out; a result of the same human label is right.

    Returns:
        One row per item, embedding model and method: ``precision`` and ``ndcg`` of the first
        ``k``, and ``seconds``. None where nobody has labelled the photos.
    """
    labels = captions.set_index("photo_id")["label"].dropna()
    available = labels.value_counts()
    rows = []
    labelled = items[items["label"].notna()]
    finders = _finders(search_index, params.k + 1)
    for item, embedder, method, find in _each(labelled, finders, "similar"):
        begun = time.perf_counter()
        found = find(text_of(item, fields), method)
        seconds = time.perf_counter() - begun
        others = [one["photo_id"] for one in found if one["photo_id"] != item["photo_id"]]
        relevant = np.array(
            [labels.get(photo_id) == item["label"] for photo_id in others], dtype=bool
        )
        rows.append(
            {
                "photo_id": item["photo_id"],
                "embedder": embedder,
                "method": method,
                "precision": precision_at(relevant, params.k),
                "ndcg": ndcg_at(relevant, params.k, int(available[item["label"]]) - 1),
                SECONDS: seconds,
            }
        )
    return pd.DataFrame(rows, columns=["photo_id", *WAY, "precision", "ndcg", SECONDS])


def find_known_items(
    items: pd.DataFrame,
    search_index: CatalogueSearch,
    fields: Fields,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Asks for each item by its title and colour; only the item itself is right.

    Returns:
        One row per item, embedding model and method: ``recall_1``, ``recall_5``, ``recall_10``,
        ``reciprocal_rank`` among the first ten, and ``seconds``.
    """
    rows = []
    finders = _finders(search_index, 10)
    for item, embedder, method, find in _each(items, finders, "known item"):
        begun = time.perf_counter()
        found = find(item["question"], method)
        seconds = time.perf_counter() - begun
        relevant = np.array([one["photo_id"] == item["photo_id"] for one in found], dtype=bool)
        rows.append(
            {
                "photo_id": item["photo_id"],
                "embedder": embedder,
                "method": method,
                **{f"recall_{k}": float(relevant[:k].any()) for k in (1, 5, 10)},
                "reciprocal_rank": reciprocal_rank(relevant),
                SECONDS: seconds,
            }
        )
    columns = ["recall_1", "recall_5", "recall_10", "reciprocal_rank", SECONDS]
    return pd.DataFrame(rows, columns=["photo_id", *WAY, *columns])


def find_complementary_items(
    items: pd.DataFrame,
    stylist: Stylist,
    search_index: CatalogueSearch,
    fields: Fields,
    serving: ServingParams,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Asks what goes with each item, as the assistant does, and for the nearest descriptions.

    Returns:
        One row per item, embedding model and method: of the first ``k`` the shares that fill
        another ``slot``, suit the item in each field that has what goes with what, such as
        ``gender`` and ``type``, and do all of it (``complements``); ``slots``, how many parts
        of an outfit there are among them; ``diversity``, 1 less their mean cosine; and
        ``seconds``, planning included.
    """
    rows = []
    finders = _finders(search_index, params.k + 1)
    vectors = {name: search_index.vectors(name) for name in search_index.embedders}
    for item, embedder, method, find in _each(items, finders, "complementary", [NEAREST]):
        begun = time.perf_counter()
        if method == NEAREST:
            nearest = find(item[fields.description], "semantic")
            found = [one for one in nearest if one["photo_id"] != item["photo_id"]][: params.k]
        else:
            usual = serving.model_copy(
                update={"method": method, "embedder": embedder, "limit": params.k}
            )
            record = from_row(item, fields)
            plan = answering.plan(record, "", [], stylist, fields)
            found = answering.find(plan, record, item["photo_id"], search_index, usual, fields)
        seconds = time.perf_counter() - begun
        shown = np.array([vectors[embedder][one["photo_id"]] for one in found])
        slots = [slot_of(one, fields) for one in found]
        others = other_slots(slot_of(item, fields), fields)
        right = {
            "slot": np.array([slot in others for slot in slots]),
            **{name.lower(): _suits(name, item, found, fields) for name in suiting_fields(fields)},
            "complements": np.array([complements(item, one, fields) for one in found]),
        }
        rows.append(
            {
                "photo_id": item["photo_id"],
                "embedder": embedder,
                "method": method,
                **{name: precision_at(good, params.k) for name, good in right.items()},
                "slots": float(len({slot for slot in slots if slot in others})),
                "diversity": diversity(shown),
                SECONDS: seconds,
            }
        )
    suits = [name.lower() for name in suiting_fields(fields)]
    columns = ["complements", "slot", *suits, "slots", "diversity", SECONDS]
    return pd.DataFrame(rows, columns=["photo_id", *WAY, *columns])


def score_retrieval(
    similar: pd.DataFrame,
    known: pd.DataFrame,
    complementary: pd.DataFrame,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Averages each figure over the items.

    Returns:
        One row per task, embedding model, method and metric: ``mean`` with ``low`` and ``high``, a
        95 % interval by bootstrap over items, and ``items``. Of the time an answer takes there
        are two rows, ``p50_ms`` and ``p95_ms``, without interval.
    """
    rows = []
    tasks = {"similar": similar, "known item": known, "complementary": complementary}
    for task, results in tasks.items():
        for (embedder, method), group in results.groupby(WAY, sort=False):
            way = {"task": task, "embedder": embedder, "method": method, "items": len(group)}
            for metric in group.columns.drop(["photo_id", *WAY, SECONDS]):
                low, high = bootstrap_interval(group[metric], params.bootstrap_rounds, params.seed)
                mean = round(float(group[metric].mean()), 4)
                rows.append({**way, "metric": metric, "mean": mean, "low": low, "high": high})
            for share in (50, 95):
                value = float(np.percentile(group[SECONDS], share)) * 1000
                rows.append({**way, "metric": f"p{share}_ms", "mean": round(value, 1)})
    columns = ["task", *WAY, "metric", "mean", "low", "high", "items"]
    return pd.DataFrame(rows, columns=columns)


def plot_retrieval(scores: pd.DataFrame) -> PlotlyFigure:
    """Draws every share that a method reaches, with its interval, by task."""
    import plotly.express as px

    shares = scores[scores["low"].notna() & ~scores["metric"].eq("slots")]
    several = shares["embedder"].nunique() > 1
    drawn = shares.assign(
        above=shares["high"] - shares["mean"],
        below=shares["mean"] - shares["low"],
        way=shares["method"] + (", " + shares["embedder"] if several else ""),
        metric=shares["task"] + ": " + shares["metric"].str.replace("_", " "),
    )
    figure = px.bar(
        drawn, x="metric", y="mean", color="way", barmode="group", error_y="above",
        error_y_minus="below", range_y=[0, 1.05], title="What each method finds",
        labels={"mean": "mean, with 95 % interval", "metric": "", "way": "method"},
    )  # fmt: skip
    return figure.update_traces(error_y_thickness=1)


def _question(record: Record, fields: Fields) -> str:
    title, name = record[fields.title], hued_field(fields)
    if name is None:
        return str(title)
    named = fields.enumerated[name].named(title)
    more = [colour for colour in record[name] if colour not in named]
    return " ".join([title, *more[:1]])


def _finders(search_index: CatalogueSearch, limit: int) -> dict[str, Finder]:
    """Makes for each embedding model a search of everything it has a table of."""

    def finder(name: str) -> Finder:
        # The first question pays for loading the model, and is no answer's fault.
        search_index.warm_up(name)

        def find(text: str, method: Method) -> list[Item]:
            (found,) = search_index.search([Query(text=text)], method, limit, name)
            return found

        return find

    return {name: finder(name) for name in search_index.embedders}


def _each(
    items: pd.DataFrame, finders: dict[str, Finder], task: str, more: list[str] | None = None
) -> Iterator[tuple[dict[str, Any], str, Any, Finder]]:
    from lookbook.progress import Progress

    ways = list(product(finders, [*(more or []), *METHODS]))
    with Progress(total=len(items) * len(ways), desc=task, unit="question") as progress:
        for item in items.to_dict("records"):
            for embedder, method in ways:
                yield item, embedder, method, finders[embedder]
                progress.update()


def _suits(name: str, item: dict[str, Any], found: list[Item], fields: Fields) -> np.ndarray:
    values = suiting(name, item[name], fields)
    return np.array([one[name] in values for one in found])
