"""What goes with what, as learned from outfits that people put together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, PrivateAttr, model_validator

from lookbook.errors import InputError
from lookbook.search.probabilities import AttributeProbabilities, StackedProbabilities

RELEASED = "style_model.json"
# Two values are often worn together from so many outfits on, and if they are so much oftener in
# one outfit than by chance.
_OFTEN, _OFTENER = 8.0, 0.15
# How much it counts that a value is worn often, and the least share that is told from none.
_USUAL, _RAREST = 0.6, 0.002


class Pairs(BaseModel):
    """How much oftener than by chance two values of an attribute are in one outfit.

    Attributes:
        values: The attribute's values that outfits have.
        lift: (values, values) logarithms of the ratio, symmetric.
        together: (values, values) outfits that have both.
        shares: (values,) the share of the items that have each.
        weight: How much the attribute counts beside others.
    """

    model_config = ConfigDict(extra="forbid")

    values: list[str]
    lift: list[list[float]]
    together: list[list[float]]
    shares: list[float]
    weight: float

    @model_validator(mode="after")
    def _square(self) -> Pairs:
        size = len(self.values)
        for name in ("lift", "together"):
            if size and np.shape(getattr(self, name)) != (size, size):
                raise ValueError(f"{name} is not {size} × {size}")
        return self

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each value."""
        return {value: place for place, value in enumerate(self.values)}

    @cached_property
    def matrix(self) -> np.ndarray:
        """(values, values) weighted lifts."""
        size = len(self.values)
        return self.weight * np.array(self.lift, np.float64).reshape(size, size)

    def vector(self, probabilities: Mapping[str, float]) -> np.ndarray:
        """Lays out an item's probabilities; (values,). What outfits never had counts nothing."""
        vector = np.zeros(len(self.values))
        for value, chance in probabilities.items():
            if value in self.places:
                vector[self.places[value]] = chance
        return vector


class Context(BaseModel):
    """How much oftener than by chance values are worn where something holds of the outfit.

    Attributes:
        shares: The share of the outfits of which each holds.
        lift: Logarithms of the ratio, by what holds ("cold"), attribute and value.
        weights: How much each attribute counts, by attribute.
    """

    model_config = ConfigDict(extra="forbid")

    shares: dict[str, float]
    lift: dict[str, dict[str, dict[str, float]]]
    weights: dict[str, float]

    @cached_property
    def log_shares(self) -> np.ndarray:
        """(what may hold,) logarithms of how often each holds."""
        return np.log(np.maximum([*self.shares.values()], _RAREST))

    @cached_property
    def values(self) -> dict[str, tuple[str, ...]]:
        """The values that there are lifts of, by attribute."""
        known: dict[str, dict[str, float]] = {}
        for lift in self.lift.values():
            for name, own in lift.items():
                known.setdefault(name, {}).update(own)
        return {name: tuple(own) for name, own in known.items()}

    def weighted(self, name: str, values: tuple[str, ...]) -> np.ndarray:
        """(what may hold, values) weighted lifts of an attribute's values; 0 where unknown."""
        if (name, values) not in self._weighted:
            weight = self.weights.get(name, 0.0)
            own = [self.lift.get(holds, {}).get(name, {}) for holds in self.shares]
            lifts = [[lift.get(value, 0.0) for value in values] for lift in own]
            self._weighted[name, values] = weight * np.array(lifts).reshape(len(own), len(values))
        return self._weighted[name, values]

    _weighted: dict[tuple[str, tuple[str, ...]], np.ndarray] = PrivateAttr(default_factory=dict)


class StyleModel(BaseModel):
    """Scores how well items go together: log-lifts of pairs of values, added up over attributes.

    Attributes:
        attributes: Pairs of values, by attribute.
        contexts: What is worn by whom, on which occasion and in which season, by the name of the
            context, which may be an attribute's.
        outfits: How many outfits taught it.
        source: Whose taste it is.
    """

    model_config = ConfigDict(extra="forbid")

    attributes: dict[str, Pairs]
    contexts: dict[str, Context] = {}
    outfits: int
    source: str

    def attribute_boosts(
        self, worn: Sequence[AttributeProbabilities], context: AttributeProbabilities
    ) -> dict[str, dict[str, float]]:
        """Says what each value is worth beside what is worn.

        Args:
            worn: Probabilities of each item that is worn.
            context: Whom it is for and when, as probabilities, by the name of the context.

        Returns:
            Log-lifts summed over the items and the context, and a part of the logarithm of how
            often a value is worn at all: lifts alone favour what is rare. By attribute and value;
            what is usually worn is worth 0.
        """
        worth: dict[str, dict[str, float]] = {}
        for name, pairs in self.attributes.items():
            vectors = [pairs.vector(item[name]) for item in worn if item.get(name)]
            own = _USUAL * np.log(np.maximum(pairs.shares, _RAREST))
            if vectors:
                own = own + np.sum(vectors, axis=0) @ pairs.matrix
            for told, probabilities in context.items():
                if told in self.contexts and probabilities:
                    known = self.contexts[told]
                    holds = np.array([probabilities.get(one, 0.0) for one in known.shares])
                    own = own + holds @ known.weighted(name, tuple(pairs.values))
            # An item with two colours is not twice as good.
            own = own - np.average(own, weights=pairs.shares)
            worth[name] = dict(zip(pairs.values, own.tolist(), strict=True))
        return worth

    def infer(self, worn: AttributeProbabilities) -> dict[str, dict[str, float]]:
        """Says whom something is for, and when it is worn, as far as outfits tell.

        Args:
            worn: Probabilities of an item.

        Returns:
            Probabilities of what may hold, by the name of the context.
        """
        told = {}
        stacked = StackedProbabilities([worn])
        scores = np.concatenate([one.log_shares for one in self.contexts.values()] or [np.zeros(0)])
        for attribute, (values, lifts) in self._lifts.items():
            scores = scores + lifts @ stacked.of(attribute, values)[0]
        start = 0
        for name, context in self.contexts.items():
            own = scores[start : start + len(context.shares)]
            start += len(own)
            odds = np.exp(own - own.max(initial=-np.inf))
            told[name] = dict(zip(context.shares, (odds / odds.sum()).tolist(), strict=True))
        return told

    @cached_property
    def _lifts(self) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """By attribute its values and (what may hold, of all contexts; values) weighted lifts."""
        names = dict.fromkeys(name for one in self.contexts.values() for name in one.values)
        lifts = {}
        for name in names:
            values = tuple(
                dict.fromkeys(
                    value for one in self.contexts.values() for value in one.values.get(name, ())
                )
            )
            matrices = [one.weighted(name, values) for one in self.contexts.values()]
            lifts[name] = (values, np.concatenate(matrices))
        return lifts

    def together(self, items: StackedProbabilities) -> np.ndarray:
        """Scores every pair of items; (items, items), symmetric."""
        total: np.ndarray = np.zeros(())
        for name, pairs in self.attributes.items():
            vectors = items.of(name, pairs.values)
            total = total + vectors @ pairs.matrix @ vectors.T
        return total

    def reasons(self, one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> list[str]:
        """Says which values of two items are often worn together, the oftenest first.

        Args:
            one: Values of an item, by attribute.
            other: Values of another.
        """
        told: list[tuple[float, str]] = []
        for name, pairs in self.attributes.items():
            for value, with_it, lift, outfits in self._pairs(name, one, other):
                if outfits >= _OFTEN and lift >= _OFTENER and value != with_it:
                    sentence = f"{value.lower()} and {with_it.lower()} are often worn together"
                    told.append((pairs.weight * lift, sentence))
        return [sentence for _, sentence in sorted(told, reverse=True)]

    def _pairs(
        self, name: str, one: Mapping[str, list[str]], other: Mapping[str, list[str]]
    ) -> Iterator[tuple[str, str, float, float]]:
        pairs = self.attributes[name]
        for value in one.get(name, []):
            for with_it in other.get(name, []):
                if value in pairs.places and with_it in pairs.places:
                    row, column = pairs.places[value], pairs.places[with_it]
                    yield value, with_it, pairs.lift[row][column], pairs.together[row][column]


def open_style(filepath: str | None = None) -> StyleModel:
    """Reads a style model.

    Args:
        filepath: As the ``style`` pipeline makes it; the released one by default.

    Raises:
        InputError: If there is none, or it is none.
    """
    source: Any = Path(filepath) if filepath else files("lookbook.models") / RELEASED
    if filepath:
        # Of a versioned dataset the newest version.
        source = max(source.glob(f"*/{source.name}"), default=source)
    try:
        return StyleModel.model_validate(json.loads(source.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(
            f"There is no style model '{filepath}': first run 'kedro run --pipelines=style', or "
            "leave 'style' in globals.yml empty for the released one."
        ) from error
    except ValueError as error:
        raise InputError(f"'{filepath}' is no style model: {error}") from error
