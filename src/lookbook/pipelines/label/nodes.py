"""Captions each chosen photo once, however often the run is cut off or repeated."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from lookbook.annotations import pd
from lookbook.captioners import Caption, Captioner
from lookbook.photos import Photo


class LabelParams(BaseModel):
    """How captions are kept.

    Attributes:
        shard_size: Captions a file; what a crash loses is at most one file's worth.
    """

    shard_size: int = Field(gt=0)


def plan_captions(
    selection: pd.DataFrame, known_shards: dict[str, str], captioner: Captioner
) -> tuple[pd.DataFrame, str]:
    """Finds the photos that this captioner has not captioned yet.

    Args:
        selection: The photos to caption.
        known_shards: Shards of earlier runs by name, of this and of other captioners.
        captioner: Its fingerprint tells which captions are its own.

    Returns:
        The rows of the selection that still need a caption, among them those that failed
        before; and the captioner's fingerprint.
    """
    known = _read_captions(known_shards, captioner.fingerprint)
    done = [photo for photo, caption in known.items() if caption.text is not None]
    return selection[~selection["sha256"].isin(done)], captioner.fingerprint


def caption_photos(
    plan: pd.DataFrame,
    files: dict[str, Callable[[], bytes]],
    captioner: Captioner,
    params: LabelParams,
) -> Iterator[dict[str, str]]:
    """Captions photos, a shard at a time.

    Args:
        plan: The photos that need a caption.
        files: Functions that read the photos' bytes.
        captioner: The engine.
        params: The shards' size.

    Yields:
        One shard: its name, made of the captioner's fingerprint and its photos' hashes, and
        its captions as JSON Lines.
    """
    from tqdm import tqdm

    photos = (
        Photo(row.sha256, files[row.file]) for row in plan[["sha256", "file"]].itertuples(False)
    )
    shard: list[Caption] = []
    progress = tqdm(captioner.caption(photos), total=len(plan), desc="caption", unit="photo")
    for caption in progress:
        shard.append(caption)
        if len(shard) == params.shard_size:
            yield _write_shard(shard, captioner.fingerprint)
            shard = []
    if shard:
        yield _write_shard(shard, captioner.fingerprint)


def collect_captions(
    selection: pd.DataFrame, shards: dict[str, Callable[[], str]], fingerprint: str
) -> pd.DataFrame:
    """Gathers the captions of the chosen photos from all shards of this captioner.

    Args:
        selection: The chosen photos.
        shards: Functions that read the shards, by name.
        fingerprint: The captioner's.

    Returns:
        The selection with ``caption`` (the model's text, missing if it failed) and
        ``failure`` (its reason, missing if it did not).
    """
    captions = _read_captions(
        {name: load() for name, load in shards.items() if _belongs(name, fingerprint)}, fingerprint
    )
    return selection.assign(
        caption=[_of(captions, photo).text for photo in selection["sha256"]],
        failure=[_of(captions, photo).failure for photo in selection["sha256"]],
    )


def report_captions(captions: pd.DataFrame, plan: pd.DataFrame, fingerprint: str) -> dict[str, Any]:
    """Counts captions and failures, and what this run had to do."""
    failed = captions["caption"].isna()
    return {
        "photos": len(captions),
        "captioned": int((~failed).sum()),
        "failed": int(failed.sum()),
        "failures": captions.loc[failed, "failure"].value_counts().to_dict(),
        "captioned_before": len(captions) - len(plan),
        "captioner": fingerprint,
    }


def _write_shard(captions: list[Caption], fingerprint: str) -> dict[str, str]:
    lines = [caption.model_dump_json() for caption in captions]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    return {f"{fingerprint}/{digest}": "\n".join(lines) + "\n"}


def _belongs(name: str, fingerprint: str) -> bool:
    return name.split("/", maxsplit=1)[0] == fingerprint


def _read_captions(shards: dict[str, str], fingerprint: str) -> dict[str, Caption]:
    captions: dict[str, Caption] = {}
    for caption in _parse_lines(
        line
        for name, text in sorted(shards.items())
        if _belongs(name, fingerprint)
        for line in text.splitlines()
    ):
        if caption.text is not None or caption.photo not in captions:
            captions[caption.photo] = caption
    return captions


def _parse_lines(lines: Iterable[str]) -> Iterator[Caption]:
    for line in lines:
        try:
            yield Caption.model_validate_json(line)
        except ValidationError:
            # A run that was killed while it wrote left half a line: that photo comes again.
            continue


def _of(captions: dict[str, Caption], photo: str) -> Caption:
    return captions.get(photo, Caption(photo=photo, failure="the captioner gave nothing back"))
