"""Captions as they are kept: small files of JSON Lines, found again by captioner and photo."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from lookbook.captioners import Caption, Captioner, CaptionText, Prompt
from lookbook.labels.fields import Fields
from lookbook.lazy import pd
from lookbook.photos.photo import Photo

NOTHING = "the captioner gave nothing back"
# Files by name, and how each is read.
Shards = Mapping[str, Callable[[], str]]
Read = TypeVar("Read", bound=CaptionText)
# What a caption took, as numbers from the beginning: as objects they take several times as much.
COSTS = {
    "answers": int,
    "input_tokens": int,
    "output_tokens": int,
    "cost": float,
    "seconds": float,
}


class ShardParams(BaseModel):
    """How captions are kept.

    Attributes:
        shard_size: Captions a file at most.
        shard_seconds: A caption that came waits no longer for its file to fill.
    """

    shard_size: int = Field(gt=0)
    shard_seconds: float = Field(ge=0)


def find_uncaptioned(photos: pd.DataFrame, shards: Shards, fingerprint: str) -> pd.DataFrame:
    """Finds the photos that a captioner has not captioned yet.

    Args:
        photos: One row per photo, with ``photo_id``.
        shards: Shards of earlier runs by name, of this and of other captioners.
        fingerprint: The captioner's, which its own shards are named by.

    Returns:
        The rows that still need a caption, among them those that failed before.
    """
    every = _read(shards, fingerprint, CaptionText)
    done = {caption.photo_id for caption in every if caption.text is not None}
    return photos[~photos["photo_id"].isin(done)]


def caption_into_shards(
    photos: pd.DataFrame,
    files: dict[str, Callable[[], bytes]],
    captioner: Captioner,
    prompt: Prompt,
    params: ShardParams,
) -> Iterator[dict[str, str]]:
    """Captions photos, a shard at a time.

    Args:
        photos: One row per photo, with ``photo_id`` and ``file``.
        files: Functions that read the photos' bytes, by file.
        captioner: The engine.
        prompt: What it is asked.
        params: When a shard is full.

    Yields:
        One shard: its name, made of the captioner's fingerprint and its photos' hashes, and
        its captions as JSON Lines. Where the captioner stops with an error or by Ctrl-C, what
        came until then is a last shard.
    """
    from lookbook.progress import Progress

    fingerprint = captioner.fingerprint(prompt)
    waiting = (
        Photo(row.photo_id, files[row.file], row.file)
        for row in photos[["photo_id", "file"]].itertuples(index=False)
    )
    shard: list[Caption] = []
    tokens = 0
    begun = written = came = time.monotonic()
    with Progress(total=len(photos), desc="caption", unit="photo", smoothing=0.05) as progress:
        try:
            for caption in captioner.caption(waiting, prompt):
                now = time.monotonic()
                shard.append(caption.model_copy(update={"seconds": round(now - came, 4)}))
                came = now
                progress.update()
                tokens += caption.output_tokens
                if tokens:
                    progress.set_postfix({"tokens/s": f"{tokens / (now - begun):.0f}"}, False)
                if len(shard) == params.shard_size or now - written >= params.shard_seconds:
                    yield _write_shard(shard, fingerprint)
                    shard, written = [], time.monotonic()
        except GeneratorExit:
            raise
        except BaseException:
            if shard:
                yield _write_shard(shard, fingerprint)
            raise
        if shard:
            yield _write_shard(shard, fingerprint)


def gather_captions(photos: pd.DataFrame, shards: Shards, fingerprint: str) -> pd.DataFrame:
    """Gathers the captions of photos from all shards of a captioner.

    Args:
        photos: One row per photo, with ``photo_id``.
        shards: Shards by name.
        fingerprint: The captioner's.

    Returns:
        The rows with ``caption`` (the model's text, missing if it failed), ``failure`` (its
        reason, missing if it did not) and what the caption took: ``answers``,
        ``input_tokens``, ``output_tokens``, ``cost`` and ``seconds``.
    """
    row_of = {photo_id: row for row, photo_id in enumerate(photos["photo_id"].unique())}
    nothing = CaptionText(photo_id="", failure=NOTHING, answers=0)
    columns: dict[str, np.ndarray] = {
        name: np.full(len(row_of), getattr(nothing, name), kind)
        for name, kind in {"text": object, "failure": object, **COSTS}.items()
    }
    for caption in _read(shards, fingerprint, CaptionText):
        row = row_of.get(caption.photo_id)
        if row is None or (caption.text is None and columns["text"][row] is not None):
            continue
        for name, column in columns.items():
            column[row] = getattr(caption, name)
    rows = [row_of[photo_id] for photo_id in photos["photo_id"]]
    # Texts stay Python's own: as Arrow's they would be there twice.
    told = {"caption": columns.pop("text"), "failure": columns.pop("failure")}
    texts = {name: pd.Series(one[rows], photos.index, object) for name, one in told.items()}
    return photos.assign(**texts, **{name: column[rows] for name, column in columns.items()})


def gather_probabilities(
    photos: pd.DataFrame, shards: Shards, fingerprint: str, fields: Fields
) -> pd.DataFrame:
    """Gathers how likely each value is, for captioners that know.

    Args:
        photos: One row per photo, with ``photo_id``.
        shards: Shards by name.
        fingerprint: The captioner's.
        fields: The catalogue's.

    Returns:
        ``photo_id`` and a column for each value, ``field: value``, from 0 to 1; a row for each
        photo whose captioner told.
    """
    columns = [
        f"{name}: {value}" for name, field in fields.enumerated.items() for value in field.values
    ]
    place = {column: number for number, column in enumerate(columns)}
    ids = photos["photo_id"].drop_duplicates()
    row_of = {photo_id: row for row, photo_id in enumerate(ids)}
    # As numbers from the beginning: as objects those of a million photos take gigabytes. Column
    # by column, as they are written, which then needs no copy.
    shares = np.zeros((len(row_of), len(columns)), np.float32, order="F")
    told, known = np.zeros(len(row_of), bool), np.zeros(len(columns), bool)
    for caption in _read(shards, fingerprint, Caption):
        row = row_of.get(caption.photo_id)
        if row is None or not caption.probabilities or (told[row] and caption.text is None):
            continue
        shares[row], told[row] = 0.0, True
        for name, values in caption.probabilities.items():
            for value, share in values.items():
                number = place.get(f"{name}: {value}")
                if number is not None:
                    shares[row, number], known[number] = share, True
    # Of what all photos have, columns are views.
    rows = slice(None) if told.all() else told
    kept = {column: shares[rows, number] for column, number in place.items() if known[number]}
    return pd.DataFrame({"photo_id": ids[told].reset_index(drop=True), **kept}, copy=False)


def read_shards(shards: Shards, fingerprint: str) -> dict[str, CaptionText]:
    """Reads the captions of one captioner, by photo; of several the one with a text."""
    captions: dict[str, CaptionText] = {}
    for caption in _read(shards, fingerprint, CaptionText):
        if caption.text is not None or caption.photo_id not in captions:
            captions[caption.photo_id] = caption
    return captions


def _read(shards: Shards, fingerprint: str, kind: type[Read]) -> Iterator[Read]:
    """Reads the captions of one captioner, file by file; of each line what the kind has."""
    for name, load in sorted(shards.items()):
        if name.split("/", maxsplit=1)[0] == fingerprint:
            yield from _parse_lines(load().splitlines(), kind)


def _write_shard(captions: list[Caption], fingerprint: str) -> dict[str, str]:
    lines = [caption.model_dump_json() for caption in captions]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    return {f"{fingerprint}/{digest}": "\n".join(lines) + "\n"}


def _parse_lines(lines: Iterable[str], kind: type[Read]) -> Iterator[Read]:
    for line in lines:
        try:
            yield kind.model_validate_json(line)
        except ValidationError:
            # A run that was killed while it wrote left half a line: that photo comes again.
            continue
