"""Sampling options of chat models."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Sampling(BaseModel, extra="forbid", frozen=True):
    """Sampling options; ``None`` leaves an option to the model's own default.

    Attributes:
        temperature: 0 for the likeliest token each time.
        top_p: The share of probability that tokens are drawn from.
        top_k: The number of tokens that are drawn from.
        repetition_penalty: Above 1, tokens that were written become less likely.
        stop: Texts that end an answer.
    """

    temperature: float = Field(default=0.0, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=1)
    repetition_penalty: float | None = Field(default=None, gt=0)
    stop: list[str] | None = None

    def options(self) -> dict[str, Any]:
        """List the options that are set, by name."""
        return self.model_dump(exclude_none=True)

    def retried(self) -> Sampling:
        """Return the options of a second attempt, which is to differ from the first."""
        return self.model_copy(update={"temperature": max(self.temperature, 0.7)})
