"""Measures whole outfits: what the assistant puts together, and what people say of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import combinations, product
from typing import Any, get_args

import numpy as np

from lookbook.assistant.interpretation import interpret
from lookbook.assistant.recommender import Recommender
from lookbook.assistant.types import QueryPhoto, ServingParams
from lookbook.attributes.record import Record, from_row, values_of
from lookbook.attributes.schema import Schema
from lookbook.evaluation.metrics import bootstrap_interval
from lookbook.evaluation.params import EvaluateParams
from lookbook.evaluation.questions import truth_of
from lookbook.lazy import pd
from lookbook.outfits.builder import piece_of
from lookbook.outfits.compatibility_learning import CompatibilityParams
from lookbook.outfits.features import Piece
from lookbook.outfits.judge import OutfitJudge
from lookbook.outfits.params import OutfitParams
from lookbook.outfits.ratings import RatingParams, read_ratings
from lookbook.outfits.slots import compatible, other_slots, recipient_attributes, slot_of
from lookbook.outfits.style import StyleModel
from lookbook.photos.headings import find_headings
from lookbook.photos.table import cell_text
from lookbook.pipelines.evaluate.retrieval_nodes import (
    ASKED,
    SECONDS,
    SHOWN,
    WAY,
    asked_as,
    names_shown,
    tracked,
)
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.items import Hit, Item
from lookbook.search.tables import KEY
from lookbook.understanding.request import Recipient, Stylist

# How outfits are asked for.
RECIPIENT_GIVEN = "recipient given"
ASKED_WITH = ["photo alone", RECIPIENT_GIVEN]
RATED = ["source", "metric", "mean", "low", "high", "outfits"]
# The source of outfits that neither their table nor a key tells.
UNKNOWN = "unknown"
# What tells an outfit of a form from those of other forms.
_IDENTITY = ["outfit", "query", "items"]


def score_ratings(
    table: pd.DataFrame,
    keys: dict[str, Callable[[], pd.DataFrame]],
    manifest: pd.DataFrame,
    compatibility: CompatibilityParams,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Average what people say of outfits, by the source of the outfits.

    Args:
        table: Rated outfits, see :func:`lookbook.outfits.ratings.read_ratings`; empty for none.
        keys: The keys of all forms that ``sheets`` wrote. They tell the sources where the table
            does not.
        manifest: The photos.
        compatibility: How the table is read.
        params: Resamples and their seed.

    Returns:
        ``source``, ``metric`` (``score`` or ``acceptable``), ``mean`` with ``low`` and ``high``, a
        95 % interval by bootstrap over the customers' pieces, and ``outfits``.
    """
    if not len(table.columns):
        return pd.DataFrame(columns=RATED)
    ratings = compatibility.table
    files = dict(zip(manifest["file"], manifest["photo_id"], strict=True))
    rated, _ = read_ratings(_with_sources(table, keys, ratings), files, ratings)
    outfits = pd.DataFrame(
        {
            "source": [outfit.source or UNKNOWN for outfit in rated.values()],
            "query": [outfit.photo_ids[0] for outfit in rated.values()],
            "score": [outfit.score for outfit in rated.values()],
        }
    )
    outfits["acceptable"] = outfits["score"].ge(ratings.acceptable).astype(float)
    rows = []
    for source, group in outfits.groupby("source"):
        for metric in ("score", "acceptable"):
            low, high = bootstrap_interval(
                group[metric], params.bootstrap_rounds, params.seed, group["query"]
            )
            mean = round(float(group[metric].mean()), 4)
            rows.append((source, metric, mean, low, high, len(group)))
    return pd.DataFrame(rows, columns=RATED)


def _with_sources(
    table: pd.DataFrame, keys: dict[str, Callable[[], pd.DataFrame]], ratings: RatingParams
) -> pd.DataFrame:
    """Add the column ``source`` from the keys, unless the table has one."""
    found = find_headings(table.columns, [*_IDENTITY, "source"], ratings.columns)
    if "source" in found or not set(_IDENTITY) <= set(found):
        return table
    key = pd.concat([load() for load in keys.values()] or [pd.DataFrame(columns=RATED)])
    sources = {_identity(row, _IDENTITY): row["source"] for row in key.to_dict("records")}
    columns = [found[name] for name in _IDENTITY]
    return table.assign(
        source=[sources.get(_identity(row, columns), "") for row in table.to_dict("records")]
    )


def _identity(row: dict[str, Any], columns: list[Any]) -> tuple[str, ...]:
    return tuple(cell_text(row[name]) for name in columns)


def find_outfits(
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
    """Ask for whole outfits around each item, as the assistant does, with and without a recipient.

    What an item is, the annotations say where there are any, and else the catalogue itself.

    Returns:
        One row per item, embedding model and method (:data:`ASKED_WITH`): ``outfits``, how many
        there are; ``acceptability``, what the model predicts of them on average; the share that
        breaks any rule (``breaks_any``) and each (``breaks_…``; ``breaks_slot`` if pieces exclude
        one another); ``admits_fault``, the share of which the reply says that it breaks a rule;
        ``other_wearer``, the share of pieces that are for another wearer than the item; ``shown``;
        and ``seconds``, planning included.
    """
    gallery = search_index.among(items["photo_id"])
    judge = OutfitJudge(style, outfit_params, schema)
    judgement = _Judgement(judge, annotations.set_index("photo_id").to_dict("index"))
    asked = items[items["asked"]].to_dict("records")
    rows = []
    ways = product(search_index.embedders, ASKED_WITH, asked)
    for embedder, method, row in tracked(ways, "outfits"):
        item = search_index.item(row["photo_id"], embedder)
        if item is None:
            continue
        recipient = judgement.recipient(item) if method == RECIPIENT_GIVEN else None
        photo = QueryPhoto(from_row(row, schema), item.photo_id)
        recommender = Recommender(gallery, judge, serving.model_copy(update={"embedder": embedder}))
        begun = time.perf_counter()
        plan = interpret("", [], photo, stylist, gallery, schema, embedder, recipient).plan
        outfits = recommender.recommend(plan, photo).outfits
        seconds = time.perf_counter() - begun
        hits = [one.hit for outfit in outfits for one in outfit.items]
        figures = [
            {
                "acceptability": outfit.score,
                **judgement.broken(item, [one.hit.item for one in outfit.items]),
                "admits_fault": bool(outfit.broken_rules),
            }
            for outfit in outfits
        ]
        other_wearer = [judgement.is_for_another(item, hit.item) for hit in hits]
        rows.append(
            {
                **asked_as(row, (embedder, method)),
                "outfits": float(len(outfits)),
                **pd.DataFrame(figures, dtype=float).mean().to_dict(),
                "other_wearer": np.mean(other_wearer) if hits else None,
                SHOWN: names_shown(hits),
                SECONDS: seconds,
            }
        )
    figures_of = ["acceptability", *judgement.columns, "admits_fault", "other_wearer"]
    return pd.DataFrame(rows, columns=[*ASKED, *WAY, "outfits", *figures_of, SHOWN, SECONDS])


class _Judgement:
    """What annotations, where there are any, say of outfits."""

    def __init__(self, judge: OutfitJudge, annotations: dict[str, dict[str, Any]]) -> None:
        self._judge, self._schema, self._annotations = judge, judge.schema, annotations
        self.columns = ["breaks_any", *(f"breaks_{name}" for name in (*judge.rules, "slot"))]

    def recipient(self, item: Item) -> Recipient | None:
        """Return whom an item is for; ``None`` if that is unknown."""
        record = self._truth(item)
        for name in recipient_attributes(self._schema):
            for recipient in get_args(Recipient):
                if record[name] in self._schema.singles[name].named(recipient):
                    return recipient
        return None

    def is_for_another(self, item: Item, other: Item) -> bool:
        """Whether two items are for different wearers."""
        own, others = self._truth(item), self._truth(other)
        names = recipient_attributes(self._schema)
        return any(others[name] not in compatible(name, own[name], self._schema) for name in names)

    def broken(self, item: Item, others: list[Item]) -> dict[str, bool]:
        """Return which rules an outfit breaks, see :attr:`columns`."""
        outfit = [item, *others]
        pieces = self._judge.pieces([self._piece(one) for one in outfit])
        rows = np.arange(len(outfit))[None]
        (broken,) = self._judge.broken_rules(pieces, rows, is_predicted=False)
        slots = [slot_of(self._truth(one), self._schema) for one in outfit]
        excluded = any(
            two not in other_slots(one, self._schema) for one, two in combinations(slots, 2)
        )
        told = [*map(bool, broken), excluded]
        return dict(zip(self.columns, [any(told), *told], strict=True))

    def _truth(self, item: Item) -> Record:
        return truth_of({KEY: item.photo_id, **item.attributes}, self._annotations, self._schema)

    def _piece(self, item: Item) -> Piece:
        """Return an item as a piece of whose annotated values nobody doubts."""
        truth, told = self._truth(item), self._annotations.get(item.photo_id, {})
        certain = {
            name: dict.fromkeys(values_of(truth, name), 1.0)
            for name, cell in told.items()
            if name in self._schema.categorical and isinstance(cell, str)
        }
        return piece_of(Hit(item))._replace(probabilities={**item.probabilities, **certain})
