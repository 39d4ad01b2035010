"""Captions each chosen photo once, however often the run is cut off or repeated."""

from __future__ import annotations

import hashlib
import string
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from lookbook.annotations import pd
from lookbook.captioners import Caption, Captioner, Prompt
from lookbook.photos import Photo
from lookbook.vocabulary import Vocabulary

NOTHING = "the captioner gave nothing back"
COSTS = ["answers", "input_tokens", "output_tokens", "cost", "seconds"]


class LabelParams(BaseModel):
    """How captions are kept.

    Attributes:
        shard_size: Captions a file at most.
        shard_seconds: A caption that came waits no longer for its file to fill.
    """

    shard_size: int = Field(gt=0)
    shard_seconds: float = Field(ge=0)


def compose_prompt(system: str, question: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """Writes the vocabulary into the prompt, and the schema of the answer beside it.

    Args:
        system: The system prompt.
        question: The caption prompt.
        vocabulary: Its values stand where either says ``$categories``, ``$types``,
            ``$genders`` or ``$sizes``.

    Returns:
        A :class:`lookbook.captioners.Prompt` as a dictionary.
    """
    values = {
        name: ", ".join(vocabulary.terms(field))
        for name, field in [
            ("categories", "Category"), ("types", "Type"), ("genders", "Gender"), ("sizes", "Size")
        ]
    }  # fmt: skip
    return Prompt(
        system=string.Template(system).safe_substitute(values).strip(),
        question=string.Template(question).safe_substitute(values).strip(),
        answer_schema=vocabulary.label_schema(),
    ).model_dump()


def plan_captions(
    selection: pd.DataFrame,
    known_shards: dict[str, str],
    captioner: Captioner,
    prompt: dict[str, Any],
) -> tuple[pd.DataFrame, str]:
    """Finds the photos that this captioner has not captioned yet with this prompt.

    Args:
        selection: The photos to caption.
        known_shards: Shards of earlier runs by name, of this and of other captioners.
        captioner: Its fingerprint tells which captions are its own.
        prompt: What it is asked.

    Returns:
        The rows of the selection that still need a caption, among them those that failed
        before; and the captioner's fingerprint.
    """
    fingerprint = captioner.fingerprint(Prompt.model_validate(prompt))
    known = _read_captions(known_shards, fingerprint)
    done = [photo for photo, caption in known.items() if caption.text is not None]
    return selection[~selection["sha256"].isin(done)], fingerprint


def caption_photos(
    plan: pd.DataFrame,
    files: dict[str, Callable[[], bytes]],
    captioner: Captioner,
    prompt: dict[str, Any],
    params: LabelParams,
) -> Iterator[dict[str, str]]:
    """Captions photos, a shard at a time.

    Args:
        plan: The photos that need a caption.
        files: Functions that read the photos' bytes.
        captioner: The engine.
        prompt: What it is asked.
        params: When a shard is full.

    Yields:
        One shard: its name, made of the captioner's fingerprint and its photos' hashes, and
        its captions as JSON Lines. Where the captioner stops with an error or by Ctrl-C, what
        came until then is a last shard.
    """
    from tqdm import tqdm

    asked = Prompt.model_validate(prompt)
    fingerprint = captioner.fingerprint(asked)
    photos = (
        Photo(row.sha256, files[row.file]) for row in plan[["sha256", "file"]].itertuples(False)
    )
    shard: list[Caption] = []
    tokens = 0
    begun = written = came = time.monotonic()
    with tqdm(total=len(plan), desc="caption", unit="photo", smoothing=0.05) as progress:
        try:
            for caption in captioner.caption(photos, asked):
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


def collect_captions(
    selection: pd.DataFrame, shards: dict[str, Callable[[], str]], fingerprint: str
) -> pd.DataFrame:
    """Gathers the captions of the chosen photos from all shards of this captioner.

    Args:
        selection: The chosen photos.
        shards: Functions that read the shards, by name.
        fingerprint: The captioner's.

    Returns:
        The selection with ``caption`` (the model's text, missing if it failed), ``failure``
        (its reason, missing if it did not) and what the caption took: ``answers``,
        ``input_tokens``, ``output_tokens``, ``cost`` and ``seconds``.
    """
    captions = _read_captions(
        {name: load() for name, load in shards.items() if _belongs(name, fingerprint)}, fingerprint
    )
    chosen = [_of(captions, photo) for photo in selection["sha256"]]
    return selection.assign(
        caption=[caption.text for caption in chosen],
        failure=[caption.failure for caption in chosen],
        **{name: [getattr(caption, name) for caption in chosen] for name in COSTS},
    )


def report_captions(captions: pd.DataFrame, plan: pd.DataFrame, fingerprint: str) -> dict[str, Any]:
    """Counts captions, failures and tokens, and what this run had to do."""
    failed = captions["caption"].isna()
    cost = captions["cost"].sum(min_count=1)
    return {
        "photos": len(captions),
        "captioned": int((~failed).sum()),
        "failed": int(failed.sum()),
        "failures": captions.loc[failed, "failure"].value_counts().to_dict(),
        "captioned_before": len(captions) - len(plan),
        "asked_again": int((captions["answers"] - 1).clip(lower=0).sum()),
        "input_tokens": int(captions["input_tokens"].sum()),
        "output_tokens": int(captions["output_tokens"].sum()),
        "cost": None if pd.isna(cost) else round(float(cost), 4),
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
    return captions.get(photo, Caption(photo=photo, failure=NOTHING, answers=0))
