"""How a message network is fitted."""

from __future__ import annotations

from pydantic import BaseModel, Field


class FitParams(BaseModel, extra="forbid"):
    """How a message network is fitted.

    Attributes:
        layers: Layers of the encoder that are used.
        frozen_layers: The lowest of them, which are not trained.
        epochs: Passes over the messages.
        batch_size: Messages a step.
        learning_rate: Of the encoder.
        head_learning_rate: Of what is behind it.
        dropout: Share of dropped activations.
        augmented: Share of messages that are changed: typing errors, punctuation, accents.
        threads: Threads of the CPU.
        seed: Of all that is random.
    """

    layers: int = Field(gt=0)
    frozen_layers: int = Field(ge=0)
    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    head_learning_rate: float = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    augmented: float = Field(ge=0, le=1)
    threads: int = Field(gt=0)
    seed: int
