"""Makes a data set of the catalogue that others can use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from lookbook.attributes.corrections import count_outcomes, decided_attributes
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.photos.sampling import sampling_hash
from lookbook.pools import Pool, in_batches
from lookbook.publishing.card import write_card
from lookbook.publishing.croissant import describe
from lookbook.publishing.params import PublishParams
from lookbook.publishing.photos import encode_all
from lookbook.publishing.tables import (
    FILE,
    LABEL,
    REVIEWED,
    SPLITS,
    class_table,
    plain_table,
    to_parquet,
)

Loaders = Mapping[str, Callable[[], bytes]]
# Lots are drawn from so many.
_LOTS = 1 << 56
# Photos that a worker is given at once, and that are saved at once.
_BATCH = 16
NOTHING_PUBLISHED = (
    "No photo of the catalogue can be read, so nothing is published. Name their folder with "
    "--params=photos=FOLDER."
)


def plan_publication(
    full_catalogue: pd.DataFrame,
    manifest: pd.DataFrame,
    near_duplicates: pd.DataFrame,
    applied_corrections: pd.DataFrame,
    schema: Schema,
    params: PublishParams,
) -> pd.DataFrame:
    """Assign each item its split and the name of its published photo.

    Args:
        full_catalogue: The items.
        manifest: Senders, who are in one split with all their photos, and people's labels.
        near_duplicates: Photos of one and the same item, whose senders are in one split as well.
        applied_corrections: What people have decided.
        schema: The catalogue's schema.
        params: How large the splits are.

    Returns:
        ``photo_id``, ``Filename``, the attributes, ``split``, ``file_name`` (in its split's
        folder), ``label`` and ``reviewed`` (a list of attributes), sorted by ``photo_id``.

    Raises:
        InputError: If there is no licence, or no item.
    """
    from lookbook.search.near_duplicates import join_senders

    if not params.licence:
        raise InputError(
            "The data set needs a licence. Set 'publish.licence' in conf/local/parameters.yml to "
            "that of the photos, such as cc0-1.0."
        )
    if full_catalogue.empty:
        raise InputError("The catalogue is empty, so there is nothing to publish.")
    known = manifest.drop_duplicates("photo_id").set_index("photo_id")
    reviewed = decided_attributes(applied_corrections)
    rows = full_catalogue.sort_values("photo_id", ignore_index=True)
    ids = rows["photo_id"]
    # Where nobody's name is known every photo is somebody's own.
    senders = known["sender_id"].reindex(ids).fillna(pd.Series(ids.tolist(), ids)).tolist()
    people = join_senders(ids.tolist(), senders, near_duplicates)
    testing = [sampling_hash(0, one) < params.test_share * _LOTS for one in people]
    return rows.assign(
        split=["test" if one else "train" for one in testing],
        file_name=[f"{one[:2]}/{one}_{params.longest}_{params.quality}.jpg" for one in ids],
        label=known["label"].reindex(ids).to_numpy(),
        reviewed=[sorted(reviewed.get(one, ())) for one in ids],
    )


def encode_photos(
    published_rows: pd.DataFrame,
    files: Loaders,
    existing_published_files: Loaders,
    pool: Pool,
    params: PublishParams,
) -> Iterator[dict[str, bytes | None]]:
    """Encode the photos that are not there yet, and removes those that left.

    Args:
        published_rows: Which photos are published, and under which names.
        files: Functions that read the photos' bytes, by file.
        existing_published_files: What an earlier run has published.
        pool: Who encodes.
        params: Size and quality.

    Yields:
        Some files, which Kedro saves before it asks for the next; ``None`` for one to remove. A
        photo that cannot be read is left out, see :func:`describe_publication`.

    Raises:
        InputError: If no photo of the catalogue is there.
    """
    from lookbook.progress import Progress

    wanted = {f"{row.split}/{row.file_name}": row.Filename for row in published_rows.itertuples()}
    if not any(file in files or name in existing_published_files for name, file in wanted.items()):
        raise InputError(NOTHING_PUBLISHED)
    photos = tuple(f"{split}/" for split in SPLITS)
    gone = [name for name in existing_published_files if name.startswith(photos)]
    yield {name: None for name in gone if name not in wanted and name.endswith(".jpg")}
    missing = [
        (name, files[file])
        for name, file in wanted.items()
        if name not in existing_published_files and file in files
    ]
    work = partial(_encode_batch, longest=params.longest, quality=params.quality)
    encoded = pool.map(work, in_batches(missing, _BATCH))
    with Progress(total=len(missing), desc="encode", unit="photo", disable=not missing) as progress:
        for some in encoded:
            progress.update(len(some))
            yield {name: data for name, data in some if data is not None}


def _encode_batch(
    photos: list[tuple[str, Callable[[], bytes]]], longest: int, quality: int
) -> list[tuple[str, bytes | None]]:
    names, readers = [name for name, _ in photos], [read for _, read in photos]
    return list(zip(names, encode_all([*readers], longest, quality), strict=True))


def describe_publication(
    published_rows: pd.DataFrame,
    published_photos: Loaders,
    catalogue: pd.DataFrame,
    applied_corrections: pd.DataFrame,
    scores_of_runs: dict[str, Callable[[], dict[str, Any]]],
    captioner: str,
    schema: Schema,
    params: PublishParams,
) -> tuple[dict[str, bytes | None], dict[str, Any]]:
    """Write tables, card and metadata beside the photos.

    Args:
        published_rows: Which photos are published.
        published_photos: Those that are there.
        catalogue: The recipe's table.
        applied_corrections: What people have decided.
        scores_of_runs: How good labels are, all versions of what ``evaluate`` measured.
        captioner: Who labelled the photos.
        schema: The catalogue's schema.
        params: Title, licence and the like.

    Returns:
        The files, and a report: ``photos``, ``train``, ``test``, ``left_out`` (files whose photo
        cannot be read any more) and ``licence``.

    Raises:
        InputError: If no photo is there.
    """
    there = [
        f"{row.split}/{row.file_name}" in published_photos for row in published_rows.itertuples()
    ]
    rows = published_rows[there]
    if rows.empty:
        raise InputError(NOTHING_PUBLISHED)
    files: dict[str, bytes | None] = {}
    for split in SPLITS:
        own = rows[rows["split"].eq(split)]
        files[f"{split}/metadata.parquet"] = (
            to_parquet(class_table(own, schema)) if len(own) else None
        )
    plain = rows.assign(**{FILE: rows["split"] + "/" + rows[FILE]})
    files["catalogue.parquet"] = to_parquet(plain_table(plain, schema))
    files["catalogue.csv"] = catalogue.to_csv(index=False, lineterminator="\n").encode()
    digest = hashlib.sha256(files["catalogue.parquet"] or b"").hexdigest()
    croissant = describe(schema, params, digest)
    files["croissant.json"] = json.dumps(croissant, indent=2, ensure_ascii=False).encode()
    by_attribute, _ = count_outcomes(applied_corrections)
    runs = [load() for _, load in sorted(scores_of_runs.items())]
    measured = [scores for scores in runs if scores["captioner"] == captioner]
    scores = measured[-1] if measured else None
    card = write_card(rows, schema, params, captioner, by_attribute, scores)
    files["README.md"] = card.encode()
    report = {
        "items": len(published_rows),
        "photos": len(rows),
        **{split: int(rows["split"].eq(split).sum()) for split in SPLITS},
        "left_out": published_rows.loc[[not one for one in there], "Filename"].tolist(),
        "licence": params.licence,
        "labelled": int(rows[LABEL].notna().sum()),
        "reviewed": int(rows[REVIEWED].map(len).sum()),
    }
    return files, report


def push_publication(report: dict[str, Any], params: PublishParams) -> dict[str, Any]:
    """Return the data set's repository and its files."""
    return {
        "repository": params.repository,
        "private": params.private,
        "message": f"{report['photos']:,} photos, {report['reviewed']:,} values seen by people",
    }
