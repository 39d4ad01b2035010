"""Trains the network that understands messages, and measures it on writers that it never saw."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.understanding.examples import (
    Example,
    occasions_of,
    read_examples,
    values_of_examples,
)
from lookbook.understanding.fit_params import FitParams
from lookbook.understanding.learned_parser import LearnedParser
from lookbook.understanding.message_network import MessageNetwork, Thresholds
from lookbook.understanding.scores import score_request, summarize_scores
from lookbook.understanding.vocabulary import Value, words_of

if TYPE_CHECKING:
    from lookbook.understanding.network_training import MessageTrainer


class UnderstandParams(BaseModel, extra="forbid"):
    """How the message network is trained and measured.

    Attributes:
        encoder: A BERT-like model: a folder, or a name on the hub.
        min_examples: Messages that a value occurs in at least.
        occasions: Number of the most frequent occasions that are told apart.
        folds: Groups of writers, each of which is left out once; fewer than 2 measure nothing.
        thresholds: The least probabilities at which values count.
        credit: Who wrote the messages, for the card.
        fit: How a network is fitted.
    """

    encoder: str
    min_examples: int = Field(gt=0)
    occasions: int = Field(gt=0)
    folds: int = Field(ge=0)
    thresholds: Thresholds
    credit: str
    fit: FitParams


def read_messages(
    message_files: dict[str, Callable[[], str]],
) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """Check labelled messages: files of JSON lines, one for each writer.

    Returns:
        The messages, and what cannot be used: ``writer``, ``id``, ``reason``.

    Raises:
        InputError: If there is no message.
    """
    lines = [
        (writer, line)
        for writer, load in sorted(message_files.items())
        for line in load().splitlines()
        if line.strip()
    ]
    examples, faults = read_examples(lines)
    if not examples:
        raise InputError(
            "There is no labelled message. Name a folder of JSON lines, a file for each writer, "
            "with --params=messages=FOLDER; docs/explanation/understanding.md shows the form."
        )
    return (
        [one.model_dump(by_alias=True) for one in examples],
        pd.DataFrame(faults, columns=["writer", "id", "reason"]),
    )


def fit_network(
    labelled_messages: list[dict[str, Any]],
    vocabulary: dict[str, frozenset[Value]],
    schema: Schema,
    params: UnderstandParams,
) -> bytes:
    """Fit the network to all messages.

    Returns:
        An ONNX file.
    """
    examples = _examples(labelled_messages)
    trainer = _trainer(examples, words_of(schema, vocabulary), params)
    return trainer.export(trainer.fit(examples, "message network"), params.thresholds)


def fit_folds(
    labelled_messages: list[dict[str, Any]],
    vocabulary: dict[str, frozenset[Value]],
    existing_fold_networks: dict[str, Callable[[], bytes]],
    schema: Schema,
    params: UnderstandParams,
) -> Iterator[dict[str, bytes]]:
    """Fit a network without each group of writers, unless an equal run has fitted it.

    Yields:
        ONNX files by what they are fitted to.
    """
    examples = _examples(labelled_messages)
    words = words_of(schema, vocabulary)
    for group in _groups(examples, params.folds):
        name = _fold_name(examples, group, words, params)
        if name in existing_fold_networks:
            continue
        others = [one for one in examples if one.writer not in group]
        trainer = _trainer(examples, words, params)
        network = trainer.fit(others, f"without {', '.join(group)}")
        yield {name: trainer.export(network, params.thresholds)}


def score_writers(
    labelled_messages: list[dict[str, Any]],
    messages_quarantine: pd.DataFrame,
    fold_networks: dict[str, Callable[[], bytes]],
    vocabulary: dict[str, frozenset[Value]],
    schema: Schema,
    params: UnderstandParams,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Score the networks on the writers whom they never saw.

    Returns:
        A row for each message, see :func:`score_request`; and the report: ``messages``,
        ``quarantine`` (counts), and ``scores`` of all messages, and by writer, kind and language.
    """
    examples = _examples(labelled_messages)
    words, rows = words_of(schema, vocabulary), []
    for group in _groups(examples, params.folds):
        load = fold_networks.get(_fold_name(examples, group, words, params))
        if load is None:
            continue
        parser = LearnedParser(MessageNetwork(content=load()), vocabulary)
        rows += [
            score_request(parser.parse(one.segments, schema), one, schema)
            for one in examples
            if one.writer in group
        ]
    scores = pd.DataFrame(rows)
    summaries = {
        by or "all": summarize_scores(scores, by).to_dict("records")
        for by in (None, "writer", "kind", "language")
        if rows
    }
    report = {
        "messages": len(examples), "quarantine": len(messages_quarantine), "scores": summaries,
    }  # fmt: skip
    return scores, report


def write_card(
    labelled_messages: list[dict[str, Any]],
    understand_report: dict[str, Any],
    params: UnderstandParams,
) -> str:
    """Write the network's card: who wrote the messages, how it was fitted, what it gets right."""
    counts: dict[str, int] = {}
    for row in labelled_messages:
        counts[row["lang"]] = counts.get(row["lang"], 0) + 1
    languages = ", ".join(f"{language} {count}" for language, count in sorted(counts.items()))
    fit = ", ".join(f"{name} {value}" for name, value in params.fit)
    tables = [
        f"## {'All messages' if by == 'all' else f'By {by}'}\n\n{_markdown_table(rows)}\n"
        for by, rows in understand_report["scores"].items()
    ]
    return "\n".join(
        [
            "# The message network\n",
            f"Trained on {len(labelled_messages)} messages ({languages}): {params.credit}.",
            f"Encoder: {params.encoder}. Fit: {fit}.\n",
            "Wanted and refused are F1 of values; inverted is the share of messages with a "
            "refusal in which a refused value is asked for. Each message was read by a network "
            "that never saw its writer. The labels are the writers' own.\n"
            if tables
            else "It was not measured: that takes two writers and `understand.folds`.\n",
            *tables,
        ]
    )


def _markdown_table(rows: list[dict[str, Any]]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(row.values() for row in rows)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _examples(rows: list[dict[str, Any]]) -> list[Example]:
    return [Example.model_validate(row) for row in rows]


def _trainer(
    examples: list[Example], words: dict[str, frozenset[Value]], params: UnderstandParams
) -> MessageTrainer:
    from lookbook.understanding.network_training import MessageTrainer

    return MessageTrainer(
        params.encoder,
        values_of_examples(examples, params.min_examples),
        occasions_of(examples, params.occasions),
        words,
        params.fit,
    )


def _fold_name(
    examples: list[Example],
    group: list[str],
    words: dict[str, frozenset[Value]],
    params: UnderstandParams,
) -> str:
    """Return a name that changes with all that a fold's network depends on."""
    parts = [
        *(one.model_dump_json() for one in examples),
        *group,
        *(f"{phrase} {sorted(values)}" for phrase, values in sorted(words.items())),
        params.model_dump_json(exclude={"credit"}),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _groups(examples: list[Example], folds: int) -> list[list[str]]:
    """Return groups of writers with about as many messages; each writer is in one.

    None where nobody would be left to learn from.
    """
    counts: dict[str, int] = {}
    for one in examples:
        counts[one.writer] = counts.get(one.writer, 0) + 1
    count = min(folds, len(counts))
    if count < 2:
        return []
    groups: list[list[str]] = [[] for _ in range(count)]
    sizes = [0] * count
    for writer in sorted(counts, key=lambda name: (-counts[name], name)):
        smallest = sizes.index(min(sizes))
        groups[smallest].append(writer)
        sizes[smallest] += counts[writer]
    return [sorted(group) for group in groups]
