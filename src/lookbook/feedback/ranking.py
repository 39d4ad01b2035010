"""What feedback has taught: search weights, and which values customers choose beside others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from lookbook.attributes.probabilities import AttributeProbabilities
from lookbook.errors import InputError
from lookbook.search.ranking import FusionWeights

Values = TypeVar("Values")
# Log odds by attribute, value of the starting item, and value of the chosen one.
PairPreferences = dict[str, dict[str, dict[str, float]]]


class Learned(BaseModel, Generic[Values]):
    """Something that was learned and adopted.

    Attributes:
        values: What was learned.
        period: The first and the last hour of the log that taught it.
        figures: How it fared in the held-out days, see
            :func:`lookbook.feedback.measuring.compare`.
    """

    model_config = ConfigDict(extra="forbid")

    values: Values
    period: list[str]
    figures: dict[str, Any]


class LearnedRanking(BaseModel):
    """Search weights and pair preferences that were learned from feedback and adopted.

    Attributes:
        weights: Weights of a hybrid search; ``None`` for those of the configuration.
        pairs: Log odds that a value is chosen beside a value of the starting item.
    """

    model_config = ConfigDict(extra="forbid")

    weights: Learned[FusionWeights] | None = None
    pairs: Learned[PairPreferences] | None = None

    def pair_boosts(self, start: AttributeProbabilities) -> dict[str, dict[str, float]]:
        """Return the expected log odds of each value beside an item.

        Args:
            start: Probabilities of the item's values.
        """
        boosts: dict[str, dict[str, float]] = {}
        for name, by_start in (self.pairs.values if self.pairs else {}).items():
            for value, probability in start.get(name, {}).items():
                for chosen, odds in by_start.get(value, {}).items():
                    own = boosts.setdefault(name, {})
                    own[chosen] = own.get(chosen, 0.0) + probability * odds
        return boosts


def open_learned_ranking(filepath: str) -> LearnedRanking:
    """Read the newest version of what was learned; nothing where nothing was.

    Args:
        filepath: A versioned file of the ``learn`` pipeline.

    Raises:
        InputError: If it cannot be read.
    """
    path = Path(filepath)
    newest = max(path.glob(f"*/{path.name}"), default=None)
    if newest is None:
        return LearnedRanking()
    try:
        return LearnedRanking.model_validate(json.loads(newest.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError(
            f"'{newest}' is not a learned ranking: {error}. Move its folder away, and run 'kedro "
            "run --pipelines=learn'."
        ) from error
