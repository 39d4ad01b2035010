"""Learns a style model from a table of outfits, and measures it on held-out outfits."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, Field

from lookbook.attributes.record import split_values
from lookbook.attributes.schema import Schema, SingleAttribute
from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.outfits.slots import categories_of, slot_of_value
from lookbook.outfits.style import Context, Pairs, StyleModel
from lookbook.photos.headings import find_headings
from lookbook.photos.table import cell_text


class WornOutfit(BaseModel):
    """An outfit that somebody wore.

    Attributes:
        items: Values of each item, by attribute.
        context: Recipient, occasion and season, by context.
    """

    items: list[dict[str, list[str]]]
    context: dict[str, str]


class StyleParams(BaseModel, extra="forbid"):
    """How a style model is learned.

    Attributes:
        attributes: Attributes whose values are paired.
        contexts: Facts of a whole outfit: attributes, or other columns of the table.
        columns: Further headings of an attribute, a context or ``outfit``.
        smoothing: Added to counts, against chance in rare values.
        folds: Folds of the cross-validation.
        source: Whose taste it is, for the model and its card.
        seed: Seed of folds and questions.
    """

    attributes: list[str]
    contexts: list[str]
    columns: dict[str, list[str]]
    smoothing: float = Field(gt=0)
    folds: int = Field(ge=2)
    source: str
    seed: int


PROBLEMS = ["row", "outfit", "attribute", "value", "reason"]
ANSWERS = ["fold", "outfit", "right", "auc", "right_by_pairs", "auc_by_pairs"]
# Wrong candidates of a question.
OTHERS = 3
# Questions about each outfit.
ROUNDS = 3


def read_outfits(
    table: pd.DataFrame, params: StyleParams, schema: Schema
) -> tuple[dict[str, WornOutfit], pd.DataFrame]:
    """Read a table of outfits, a row for each item.

    Args:
        table: Any cells; several values of a cell are joined by ``+``, commas or semicolons.
        params: Attributes and contexts, and their headings.
        schema: The catalogue's attributes.

    Returns:
        The outfits of two items and more; and the problems: ``row`` (from 1), ``outfit``,
        ``attribute``, ``value`` and ``reason``.

    Raises:
        InputError: If the table has no outfits, or none of the attributes.
    """
    found = _find_columns(list(table.columns), params)
    names = [name for name in found if name != "outfit"]
    items: dict[str, list[dict[str, list[str]]]] = defaultdict(list)
    contexts: dict[str, dict[str, str]] = defaultdict(dict)
    problems: list[dict[str, Any]] = []
    for number, row in enumerate(table.to_dict("records"), start=1):
        outfit = cell_text(row[found["outfit"]])
        if not outfit:
            problems.append({"row": number, "reason": "names no outfit"})
            continue
        item: dict[str, list[str]] = {}
        for name in names:
            cell = cell_text(row[found[name]])
            values = _values(cell, name, schema) if cell else []
            if cell and not values:
                at = {"row": number, "outfit": outfit, "attribute": name, "value": cell}
                problems.append({**at, "reason": "no value"})
            elif values and name in params.attributes:
                item[name] = values
            if values and name in params.contexts:
                contexts[outfit].setdefault(name, values[0])
        if item:
            items[outfit].append(item)
    problems += [
        {"outfit": outfit, "reason": "has a single item"}
        for outfit, several in items.items()
        if len(several) == 1
    ]
    whole = {
        outfit: WornOutfit(items=several, context=contexts[outfit])
        for outfit, several in items.items()
        if len(several) > 1
    }
    return whole, pd.DataFrame(problems, columns=PROBLEMS)


def _find_columns(headings: list[str], params: StyleParams) -> dict[str, str]:
    found = find_headings(
        headings, ("outfit", *params.attributes, *params.contexts), params.columns
    )
    if "outfit" not in found or not set(params.attributes) & set(found):
        raise InputError(
            "The table of outfits needs a column 'outfit' and any of "
            f"{', '.join(params.attributes)}. It has {', '.join(map(str, headings))}. Add other "
            "headings to 'style.columns'."
        )
    return found


def _values(cell: str, name: str, schema: Schema) -> list[str]:
    attribute = schema.categorical.get(name)
    if attribute is None:
        return [cell.casefold()]
    if isinstance(attribute, SingleAttribute):
        value, how = attribute.lookup(cell)
        return [] if how == "none" or value == attribute.default else [value]
    values: list[str] = attribute.lookup(split_values(re.sub(r"\s*[+;]\s*", ", ", cell)))[0]
    return values


def count_pairs(outfits: list[WornOutfit], params: StyleParams) -> dict[str, Pairs]:
    """Count pairs of values in one outfit, and compare them with chance.

    The pointwise mutual information of Church and Hanks (1990), smoothed by adding a constant to
    observed and expected counts. Each of an item's several values counts its share. All weights
    are 1.
    """
    pairs = {}
    for name in params.attributes:
        having = [[item for item in one.items if item.get(name)] for one in outfits]
        values = sorted({value for items in having for item in items for value in item[name]})
        place = {value: number for number, value in enumerate(values)}
        counted = np.zeros((len(values), len(values)))
        counts = np.zeros_like(counted)
        for items in having:
            seen = set()
            for one, other in combinations(items, 2):
                share = 1 / (len(one[name]) * len(other[name]))
                for value, with_it in product(one[name], other[name]):
                    row, column = place[value], place[with_it]
                    counted[row, column] += share
                    counted[column, row] += share
                    seen |= {(row, column), (column, row)}
            for row, column in seen:
                counts[row, column] += 1
        margin = counted.sum(axis=1)
        expected = np.outer(margin, margin) / max(counted.sum(), 1)
        lift = np.log((counted + params.smoothing) / (expected + params.smoothing))
        usual = np.zeros(len(values))
        for items in having:
            for item in items:
                usual[[place[value] for value in item[name]]] += 1
        pairs[name] = Pairs(
            values=values,
            lift=lift.round(4).tolist(),
            counts=counts.tolist(),
            shares=(usual / max(sum(map(len, having)), 1)).round(4).tolist(),
            weight=1.0,
        )
    return pairs


def count_contexts(outfits: list[WornOutfit], params: StyleParams) -> dict[str, Context]:
    """Count values by the contexts of outfits, see :func:`count_pairs`."""
    contexts = {}
    for context_name in params.contexts:
        lift: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
        for name in params.attributes:
            counted: dict[tuple[str, str], float] = defaultdict(float)
            holding: dict[str, float] = defaultdict(float)
            having: dict[str, float] = defaultdict(float)
            for outfit in outfits:
                holds = outfit.context.get(context_name)
                for item in outfit.items if holds else ():
                    for value in item.get(name, []):
                        share = 1 / len(item[name])
                        counted[str(holds), value] += share
                        holding[str(holds)] += share
                        having[value] += share
            total = max(sum(having.values()), 1)
            for holds, value in product(holding, having):
                expected = holding[holds] * having[value] / total
                ratio = (counted[holds, value] + params.smoothing) / (expected + params.smoothing)
                lift[holds].setdefault(name, {})[value] = round(float(np.log(ratio)), 4)
        counts = Counter(
            outfit.context[context_name] for outfit in outfits if context_name in outfit.context
        )
        contexts[context_name] = Context(
            shares={holds: round(count / counts.total(), 4) for holds, count in counts.items()},
            lift=dict(lift),
            weights=dict.fromkeys(params.attributes, 1.0),
        )
    return contexts


def learn(outfits: list[WornOutfit], params: StyleParams, schema: Schema) -> StyleModel:
    """Learn a style model: counts and their weights.

    The weights are those of a logistic model of real against other items. Each half of the outfits
    is scored by the counts of the other half, so that rare pairs are not overrated.
    """
    from sklearn.linear_model import LogisticRegression

    halves = (outfits[::2], outfits[1::2])
    differences: list[np.ndarray] = []
    for counted, asked in (halves, halves[::-1]):
        model = _count(counted, params)
        for question in ask(asked, params, schema, params.seed):
            scores = features(question, model)
            differences += [scores[0] - other for other in scores[1:]]
    model = _count(outfits, params)
    if not differences:
        return model
    both = np.concatenate([differences, -np.array(differences)])
    real = np.repeat([1, 0], len(differences))
    fitted = LogisticRegression(fit_intercept=False).fit(both, real).coef_[0]
    weights = iter(np.maximum(fitted, 0).round(3).tolist())
    for pairs in model.attributes.values():
        pairs.weight = next(weights)
    for context in model.contexts.values():
        context.weights = {name: next(weights) for name in context.weights}
    return model.model_copy(
        update={
            "attributes": {name: pairs for name, pairs in model.attributes.items() if pairs.values},
            "contexts": {name: one for name, one in model.contexts.items() if one.lift},
        }
    )


def _count(outfits: list[WornOutfit], params: StyleParams) -> StyleModel:
    return StyleModel(
        attributes=count_pairs(outfits, params),
        contexts=count_contexts(outfits, params),
        outfits=len(outfits),
        source=params.source,
    )


class Question(NamedTuple):
    """A question: which item is missing?

    Attributes:
        number: The outfit's index.
        worn: The rest of the outfit.
        candidates: Items for the gap, the real one first.
    """

    number: int
    worn: WornOutfit
    candidates: list[dict[str, list[str]]]


def ask(
    outfits: list[WornOutfit], params: StyleParams, schema: Schema, seed: int
) -> Iterator[Question]:
    """Yield a question for each outfit: an item of it, and other outfits' items for its slot.

    Fill in the blank by Han et al. (2017); the other candidates differ from the real item.
    """
    generator = np.random.default_rng(seed)
    by_slot: dict[str | None, list[tuple[int, dict[str, list[str]]]]] = defaultdict(list)
    for number, outfit in enumerate(outfits):
        for item in outfit.items:
            by_slot[_slot(item, schema)].append((number, item))
    for number, outfit in enumerate(outfits):
        missing = int(generator.integers(len(outfit.items)))
        real = outfit.items[missing]
        pool = [item for other, item in by_slot[_slot(real, schema)] if other != number]
        pool = [item for item in pool if item != real]
        if len(pool) >= OTHERS:
            chosen = generator.choice(len(pool), OTHERS, replace=False)
            rest = outfit.items[:missing] + outfit.items[missing + 1 :]
            worn = WornOutfit(items=rest, context=outfit.context)
            yield Question(number, worn, [real, *(pool[one] for one in chosen)])


def _slot(item: dict[str, list[str]], schema: Schema) -> str | None:
    return next((slot_of_value(kind, schema) for kind in categories_of(item, schema)), None)


def features(question: Question, model: StyleModel) -> np.ndarray:
    """Score candidates by each count alone; (candidates, attributes + contexts × attributes)."""
    columns = []
    for name, pairs in model.attributes.items():
        shares = np.stack([_shares(item, name, pairs) for item in question.candidates])
        worn = np.sum([_shares(item, name, pairs) for item in question.worn.items], axis=0)
        lift = np.array(pairs.lift).reshape(len(pairs.values), len(pairs.values))
        columns.append(shares @ lift @ worn)
    for context_name, context in model.contexts.items():
        of_context = context.lift.get(question.worn.context.get(context_name, ""), {})
        for name in context.weights:
            known = of_context.get(name, {})
            own_lifts = [[known.get(one, 0.0) for one in item.get(name, [])] or [0.0]
                       for item in question.candidates]  # fmt: skip
            columns.append(np.array([np.mean(values) for values in own_lifts]))
    return np.stack(columns, axis=1)


def _shares(item: dict[str, list[str]], name: str, pairs: Pairs) -> np.ndarray:
    values = item.get(name, [])
    return pairs.vector({value: 1 / len(values) for value in values})


def score_folds(
    outfits: dict[str, WornOutfit], params: StyleParams, schema: Schema
) -> pd.DataFrame:
    """Answer questions about held-out outfits by cross-validation.

    Returns:
        A row for each question: ``fold``, ``outfit``; ``right``, 1 if the real item scores best of
        four, a share in a tie; ``auc``, the share of the others that it beats; ``right_by_pairs``
        and ``auc_by_pairs``, the same without contexts.
    """
    from lookbook.progress import Progress

    ordered = list(outfits)
    order = np.random.default_rng(params.seed).permutation(len(ordered))
    rows = []
    for fold in Progress(range(params.folds), desc="style", unit="fold"):
        held = [ordered[place] for place in order[fold :: params.folds]]
        held_out = set(held)
        training = [one for outfit, one in outfits.items() if outfit not in held_out]
        model = learn(training, params, schema)
        by_context = [
            one for context in model.contexts.values() for one in context.weights.values()
        ]
        weights = np.array([pairs.weight for pairs in model.attributes.values()] + by_context)
        pairs_only = np.where(np.arange(len(weights)) < len(model.attributes), weights, 0.0)
        for turn in range(ROUNDS):
            asked = [outfits[outfit] for outfit in held]
            for question in ask(asked, params, schema, params.seed + turn + 1):
                scores = features(question, model)
                right, auc = _judge(scores @ weights)
                by_pairs = _judge(scores @ pairs_only)
                row = {"fold": fold, "outfit": held[question.number], "right": right, "auc": auc}
                rows.append({**row, "right_by_pairs": by_pairs[0], "auc_by_pairs": by_pairs[1]})
    return pd.DataFrame(rows, columns=ANSWERS)


def _judge(scores: np.ndarray) -> tuple[float, float]:
    """Return whether the first candidate scores best, and the share of the others that it beats."""
    best = np.flatnonzero(np.isclose(scores, scores.max()))
    ties = np.isclose(scores[0], scores[1:])
    beaten = np.where(ties, 0.5, scores[0] > scores[1:])
    return float(0 in best) / len(best), float(beaten.mean())
