"""Measures what every search method finds of people who taught nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from lookbook.assistant.interpretation import interpret
from lookbook.assistant.recommender import TEXT_METHODS, Recommender
from lookbook.assistant.types import QueryPhoto, ServingParams
from lookbook.attributes.record import Record, from_row, searchable_text
from lookbook.attributes.schema import Schema
from lookbook.captioners import Captioner
from lookbook.distillation.params import DistilParams
from lookbook.distillation.teacher import TEXT, find_columns, make_training_set, read_rows
from lookbook.evaluation.metrics import (
    bootstrap_interval,
    diversity,
    gini,
    ndcg_at,
    precision_at,
    reciprocal_rank,
)
from lookbook.evaluation.params import EvaluateParams
from lookbook.evaluation.questions import (
    is_unseen,
    known_item_question,
    trained_on,
    truth_of,
)
from lookbook.lazy import PlotlyFigure, pd
from lookbook.outfits.judge import OutfitJudge
from lookbook.outfits.params import OutfitParams
from lookbook.outfits.slots import (
    compatible,
    is_complement,
    other_slots,
    recipient_attributes,
    slot_of,
)
from lookbook.outfits.style import StyleModel
from lookbook.search.catalogue_search import CatalogueSearch, Query
from lookbook.search.embedders import Embedder
from lookbook.search.items import Hit
from lookbook.search.methods import METHODS, Method
from lookbook.search.tables import DUPLICATE_GROUP, KEY
from lookbook.understanding.request import Stylist

# What the complementary search is compared with: the items whose descriptions are nearest.
NEAREST = "nearest texts"
# A customer's words, planned and answered as the assistant does it.
ASSISTANT = "assistant"
ASKED = ["photo_id", "sender_id"]
WAY = ["embedder", "method"]
SHOWN = "shown"
SECONDS = "seconds"
# Results among which an item is looked for.
DEEPEST = 50
_AT_ONCE = 64
_RERANKER: Method = "hybrid + reranker"


def read_annotations(
    annotations_table: pd.DataFrame, manifest: pd.DataFrame, schema: Schema, params: DistilParams
) -> pd.DataFrame:
    """Map annotations to the declared values.

    Returns:
        ``photo_id``, ``file``, the attributes and ``text``, a customer's words; none where there is
        no table.
    """
    said: dict[str, dict[str, Any]] = {}
    if len(annotations_table.columns):
        headings = list(map(str, annotations_table.columns))
        columns = find_columns(headings, params.columns, schema)
        said, _ = read_rows(annotations_table, columns, manifest["file"].tolist(), schema)
    named = manifest[manifest["file"].isin(said)]
    return make_training_set(named, said, schema, None, params.ignored_labels, {})


def choose_items(
    full_catalogue: pd.DataFrame,
    captions: pd.DataFrame,
    annotations: pd.DataFrame,
    near_duplicates: pd.DataFrame,
    captioner: Captioner,
    embedders: dict[str, Embedder],
    schema: Schema,
    params: EvaluateParams,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Choose by seed the items that are asked for, of photos that taught nothing.

    Returns:
        Rows of the catalogue with the photo's human ``label`` (missing for one that names
        nothing), ``sender_id``, ``question`` (the item's title with the first of its colours
        that the title does not name), ``words`` (a customer's, missing where nobody wrote any),
        ``duplicate_group`` (the first photo of the item), ``unseen``, ``asked`` and ``spoken``
        (asked for in words); beside those that may be asked for others, to fill up the gallery; and
        a report that counts them.
    """
    taught = trained_on([captioner, *embedders.values()])
    first = near_duplicates.set_index("photo_id")[DUPLICATE_GROUP]
    shuffled = full_catalogue.sample(frac=1, random_state=params.seed, ignore_index=True)
    shuffled[DUPLICATE_GROUP] = [first.get(one, one) for one in shuffled["photo_id"]]
    # Who has seen an item in one photo has seen it.
    unseen = (
        is_unseen(shuffled["photo_id"], taught).groupby(shuffled[DUPLICATE_GROUP]).transform("all")
    )
    own = shuffled[unseen].head(params.gallery)
    others = shuffled[~unseen].head(params.gallery - len(own))
    chosen = pd.concat([own, others], ignore_index=True)
    about = captions[["photo_id", "label", "sender_id"]]
    chosen = chosen.merge(about, on="photo_id", how="left")
    ignored = {label.casefold() for label in params.ignored_labels}
    folded = chosen["label"].map(str.casefold, na_action="ignore")
    chosen["label"] = chosen["label"].mask(folded.isin(ignored))
    chosen["words"] = chosen["photo_id"].map(annotations.set_index("photo_id")[TEXT])
    chosen["question"] = [
        known_item_question(from_row(row, schema), schema) for row in chosen.to_dict("records")
    ]
    place = chosen.index.to_numpy()
    chosen["asked"] = place < min(params.items, len(own))
    chosen["unseen"] = place < len(own)
    # Who is asked for in words and has none is no question.
    spoken = chosen["unseen"] & chosen["words"].notna()
    chosen["spoken"] = spoken & (spoken.cumsum() <= params.words)
    report = {
        "items": len(full_catalogue),
        "taught": int((~unseen).sum()),
        "unseen": int(unseen.sum()),
        "senders": int(chosen.loc[chosen["unseen"], "sender_id"].nunique()),
        "asked": int(chosen["asked"].sum()),
        "in_words": int(chosen["spoken"].sum()),
        "gallery": len(chosen),
        "annotated": int(chosen["photo_id"].isin(annotations["photo_id"]).sum()),
    }
    return chosen, report


def find_by_words(
    items: pd.DataFrame,
    stylist: Stylist,
    style: StyleModel,
    outfit_params: OutfitParams,
    search_index: CatalogueSearch,
    schema: Schema,
    serving: ServingParams,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Ask for items in a customer's words; only the item itself is right.

    Returns:
        One row per item, embedding model and method, the assistant's own answer among them:
        ``recall_1``, ``recall_10``, ``recall_50`` and ``reciprocal_rank`` among the first 50
        (of the assistant's answer the first 10), and ``shown``.
    """
    asked = items[items["spoken"]].to_dict("records")
    gallery = search_index.among(items["photo_id"])
    rows = []
    for item, way, found in _answers(asked, "words", gallery, params, "customer's words", DEEPEST):
        rows.append(_found_itself(item, way, found, params))
    usual = serving.model_copy(update={"limit": params.k, "outfits": 0})
    judge = OutfitJudge(style, outfit_params, schema)
    for embedder, item in tracked(product(gallery.embedders, asked[: params.items]), ASSISTANT):
        plan = interpret(item["words"], [], None, stylist, gallery, schema, embedder).plan
        own = usual.model_copy(update={"embedder": embedder})
        recommendations = Recommender(gallery, judge, own).recommend(plan, None)
        found = [one.hit for one in recommendations.items]
        row = _found_itself(item, (embedder, ASSISTANT), found, params)
        rows.append({**row, f"recall_{DEEPEST}": None})
    return pd.DataFrame(rows, columns=[*ASKED, *WAY, *_RECALLS, "reciprocal_rank", SHOWN])


def find_known_items(
    items: pd.DataFrame, search_index: CatalogueSearch, params: EvaluateParams
) -> pd.DataFrame:
    """Ask for each item by its title and colour; only the item itself is right.

    Returns:
        See :func:`find_by_words`.
    """
    asked = items[items["asked"]].to_dict("records")
    gallery = search_index.among(items["photo_id"])
    answers = _answers(asked, "question", gallery, params, "known item", DEEPEST)
    rows = [_found_itself(item, way, found, params) for item, way, found in answers]
    return pd.DataFrame(rows, columns=[*ASKED, *WAY, *_RECALLS, "reciprocal_rank", SHOWN])


def find_similar_items(
    items: pd.DataFrame, search_index: CatalogueSearch, schema: Schema, params: EvaluateParams
) -> pd.DataFrame:
    """Ask for more like each item, itself left out; a result of the same human label is right.

    Among photos that taught nothing: others look more like one another than they should.

    Returns:
        One row per item, embedding model and method: ``precision`` and ``ndcg`` of the first
        ``k``, and ``shown``. None where nobody has labelled the photos.
    """
    known = items[items["unseen"] & items["label"].notna()]
    labels = known.set_index("photo_id")["label"]
    available = labels.value_counts()
    gallery = search_index.among(known["photo_id"])
    rows = []
    asked = known[known["asked"]]
    texts = [searchable_text(from_row(row, schema), schema) for row in asked.to_dict("records")]
    queries = asked.assign(text=texts).to_dict("records")
    for item, way, found in _answers(queries, "text", gallery, params, "similar", params.k, True):
        relevant = np.array([labels[one.photo_id] == item["label"] for one in found], bool)
        scores = {
            "precision": precision_at(relevant, params.k),
            "ndcg": ndcg_at(relevant, params.k, int(available[item["label"]]) - 1),
        }
        rows.append({**asked_as(item, way), **scores, SHOWN: names_shown(found)})
    return pd.DataFrame(rows, columns=[*ASKED, *WAY, "precision", "ndcg", SHOWN])


def find_complementary_items(
    items: pd.DataFrame,
    annotations: pd.DataFrame,
    stylist: Stylist,
    style: StyleModel,
    outfit_params: OutfitParams,
    search_index: CatalogueSearch,
    schema: Schema,
    serving: ServingParams,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Ask what goes with each item, as the assistant does, and for the nearest descriptions.

    What an item is, the annotations say where there are any, and else the catalogue itself.

    Returns:
        One row per item, embedding model and method: of the first ``k`` the shares that fill
        another ``slot``, suit the item in each attribute that has what goes with what, such as
        ``gender`` and ``type``, and do all of it (``complements``); ``violations``, the share
        that fills the same slot or is for another wearer; ``slots``, how many parts of an
        outfit there are among them; ``diversity``, 1 less their mean cosine; ``shown``; and
        ``seconds``, planning included.
    """
    gallery = search_index.among(items["photo_id"])
    told = annotations.set_index("photo_id").to_dict("index")
    asked = items[items["asked"]].to_dict("records")
    judge = OutfitJudge(style, outfit_params, schema)
    rows = []
    ways = [
        (embedder, method, item)
        for embedder, method in product(search_index.embedders, [NEAREST, *METHODS])
        for number, item in enumerate(asked)
        if method != _RERANKER or number < params.reranked
    ]
    for embedder, method, item in tracked(ways, "complementary"):
        begun = time.perf_counter()
        if method == NEAREST:
            query = Query(text=item[schema.description], exclude=[item["photo_id"]])
            (found,) = gallery.search([query], "semantic", params.k, embedder)
        else:
            usual = serving.model_copy(
                update={"method": method, "embedder": embedder, "limit": params.k}
            )
            photo = QueryPhoto(from_row(item, schema), item["photo_id"])
            plan = interpret("", [], photo, stylist, gallery, schema, embedder).plan
            recommendations = Recommender(gallery, judge, usual).recommend(plan, photo)
            found = [one.hit for one in recommendations.items]
        seconds = time.perf_counter() - begun
        truth = truth_of(item, told, schema)
        scores = _judge_outfit(
            truth,
            [truth_of({KEY: one.photo_id, **one.attributes}, told, schema) for one in found],
            schema,
            params,
        )
        rows.append(
            {
                **asked_as(item, (embedder, method)),
                **scores,
                "diversity": diversity(np.array([hit.item.vector for hit in found])),
                SHOWN: names_shown(found),
                SECONDS: seconds,
            }
        )
    suits = [name.lower() for name in schema.compatibility_attributes]
    columns = ["complements", "violations", "slot", *suits, "slots", "diversity", SHOWN, SECONDS]
    return pd.DataFrame(rows, columns=[*ASKED, *WAY, *columns])


def _judge_outfit(
    item: Record, found: list[Record], schema: Schema, params: EvaluateParams
) -> dict[str, float]:
    slots = [slot_of(one, schema) for one in found]
    others = other_slots(slot_of(item, schema), schema)
    suits = {
        name.lower(): [one[name] in compatible(name, item[name], schema) for one in found]
        for name in schema.compatibility_attributes
    }
    right = {
        "slot": [slot in others for slot in slots],
        **suits,
        "complements": [is_complement(item, one, schema) for one in found],
    }
    scores = {name: precision_at(np.array(good, bool), params.k) for name, good in right.items()}
    wearers = [right[name.lower()] for name in recipient_attributes(schema)]
    clashes = ~np.all([right["slot"], *wearers], axis=0)
    scores["violations"] = float(np.mean(clashes)) if found else 0.0
    return {**scores, "slots": float(len({slot for slot in slots if slot in others}))}


def score_retrieval(
    by_words: pd.DataFrame,
    similar: pd.DataFrame,
    known: pd.DataFrame,
    complementary: pd.DataFrame,
    outfits: pd.DataFrame,
    report: dict[str, Any],
    params: EvaluateParams,
) -> pd.DataFrame:
    """Average each figure over the items.

    Returns:
        One row per task, embedding model, method and metric: ``mean`` with ``low`` and ``high``, a
        95 % interval by bootstrap over senders, and ``items``. Without interval:
        ``different_items`` that were shown to anybody in the first ``k``, ``gini`` of how often
        each item of the gallery was shown, ``commonest_share``, the share of answers that the
        commonest of them is in, and of the time an answer takes ``p50_ms`` and ``p95_ms``.
    """
    rows = []
    tasks = {
        "customer's words": by_words, "similar": similar, "known item": known,
        "complementary": complementary, "outfits": outfits,
    }  # fmt: skip
    for task, results in tasks.items():
        for (embedder, method), group in results.groupby(WAY, sort=False):
            way = {"task": task, "embedder": embedder, "method": method, "items": len(group)}
            senders = group["sender_id"].astype("string").fillna(group["photo_id"])
            for metric in group.columns.drop([*ASKED, *WAY, SHOWN, SECONDS], errors="ignore"):
                known_values = pd.to_numeric(group[metric]).dropna()
                if known_values.empty:
                    continue
                low, high = bootstrap_interval(
                    known_values, params.bootstrap_rounds, params.seed, senders
                )
                mean = round(float(known_values.mean()), 4)
                rows.append({**way, "metric": metric, "mean": mean, "low": low, "high": high})
            # A CSV of answers that show nothing has no text to split.
            shown = group[SHOWN].astype("string").str.split()
            counts = shown.explode().dropna().value_counts().to_numpy()
            commonest = counts.max() / len(group) if len(counts) else 0.0
            unequal = round(gini(counts, max(report["gallery"], len(counts))), 4)
            rows.append({**way, "metric": "different_items", "mean": float(len(counts))})
            rows.append({**way, "metric": "gini", "mean": unequal})
            rows.append({**way, "metric": "commonest_share", "mean": round(float(commonest), 4)})
            for share in (50, 95) if SECONDS in group else ():
                value = float(np.percentile(group[SECONDS], share)) * 1000
                rows.append({**way, "metric": f"p{share}_ms", "mean": round(value, 1)})
    columns = ["task", *WAY, "metric", "mean", "low", "high", "items"]
    return pd.DataFrame(rows, columns=columns)


def plot_retrieval(scores: pd.DataFrame) -> PlotlyFigure:
    """Draw every share that a method reaches, with its interval, by task."""
    import plotly.express as px

    shares = scores[scores["low"].notna() & ~scores["metric"].isin(["slots", "outfits"])]
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


def _answers(
    asked: list[dict[str, Any]],
    column: str,
    search_index: CatalogueSearch,
    params: EvaluateParams,
    task: str,
    limit: int,
    by_look: bool = False,
) -> Iterator[tuple[dict[str, Any], tuple[str, str], list[Hit]]]:
    """Search for every item with every embedding model and method, many at a time.

    Args:
        asked: The items.
        column: What they are asked for by.
        search_index: The index.
        params: How many are asked for by the reranker.
        task: For the progress.
        limit: Results each.
        by_look: Whether they are asked for by their picture, where a method compares pictures;
            then they are not to be found themselves.
    """
    from lookbook.progress import Progress

    ways = list(product(search_index.embedders, METHODS))
    several = {way: asked[: params.reranked] if way[1] == _RERANKER else asked for way in ways}
    with Progress(total=sum(map(len, several.values())), desc=task, unit="question") as progress:
        for (embedder, method), some in several.items():
            for start in range(0, len(some), _AT_ONCE):
                batch = some[start : start + _AT_ONCE]
                queries = [
                    _query(item, column, search_index, embedder, method, by_look) for item in batch
                ]
                answers = search_index.search(queries, method, limit, embedder)
                for item, found in zip(batch, answers, strict=True):
                    yield item, (embedder, method), found
                progress.update(len(batch))


def _query(
    item: dict[str, Any], column: str, search: CatalogueSearch, embedder: str, method: Method,
    by_look: bool,
) -> Query:  # fmt: skip
    if not by_look:
        return Query(text=item[column])
    look = None
    if method not in TEXT_METHODS:
        look = search.image_embedding(item["photo_id"], embedder)
    text = item[column] if look is None else ""
    return Query(text=text, image_embedding=look, exclude=[item["photo_id"]])


_RECALLS = [f"recall_{k}" for k in (1, 10, DEEPEST)]


def _found_itself(
    item: dict[str, Any], way: tuple[str, str], found: list[Hit], params: EvaluateParams
) -> dict[str, Any]:
    relevant = np.array([one.item.duplicate_group == item[DUPLICATE_GROUP] for one in found], bool)
    recalls = {name: float(relevant[: int(name.split("_")[1])].any()) for name in _RECALLS}
    return {
        **asked_as(item, way),
        **recalls,
        "reciprocal_rank": reciprocal_rank(relevant),
        SHOWN: names_shown(found[: params.k]),
    }


def asked_as(item: dict[str, Any], way: tuple[str, str]) -> dict[str, Any]:
    """Return what identifies an answer: the item asked about, embedding model and method."""
    embedder, method = way
    return {**{name: item[name] for name in ASKED}, "embedder": embedder, "method": method}


def names_shown(found: list[Hit]) -> str:
    """Return the items that an answer shows, as a cell."""
    return " ".join(one.photo_id[:16] for one in found)


def tracked(several: Any, task: str) -> Iterator[Any]:
    """Yield questions with their progress."""
    from lookbook.progress import Progress

    listed = list(several)
    yield from Progress(listed, desc=task, unit="question", disable=not listed)
