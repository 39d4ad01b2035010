"""How quality is measured."""

from pydantic import BaseModel, Field


class EvaluateParams(BaseModel):
    """How quality is measured.

    Attributes:
        human_label: The field that people's labels speak of.
        items: Items that are asked for in every way, chosen by seed.
        k: Results that count.
        seed: Of the choice, and of the resamples.
        bootstrap_rounds: Resamples behind each confidence interval.
        worst_cases: Photos on the contact sheet of wrong labels.
    """

    human_label: str
    items: int = Field(gt=0)
    k: int = Field(gt=1)
    seed: int
    bootstrap_rounds: int = Field(gt=0)
    worst_cases: int = Field(gt=0)
