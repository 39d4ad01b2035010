"""What publishing can be told."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PublishParams(BaseModel):
    """How the catalogue is published.

    Attributes:
        licence: Of the photos and what is said of them, as the Hugging Face hub names licences,
            such as ``cc0-1.0``; nothing is published without one.
        credits: Whose photos these are.
        title: The data set's.
        description: A sentence or more on what it is.
        language: Of the texts, as ISO 639-1.
        longest: Pixels of a photo's longer side at most.
        quality: JPEG's, from 1 to 95.
        test_share: The share of the senders whose photos are for testing.
        repository: ``OWNER/NAME`` on the hub to push to; ``None`` to push nowhere.
        private: Whether a repository that is made for it can be seen by nobody else.
    """

    model_config = ConfigDict(extra="forbid")

    licence: str | None
    credits: str | None
    title: str
    description: str
    language: str
    longest: int = Field(ge=64)
    quality: int = Field(ge=1, le=95)
    test_share: float = Field(ge=0, lt=1)
    repository: str | None
    private: bool
