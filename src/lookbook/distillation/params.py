"""What teaching a network can be told."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from lookbook.captioners import Price


class FitParams(BaseModel):
    """How the network is fitted.

    Attributes:
        frozen_blocks: Leading blocks that keep their ImageNet weights; what they compute is
            computed once.
        epochs: Passes over the photos.
        batch_size: Photos a step.
        learning_rate: Peak rate of the blocks.
        head_learning_rate: Peak rate of the linear heads, which start from nothing.
        weight_decay: AdamW's.
        mixup: Alpha of the mixup distribution (Zhang et al., arXiv 1710.09412).
        label_smoothing: Probability spread over all values (Szegedy et al., arXiv 1512.00567).
        dropout: Before the heads.
        field_weight: The loss of an attribute's head, where that of people's labels counts 1.
        seed: Initialises weights, order and mixing.
    """

    model_config = ConfigDict(extra="forbid")

    frozen_blocks: int = Field(gt=0)
    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=1)
    learning_rate: float = Field(gt=0)
    head_learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    mixup: float = Field(gt=0)
    label_smoothing: float = Field(ge=0, lt=1)
    dropout: float = Field(ge=0, lt=1)
    field_weight: float = Field(gt=0)
    seed: int


class AlignParams(BaseModel):
    """How pictures and texts are brought into one space.

    Attributes:
        epochs: Passes over the photos.
        batch_size: Photos a step, each compared with every description.
        learning_rate: Of the pictures' layer.
        text_learning_rate: Of the texts' layer, which starts as the identity.
        dropout: On the pictures' features.
        likely_dropout: On their probabilities.
        word_dropout: On the texts' words.
        seed: Initialises weights and order.
    """

    model_config = ConfigDict(extra="forbid")

    epochs: int = Field(ge=0)
    batch_size: int = Field(gt=1)
    learning_rate: float = Field(gt=0)
    text_learning_rate: float = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    likely_dropout: float = Field(ge=0, lt=1)
    word_dropout: float = Field(ge=0, lt=1)
    seed: int


class DistilParams(BaseModel):
    """What the network is taught and measured on.

    Attributes:
        teacher: ``catalogue``, or the path of a table of what photos show.
        columns: Headings under which such a table may have an attribute beside the attribute's
            name, or the photos' ``file``.
        human_label: The attribute that people's labels speak of: where one of its values or
            synonyms is a photo's label, people have the last word. ``None`` for none.
        ignored_labels: Human labels that name nothing.
        credit: Whose photos these are and under what licence, for the model card.
        annotator: Who says what they show, for the model card.
        min_examples: Photos that an attribute needs to be taught.
        target_precision: How often what is said is to be right.
        folds: Parts in the cross-validation; a sender's photos are all in one.
        gallery: Items among which a customer's words are to find the right one.
        synthetic_per_label: Drawn garments of each label beside the photos.
        synthetic_columns: What the drawings teach, by attribute: their ``label``, ``colour`` or
            ``pattern``.
        workers: Threads that decode photos.
        bootstrap_rounds: Resamples of senders behind each confidence interval.
        tried: What else was tried, and what it gave, for the model card.
        price: What the teacher charges; ``None`` where that is not known.
        fit: The network's schedule.
        align: The schedule of pictures and texts.
    """

    model_config = ConfigDict(extra="forbid")

    teacher: str
    columns: dict[str, list[str]]
    human_label: str | None
    ignored_labels: list[str]
    credit: str
    annotator: str
    min_examples: int = Field(gt=0)
    target_precision: float = Field(gt=0, le=1)
    folds: int = Field(gt=1)
    gallery: int = Field(gt=1)
    synthetic_per_label: int = Field(ge=0)
    synthetic_columns: dict[str, str]
    workers: int = Field(gt=0)
    bootstrap_rounds: int = Field(gt=0)
    tried: list[str]
    price: Price | None
    fit: FitParams
    align: AlignParams
