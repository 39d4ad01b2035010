"""How quality is measured."""

from pydantic import BaseModel, ConfigDict, Field


class EvaluateParams(BaseModel):
    """How quality is measured.

    Attributes:
        human_label: The attribute that people's labels speak of.
        ignored_labels: People's labels that name nothing.
        items: Items that are asked for in every way, chosen by seed.
        words: Items that are asked for in a customer's words.
        gallery: Items among which they are to be found: so many of those that may be asked for
            and, to fill up, others.
        reranked: Of the items so many are asked for by the reranker, which is slow.
        k: Results that count.
        seed: Of the choice, and of the resamples.
        bootstrap_rounds: Resamples behind each confidence interval.
        worst_cases: Photos on the contact sheet of wrong labels.
    """

    model_config = ConfigDict(extra="forbid")

    human_label: str
    ignored_labels: list[str]
    items: int = Field(gt=0)
    words: int = Field(ge=0)
    gallery: int = Field(gt=1)
    reranked: int = Field(ge=0)
    k: int = Field(gt=1)
    seed: int
    bootstrap_rounds: int = Field(gt=0)
    worst_cases: int = Field(gt=0)
