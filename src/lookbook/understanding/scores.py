"""Scores requests against what was meant, message by message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lookbook.attributes.schema import Schema
from lookbook.lazy import pd
from lookbook.understanding.examples import Example, LabelledPart, attribute_of, value_of
from lookbook.understanding.request import Request, Values
from lookbook.understanding.vocabulary import value_in

Pairs = set[tuple[str, str]]
# Columns of counts, see :func:`score_request`.
COUNTS = [
    "wanted_right", "wanted_wrong", "wanted_missed", "refused_right", "refused_wrong",
    "refused_missed",
]  # fmt: skip


def score_request(request: Request, example: Example, schema: Schema) -> dict[str, Any]:
    """Compare a request with what was meant.

    Args:
        request: What a stylist understood.
        example: The message, and what is meant by it.
        schema: The catalogue's attributes; values that it lacks do not count.

    Returns:
        ``id``, ``writer``, ``kind``, ``language``; counts of values asked for, by name or
        implied (``wanted_…``), and of refused ones; whether ``act``, ``recipient`` and
        ``reference`` are right; ``inverted``, whether a refused value is asked for (``None``
        where nothing is refused).
    """
    plan = example.plan
    wanted, asked = _meant(plan.parts, ("want", "implied"), schema), _asked(request)
    refused, excluded = _meant(plan.parts, ("refused",), schema), _refused(request)
    recipients = set(plan.wearer)
    return {
        "id": example.id,
        "writer": example.writer,
        "kind": example.kind,
        "language": example.lang,
        **_counts("wanted", asked, wanted),
        **_counts("refused", excluded, refused),
        "act": request.act == plan.act,
        "recipient": set(request.recipients) == recipients,
        "reference": request.refers_to == plan.refers_to if plan.refers_to else None,
        "inverted": bool(asked & refused) if refused else None,
    }


def _meant(parts: Iterable[LabelledPart], kinds: Iterable[str], schema: Schema) -> Pairs:
    named = (
        (attribute_of(field), value_of(word))
        for part in parts
        for kind in kinds
        for field, words in getattr(part, kind).items()
        for word in words
    )
    return {known for value in named if (known := value_in(schema, value)) is not None}


def _asked(request: Request) -> Pairs:
    return {one for part in request.parts for one in _pairs(part.wanted) | _pairs(part.implied)}


def _refused(request: Request) -> Pairs:
    return {one for part in request.parts for one in _pairs(part.refused)}


def _pairs(values: Values) -> Pairs:
    return {(name, value) for name, own in values.items() for value in own}


def _counts(name: str, given: Pairs, meant: Pairs) -> dict[str, int]:
    return {
        f"{name}_right": len(given & meant),
        f"{name}_wrong": len(given - meant),
        f"{name}_missed": len(meant - given),
    }


def summarize_scores(scores: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Return F1 and shares of right answers by writer, kind or language.

    Args:
        scores: Rows of :func:`score_request`.
        by: A column; ``None`` for all messages together.

    Returns:
        Rows: the group, ``messages``, ``wanted`` and ``refused`` (F1), ``act``, ``recipient``,
        ``reference`` and ``inverted``.
    """
    groups = scores.groupby(by) if by else [("all", scores)]
    return pd.DataFrame(
        [
            {
                by or "group": name,
                "messages": len(group),
                "wanted": _f1(group, "wanted"),
                "refused": _f1(group, "refused"),
                **{
                    column: round(float(group[column].dropna().astype(float).mean()), 3)
                    for column in ("act", "recipient", "reference", "inverted")
                },
            }
            for name, group in groups
        ]
    )


def _f1(group: pd.DataFrame, name: str) -> float:
    right, wrong, missed = (
        int(group[f"{name}_{outcome}"].sum()) for outcome in ("right", "wrong", "missed")
    )
    total = 2 * right + wrong + missed
    return round(2 * right / total, 3) if total else float("nan")
