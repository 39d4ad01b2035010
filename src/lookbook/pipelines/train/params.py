"""What the ``train`` pipeline can be told."""

from __future__ import annotations

from pydantic import BaseModel, Field


class FitParams(BaseModel):
    """How the network is fitted.

    Attributes:
        frozen_blocks: Leading blocks that keep their ImageNet weights; what they compute is
            computed once.
        epochs: Passes over the photos.
        batch_size: Photos a step.
        learning_rate: Peak rate of the blocks.
        head_learning_rate: Peak rate of the linear head, which starts from nothing.
        weight_decay: AdamW's.
        mixup: Alpha of the mixup distribution (Zhang et al., arXiv 1710.09412).
        label_smoothing: Probability spread over all labels (Szegedy et al., arXiv 1512.00567).
        dropout: Before the linear head.
        seed: Initialises weights, order and mixing.
    """

    frozen_blocks: int = Field(gt=0)
    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=1)
    learning_rate: float = Field(gt=0)
    head_learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    mixup: float = Field(gt=0)
    label_smoothing: float = Field(ge=0, lt=1)
    dropout: float = Field(ge=0, lt=1)
    seed: int


class TrainParams(BaseModel):
    """What the network is trained and measured on.

    Attributes:
        credit: Whose photos these are and under what licence, for the model card.
        ignored_labels: Human labels that name no garment.
        folds: Parts in the cross-validation; a sender's photos are all in one.
        drawn_per_label: Drawn garments of each label beside the photos.
        workers: Threads that decode photos.
        bootstrap_rounds: Resamples of senders behind each confidence interval.
        fit: The schedule.
    """

    credit: str
    ignored_labels: list[str]
    folds: int = Field(gt=1)
    drawn_per_label: int = Field(ge=0)
    workers: int = Field(gt=0)
    bootstrap_rounds: int = Field(gt=0)
    fit: FitParams
