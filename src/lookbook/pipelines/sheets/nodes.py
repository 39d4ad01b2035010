"""Puts outfits of several sources together, mixes them and lays them out to be rated blindly."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, Field

from lookbook.assistant.interpretation import interpret
from lookbook.assistant.recommender import Recommender
from lookbook.assistant.types import QueryPhoto, ServingParams
from lookbook.attributes.schema import Schema
from lookbook.captioners import Captioner
from lookbook.errors import InputError
from lookbook.evaluation.questions import is_unseen, trained_on
from lookbook.lazy import MatplotlibFigure, pd
from lookbook.outfits.builder import piece_of
from lookbook.outfits.judge import OutfitJudge
from lookbook.outfits.params import OutfitParams
from lookbook.outfits.slots import slot_of
from lookbook.outfits.style import StyleModel
from lookbook.photos.sheets import draw_outfits
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.embedders import Embedder
from lookbook.search.items import Hit, Item
from lookbook.understanding.request import Stylist

ASSISTANT, RANDOM, RULE = "assistant", "random", "rule"
FORM = ["outfit", "query", "items", "score", "faults"]
KEY = ["outfit", "query", "items", "source"]
# Photos that are tried, for each query that is wanted.
_TRIES = 4
# Draws among which one that breaks no rule is looked for.
_DRAWS = 100


class SheetParams(BaseModel, extra="forbid"):
    """Which outfits are rated.

    Attributes:
        queries: Photos around which outfits are put together, one of each source.
        seed: Chooses photos and random items, and mixes the outfits.
        outfits_per_page: Outfits on a contact sheet.
    """

    queries: int = Field(gt=0)
    seed: int
    outfits_per_page: int = Field(gt=0)


class _Proposal(NamedTuple):
    source: str
    query: str
    items: list[str]


def propose_outfits(
    search_index: CatalogueSearch,
    captioner: Captioner,
    embedders: dict[str, Embedder],
    stylist: Stylist,
    style: StyleModel,
    outfit_params: OutfitParams,
    schema: Schema,
    serving: ServingParams,
    params: SheetParams,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Put outfits together around photos of the catalogue, and mix them.

    The sources fill the same slots: the assistant's first outfit, random items, and random items
    that break none of the hard rules, or as few as can be. Photos that taught the network nothing
    come first, and categories take turns.

    Returns:
        The form: ``outfit`` (a number), ``query`` and ``items`` (files, joined by ``|``), and
        empty ``score`` and ``faults``; the key: whose outfit each is; and a report.

    Raises:
        InputError: If the assistant finds no outfit around any photo.
    """
    items = _available_items(search_index, serving)
    taught = trained_on([captioner, *embedders.values()])
    unseen = dict(zip(items, is_unseen(pd.Series(list(items), dtype=str), taught), strict=True))
    judge = OutfitJudge(style, outfit_params, schema)
    draw = _RandomOutfits(items.values(), search_index, judge)
    recommender = Recommender(search_index, judge, serving)
    proposals: list[_Proposal] = []
    queries: list[str] = []
    tried = 0
    for query in islice(_order(items, unseen, schema, params.seed), params.queries * _TRIES):
        if len(queries) == params.queries:
            break
        tried += 1
        photo = QueryPhoto(query.attributes, query.photo_id)
        plan = interpret("", [], photo, stylist, search_index, schema, serving.embedder).plan
        outfits = recommender.recommend(plan, photo).outfits
        if not outfits:
            continue
        queries.append(query.photo_id)
        shown = [one.hit.item for one in outfits[0].items]
        rng = random.Random(f"{params.seed} {query.photo_id}")
        by_source = {
            ASSISTANT: shown,
            RANDOM: draw.any(query, shown, rng),
            RULE: draw.by_rule(query, shown, rng),
        }
        for source, pieces in by_source.items():
            proposals.append(_Proposal(source, query.file, [piece.file for piece in pieces]))
    if not proposals:
        raise InputError(
            "The assistant finds no outfit for any photo of the index. Outfits need items for at "
            "least two slots; see 'slots' in conf/base/schema.yml."
        )
    random.Random(params.seed).shuffle(proposals)
    rows = [
        {"outfit": number, "query": one.query, "items": "|".join(one.items), "source": one.source}
        for number, one in enumerate(proposals, start=1)
    ]
    key = pd.DataFrame(rows, columns=KEY)
    report = {
        "queries": len(queries),
        "unseen": int(sum(unseen[one] for one in queries)),
        "without_outfit": tried - len(queries),
        "outfits": len(key),
    }
    return key.assign(score="", faults="")[FORM], key, report


def draw_sheets(
    form: pd.DataFrame, files: Mapping[str, Callable[[], bytes]], params: SheetParams
) -> dict[str, MatplotlibFigure]:
    """Lay out the outfits of a form, a row each: its number, the query photo and the items.

    Returns:
        Pages by file name.
    """
    rows = [
        (str(row["outfit"]), [row["query"], *row["items"].split("|")])
        for row in form.to_dict("records")
    ]
    pages = [
        rows[start : start + params.outfits_per_page]
        for start in range(0, len(rows), params.outfits_per_page)
    ]
    return {
        f"page_{number:03}.png": draw_outfits(page, files)
        for number, page in enumerate(pages, start=1)
    }


def _available_items(search_index: CatalogueSearch, serving: ServingParams) -> dict[str, Item]:
    """Return the items that the assistant may show, by photo."""
    listed = search_index.browse(serving.filters, len(search_index.photo_ids()))
    hidden = serving.products.in_stock
    return {
        item.photo_id: item
        for item in sorted(listed, key=lambda item: item.photo_id)
        if not (hidden and item.product and item.product.in_stock is False)
    }


def _order(
    items: dict[str, Item], unseen: dict[str, bool], schema: Schema, seed: int
) -> Iterator[Item]:
    """Order photos to start from: those that taught nothing first, categories by turns."""
    shuffled = list(items.values())
    random.Random(seed).shuffle(shuffled)
    turns: Counter[tuple[bool, str]] = Counter()
    ranked = []
    for item in shuffled:
        if slot_of(item.attributes, schema) is None:
            continue
        group = (unseen[item.photo_id], str(item.attributes[str(schema.slot_attribute)]))
        turns[group] += 1
        ranked.append((not group[0], turns[group], item))
    yield from (item for *_, item in sorted(ranked, key=lambda one: one[:2]))


class _RandomOutfits:
    """Draws items for the slots of an outfit."""

    def __init__(
        self, items: Iterable[Item], search_index: CatalogueSearch, judge: OutfitJudge
    ) -> None:
        self._search, self._judge = search_index, judge
        self._by_slot: dict[str | None, list[Item]] = defaultdict(list)
        for item in items:
            self._by_slot[self._slot(item)].append(item)

    def any(self, query: Item, shown: list[Item], rng: random.Random) -> list[Item]:
        """Draw an item for each slot of an outfit that is shown."""
        return [self._draw(query, piece, rng) for piece in shown]

    def by_rule(self, query: Item, shown: list[Item], rng: random.Random) -> list[Item]:
        """Draw until no rule is broken; return the draw that breaks fewest if all break some."""
        drawn = (self.any(query, shown, rng) for _ in range(_DRAWS))
        fewest: tuple[int, list[Item]] | None = None
        for pieces in drawn:
            broken = self._count_broken([query, *pieces])
            if fewest is None or broken < fewest[0]:
                fewest = broken, pieces
            if not broken:
                break
        return fewest[1] if fewest else []

    def _draw(self, query: Item, piece: Item, rng: random.Random) -> Item:
        others = [
            item for item in self._by_slot[self._slot(piece)] if item.photo_id != query.photo_id
        ]
        return rng.choice(others or [piece])

    def _slot(self, item: Item) -> str | None:
        return slot_of(item.attributes, self._judge.schema)

    def _count_broken(self, items: list[Item]) -> int:
        whole = [self._search.item(item.photo_id) or item for item in items]
        pieces = self._judge.pieces([piece_of(Hit(item)) for item in whole])
        return int(self._judge.broken_rules(pieces, np.arange(len(items))[None]).sum())
