"""The style model: what goes with what, as learned from outfits that people put together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, PrivateAttr, model_validator

from lookbook.errors import InputError
from lookbook.outfits.children import ChildModel
from lookbook.outfits.compatibility import CompatibilityModel
from lookbook.search.probabilities import AttributeProbabilities, StackedProbabilities

RELEASED = "style_model.json"
# Two values are often worn together from this many outfits and this log lift on.
_MIN_OUTFITS, _MIN_LIFT = 8.0, 0.15
# Weight of the log share of a value, and the smallest share.
_SHARE_WEIGHT, _MIN_SHARE = 0.6, 0.002


class Pairs(BaseModel):
    """Log lifts of pairs of values of one attribute, within one outfit.

    Attributes:
        values: The values that occur.
        lift: (values, values) log ratios to chance, symmetric.
        counts: (values, values) outfits that have both.
        shares: (values,) the share of the items that have each.
        weight: The weight of the attribute.
    """

    model_config = ConfigDict(extra="forbid")

    values: list[str]
    lift: list[list[float]]
    counts: list[list[float]]
    shares: list[float]
    weight: float

    @model_validator(mode="after")
    def _check_shapes(self) -> Pairs:
        size = len(self.values)
        for name in ("lift", "counts"):
            if size and np.shape(getattr(self, name)) != (size, size):
                raise ValueError(f"{name} is not {size} × {size}")
        return self

    @cached_property
    def indices(self) -> dict[str, int]:
        """The index of each value."""
        return {value: index for index, value in enumerate(self.values)}

    @cached_property
    def matrix(self) -> np.ndarray:
        """(values, values) weighted lifts."""
        size = len(self.values)
        return self.weight * np.array(self.lift, np.float64).reshape(size, size)

    def vector(self, probabilities: Mapping[str, float]) -> np.ndarray:
        """Return an item's probabilities as (values,); values without lifts are left out."""
        vector = np.zeros(len(self.values))
        for value, probability in probabilities.items():
            if value in self.indices:
                vector[self.indices[value]] = probability
        return vector


class Context(BaseModel):
    """Log lifts of values, given a fact of the outfit such as its season.

    Attributes:
        shares: The share of the outfits with each fact.
        lift: Log ratios to chance, by fact ("cold"), attribute and value.
        weights: The weight of each attribute.
    """

    model_config = ConfigDict(extra="forbid")

    shares: dict[str, float]
    lift: dict[str, dict[str, dict[str, float]]]
    weights: dict[str, float]

    @cached_property
    def log_shares(self) -> np.ndarray:
        """(facts,) log shares."""
        return np.log(np.maximum([*self.shares.values()], _MIN_SHARE))

    @cached_property
    def values(self) -> dict[str, tuple[str, ...]]:
        """The values with lifts, by attribute."""
        values: dict[str, dict[str, float]] = {}
        for lift in self.lift.values():
            for name, own in lift.items():
                values.setdefault(name, {}).update(own)
        return {name: tuple(own) for name, own in values.items()}

    def weighted(self, name: str, values: tuple[str, ...]) -> np.ndarray:
        """Return (facts, values) weighted lifts of an attribute; 0 for unknown values."""
        if (name, values) not in self._weighted:
            weight = self.weights.get(name, 0.0)
            own = [self.lift.get(fact, {}).get(name, {}) for fact in self.shares]
            lifts = [[lift.get(value, 0.0) for value in values] for lift in own]
            self._weighted[name, values] = weight * np.array(lifts).reshape(len(own), len(values))
        return self._weighted[name, values]

    _weighted: dict[tuple[str, tuple[str, ...]], np.ndarray] = PrivateAttr(default_factory=dict)


class StyleModel(BaseModel):
    """Scores how well items go together: sums of log lifts over attributes.

    Attributes:
        attributes: Pairs of values, by attribute.
        contexts: Values by recipient, occasion and season; a context may be an attribute.
        outfits: The number of training outfits.
        source: Whose taste it is.
        compatibility: Judges whole outfits; ``None`` where nobody has rated any.
        children: Tells children's clothes by their pictures; ``None`` where nobody labelled any.
    """

    model_config = ConfigDict(extra="forbid")

    attributes: dict[str, Pairs]
    contexts: dict[str, Context] = {}
    outfits: int
    source: str
    compatibility: CompatibilityModel | None = None
    children: ChildModel | None = None

    def attribute_boosts(
        self, worn: Sequence[AttributeProbabilities], context: AttributeProbabilities
    ) -> dict[str, dict[str, float]]:
        """Score each value beside what is worn.

        Args:
            worn: Probabilities of each item that is worn.
            context: Probabilities of facts, by context.

        Returns:
            Sums of log lifts and a part of the log share, since lifts alone favour rare values. By
            attribute and value; centred on what is usually worn.
        """
        boosts: dict[str, dict[str, float]] = {}
        for name, pairs in self.attributes.items():
            vectors = [pairs.vector(item[name]) for item in worn if item.get(name)]
            scores = _SHARE_WEIGHT * np.log(np.maximum(pairs.shares, _MIN_SHARE))
            if vectors:
                scores = scores + np.sum(vectors, axis=0) @ pairs.matrix
            for context_name, probabilities in context.items():
                if context_name in self.contexts and probabilities:
                    known = self.contexts[context_name]
                    facts = np.array([probabilities.get(fact, 0.0) for fact in known.shares])
                    scores = scores + facts @ known.weighted(name, tuple(pairs.values))
            # An item with two colours is not twice as good.
            scores = scores - np.average(scores, weights=pairs.shares)
            boosts[name] = dict(zip(pairs.values, scores.tolist(), strict=True))
        return boosts

    def infer(self, worn: AttributeProbabilities) -> dict[str, dict[str, float]]:
        """Infer the recipient, occasion and season of an item.

        Args:
            worn: Probabilities of the item's values.

        Returns:
            Probabilities of facts, by context.
        """
        stacked = StackedProbabilities([worn])
        scores = np.concatenate([one.log_shares for one in self.contexts.values()] or [np.zeros(0)])
        for name, (values, lifts) in self._lifts.items():
            scores = scores + lifts @ stacked.of(name, values)[0]
        inferred, start = {}, 0
        for name, context in self.contexts.items():
            own = scores[start : start + len(context.shares)]
            start += len(own)
            odds = np.exp(own - own.max(initial=-np.inf))
            inferred[name] = dict(zip(context.shares, (odds / odds.sum()).tolist(), strict=True))
        return inferred

    @cached_property
    def _lifts(self) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Values by attribute, with (facts of all contexts, values) weighted lifts."""
        contexts = list(self.contexts.values())
        lifts = {}
        for name in dict.fromkeys(name for one in contexts for name in one.values):
            values = tuple(
                dict.fromkeys(value for one in contexts for value in one.values.get(name, ()))
            )
            lifts[name] = (values, np.concatenate([one.weighted(name, values) for one in contexts]))
        return lifts

    def pair_scores(self, items: StackedProbabilities) -> np.ndarray:
        """Score every pair of items; (items, items), symmetric."""
        total: np.ndarray = np.zeros(())
        for name, pairs in self.attributes.items():
            vectors = items.of(name, pairs.values)
            total = total + vectors @ pairs.matrix @ vectors.T
        return total

    def common_pairs(
        self, item: Mapping[str, list[str]], other: Mapping[str, list[str]]
    ) -> list[tuple[str, str]]:
        """Return which values of two items are often worn together, the strongest first."""
        found: list[tuple[float, tuple[str, str]]] = []
        for name, pairs in self.attributes.items():
            for one, two in product(item.get(name, []), other.get(name, [])):
                if one == two or not {one, two} <= pairs.indices.keys():
                    continue
                row, column = pairs.indices[one], pairs.indices[two]
                lift = pairs.lift[row][column]
                if pairs.counts[row][column] >= _MIN_OUTFITS and lift >= _MIN_LIFT:
                    found.append((pairs.weight * lift, (one, two)))
        return [pair for _, pair in sorted(found, reverse=True)]


def open_style(filepath: str | None = None) -> StyleModel:
    """Read a style model.

    Args:
        filepath: A file of the ``style`` pipeline; the released model by default.

    Raises:
        InputError: If it does not exist, or is no style model.
    """
    source: Any = Path(filepath) if filepath else files("lookbook.models") / RELEASED
    if filepath:
        # The newest version of a versioned dataset.
        source = max(source.glob(f"*/{source.name}"), default=source)
    try:
        return StyleModel.model_validate(json.loads(source.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(
            f"There is no style model '{filepath}'. Run 'kedro run --pipelines=style', or "
            "leave 'style' in globals.yml empty for the released one."
        ) from error
    except ValueError as error:
        raise InputError(f"'{filepath}' is not a style model: {error}") from error
