"""What ``index`` can be told."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class SameItem(BaseModel):
    """From where on two photos count as of one item.

    Attributes:
        look: The least cosine of their looks, see
            :meth:`lookbook.search.embedders.Embedder.details`.
        bits: The most bits, of 64, that their perceptual hashes differ by.
    """

    model_config = ConfigDict(extra="forbid")

    look: float = Field(gt=0, le=1)
    bits: int = Field(ge=0, le=64)


class IndexParams(BaseModel):
    """How items are embedded.

    Attributes:
        batch_size: Texts a run of the model.
        pictures_batch_size: Pictures a run of the network.
        pictures_a_file: Pictures whose vectors are written at once: what a kill costs.
        wrong: How often what a captioner says without probabilities is wrong.
        wrong_by_field: The same for single fields, where it was measured.
        same_item: From where on two photos count as of one item.
    """

    model_config = ConfigDict(extra="forbid")

    batch_size: int = Field(gt=0)
    pictures_batch_size: int = Field(gt=0)
    pictures_a_file: int = Field(gt=0)
    wrong: float = Field(gt=0, lt=1)
    wrong_by_field: dict[str, float]
    same_item: SameItem
