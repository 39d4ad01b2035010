"""Items and hits: what the index returns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lookbook.attributes.probabilities import AttributeProbabilities
from lookbook.attributes.record import Record
from lookbook.products.product import Product


@dataclass(frozen=True, eq=False)
class Item:
    """An indexed entry of the catalogue.

    Attributes:
        photo_id: Identity of its photo.
        file: File name of its photo.
        attributes: Its values by attribute; a list for an attribute with several values.
        duplicate_group: First photo of the same product.
        probabilities: Probability of each value, by attribute.
        vector: (dimensions,) of unit length, by which items are compared with one another.
        product: The shop's own data; ``None`` where there is none.
    """

    photo_id: str
    file: str
    attributes: Record
    duplicate_group: str = ""
    probabilities: AttributeProbabilities = field(default_factory=dict, repr=False)
    vector: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)
    product: Product | None = None


@dataclass(frozen=True, eq=False)
class Hit:
    """An item that a search returned.

    Attributes:
        item: The item.
        matched_by: ``words``, ``picture`` or both.
        match_probabilities: Probability that the item matches each preference.
        preference_score: Sum of weighted log-probabilities of the preferences, boosts included.
        components: Its unweighted scores by component, see
            :class:`lookbook.search.ranking.FusionWeights`.
        text_confidence: How surely the query's text describes a single item, from 0 to 1.
    """

    item: Item
    matched_by: str = ""
    match_probabilities: list[float] = field(default_factory=list)
    preference_score: float = 0.0
    components: dict[str, float] = field(default_factory=dict)
    text_confidence: float = 0.0

    @property
    def photo_id(self) -> str:
        """Identity of the item's photo."""
        return self.item.photo_id

    @property
    def attributes(self) -> Record:
        """The item's values by attribute."""
        return self.item.attributes
