"""Preferences: soft wishes of a customer, weighted by how much they count."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field


class Preference(BaseModel):
    """A wish for any of some values of an attribute, or against all of them.

    Attributes:
        attribute: Name of the attribute.
        values: Values, any of which matches.
        weight: Importance relative to other preferences.
        negated: Whether a matching item has none of the values.
        required: Whether the preference counts in full, even if a text describes the item well.
            Exclusions and the recipient do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    attribute: str
    values: list[str]
    weight: float = Field(default=1.0, ge=0)
    negated: bool = False
    required: bool = False


def match_probability(
    preference: Preference, probabilities: np.ndarray, is_multi: bool
) -> np.ndarray:
    """Return the probability that items match a preference.

    Args:
        preference: The preference.
        probabilities: (…, values) probabilities of its values.
        is_multi: Whether an item can have several values of the attribute.

    Returns:
        (…,) probabilities: the sum over the values of a single-value attribute, the noisy-or over
        the values of a multi-value attribute.
    """
    matches = 1 - np.prod(1 - probabilities, axis=-1) if is_multi else probabilities.sum(axis=-1)
    clipped: np.ndarray = np.clip(1 - matches if preference.negated else matches, 0.0, 1.0)
    return clipped
