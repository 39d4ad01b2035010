"""Finds what is likely wrong, so that people look there first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from lookbook.attributes.cleaning import clean_answer, map_values
from lookbook.attributes.corrections import decided_attributes
from lookbook.attributes.probabilities import ProbabilityTable
from lookbook.attributes.record import Record, raw_values_from_row
from lookbook.attributes.schema import Schema
from lookbook.captioners.shards import read_shards
from lookbook.lazy import pd
from lookbook.parts import PART, cut
from lookbook.pools import Pool, in_batches
from lookbook.products.provenance import stated_attributes
from lookbook.review.label_errors import (
    ReviewEvidence,
    ReviewParams,
    find_neighbours,
    score_label_errors,
)
from lookbook.search.embedders import Embedder
from lookbook.search.image_embeddings import ImageEmbeddingStore
from lookbook.search.tables import DUPLICATE_GROUP

# Files by name, and how each is read.
Shards = dict[str, Callable[[], Any]]


def find_label_errors(
    full_catalogue: pd.DataFrame,
    parsed_labels: pd.DataFrame,
    probabilities: pd.DataFrame,
    manifest: pd.DataFrame,
    near_duplicates: pd.DataFrame,
    provenance: pd.DataFrame,
    disagreements: pd.DataFrame,
    image_embedding_shards: Shards,
    caption_shards: Shards,
    trial_shards: Shards,
    captioner: str,
    embedders: dict[str, Embedder],
    pool: Pool,
    schema: Schema,
    params: ReviewParams,
) -> pd.DataFrame:
    """Estimate how likely each value in the catalogue is wrong.

    Args:
        full_catalogue: The items.
        parsed_labels: What the captioner wrote, before it was mapped.
        probabilities: How likely each value is, where the captioner tells.
        manifest: People's labels.
        near_duplicates: Photos of one and the same item.
        provenance: The source of each value.
        disagreements: Where the shop and the captioner contradict each other.
        image_embedding_shards: Embedded pictures; the first embedding model's looks are compared.
        caption_shards: Captions of all captioners; what the one that has said most beside the
            catalogue's own says is compared.
        trial_shards: Captions of prompt trials.
        captioner: The fingerprint of the catalogue's captioner.
        embedders: The embedding models, by name.
        pool: Who reads captions.
        schema: The catalogue's schema.
        params: What speaks against a value, and how much.

    Returns:
        See :func:`lookbook.review.label_errors.score_label_errors`.
    """
    embedder = next(iter(embedders.values()))
    seen = ImageEmbeddingStore(image_embedding_shards, embedder.image_fingerprint)

    duplicate_groups = near_duplicates.set_index("photo_id")[DUPLICATE_GROUP].to_dict()
    photo_ids = full_catalogue["photo_id"].tolist()
    neighbours, nearest = find_neighbours(
        photo_ids, seen.image_embeddings_of, duplicate_groups, params.neighbours, params.sample_size
    )
    wanted = parsed_labels[parsed_labels["photo_id"].isin(photo_ids)]
    labelled = manifest.drop_duplicates("photo_id").set_index("photo_id")["label"].dropna()
    disputed = set(zip(disagreements["photo_id"], disagreements["attribute"], strict=True))
    stated = {
        photo_id: {name for name in names if (photo_id, name) not in disputed}
        for photo_id, names in stated_attributes(
            provenance[provenance["attribute"].isin(schema.categorical)]
        ).items()
    }
    evidence = ReviewEvidence(
        probabilities=ProbabilityTable(probabilities),
        labels=labelled.to_dict(),
        contradicted=dict(_contradicted(wanted, schema, pool)),
        others=_read_others({**trial_shards, **caption_shards}, captioner, schema, pool),
        duplicate_groups=duplicate_groups,
        decided=stated,
        disputed=disputed,
        neighbours=neighbours,
        nearest=nearest,
    )
    return score_label_errors(full_catalogue, evidence, schema, params)


def _contradicted(
    labels: pd.DataFrame, schema: Schema, pool: Pool
) -> Iterator[tuple[str, set[str]]]:
    """Find attributes that contradicted one another in what the captioner wrote."""
    for found in pool.map(partial(_contradicted_of, schema=schema), cut(labels)):
        yield from found


def _contradicted_of(labels: pd.DataFrame, schema: Schema) -> list[tuple[str, set[str]]]:
    found = []
    for row in labels.to_dict("records"):
        _, mappings = map_values(raw_values_from_row(row, schema), schema)
        names = {one.attribute for one in mappings if one.method == "contradicted"}
        if names:
            found.append((row["photo_id"], names))
    return found


def _read_others(
    shards: Shards, captioner: str, schema: Schema, pool: Pool
) -> dict[str, Record]:  # fmt: skip
    """Read what the captioner says that has written most beside the catalogue's own."""
    files = Counter(name.split("/")[0] for name in shards)
    files.pop(captioner, None)
    if not files:
        return {}
    other, _ = min(files.items(), key=lambda counted: (-counted[1], counted[0]))
    captions = read_shards(shards, other)
    told = [(one.photo_id, one.text) for one in captions.values() if one.text is not None]
    read = pool.map(partial(_read_captions, schema=schema), in_batches(told, PART))
    return dict(pair for batch in read for pair in batch)


def _read_captions(told: list[tuple[str, str]], schema: Schema) -> list[tuple[str, Record]]:
    read = [(photo_id, clean_answer(text, schema).record) for photo_id, text in told]
    return [(photo_id, record) for photo_id, record in read if record]


def report_review(
    review_queue: pd.DataFrame, applied_corrections: pd.DataFrame, schema: Schema
) -> dict[str, Any]:
    """Return how much there is to look at, and how much people have looked at."""
    values = applied_corrections[applied_corrections["attribute"].isin(schema.categorical)]
    return {
        "items": len(review_queue),
        "errors_to_expect": {
            name: round(float(review_queue[name].sum()), 1) for name in schema.categorical
        },
        "looked_at": len(decided_attributes(values)),
        "decisions": len(applied_corrections),
    }
