"""Reads a table of rated outfits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.photos.headings import find_headings
from lookbook.photos.matching import FileNames
from lookbook.photos.table import cell_text

PROBLEMS = ["row", "outfit", "value", "reason"]
_NEEDED = ("outfit", "query", "items", "score")
_OPTIONAL = ("faults", "source")
# What an outfit needs at least.
_PIECES = 2


class RatedOutfit(BaseModel):
    """An outfit that somebody rated.

    Attributes:
        photo_ids: Its pieces, the customer's first.
        score: The rating, see :class:`RatingParams`.
        faults: What is wrong with it.
        source: Who or what put it together; empty if the table does not say.
    """

    photo_ids: list[str]
    score: float
    faults: list[str]
    source: str = ""


class RatingParams(BaseModel, extra="forbid"):
    """How a table of rated outfits is read.

    Attributes:
        columns: Further headings of ``outfit``, ``query``, ``items``, ``score``, ``faults`` and
            ``source``.
        lowest: The lowest score that a rater can give.
        highest: The highest.
        acceptable: From this score on an outfit counts as acceptable.
    """

    columns: dict[str, list[str]]
    lowest: float
    highest: float
    acceptable: float


def read_ratings(
    table: pd.DataFrame, photo_ids: Mapping[str, str], params: RatingParams
) -> tuple[dict[str, RatedOutfit], pd.DataFrame]:
    """Read a table of rated outfits, a row for each.

    Args:
        table: Any cells: ``query`` is the customer's piece, ``items`` are the others, joined by
            ``|``, ``faults`` are joined by ``+``. Photos are named as people name files, with or
            without folder and ending, in any case.
        photo_ids: Photos of the shop, by file name.
        params: Headings and the scale of scores.

    Returns:
        The outfits by number; and the rows of no use: ``row`` (from 1), ``outfit``, ``value`` and
        ``reason``.

    Raises:
        InputError: If a column is missing, or no row is of use.
    """
    found = find_headings(table.columns, (*_NEEDED, *_OPTIONAL), params.columns)
    if missing := [name for name in _NEEDED if name not in found]:
        raise InputError(
            f"The table of rated outfits has no column {', '.join(map(repr, missing))}. It has "
            f"{', '.join(map(str, table.columns))}. Add other headings to "
            "'style.ratings.columns'."
        )
    names = FileNames(photo_ids)
    outfits: dict[str, RatedOutfit] = {}
    problems: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, row in enumerate(table.to_dict("records"), start=1):
        cells = {name: cell_text(row[heading]) for name, heading in found.items()}
        outfit = cells["outfit"]
        try:
            if not outfit:
                raise _NoUseError("", "names no outfit")
            if outfit in seen:
                raise _NoUseError("", "an earlier row has the same number")
            seen.add(outfit)
            outfits[outfit] = _read_row(cells, names, photo_ids, params)
        except _NoUseError as problem:
            value, reason = problem.args
            problems.append({"row": number, "outfit": outfit, "value": value, "reason": reason})
    if not outfits:
        reasons = Counter(problem["reason"] for problem in problems)
        told = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
        raise InputError(
            f"The table of rated outfits has no rated outfit: {told or 'it has no rows'}."
        )
    return outfits, pd.DataFrame(problems, columns=PROBLEMS)


class _NoUseError(Exception):
    """A row of no use: the value at fault, and the reason."""


def _read_row(
    cells: dict[str, str], names: FileNames, photo_ids: Mapping[str, str], params: RatingParams
) -> RatedOutfit:
    if not cells["query"]:
        raise _NoUseError("", "names no photo of the customer's piece")
    pieces: list[str] = []
    for name in (cells["query"], *_split(cells["items"], r"\|")):
        file = names.find(name)
        if file is None:
            raise _NoUseError(name, "no such photo")
        if photo_ids[file] in pieces:
            raise _NoUseError(name, "the same piece twice")
        pieces.append(photo_ids[file])
    if len(pieces) < _PIECES:
        raise _NoUseError("", "has a single piece")
    return RatedOutfit(
        photo_ids=pieces,
        score=_read_score(cells["score"], params),
        faults=list(dict.fromkeys(_split(cells.get("faults", "").casefold(), r"[+,;]"))),
        source=cells.get("source", ""),
    )


def _read_score(text: str, params: RatingParams) -> float:
    if not text:
        raise _NoUseError("", "not rated yet")
    try:
        score = float(text.replace(",", "."))
    except ValueError:
        raise _NoUseError(text, "the score is not a number") from None
    if not params.lowest <= score <= params.highest:
        raise _NoUseError(text, f"the score is not from {params.lowest:g} to {params.highest:g}")
    return score


def _split(cell: str, separator: str) -> list[str]:
    return [part.strip() for part in re.split(separator, cell) if part.strip()]
