"""Measures what every search method finds with every embedding model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from lookbook.annotations import LanceTable, PlotlyFigure, Reranker, pd
from lookbook.colours import find_colours
from lookbook.embedder import Embedder
from lookbook.metrics import bootstrap_interval, diversity, ndcg_at, precision_at, reciprocal_rank
from lookbook.photos import Photo
from lookbook.pipelines.evaluate.params import EvaluateParams
from lookbook.pipelines.serving.nodes import ServingParams, plan_outfit, recommend_items
from lookbook.retrieval import METHODS, Method, choose_table, search
from lookbook.stylists import Query, Stylist
from lookbook.vocabulary import Label, Vocabulary

# What the complementary search is compared with: the items whose descriptions are nearest.
NEAREST = "nearest texts"
WAY = ["embedder", "method"]
SECONDS = "seconds"

Finder = Callable[[str, Method], list[dict[str, Any]]]


def choose_items(
    full_catalogue: pd.DataFrame, captions: pd.DataFrame, params: EvaluateParams
) -> pd.DataFrame:
    """Chooses by seed the items that are asked for.

    Returns:
        Rows of the catalogue with the photo's ``sha256`` and human ``label``, and ``question``:
        the item's title with the first of its colours that the title does not name.
    """
    chosen = full_catalogue.sample(min(params.items, len(full_catalogue)), random_state=params.seed)
    photos = captions[["file", "sha256", "label"]].rename(columns={"file": "Filename"})
    questions = [
        _question(title, description)
        for title, description in zip(chosen["Title"], chosen["Description"], strict=True)
    ]
    return chosen.assign(question=questions).merge(photos, on="Filename", how="left")


def find_similar_items(
    items: pd.DataFrame,
    captions: pd.DataFrame,
    search_index: dict[str, LanceTable],
    embedders: dict[str, Embedder],
    reranker: Reranker,
    vocabulary: Vocabulary,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Asks for more like each item, itself left out; a result of the same human label is right.

    Returns:
        A row an item, embedding model and method: ``precision`` and ``ndcg`` of the first
        ``k``, and ``seconds``. None where nobody has labelled the photos.
    """
    labels = captions.set_index("file")["label"].dropna()
    available = labels.value_counts()
    rows = []
    labelled = items[items["label"].notna()]
    finders = _finders(search_index, embedders, reranker, vocabulary, params.k + 1)
    for item, embedder, method, find in _each(labelled, finders, "similar"):
        begun = time.perf_counter()
        found = find(f"{item['Title']}. {item['Description']}", method)
        seconds = time.perf_counter() - begun
        others = [one["Filename"] for one in found if one["Filename"] != item["Filename"]]
        relevant = np.array([labels.get(name) == item["label"] for name in others], dtype=bool)
        rows.append(
            {
                "Filename": item["Filename"],
                "embedder": embedder,
                "method": method,
                "precision": precision_at(relevant, params.k),
                "ndcg": ndcg_at(relevant, params.k, int(available[item["label"]]) - 1),
                SECONDS: seconds,
            }
        )
    return pd.DataFrame(rows, columns=["Filename", *WAY, "precision", "ndcg", SECONDS])


def find_known_items(
    items: pd.DataFrame,
    search_index: dict[str, LanceTable],
    embedders: dict[str, Embedder],
    reranker: Reranker,
    vocabulary: Vocabulary,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Asks for each item by its title and colour; only the item itself is right.

    Returns:
        A row an item, embedding model and method: ``recall_1``, ``recall_5``, ``recall_10``,
        ``reciprocal_rank`` among the first ten, and ``seconds``.
    """
    rows = []
    finders = _finders(search_index, embedders, reranker, vocabulary, 10)
    for item, embedder, method, find in _each(items, finders, "known item"):
        begun = time.perf_counter()
        found = find(item["question"], method)
        seconds = time.perf_counter() - begun
        relevant = np.array([one["Filename"] == item["Filename"] for one in found], dtype=bool)
        rows.append(
            {
                "Filename": item["Filename"],
                "embedder": embedder,
                "method": method,
                **{f"recall_{k}": float(relevant[:k].any()) for k in (1, 5, 10)},
                "reciprocal_rank": reciprocal_rank(relevant),
                SECONDS: seconds,
            }
        )
    columns = ["recall_1", "recall_5", "recall_10", "reciprocal_rank", SECONDS]
    return pd.DataFrame(rows, columns=["Filename", *WAY, *columns])


def find_complementary_items(
    items: pd.DataFrame,
    stylist: Stylist,
    search_index: dict[str, LanceTable],
    embedders: dict[str, Embedder],
    reranker: Reranker,
    selection: pd.DataFrame,
    vocabulary: Vocabulary,
    serving: ServingParams,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Asks what goes with each item, as the assistant does, and for the nearest descriptions.

    Returns:
        A row an item, embedding model and method: of the first ``k`` the shares that fill
        another ``slot``, suit the ``gender`` and the ``type``, and do all three
        (``complements``); ``slots``, how many parts of an outfit there are among them;
        ``diversity``, 1 less their mean cosine; and ``seconds``, planning included.
    """
    rows = []
    finders = _finders(search_index, embedders, reranker, vocabulary, params.k + 1)
    vectors = {name: _vectors(search_index[name]) for name in embedders}
    for item, embedder, method, find in _each(items, finders, "complementary", [NEAREST]):
        begun = time.perf_counter()
        if method == NEAREST:
            nearest = find(item["Description"], "semantic")
            found = [one for one in nearest if one["Filename"] != item["Filename"]][: params.k]
        else:
            described = {field: item[field] for field in Label.model_fields}
            plan = plan_outfit(described, "", [], stylist)
            usual = serving.model_copy(
                update={"method": method, "embedder": embedder, "limit": params.k}
            )
            found = recommend_items(
                plan, described, Photo(item["sha256"], bytes), search_index, embedders, reranker,
                selection, usual,
            ).to_dict("records")  # fmt: skip
        seconds = time.perf_counter() - begun
        shown = np.array([vectors[embedder][one["Filename"]] for one in found])
        slots = [vocabulary.slot(one["Category"]) for one in found]
        others = vocabulary.other_slots(item["Category"])
        right = {
            "slot": np.array([slot in others for slot in slots]),
            "gender": _suiting(vocabulary, "Gender", item, found),
            "type": _suiting(vocabulary, "Type", item, found),
            "complements": np.array([vocabulary.complements(item, one) for one in found]),
        }
        rows.append(
            {
                "Filename": item["Filename"],
                "embedder": embedder,
                "method": method,
                **{name: precision_at(good, params.k) for name, good in right.items()},
                "slots": float(len({slot for slot in slots if slot in others})),
                "diversity": diversity(shown),
                SECONDS: seconds,
            }
        )
    columns = ["complements", "slot", "gender", "type", "slots", "diversity", SECONDS]
    return pd.DataFrame(rows, columns=["Filename", *WAY, *columns])


def score_retrieval(
    similar: pd.DataFrame,
    known: pd.DataFrame,
    complementary: pd.DataFrame,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Averages each figure over the items.

    Returns:
        A row a task, embedding model, method and metric: ``mean`` with ``low`` and ``high``, a
        95 % interval by bootstrap over items, and ``items``. Of the time an answer takes there
        are two rows, ``p50_ms`` and ``p95_ms``, without interval.
    """
    rows = []
    tasks = {"similar": similar, "known item": known, "complementary": complementary}
    for task, results in tasks.items():
        for (embedder, method), group in results.groupby(WAY, sort=False):
            way = {"task": task, "embedder": embedder, "method": method, "items": len(group)}
            for metric in group.columns.drop(["Filename", *WAY, SECONDS]):
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


def _question(title: str, description: str) -> str:
    named = find_colours(title)
    more = [colour for colour in find_colours(description) if colour not in named]
    return " ".join([title, *more[:1]])


def _finders(
    search_index: dict[str, LanceTable],
    embedders: dict[str, Embedder],
    reranker: Reranker,
    vocabulary: Vocabulary,
    limit: int,
) -> dict[str, Finder]:
    """Makes for each embedding model a search of everything it has a table of."""

    def finder(name: str) -> Finder:
        table, embedder = choose_table(search_index, embedders, name)
        # The first question pays for loading the model, and is no answer's fault.
        embedder.encode(["warm"])

        def find(text: str, method: Method) -> list[dict[str, Any]]:
            query = Query(
                slot=None,
                text=text,
                categories=list(vocabulary.categories),
                genders=list(vocabulary.genders),
                types=list(vocabulary.types),
            )
            (found,) = search(table, embedder, [query], method, limit, reranker)
            return found

        return find

    return {name: finder(name) for name in embedders}


def _each(
    items: pd.DataFrame, finders: dict[str, Finder], task: str, more: list[str] | None = None
) -> Iterator[tuple[dict[str, Any], str, Any, Finder]]:
    from tqdm import tqdm

    ways = list(product(finders, [*(more or []), *METHODS]))
    with tqdm(total=len(items) * len(ways), desc=task, unit="question") as progress:
        for item in items.to_dict("records"):
            for embedder, method in ways:
                yield item, embedder, method, finders[embedder]
                progress.update()


def _suiting(
    vocabulary: Vocabulary, field: str, item: dict[str, Any], found: list[dict[str, Any]]
) -> np.ndarray:
    suiting = vocabulary.suiting(field, item[field])
    return np.array([one[field] in suiting for one in found])


def _vectors(table: LanceTable) -> dict[str, np.ndarray]:
    rows = table.search().select(["Filename", "vector"]).to_arrow()
    flat = rows["vector"].combine_chunks().flatten().to_numpy().reshape(len(rows), -1)
    return dict(zip(rows["Filename"].to_pylist(), flat, strict=True))
