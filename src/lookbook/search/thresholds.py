"""Similarity thresholds of a text model, measured on the catalogue and on probe messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lookbook.search.embedders import Embedder
from lookbook.search.tables import (
    IMAGE_IN_TEXT_SPACE,
    KEY,
    SEARCHED,
    TEXT_EMBEDDING,
    SimilarityThresholds,
    to_matrix,
)

if TYPE_CHECKING:
    from lancedb.table import Table

# Messages that describe no single item.
VAGUE_MESSAGES = [
    "something for my mum", "what goes with this?", "I need a present for a friend",
    "what should I wear to a wedding?", "show me something nice", "can you help me choose?",
    "anything for the office", "it is getting cold outside", "an outfit for a date",
    "I have nothing to wear", "what else do you have?", "something cheaper, please",
]  # fmt: skip
# Messages about anything but clothes.
OFF_TOPIC_MESSAGES = [
    "who won the football cup", "what is the capital of France", "write me a poem about the sea",
    "how do I bake bread", "what will the weather be tomorrow", "solve this equation for x",
    "which phone has the best camera", "book me a table for two", "tell me a joke",
    "how do I reset my password", "where is the nearest bank", "translate this into Spanish",
]  # fmt: skip
# Items that are compared.
_SAMPLED_ITEMS = 5_000
# Above the off-topic message that is closest to an item.
_MARGIN = 0.05
# Descriptions that are compared with images.
_DESCRIPTIONS = 500


def measure_thresholds(
    table: Table, texts: Callable[[list[str]], list[str]], embedder: Embedder
) -> SimilarityThresholds:
    """Measure thresholds on a sample of the catalogue.

    Args:
        table: The written table.
        texts: Returns the texts of items by their photos.
        embedder: The embedding model of the table.
    """
    columns = [name for name in (KEY, *SEARCHED) if name in table.schema.names]
    rows = table.search().select(columns).limit(_SAMPLED_ITEMS).to_arrow()
    item_vectors = to_matrix(rows, TEXT_EMBEDDING)
    probes = [*VAGUE_MESSAGES, *OFF_TOPIC_MESSAGES]
    vectors = embedder.encode(probes)
    off_topic = (vectors[len(VAGUE_MESSAGES) :] @ item_vectors.T).max(axis=1)
    on_topic = float(off_topic.max()) + _MARGIN
    projected = embedder.project_to_image_space(probes, vectors)
    if projected is None or IMAGE_IN_TEXT_SPACE not in columns:
        return SimilarityThresholds(on_topic, 0.0, 1.0)
    images = to_matrix(rows, IMAGE_IN_TEXT_SPACE)
    descriptions = texts(rows[KEY].to_pylist()[:_DESCRIPTIONS])
    described = embedder.project_to_image_space(descriptions, item_vectors[:_DESCRIPTIONS])
    vague = (projected[: len(VAGUE_MESSAGES)] @ images.T).max(axis=1)
    nearest = (described @ images.T).max(axis=1)
    low = float(np.quantile(vague, 0.9))
    return SimilarityThresholds(on_topic, low, max(float(np.median(nearest)), low + 0.05))
