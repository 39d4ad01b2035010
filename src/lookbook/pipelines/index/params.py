"""What ``index`` can be told."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class NearDuplicateThresholds(BaseModel):
    """From where on two photos count as of one item.

    Attributes:
        min_cosine: The least cosine of their looks, see
            :meth:`lookbook.search.embedders.Embedder.details`.
        max_hamming_distance: The most bits, of 64, that their perceptual hashes differ by.
    """

    model_config = ConfigDict(extra="forbid")

    min_cosine: float = Field(gt=0, le=1)
    max_hamming_distance: int = Field(ge=0, le=64)


class IndexParams(BaseModel):
    """How items are embedded.

    Attributes:
        batch_size: Texts a run of the model.
        images_batch_size: Pictures a run of the network.
        images_per_file: Pictures whose vectors are written at once: what a kill costs.
        error_rate: Share of wrong values of a captioner that returns no probabilities.
        error_rate_by_attribute: The same for single attributes, where measured.
        near_duplicates: From where on two photos count as of one item.
    """

    model_config = ConfigDict(extra="forbid")

    batch_size: int = Field(gt=0)
    images_batch_size: int = Field(gt=0)
    images_per_file: int = Field(gt=0)
    error_rate: float = Field(gt=0, lt=1)
    error_rate_by_attribute: dict[str, float]
    near_duplicates: NearDuplicateThresholds
