"""Pairs of rows and files: a file belongs to one row, a row may have several files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lookbook.photos.cells import split_cell
from lookbook.photos.folder import PHOTO_ENDINGS, ending_of
from lookbook.photos.matching import (
    FOLDERS_DIFFER,
    RESIZED,
    WITHOUT_ENDING,
    FileNames,
    Match,
    fold_words,
)

MISSING = "the table names it, but there is no such file"
REPEATED = "column 'image' names an earlier row's photo"
# Ranks of files that hold a product's number: as their whole name, or within names of files and
# folders.
_WHOLE, _WITHIN = WITHOUT_ENDING, RESIZED
# A shorter number counts at the beginning of a name alone: behind it stands which view it is.
_SHORT = 3
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """A photo that a row names.

    Attributes:
        row: The row's place.
        image: How the row names the photo.
        file: The file; ``None`` where there is none for this row.
        reason: Why there is none.
    """

    row: int
    image: str
    file: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Claim:
    rank: int
    row: int
    image: str


def pair_rows(
    images: list[str], skus: list[str], photos: Iterable[str], no_photos: Iterable[str]
) -> list[Pair]:
    """Pair the rows of a table with files.

    Args:
        images: The photos that each row names.
        skus: The number of each row's product, which the names of its photos hold, where the
            table has no column of photos; else empty.
        photos: Files that may be photos.
        no_photos: Files that are none, for rows that name them all the same.

    Returns:
        A pair for each photo that a row names and for each file that holds its number; one
        without a file for each that is not there, is called as several files are, or is an
        earlier row's.
    """
    if not images:
        return []
    names, others = FileNames(photos), FileNames(no_photos)
    claims: dict[str, list[_Claim]] = defaultdict(list)
    unclear: dict[tuple[int, str], list[str]] = {}

    def claim(row: int, name: str) -> None:
        for known in (names, others):
            match = known.match(name)
            if isinstance(match, Match):
                claims[match.file].append(_Claim(match.rank, row, name))
            if match:
                break
        if not isinstance(match, Match):
            unclear[row, name] = match

    # By number the rows, how each writes it, and what a photo's rank is worse by.
    numbers: dict[str, list[tuple[int, str, int]]] = defaultdict(list)
    for row, (image, sku) in enumerate(zip(images, skus, strict=True)):
        if sku:
            numbers[" ".join(fold_words(sku))].append((row, sku, 0))
            continue
        for name in split_cell(image, names.is_written):
            claim(row, name)
            if unclear.get((row, name)) == [] and _may_be_number(name):
                numbers[" ".join(fold_words(name))].append((row, name, FOLDERS_DIFFER))
    holders, shared = _find_holders(names.files, set(numbers) - {""})
    for number, rows in numbers.items():
        for row, name, worse in rows:
            for file, rank in holders.get(number, {}).items():
                claims[file].append(_Claim(rank + worse, row, name))
            if number in holders:
                unclear.pop((row, name), None)
            elif number in shared:
                unclear[row, name] = shared[number]
            elif not worse:
                claim(row, name)
    pairs = [
        Pair(row, name, None, _explain(name, among, names))
        for (row, name), among in unclear.items()
    ]
    return sorted([*pairs, *_settle(claims)], key=lambda pair: pair.row)


def _may_be_number(name: str) -> bool:
    """Whether what should be a photo's name may be the number of its product."""
    has_place = ending_of(name) in PHOTO_ENDINGS or re.search(r"[/\\]", name)
    return not has_place and len(name) >= _SHORT and any(one.isdigit() for one in name)


def _find_holders(
    files: list[str], skus: set[str]
) -> tuple[dict[str, dict[str, int]], dict[str, list[str]]]:
    """Find the files whose names or folders hold a number.

    Returns:
        For each number its files with their ranks; and the files that hold several numbers.
    """
    holders: dict[str, dict[str, int]] = defaultdict(dict)
    shared: dict[str, list[str]] = defaultdict(list)
    lengths = sorted({sku.count(" ") + 1 for sku in skus if sku}, reverse=True)
    for file in files if lengths else ():
        *folders, name = file.replace("\\", "/").split("/")
        stem = name.rpartition(".")[0] or name
        for depth, part in enumerate([stem, *reversed(folders)]):
            words = fold_words(part)
            whole = " ".join(words)
            held = {whole} if whole in skus else _find_within(words, skus, lengths)
            if len(held) == 1:
                is_whole = not depth and whole in skus
                holders[held.pop()][file] = _WHOLE if is_whole else _WITHIN
                break
            for sku in held:
                shared[sku].append(file)
            if held:
                break
    return holders, shared


def _find_within(words: list[str], skus: set[str], lengths: list[int]) -> set[str]:
    """Find the longest numbers that stand within a name as words of it."""
    for length in lengths:
        spans = ((at, " ".join(words[at : at + length])) for at in range(len(words) - length + 1))
        held = {span for at, span in spans if span in skus and (at == 0 or len(span) >= _SHORT)}
        if held:
            return held
    return set()


def _settle(claims: dict[str, list[_Claim]]) -> Iterable[Pair]:
    """Give each file to the row that names it best."""
    settled = []
    lost: list[tuple[_Claim, str]] = []
    has_file: set[int] = set()
    for file, claimed in claims.items():
        best = min(claimed, key=lambda one: (one.rank, one.row))
        rivals = [one for one in claimed if one.row != best.row]
        equal = [one for one in rivals if one.rank == best.rank and one.image != best.image]
        if best.rank >= FOLDERS_DIFFER and equal:
            # Each names another folder, so that none of them means this file for sure.
            lost += [(one, f"{MISSING}; '{file}' is in another folder") for one in claimed]
            continue
        settled.append(Pair(best.row, best.image, file))
        has_file.add(best.row)
        for one in rivals:
            is_guess = one.rank >= FOLDERS_DIFFER > best.rank
            lost.append((one, MISSING if is_guess else REPEATED))
    # A photo that a product's variants share is no news of a row that has photos of its own.
    yield from settled
    yield from (
        Pair(claim.row, claim.image, None, reason)
        for claim, reason in dict.fromkeys(lost)
        if not (reason == REPEATED and claim.row in has_file)
    )


def _explain(name: str, among: list[str], names: FileNames) -> str:
    if among:
        more = " …" if len(among) > _SHOWN else ""
        return f"several files may be meant: {', '.join(among[:_SHOWN])}{more}"
    without = names.find_without_zeros(name)
    if without:
        return f"{MISSING}; '{without}' differs in leading zeros: keep the column as text"
    return MISSING
