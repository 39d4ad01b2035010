"""Recommends items for each slot of a plan, and builds outfits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, zip_longest

import numpy as np

from lookbook.assistant.methods import HYDE
from lookbook.assistant.product_limits import search_within_limits
from lookbook.assistant.types import Outfit, QueryPhoto, Recommendations, ServingParams
from lookbook.attributes.probabilities import AttributeProbabilities, with_known_values
from lookbook.attributes.record import known_values_by_attribute, searchable_text, values_of
from lookbook.attributes.schema import Schema
from lookbook.feedback.ranking import LearnedRanking
from lookbook.outfits.builder import (
    Candidate,
    ScoredOutfit,
    build_outfits,
    compatibility_scores,
    piece_of,
)
from lookbook.outfits.features import Piece
from lookbook.outfits.judge import OutfitJudge, Verdict
from lookbook.outfits.rules import MISSING
from lookbook.outfits.slots import default_slots, recipient_attributes, slot_of, values_of_slot
from lookbook.search.catalogue_search import CatalogueSearch, Query
from lookbook.search.items import Hit
from lookbook.search.methods import Method
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.request import Recommendation, ShoppingPlan, SlotQuery, Values

# Methods that compare no images.
TEXT_METHODS: tuple[Method, ...] = ("semantic", "keyword")
# Share of the temperature that is left once the customer has said what to look for.
_TEMPERATURE_WITH_MESSAGE = 0.3
# Weight of values that are often worn together, among the reasons for a candidate. The outfit is
# judged whole; at full weight the same few items would be candidates for all.
_STYLE_WEIGHT = 0.5
# Candidates for each slot of an outfit around an item that was searched for.
_CANDIDATES_AROUND = 36


class Recommender:
    """Recommends items of one catalogue, and outfits by one judge."""

    def __init__(
        self,
        search: CatalogueSearch,
        judge: OutfitJudge,
        params: ServingParams,
        learned: LearnedRanking | None = None,
    ) -> None:
        """Create a recommender.

        Args:
            search: The index.
            judge: Judges outfits.
            params: How items are recommended.
            learned: Weights and pair preferences learned from feedback, used where ``use_learned``
                of the parameters is true.
        """
        self._learned = learned if learned and params.use_learned else LearnedRanking()
        if self._learned.weights:
            search = search.with_weights(self._learned.weights.values)
        self._search = search
        self._judge = judge.for_images(search.image_model(params.embedder))
        self._style = judge.style
        self._params = params
        self._method: Method = "semantic" if params.method == HYDE else params.method
        self._schema: Schema = judge.schema

    def recommend(self, plan: ShoppingPlan, photo: QueryPhoto | None) -> Recommendations:
        """Recommend items for each slot of a plan, and build outfits.

        Args:
            plan: What to search for.
            photo: The customer's photo, if any; it is never recommended itself.

        Raises:
            InputError: If the index cannot be searched.
        """
        if plan.about or not plan.queries:
            return Recommendations(self._items_asked_about(plan), [])
        if not plan.understood and not self._is_about_clothes(plan):
            return Recommendations([], [])
        if self._params.method == HYDE:
            return Recommendations(self._search_by_text(plan, photo), [])
        if plan.mode == "complementary":
            return self._complement(plan, photo)
        results = self._search_each(plan, photo)
        unique: dict[str, Recommendation] = {}
        for ranked in zip_longest(*results):
            for one in filter(None, ranked):
                unique.setdefault(one.photo_id, one)
        outfits: list[Outfit] = []
        if plan.mode == "search" and self._schema.slots and self._params.outfits:
            outfits = self._outfits_of_results(plan, results)
        items = self._sorted(list(unique.values()), plan)
        return Recommendations(items[: self._params.limit], outfits)

    def swap(
        self, plan: ShoppingPlan, photo: QueryPhoto | None, outfit: list[Recommendation],
        number: int, rejected_ids: list[str],
    ) -> Recommendation | None:  # fmt: skip
        """Find another item for an outfit.

        Args:
            plan: The plan that the outfit answers.
            photo: The customer's photo, if any.
            outfit: Its items.
            number: The item to replace, from 0.
            rejected_ids: Photos of items that are not to come back.

        Returns:
            An item that goes with the rest; ``None`` if there is no other.
        """
        slot = outfit[number].slot
        rest = [one for place, one in enumerate(outfit) if place != number]
        worn = self._worn_pieces(photo, plan)
        pieces = [*worn, *(piece_of(self._hit(one)) for one in rest)]
        slot_query = next(
            (query for query in plan.queries if (query.slot or "") == slot),
            self._slot_query(slot, plan),
        )
        (query,) = self._complementing([slot_query], plan, [one.probabilities for one in pieces])
        excluded = [
            *_own_id(photo),
            *plan.exclude,
            *rejected_ids,
            *(one.photo_id for one in outfit),
        ]
        query = query.model_copy(update={"exclude": excluded})
        (hits,) = self._search.search(
            [query], self._method, self._params.candidates, self._params.embedder
        )
        built = build_outfits(pieces, [_candidates(hits)], self._judge, 1, 0.0, plan.context)
        if not built:
            return None
        others = [
            self._worn(photo, plan),
            *(known_values_by_attribute(one.record, self._schema) for one in rest),
        ]
        return self._recommendation(built[0].candidates[0].hit, slot_query, others)

    def judge_outfit(
        self, photo: QueryPhoto | None, plan: ShoppingPlan, items: Sequence[Recommendation]
    ) -> Outfit:
        """Judge items that are worn together, and with the customer's own."""
        worn = self._worn_pieces(photo, plan)
        pieces = self._judge.pieces([*worn, *(piece_of(self._hit(one)) for one in items)])
        (verdict,) = self._judge.verdicts(pieces, np.arange(len(worn) + len(items))[None])
        return self._outfit(photo, plan, list(items), verdict)

    def _hit(self, item: Recommendation) -> Hit:
        """Return the hit of an item, with vector and probabilities where it came without."""
        if len(item.hit.item.vector):
            return item.hit
        found = self._search.item(item.photo_id, self._params.embedder)
        return Hit(found) if found is not None else item.hit

    def _is_about_clothes(self, plan: ShoppingPlan) -> bool:
        texts = [query.text for query in plan.queries if query.text.strip()]
        embedder = self._params.embedder
        return not texts or self._search.is_on_topic(texts[0], embedder)

    def _worn(self, photo: QueryPhoto | None, plan: ShoppingPlan) -> Values:
        """Return the known values of the customer's own garment, shown or mentioned."""
        return known_values_by_attribute(photo.record, self._schema) if photo else plan.owned

    def _complement(self, plan: ShoppingPlan, photo: QueryPhoto | None) -> Recommendations:
        """Recommend items that go with the customer's own, as outfits and one by one."""
        params, slot_queries = self._params, plan.queries
        worn, pieces = self._worn(photo, plan), self._worn_pieces(photo, plan)
        photo_id = photo.photo_id if photo else None
        seed = f"{photo_id} {sorted(worn.items())}"
        temperature = params.temperature * (_TEMPERATURE_WITH_MESSAGE if plan.has_message else 1.0)
        update = {
            "seed": seed,
            "temperature": temperature,
            "exclude": [*_own_id(photo), *plan.exclude],
        }
        probabilities = [one.probabilities for one in pieces]
        queries = [
            query.model_copy(update=update)
            for query in self._complementing(slot_queries, plan, probabilities)
        ]
        results = self._search_within_limits(queries, slot_queries, params.candidates)
        count = max(params.outfits, math.ceil(params.limit / max(len(slot_queries), 1)))
        built = self._build(
            list(zip(slot_queries, results, strict=True)), worn, pieces, count, plan, temperature,
            seed,
        )  # fmt: skip
        outfits: list[Outfit] = []
        if len(slot_queries) > 1:
            shown = built[: params.outfits]
            outfits = [self._outfit(photo, plan, items, verdict) for items, verdict in shown]
        if not all(results):
            outfits = [replace(one, broken_rules=[*one.broken_rules, MISSING]) for one in outfits]
        pieces_shown = [one for items, _ in built for one in items]
        return Recommendations(
            self._sorted(pieces_shown[: params.limit], plan), self._good(outfits)
        )

    def _build(
        self, results: list[tuple[SlotQuery, list[Hit]]], worn: Values, pieces: list[Piece],
        count: int, plan: ShoppingPlan, temperature: float = 0.0, seed: str = "",
    ) -> list[tuple[list[Recommendation], ScoredOutfit]]:  # fmt: skip
        """Build outfits of search results for each slot, around what is worn."""
        filled = [(query, hits) for query, hits in results if hits]
        built = build_outfits(
            pieces, [_candidates(hits) for _, hits in filled], self._judge, count,
            self._params.diversity, plan.context, temperature, seed,
        )  # fmt: skip
        return [(self._recommended(outfit.candidates, filled, worn), outfit) for outfit in built]

    def _recommended(
        self,
        candidates: Sequence[Candidate],
        filled: Sequence[tuple[SlotQuery, list[Hit]]],
        worn: Values,
    ) -> list[Recommendation]:
        """Return an outfit's candidates, one for each filled slot, with their reasons."""
        return [
            self._recommendation(candidate.hit, query, [worn])
            for candidate, (query, _) in zip(candidates, filled, strict=True)
        ]

    def _good(self, outfits: list[Outfit]) -> list[Outfit]:
        """Return the first outfit, and further ones that keep the rules and are acceptable."""
        least = self._judge.min_acceptability
        return outfits[:1] + [
            one
            for one in outfits[1:]
            if one.score >= least and len(one.broken_rules) <= len(outfits[0].broken_rules)
        ]

    def _complementing(
        self,
        slot_queries: Sequence[SlotQuery],
        plan: ShoppingPlan,
        worn: Sequence[AttributeProbabilities],
    ) -> list[Query]:
        """Return queries for items that go with what is worn, and with its wearer and season."""
        first = worn[0] if worn else {}
        # Where the customer says nothing, the style model infers it.
        inferred = {
            **self._style.infer(first),
            **{name: values for name, values in first.items() if values},
        }
        boosts: dict[str, dict[str, dict[str, float]]] = {}
        pair_boosts = self._learned.pair_boosts(first)
        queries = []
        for slot_query in slot_queries:
            preferred = {
                preference.attribute: preference.values
                for preference in slot_query.preferences
                if not preference.negated
            }
            # Most slots of an outfit share their preferences.
            key = repr(sorted(preferred.items()))
            if key not in boosts:
                boosts[key] = self._boosts(preferred, plan, worn, inferred)
            queries.append(self._query(slot_query, "", boosts[key], pair_boosts))
        return queries

    def _boosts(
        self,
        preferred: Values,
        plan: ShoppingPlan,
        worn: Sequence[AttributeProbabilities],
        inferred: AttributeProbabilities,
    ) -> dict[str, dict[str, float]]:
        """Return log scores of values beside what is worn, by attribute."""
        schema = self._schema
        context = {
            **{name: inferred.get(name, {}) for name in self._style.contexts},
            **{name: dict.fromkeys(values, 1 / len(values)) for name, values in preferred.items()},
            **{name: {value: 1.0} for name, value in plan.context.items()},
        }
        boosts = self._style.attribute_boosts(worn, context)
        for name, scores in boosts.items():
            # Values that no outfit has score as low as the rarest.
            lowest = min(scores.values(), default=0.0)
            declared = schema.categorical[name].values if name in schema.categorical else ()
            boosts[name] = {
                value: _STYLE_WEIGHT * score
                for value, score in {**dict.fromkeys(declared, lowest), **scores}.items()
            }
        for name, scores in compatibility_scores(inferred, schema).items():
            # A stated preference outranks the photo; a stated wearer has replaced it in `worn`.
            if name not in preferred or name in recipient_attributes(schema):
                style = boosts.get(name, {})
                added = {value: style.get(value, 0.0) + score for value, score in scores.items()}
                boosts[name] = {**style, **added}
        return boosts

    def _search_by_text(self, plan: ShoppingPlan, photo: QueryPhoto | None) -> list[Recommendation]:
        """Find items by one text on the whole plan, whatever slot they fill."""
        texts = [query.text or query.fallback_text for query in plan.queries]
        if not any(texts) and photo:
            texts = [searchable_text(photo.record, self._schema)]
        products = plan.queries[0].products if plan.queries else ProductFilter()
        slot_query = SlotQuery(slot=None, products=products)
        query = self._query(slot_query, ". ".join(filter(None, texts)), {}, {})
        query = query.model_copy(update={"exclude": [*_own_id(photo), *plan.exclude]})
        (items,) = self._search.search(
            [query], self._method, self._params.limit, self._params.embedder
        )
        return [self._recommendation(item, slot_query, []) for item in items]

    def _search_each(
        self, plan: ShoppingPlan, photo: QueryPhoto | None
    ) -> list[list[Recommendation]]:
        """Find items for each query, in the order of the search."""
        params = self._params
        limit = math.ceil(params.limit / max(len(plan.queries), 1))
        embedding, description = None, ""
        if plan.mode == "similar" and photo:
            if self._method not in TEXT_METHODS:
                embedding = self._embedding_of(photo)
            if embedding is None:
                description = searchable_text(photo.record, self._schema)
        queries = [
            self._query(
                query, " ".join(filter(None, (query.text, description))), {}, {}
            ).model_copy(
                update={
                    "image_embedding": embedding,
                    "exclude": [*_own_id(photo), *plan.exclude],
                    "sort": self._params.sort_for(plan.sort),
                }
            )
            for query in plan.queries
        ]
        results = self._search_within_limits(queries, plan.queries, limit)
        return [
            [self._recommendation(item, query, []) for item in items]
            for query, items in zip(plan.queries, results, strict=True)
        ]

    def _search_within_limits(
        self, queries: list[Query], slot_queries: Sequence[SlotQuery], limit: int
    ) -> list[list[Hit]]:
        def search(queries: list[Query]) -> list[list[Hit]]:
            return self._search.search(queries, self._method, limit, self._params.embedder)

        return search_within_limits(
            search, queries, slot_queries, self._params.products, self._schema
        )

    def _sorted(self, items: list[Recommendation], plan: ShoppingPlan) -> list[Recommendation]:
        """Order items by price if that is wished; unknown prices come last."""
        sort = self._params.sort_for(plan.sort)
        if sort == "relevance":
            return items
        sign = 1 if sort == "price_ascending" else -1
        prices = [one.product.effective_price if one.product else None for one in items]
        order = sorted(
            range(len(items)),
            key=lambda row: math.inf if prices[row] is None else sign * (prices[row] or 0.0),
        )
        return [items[row] for row in order]

    def _items_asked_about(self, plan: ShoppingPlan) -> list[Recommendation]:
        found = (self._search.item(photo_id, self._params.embedder) for photo_id in plan.about)
        return [Recommendation("", Hit(item)) for item in found if item is not None]

    def _outfits_of_results(
        self, plan: ShoppingPlan, results: list[list[Recommendation]]
    ) -> list[Outfit]:
        """Build outfits of search results: of their slots, or around each item."""
        # Items for the same slot are alternatives.
        by_slot: dict[str, list[Recommendation]] = {}
        for one in (one for items in results for one in items):
            slot = one.slot or slot_of(one.record, self._schema) or ""
            by_slot.setdefault(slot, []).append(replace(one, slot=slot))
        if len(results) > 1 and len(by_slot) > 1:
            built = build_outfits(
                [], [_candidates([one.hit for one in options]) for options in by_slot.values()],
                self._judge, self._params.outfits, self._params.diversity, plan.context,
            )  # fmt: skip
            found = {one.photo_id: one for options in by_slot.values() for one in options}
            return self._good(
                [
                    self._outfit(
                        None, plan, [found[one.hit.photo_id] for one in outfit.candidates], outfit
                    )
                    for outfit in built
                ]
            )
        if not results:
            return []
        wanted, first = plan.queries[0].slot, results[0]
        in_slot = [one for one in first if wanted and slot_of(one.record, self._schema) == wanted]
        return self._outfits_around(plan, (in_slot or first)[: self._params.outfits])

    def _outfits_around(self, plan: ShoppingPlan, seeds: list[Recommendation]) -> list[Outfit]:
        """Build an outfit around each seed; no other item is in two of them.

        Seeds of one slot and wearer are alternatives, whose other slots are filled at once.
        """
        wearer = recipient_attributes(self._schema)
        alike: dict[tuple[str, ...], list[Recommendation]] = {}
        for seed in seeds:
            slot = slot_of(seed.record, self._schema) or ""
            key = (slot, *(str(seed.record[name]) for name in wearer))
            alike.setdefault(key, []).append(replace(seed, slot=slot))
        slot_queries = [
            [self._slot_query(slot, plan) for slot in default_slots(key[0], self._schema)]
            for key in alike
        ]
        temperature = self._params.temperature * _TEMPERATURE_WITH_MESSAGE
        queries = [
            query.model_copy(update={"seed": first.photo_id, "temperature": temperature})
            for own, (first, *_) in zip(slot_queries, alike.values(), strict=True)
            for query in self._complementing(own, plan, [first.hit.item.probabilities])
        ]
        results = iter(
            self._search.search(queries, self._method, _CANDIDATES_AROUND, self._params.embedder)
        )
        used = {seed.photo_id for seed in seeds}
        outfits: dict[str, Outfit] = {}
        for own, group in zip(slot_queries, alike.values(), strict=True):
            candidates = [
                (query, [hit for hit in next(results) if hit.photo_id not in used]) for query in own
            ]
            filled = [(query, hits) for query, hits in candidates if hits]
            built = build_outfits(
                [],
                [
                    _candidates([one.hit for one in group]),
                    *(_candidates(hits) for _, hits in filled),
                ],
                self._judge,
                len(group),
                self._params.diversity,
                plan.context,
            )
            by_id = {seed.photo_id: seed for seed in group}
            for outfit in built:
                first, *others = outfit.candidates
                seed = by_id[first.hit.photo_id]
                worn = known_values_by_attribute(seed.record, self._schema)
                items = self._recommended(others, filled, worn)
                used |= {one.photo_id for one in items}
                outfits[seed.photo_id] = self._outfit(None, plan, [seed, *items], outfit)
        return self._good([outfits[one.photo_id] for one in seeds if one.photo_id in outfits])

    def _outfit(
        self,
        photo: QueryPhoto | None,
        plan: ShoppingPlan,
        items: list[Recommendation],
        verdict: Verdict,
    ) -> Outfit:
        """Return an outfit in the order of its slots, with what is known of it."""
        order = list(self._schema.slots)
        items = sorted(
            items, key=lambda one: order.index(one.slot) if one.slot in order else len(order)
        )
        known = [
            self._worn(photo, plan),
            *(known_values_by_attribute(one.record, self._schema) for one in items),
        ]
        pairs = (
            pair for two in combinations(known, 2) for pair in self._style.common_pairs(*two)[:1]
        )
        return Outfit(
            items, round(verdict.acceptability, 4), verdict.reasons, verdict.broken_rules,
            next(pairs, None),
        )  # fmt: skip

    def _slot_query(self, slot: str, plan: ShoppingPlan) -> SlotQuery:
        """Return the query for a slot that the plan does not name; shared preferences hold."""
        shared = []
        for query in plan.queries:
            for preference in query.preferences:
                holds = (
                    preference.attribute in self._schema.compatibility_attributes
                    or preference.required
                )
                if holds and preference not in shared:
                    shared.append(preference)
        categories = values_of_slot(slot, self._schema)
        return SlotQuery(
            slot=slot,
            fallback_text=" ".join(categories),
            filters={str(self._schema.slot_attribute): categories},
            preferences=shared,
        )

    def _query(
        self,
        slot_query: SlotQuery,
        text: str,
        boosts: dict[str, dict[str, float]],
        pair_boosts: dict[str, dict[str, float]],
    ) -> Query:
        filters = dict(slot_query.filters)
        for name, values in self._params.filters.items():
            if values:
                filters[name] = [one for one in values if one in filters.get(name, values)]
        return Query(
            text=text,
            is_descriptive=slot_query.is_descriptive,
            fallback_text=slot_query.fallback_text or slot_query.text,
            filters=filters,
            products=self._params.products & slot_query.products,
            preferences=slot_query.preferences,
            attribute_boosts=boosts,
            pair_boosts=pair_boosts,
        )

    def _recommendation(
        self, hit: Hit, slot_query: SlotQuery, worn: list[Values]
    ) -> Recommendation:
        """Return an item with its slot, its score and the reasons for it."""
        reasons = []
        for preference in slot_query.preferences:
            values = [] if preference.negated else values_of(hit.attributes, preference.attribute)
            reasons += [value.lower() for value in preference.values if value in values][:1]
        known = known_values_by_attribute(hit.attributes, self._schema)
        pairs = [pair for one in worn for pair in self._style.common_pairs(one, known)[:1]]
        reasons += [
            f"{one.lower()} and {two.lower()} are often worn together" for one, two in pairs[:1]
        ]
        matches = hit.match_probabilities
        score = float(np.mean(matches)) if matches else _sigmoid(hit.preference_score)
        why = ", ".join(dict.fromkeys(reasons))
        return Recommendation(slot_query.slot or "", hit, round(score, 4), why)

    def _probabilities_of(
        self, worn: Values, photo: QueryPhoto | None
    ) -> dict[str, Mapping[str, float]]:
        """Return the probabilities of what is worn; corrected values are certain."""
        probabilities: AttributeProbabilities = (photo and photo.probabilities) or {}
        if photo and photo.photo_id and not probabilities:
            embedder = self._params.embedder
            probabilities = self._search.attribute_probabilities(photo.photo_id, embedder)
        return with_known_values(probabilities, worn, self._schema)

    def _worn_pieces(self, photo: QueryPhoto | None, plan: ShoppingPlan) -> list[Piece]:
        """Return the customer's own garment as a piece of an outfit; none if none is known."""
        worn = self._worn(photo, plan)
        if not worn and photo is None:
            return []
        probabilities = self._probabilities_of(worn, photo)
        for name in recipient_attributes(self._schema):
            # A stated recipient outranks the photo.
            stated = [
                preference.values[0]
                for query in plan.queries
                for preference in query.preferences
                if preference.attribute == name and not preference.negated
            ]
            if stated:
                probabilities[name] = {stated[0]: 1.0}
        item = None
        if photo and photo.photo_id:
            item = self._search.item(photo.photo_id, self._params.embedder)
        is_for_child = plan.is_for_child
        if is_for_child is None and item and item.product:
            is_for_child = item.product.is_for_child
        embedding = self._embedding_of(photo) if photo else None
        return [Piece(probabilities, embedding, is_for_child)]

    def _embedding_of(self, photo: QueryPhoto) -> np.ndarray | None:
        embedding, embedder = photo.image_embedding, self._params.embedder
        # The customer may have chosen another embedding model since.
        if embedding is not None and len(embedding) == self._search.image_embedding_size(embedder):
            return np.asarray(embedding, np.float32)
        return self._search.image_embedding(photo.photo_id, embedder) if photo.photo_id else None


def _own_id(photo: QueryPhoto | None) -> list[str]:
    return [photo.photo_id] if photo and photo.photo_id else []


def _candidates(hits: list[Hit]) -> list[Candidate]:
    return [Candidate(hit, hit.preference_score) for hit in hits]


def _sigmoid(score: float) -> float:
    """Map a log score to a number between 0 and 1."""
    return round(1 / (1 + math.exp(-max(min(score, 50), -50))), 4)
