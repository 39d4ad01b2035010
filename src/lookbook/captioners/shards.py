"""Captions as they are kept: small files of JSON Lines, found again by captioner and photo."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from lookbook.attributes.probabilities import column_name
from lookbook.attributes.schema import Schema
from lookbook.captioners import Caption, Captioner, CaptionText, Prompt
from lookbook.lazy import pd
from lookbook.parts import TableParts, cut
from lookbook.photos.photo import Photo

NOTHING = "the captioner returned nothing"
GONE = "the photo is no longer in the folder: run 'kedro run --pipelines=ingest,balance,label'"
# Captions that are in memory at once where they are gathered: each is a few KB of Python's.
_GATHERED = 1024
# Files by name, and how each is read.
Shards = Mapping[str, Callable[[], str]]
Read = TypeVar("Read", bound=CaptionText)
# What a caption took.
COSTS = {
    "answers": int,
    "input_tokens": int,
    "output_tokens": int,
    "cost": float,
    "seconds": float,
}


class ShardParams(BaseModel):
    """How captions are kept, and of how many photos.

    Attributes:
        limit: Photos that ``label`` captions at most, the first ones; all by default.
        shard_size: Captions a file at most.
        shard_seconds: A caption that came waits no longer for its file to fill.
        photos_per_request: The most photos of a product that a language model is shown at once.
    """

    shard_size: int = Field(gt=0)
    shard_seconds: float = Field(ge=0)
    limit: int | None = Field(default=None, gt=0)
    photos_per_request: int = Field(default=1, gt=0)


def find_uncaptioned(photos: pd.DataFrame, shards: Shards, fingerprint: str) -> pd.DataFrame:
    """Find the photos that a captioner has not captioned yet.

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
    files: Mapping[str, Callable[[], bytes]],
    captioner: Captioner,
    prompt: Prompt,
    params: ShardParams,
) -> Iterator[dict[str, str]]:
    """Caption photos, a shard at a time.

    Args:
        photos: One row per photo, with ``photo_id`` and ``file``; and ``more_files``, further
            photos of the same product in JSON, if the captioner is shown several at once.
        files: Functions that read the photos' bytes, by file.
        captioner: The engine.
        prompt: What it is asked.
        params: When a shard is full.

    Yields:
        One shard: its name, made of the captioner's fingerprint and its photos' hashes, and
        its captions as JSON Lines; photos that left the folder are failures. Where the
        captioner stops with an error or by Ctrl-C, what came until then is a last shard.
    """
    from lookbook.progress import Progress

    fingerprint = captioner.fingerprint(prompt)
    is_there = photos["file"].map(files.__contains__).astype(bool)
    gone = [
        Caption(photo_id=photo_id, failure=GONE, answers=0)
        for photo_id in photos.loc[~is_there, "photo_id"]
    ]
    more_files = photos["more_files"] if "more_files" in photos else pd.Series("[]", photos.index)
    waiting = (
        Photo(
            photo_id,
            files[file],
            file,
            tuple(files[name] for name in json.loads(more) if name in files),
        )
        for photo_id, file, more in zip(
            photos.loc[is_there, "photo_id"],
            photos.loc[is_there, "file"],
            more_files[is_there],
            strict=True,
        )
    )
    shard: list[Caption] = []
    tokens = 0
    begun = raw_values = came = time.monotonic()
    with Progress(total=len(photos), desc="caption", unit="photo", smoothing=0.05) as progress:
        try:
            for caption in chain(gone, captioner.caption(waiting, prompt)):
                now = time.monotonic()
                shard.append(caption.model_copy(update={"seconds": round(now - came, 4)}))
                came = now
                progress.update()
                tokens += caption.output_tokens
                if tokens:
                    progress.set_postfix({"tokens/s": f"{tokens / (now - begun):.0f}"}, False)
                if len(shard) == params.shard_size or now - raw_values >= params.shard_seconds:
                    yield _write_shard(shard, fingerprint)
                    shard, raw_values = [], time.monotonic()
        except GeneratorExit:
            raise
        except BaseException:
            if shard:
                yield _write_shard(shard, fingerprint)
            raise
        if shard:
            yield _write_shard(shard, fingerprint)


def gather_captions(photos: pd.DataFrame, shards: Shards, fingerprint: str) -> TableParts:
    """Gather the captions of photos from all shards of a captioner.

    Returns:
        The rows with ``caption`` (the model's text, missing if it failed), ``failure`` (its
        reason, missing if it did not) and what the caption took: ``answers``,
        ``input_tokens``, ``output_tokens``, ``cost`` and ``seconds``.
    """
    nothing = CaptionText(photo_id="", failure=NOTHING, answers=0)

    def parts() -> Iterator[pd.DataFrame]:
        places = _Places(photos["photo_id"], shards, fingerprint)
        for some in cut(photos, _GATHERED):
            captions = [nothing] * len(some)
            for row, caption in places.read(some["photo_id"], CaptionText):
                captions[row] = caption
            texts = {"caption": [one.text for one in captions],
                     "failure": [one.failure for one in captions]}  # fmt: skip
            yield some.assign(
                **{name: pd.Series(told, some.index, "str") for name, told in texts.items()},
                **{name: np.array([getattr(one, name) for one in captions], kind)
                   for name, kind in COSTS.items()},
            )  # fmt: skip

    return TableParts(parts)


def gather_probabilities(
    photos: pd.DataFrame, shards: Shards, fingerprint: str, schema: Schema
) -> TableParts:
    """Gather how likely each value is, for captioners that know.

    Returns:
        ``photo_id`` and a column for each value, ``attribute: value``, from 0 to 1; a row for each
        photo whose captioner told.
    """
    columns = [
        column_name(name, value)
        for name, attribute in schema.categorical.items()
        for value in attribute.values
    ]

    def parts() -> Iterator[pd.DataFrame]:
        photo_ids = photos["photo_id"].drop_duplicates()
        told: set[str] = set()

        def note(caption: Caption) -> None:
            for name, values in (caption.probabilities or {}).items():
                told.update(column_name(name, value) for value in values)

        places = _Places(photo_ids, shards, fingerprint, note)
        kept = [column for column in columns if column in told]
        number_of = {column: number for number, column in enumerate(kept)}
        for some in cut(photo_ids, _GATHERED):
            shares = np.zeros((len(some), len(kept)), np.float32)
            known = np.zeros(len(some), bool)
            # One after the other: as dictionaries those of a part take a hundred megabytes.
            for row, caption in places.read(some, Caption):
                known[row] = bool(caption.probabilities)
                for name, values in (caption.probabilities or {}).items():
                    for value, share in values.items():
                        column = number_of.get(column_name(name, value))
                        if column is not None:
                            shares[row, column] = share
            table = pd.DataFrame(shares[known], columns=kept)
            table.insert(0, "photo_id", some[known].reset_index(drop=True))
            yield table

    return TableParts(parts)


class _Places:
    """Where the captions of photos are kept: in which file, and on which line.

    Of several captions of a photo the last one with a text counts.
    """

    def __init__(
        self,
        photo_ids: pd.Series,
        shards: Shards,
        fingerprint: str,
        note: Callable[[Caption], None] | None = None,
    ) -> None:
        """Read all files of a captioner once."""
        self._shards = shards
        self._names = _files_of(shards, fingerprint)
        self._row_of = {one: row for row, one in enumerate(photo_ids.unique())}
        self._file = np.full(len(self._row_of), -1, np.int32)
        self._line = np.zeros(len(self._row_of), np.int32)
        has_text = np.zeros(len(self._row_of), bool)
        kind = Caption if note else CaptionText
        for file, name in enumerate(self._names):
            for line, text in enumerate(shards[name]().split("\n")):
                caption = _parse(text, kind)
                row = self._row_of.get(caption.photo_id) if caption else None
                if caption is None or row is None:
                    continue
                if isinstance(caption, Caption) and note:
                    note(caption)
                if caption.text is not None or not has_text[row]:
                    self._file[row], self._line[row] = file, line
                    has_text[row] = caption.text is not None

    def read(self, photo_ids: pd.Series, kind: type[Read]) -> Iterator[tuple[int, Read]]:
        """Read the captions of some photos, file by file.

        Yields:
            The place of a photo among them, and its caption; nothing for one that has none.
        """
        rows = np.array([self._row_of[one] for one in photo_ids], int)
        files = self._file[rows]
        for file in np.unique(files[files >= 0]):
            lines = self._shards[self._names[file]]().split("\n")
            for place in np.flatnonzero(files == file):
                caption = _parse(lines[self._line[rows[place]]], kind)
                if caption is not None:
                    yield int(place), caption


def read_shards(shards: Shards, fingerprint: str) -> dict[str, CaptionText]:
    """Read the captions of one captioner, by photo; of several the one with a text."""
    captions: dict[str, CaptionText] = {}
    for caption in _read(shards, fingerprint, CaptionText):
        if caption.text is not None or caption.photo_id not in captions:
            captions[caption.photo_id] = caption
    return captions


def _read(shards: Shards, fingerprint: str, kind: type[Read]) -> Iterator[Read]:
    """Read the captions of one captioner, file by file; of each line what the kind has."""
    for name in _files_of(shards, fingerprint):
        # Not by `splitlines`, which parts a text at U+2028, too.
        for line in shards[name]().split("\n"):
            caption = _parse(line, kind)
            if caption is not None:
                yield caption


def _files_of(shards: Shards, fingerprint: str) -> list[str]:
    return sorted(name for name in shards if name.split("/", maxsplit=1)[0] == fingerprint)


def _write_shard(captions: list[Caption], fingerprint: str) -> dict[str, str]:
    lines = [caption.model_dump_json() for caption in captions]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    return {f"{fingerprint}/{digest}": "\n".join(lines) + "\n"}


def _parse(line: str, kind: type[Read]) -> Read | None:
    """Read a line; nothing where a run was killed while it wrote it: that photo comes again."""
    try:
        return kind.model_validate_json(line)
    except ValidationError:
        return None
