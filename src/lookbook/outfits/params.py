"""The configuration of outfits: ordinal scales and hard rules."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from lookbook.outfits.scales import Scale


class OutfitRules(BaseModel):
    """Rules that an outfit breaks only where the catalogue offers nothing else.

    Slots that exclude one another, and optional slots, are declared with the slots in schema.yml.

    Attributes:
        spread: The largest distance between two pieces on a scale, by scale.
        most: The largest sum of the pieces' positions on a scale, by scale.
        other_recipient: Probability from which on two pieces are for different wearers.
        margin: Share of each limit within which predicted values are kept: predictions are less
            extreme than what they predict.
        children: Values that only a child wears, by attribute; the shop's own data outranks them.
            A child's pieces and an adult's are kept apart.
    """

    model_config = ConfigDict(extra="forbid")

    spread: dict[str, float]
    most: dict[str, float]
    other_recipient: float = Field(gt=0, le=1)
    margin: float = Field(gt=0, le=1)
    children: dict[str, list[str]]

    def tighten(self, share: float) -> OutfitRules:
        """Return the rules with a share of each limit."""
        return self.model_copy(
            update={
                "spread": {name: share * limit for name, limit in self.spread.items()},
                "most": {name: share * limit for name, limit in self.most.items()},
                "other_recipient": share * self.other_recipient,
            }
        )


class OutfitParams(BaseModel):
    """How outfits are judged.

    Attributes:
        scales: Ordinal scales of items, by name.
        rules: The hard rules.
        contexts: Lowest and highest position of a piece, by context ("season"), fact ("cold") and
            scale.
        min_acceptability: Predicted probability below which a further outfit is not shown.
    """

    model_config = ConfigDict(extra="forbid")

    scales: dict[str, Scale]
    rules: OutfitRules
    contexts: dict[str, dict[str, dict[str, tuple[float, float]]]]
    min_acceptability: float = Field(ge=0, le=1)
