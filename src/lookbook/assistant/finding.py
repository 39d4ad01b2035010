"""Finding items for each part of a plan, and putting outfits together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest

import numpy as np

from lookbook.assistant.answers import HYDE, Answer, Outfit, ServingParams, Shown
from lookbook.attributes.record import Record, known_values_by_attribute, searchable_text, values_of
from lookbook.attributes.schema import Schema
from lookbook.outfits import PlannedQuery, ShoppingPlan, Wishes
from lookbook.outfits.composing import Candidate, compose, suiting_worth
from lookbook.outfits.slots import default_slots, slot_of, values_of_slot
from lookbook.outfits.style import StyleModel
from lookbook.search.catalogue_search import CatalogueSearch, Item, Method, Query
from lookbook.search.preferences import Preference
from lookbook.search.probabilities import AttributeProbabilities

# Methods that compare no pictures.
WORDS_ONLY: tuple[Method, ...] = ("semantic", "keyword")
# Who says what it is to be is shown less by chance than who shows a photo alone: by this share.
_SAID = 0.3
# Items looked at for each part of an outfit around an item that was searched for.
_AROUND = 24
# Words are about clothes if any item is described as nearly by them.
_ABOUT_CLOTHES = 0.3


class Finder:
    """Finds what a plan asks for, in one catalogue and by one style model."""

    def __init__(
        self, search: CatalogueSearch, style: StyleModel, params: ServingParams, schema: Schema
    ) -> None:
        """Takes where and how to look.

        Args:
            search: The catalogue.
            style: What goes with what.
            params: How many, and what counts.
            schema: The catalogue's schema.
        """
        self._search = search
        self._style = style
        self._params = params
        self._method: Method = "semantic" if params.method == HYDE else params.method
        self._schema = schema

    def find(self, plan: ShoppingPlan, item: Record | None, shown: Shown) -> Answer:
        """Finds items for each part of a plan, and puts outfits together.

        Args:
            plan: What to look for.
            item: What was shown, if anything.
            shown: Its photo: it is never recommended to itself.

        Raises:
            InputError: If the index cannot be searched.
        """
        if not plan.understood and not self._is_about_clothes(plan):
            return Answer([], [])
        if self._params.method == HYDE:
            return Answer(self._find_by_text(plan, item, shown), [])
        if plan.mode == "complementary":
            return self._complement(plan, item, shown)
        found = self._find_alike(plan, item, shown)
        first: dict[str, Item] = {}
        for ranked in zip_longest(*found):
            for one in filter(None, ranked):
                first.setdefault(one["photo_id"], one)
        outfits: list[Outfit] = []
        if plan.mode == "search" and self._schema.slots and self._params.outfits:
            outfits = self._dress(plan, found)
        return Answer(list(first.values())[: self._params.limit], outfits)

    def swap(
        self, plan: ShoppingPlan, item: Record | None, shown: Shown, outfit: list[Item], place: int,
        refused: list[str],
    ) -> Item | None:  # fmt: skip
        """Finds another piece for an outfit.

        Args:
            plan: What the outfit was made for.
            item: What was shown, if anything.
            shown: Its photo.
            outfit: Its items.
            place: Which of them is to go.
            refused: Photos of items that are not to come.

        Returns:
            An item that goes with the rest; ``None`` if there is no other.
        """
        piece = outfit[place]
        rest = [one for number, one in enumerate(outfit) if number != place]
        worn = self._worn(item, plan)
        probabilities: list[AttributeProbabilities] = (
            [self._probabilities_of(worn, shown)] if worn else []
        )
        probabilities += [
            self._search.attribute_probabilities(one["photo_id"], self._params.embedder)
            for one in rest
        ]
        planned = next(
            (query for query in plan.queries if (query.slot or "") == piece["slot"]),
            self._planned(piece["slot"], plan),
        )
        (query,) = self._complementing([planned], plan, probabilities)
        without = [*shown.itself, *refused, *(one["photo_id"] for one in outfit)]
        (found,) = self._search.search(
            [query.model_copy(update={"exclude": without})], self._method, 1,
            self._params.embedder,
        )  # fmt: skip
        known = [worn, *(known_values_by_attribute(one, self._schema) for one in rest)]
        return self._told(found[0], planned, known) if found else None

    def describe_outfit(self, item: Record | None, plan: ShoppingPlan, items: list[Item]) -> str:
        """Says what speaks for an outfit: values of it that are often worn together."""
        known = [
            self._worn(item, plan),
            *(known_values_by_attribute(one, self._schema) for one in items),
        ]
        told = [
            reason
            for number, one in enumerate(known)
            for other in known[number + 1 :]
            for reason in self._style.reasons(one, other)[:1]
        ]
        sentence = "; ".join(list(dict.fromkeys(told))[:2])
        return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""

    def _is_about_clothes(self, plan: ShoppingPlan) -> bool:
        texts = [query.text for query in plan.queries if query.text.strip()]
        return (
            not texts
            or self._search.max_similarity(texts[0], self._params.embedder) > _ABOUT_CLOTHES
        )

    def _worn(self, item: Record | None, plan: ShoppingPlan) -> Wishes:
        """Gives what is known of what the customer has, shown or told of."""
        return known_values_by_attribute(item, self._schema) if item else plan.worn

    def _complement(self, plan: ShoppingPlan, item: Record | None, shown: Shown) -> Answer:
        """Finds what goes with an item, as outfits and, of those, as items."""
        params, planned = self._params, plan.queries
        worn = self._worn(item, plan)
        probabilities = [self._probabilities_of(worn, shown)]
        drawn = {
            "seed": f"{shown.photo_id} {sorted(worn.items())}",
            "temperature": params.temperature * (_SAID if plan.said else 1.0),
            "exclude": shown.itself,
        }
        queries = [
            query.model_copy(update=drawn)
            for query in self._complementing(planned, plan, probabilities)
        ]
        results = self._search.search(queries, self._method, params.candidates, params.embedder)
        most = max(params.outfits, math.ceil(params.limit / max(len(planned), 1)))
        composed = self._compose(list(zip(planned, results, strict=True)), [worn], most)
        outfits = [
            Outfit(items, _share(score / len(items)), self.describe_outfit(item, plan, items))
            for items, score in composed[: params.outfits]
        ]
        items = [one for several, _ in composed for one in several]
        return Answer(items[: params.limit], outfits if len(planned) > 1 else [])

    def _suppose(self, worn: Sequence[AttributeProbabilities]) -> AttributeProbabilities:
        """Gives what is known or supposed of what is worn first, and of whom it is for and when.

        Where nobody says, outfits tell.
        """
        probabilities: AttributeProbabilities = worn[0] if worn else {}
        known = {name: own for name, own in probabilities.items() if own}
        return {**self._style.infer(probabilities), **known}

    def _complementing(
        self,
        several: Sequence[PlannedQuery],
        plan: ShoppingPlan,
        worn: Sequence[AttributeProbabilities],
    ) -> list[Query]:
        """Asks for what goes with what is worn, by whom it is worn, and when."""
        supposed = self._suppose(worn)
        known: dict[str, dict[str, dict[str, float]]] = {}
        queries = []
        for planned in several:
            told = {
                preference.attribute: preference.values
                for preference in planned.preferences
                if not preference.negated
            }
            # Most parts of an outfit are to be alike in what was said of them.
            key = repr(sorted(told.items()))
            if key not in known:
                known[key] = self._worth(told, plan, worn, supposed)
            queries.append(self._query(planned, "", known[key]))
        return queries

    def _worth(
        self,
        told: Wishes,
        plan: ShoppingPlan,
        worn: Sequence[AttributeProbabilities],
        supposed: AttributeProbabilities,
    ) -> dict[str, dict[str, float]]:
        """Says what values are worth beside what is worn, where some were told."""
        schema = self._schema
        context = {
            **{name: supposed.get(name, {}) for name in self._style.contexts},
            **{name: dict.fromkeys(own, 1 / len(own)) for name, own in told.items()},
            **{name: {value: 1.0} for name, value in plan.context.items()},
        }
        worth = self._style.attribute_boosts(worn, context)
        for name, own in worth.items():
            # What nobody wore is worth no more than what is worn least.
            least = min(own.values(), default=0.0)
            declared = schema.categorical[name].values if name in schema.categorical else ()
            worth[name] = {**dict.fromkeys(declared, least), **own}
        for name, values in suiting_worth(supposed, schema).items():
            # Whoever says whom it is for means that, whatever was shown.
            if name not in told:
                before = worth.get(name, {})
                added = {one: before.get(one, 0.0) + more for one, more in values.items()}
                worth[name] = {**before, **added}
        return worth

    def _find_by_text(self, plan: ShoppingPlan, item: Record | None, shown: Shown) -> list[Item]:
        """Find items by one text on all that the plan looks for, whatever part they fill."""
        texts = [query.text or query.fallback_text for query in plan.queries]
        if not any(texts) and item:
            texts = [searchable_text(item, self._schema)]
        planned = PlannedQuery(slot=None)
        query = self._query(planned, ". ".join(filter(None, texts)), {})
        query = query.model_copy(update={"exclude": shown.itself})
        limit, embedder = self._params.limit, self._params.embedder
        (items,) = self._search.search([query], self._method, limit, embedder)
        return [self._told(one, planned, []) for one in items]

    def _find_alike(
        self, plan: ShoppingPlan, item: Record | None, shown: Shown
    ) -> list[list[Item]]:
        """Finds what is like an item, or as a customer says, in the search's own order."""
        params = self._params
        most = math.ceil(params.limit / max(len(plan.queries), 1))
        similar = plan.mode == "similar" and item is not None
        compares = similar and self._method not in WORDS_ONLY
        look = self._look_of(shown) if compares else None
        # Where no picture is compared, words say what it would show.
        described = ""
        if similar and look is None and item:
            described = searchable_text(item, self._schema)
        queries = [
            self._query(query, " ".join(filter(None, (query.text, described))), {}).model_copy(
                update={"image_embedding": look, "exclude": shown.itself}
            )
            for query in plan.queries
        ]
        results = self._search.search(queries, self._method, most, params.embedder)
        return [
            [self._told(one, query, []) for one in answers]
            for query, answers in zip(plan.queries, results, strict=True)
        ]

    def _dress(self, plan: ShoppingPlan, found: list[list[Item]]) -> list[Outfit]:
        """Puts outfits together of what was searched for: of its parts, or around one."""
        # Of two that fill the same part one is worn.
        by_slot: dict[str, list[Item]] = {}
        for item in (item for own in found for item in own):
            slot = item["slot"] or slot_of(item, self._schema) or ""
            by_slot.setdefault(slot, []).append({**item, "slot": slot})
        if len(found) > 1 and len(by_slot) > 1:
            slots = [_candidates(own) for own in by_slot.values()]
            composed = compose(
                slots, self._style, self._schema, self._params.outfits, self._params.diversity
            )
            return [
                self._outfit(plan, [one.item for one in outfit.candidates], outfit.score)
                for outfit in composed
            ]
        if not found:
            return []
        # Around what was asked for, where there is any of it.
        slot, alike = plan.queries[0].slot, found[0]
        seeds = [one for one in alike if slot and slot_of(one, self._schema) == slot] or alike
        return self._dress_around(plan, seeds[: self._params.outfits])

    def _dress_around(self, plan: ShoppingPlan, seeds: list[Item]) -> list[Outfit]:
        """Puts an outfit together around each of some items, no other item in two of them."""
        around = [
            [
                self._planned(slot, plan)
                for slot in default_slots(slot_of(seed, self._schema), self._schema)
            ]
            for seed in seeds
        ]
        queries = []
        for seed, several in zip(seeds, around, strict=True):
            drawn = {"seed": seed["photo_id"], "temperature": self._params.temperature * _SAID}
            queries += [
                query.model_copy(update=drawn)
                for query in self._complementing(several, plan, [seed["probabilities"]])
            ]
        method, embedder = self._method, self._params.embedder
        results = iter(self._search.search(queries, method, _AROUND, embedder))
        outfits: list[Outfit] = []
        used = {seed["photo_id"] for seed in seeds}
        for seed, several in zip(seeds, around, strict=True):
            found = [
                (planned, [one for one in next(results) if one["photo_id"] not in used])
                for planned in several
            ]
            for items, score in self._compose(
                found, [known_values_by_attribute(seed, self._schema)], 1
            ):
                used |= {one["photo_id"] for one in items}
                first = {**seed, "slot": slot_of(seed, self._schema) or ""}
                outfits.append(self._outfit(plan, [first, *items], score))
        return outfits

    def _compose(
        self, found: list[tuple[PlannedQuery, list[Item]]], worn: list[Wishes], count: int
    ) -> list[tuple[list[Item], float]]:
        """Puts outfits together of what was found for each part, and says what speaks for it."""
        filled = [(planned, items) for planned, items in found if items]
        slots = [_candidates(items) for _, items in filled]
        composed = compose(slots, self._style, self._schema, count, self._params.diversity)
        return [
            (
                [
                    self._told(one.item, planned, worn)
                    for one, (planned, _) in zip(outfit.candidates, filled, strict=True)
                ],
                outfit.score,
            )
            for outfit in composed
        ]

    def _outfit(self, plan: ShoppingPlan, items: list[Item], score: float) -> Outfit:
        order = {slot: place for place, slot in enumerate(self._schema.slots)}
        items = sorted(items, key=lambda one: order.get(one["slot"], len(order)))
        return Outfit(items, _share(score / len(items)), self.describe_outfit(None, plan, items))

    def _planned(self, slot: str, plan: ShoppingPlan) -> PlannedQuery:
        """Asks for another part of an outfit than was asked for: what is firm holds for it too."""
        preferences: list[Preference] = []
        for query in plan.queries:
            for preference in query.preferences:
                holds = (
                    preference.attribute in self._schema.compatibility_attributes
                    or preference.required
                )
                if holds and preference not in preferences:
                    preferences.append(preference)
        kinds = values_of_slot(slot, self._schema)
        allowed = {str(self._schema.slot_attribute): kinds}
        return PlannedQuery(
            slot=slot, fallback_text=" ".join(kinds), filters=allowed, preferences=preferences
        )

    def _query(self, planned: PlannedQuery, text: str, worth: dict[str, dict[str, float]]) -> Query:
        allowed = dict(planned.filters)
        for name, values in self._params.filters.items():
            if values:
                allowed[name] = [one for one in values if one in allowed.get(name, values)]
        return Query(
            text=text,
            is_descriptive=planned.is_descriptive,
            fallback_text=planned.fallback_text or planned.text,
            filters=allowed,
            preferences=planned.preferences,
            attribute_boosts=worth,
        )

    def _told(self, item: Item, planned: PlannedQuery, worn: list[Wishes]) -> Item:
        """Says what an item is for, how good it is, and what speaks for it."""
        granted = item["match_probabilities"]
        reasons = []
        for preference in planned.preferences:
            values = [] if preference.negated else values_of(item, preference.attribute)
            reasons += [one.lower() for one in preference.values if one in values][:1]
        known = known_values_by_attribute(item, self._schema)
        reasons += [reason for one in worn for reason in self._style.reasons(one, known)[:1]][:1]
        score = float(np.mean(granted)) if granted else _share(item["preference_score"])
        return {
            **item,
            "slot": planned.slot or "",
            "score": round(score, 4),
            "why": ", ".join(dict.fromkeys(reasons)),
        }

    def _probabilities_of(self, worn: Wishes, shown: Shown) -> dict[str, Mapping[str, float]]:
        """Gives the probabilities of what is worn: what a customer has put right is certain."""
        probabilities: dict[str, Mapping[str, float]] = dict(shown.probabilities or {})
        if shown.photo_id and not probabilities:
            probabilities = dict(
                self._search.attribute_probabilities(shown.photo_id, self._params.embedder)
            )
        for name, values in worn.items():
            own = probabilities.get(name, {})
            likeliest = max(own, key=lambda value: own[value], default=None)
            if likeliest not in values:
                share = 1 / len(values) if name in self._schema.multis else 1.0
                probabilities[name] = dict.fromkeys(values, share)
        return probabilities

    def _look_of(self, shown: Shown) -> np.ndarray | None:
        # Another embedding model, chosen since, may look at pictures otherwise.
        embedder = self._params.embedder
        if shown.image_embedding is not None and len(
            shown.image_embedding
        ) == self._search.image_embedding_size(embedder):
            return np.asarray(shown.image_embedding, np.float32)
        return self._search.image_embedding(shown.photo_id, embedder) if shown.photo_id else None


def _candidates(items: list[Item]) -> list[Candidate]:
    return [Candidate(one, one["preference_score"], one["probabilities"]) for one in items]


def _share(score: float) -> float:
    """Brings a logarithm between 0 and 1."""
    return round(1 / (1 + math.exp(-max(min(score, 50), -50))), 4)
