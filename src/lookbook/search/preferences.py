"""What is wished for of an item, more or less, and how likely items have it."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field


class Preference(BaseModel):
    """A wish for one of some values of an attribute, or against all of them.

    Attributes:
        attribute: The attribute.
        values: Any of them will do.
        weight: How much it counts beside other wishes.
        negated: Whether an item is to have none of them.
        required: Whether it counts in full however well a text describes what is looked for, as
            what is not to be and whom it is for do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    attribute: str
    values: list[str]
    weight: float = Field(default=1.0, ge=0)
    negated: bool = False
    required: bool = False


def grant(preference: Preference, chances: np.ndarray, several: bool) -> np.ndarray:
    """Says how likely items are what is wished for.

    Args:
        wish: The wish.
        chances: (…, values) the probabilities of the wished values.
        several: Whether an item can have several values of the attribute at once.

    Returns:
        (…,) probabilities. Of an attribute with one value those of the values add up; of one with
        several they are taken for independent.
    """
    any_of = 1 - np.prod(1 - chances, axis=-1) if several else chances.sum(axis=-1)
    likely: np.ndarray = np.clip(1 - any_of if preference.negated else any_of, 0.0, 1.0)
    return likely
