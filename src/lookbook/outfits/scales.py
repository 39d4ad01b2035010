"""Ordinal scales: how warm, how formal or how bright an item is."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from lookbook.search.probabilities import StackedProbabilities

# Below this probability of all values on a scale an item counts as neutral.
_MIN_MASS = 0.05


class AttributeScale(BaseModel):
    """Positions of an attribute's values on a scale.

    Attributes:
        weight: Its weight beside other attributes on the same scale.
        values: The position of each value; values without one say nothing, nor do values that the
            catalogue's schema lacks.
    """

    model_config = ConfigDict(extra="forbid")

    weight: Annotated[float, Field(gt=0)] = 1.0
    values: dict[str, float]


class Scale(BaseModel):
    """An ordinal scale of items.

    Attributes:
        neutral: The position of an item whose values say nothing.
        attributes: The positions of values, by attribute.
    """

    model_config = ConfigDict(extra="forbid")

    neutral: float
    attributes: dict[str, AttributeScale]

    def positions(self, items: StackedProbabilities) -> np.ndarray:
        """Return (items,) expected positions: means of values by probability and weight."""
        total, mass = np.zeros(len(items)), np.zeros(len(items))
        for name, attribute in self.attributes.items():
            shares = items.of(name, list(attribute.values))
            total = total + attribute.weight * (shares @ [*attribute.values.values()])
            mass = mass + attribute.weight * shares.sum(axis=1)
        expected: np.ndarray = total / np.maximum(mass, _MIN_MASS)
        return np.where(mass < _MIN_MASS, self.neutral, expected)
