"""The photos that a cell of a table names: one, or several in any of the ways shops write them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from lookbook.photos.folder import NO_PHOTOS, PHOTO_ENDINGS

_ENDING = re.compile(r"(\.\w+)(?:[?#][^\s]*)?$")
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+]*:)?//", re.IGNORECASE)
# Between photos; an escaped comma is part of a name.
_BETWEEN = re.compile(r"\s*(?:(?<!\\)[,;|\n])\s*|\s+(?=(?:[a-z][a-z0-9+]*:)?//)", re.IGNORECASE)
_PHOTO = r"\.(?:jpe?g|png|webp|heic|avif|tiff?|bmp|gif)"
_BLANK_BEHIND_ENDING = re.compile(rf"({_PHOTO})\s+(?=\S)", re.IGNORECASE)
# What follows a photo's ending in an address may hold commas of its own.
_QUERY = re.compile(
    rf"({_PHOTO})\?(?:(?![,;]\s*(?:(?:https?:)?//|[^\s,;|?]*{_PHOTO}))[^\s|])*", re.IGNORECASE
)
_SEVERAL = re.compile(r"^=|[\s,;|<({\[]")
# Names with the address they were uploaded to, and what an importer is told beside an address.
_BESIDE = re.compile(r"\s+\((?:https?:)?//[^)]*\)|\s+!\s+\w+\s*:[^|]*", re.IGNORECASE)
# Addresses and quoted texts within HTML, Markdown or a formula.
_WITHIN = re.compile(r"[\"'(]([^\"'()<>]+)[\"')]|((?:https?:)?//[^\s\"'<>()|]+)", re.IGNORECASE)
# Where lists of objects have a photo's address or name.
_OF_OBJECT = ("src", "url", "href", "path", "file", "filename", "image", "name")
# A name holds no more separators.
_LONGEST = 8


def split_cell(cell: str, is_written: Callable[[str], bool]) -> list[str]:
    """Split a cell into the photos that it names.

    Args:
        cell: One name or address, or several: separated by commas, semicolons, bars, line ends
            or blanks, as a list in JSON, or within HTML.
        is_written: Whether a text is, as it stands, the name of a file: one with commas is not
            taken apart.

    Returns:
        Names and addresses, each once; the cell itself where it names one.
    """
    cell = cell.strip("\r\n")
    if not _SEVERAL.search(cell) or is_written(cell):
        return [cell]
    if cell[:1] in ("[", "{") and (listed := _read_list(cell)):
        return _unique(name for one in listed for name in split_cell(one, is_written))
    if re.search(r"<\w+\s|^=|\]\(", cell):
        within = [quoted or address for quoted, address in _WITHIN.findall(cell)]
        named = [one for one in within if _ends_a_name(one) or is_written(one)]
        return _unique(named) or [cell]
    text = _QUERY.sub(r"\1", _BESIDE.sub("", cell))
    text = _BLANK_BEHIND_ENDING.sub("\\1\n", text)
    return _unique(_cut(text, is_written)) or [cell]


def _cut(text: str, is_written: Callable[[str], bool]) -> Iterator[str]:
    """Cut a text at separators, but for those within names."""
    starts, ends = [0], []
    for match in _BETWEEN.finditer(text):
        ends.append(match.start())
        starts.append(match.end())
    ends.append(len(text))
    pieces: list[str] = []
    at = 0
    while at < len(starts):
        until = [_bare(text[starts[at] : end]) for end in ends[at : at + _LONGEST]]
        written = [number for number, one in enumerate(until) if one and is_written(one)]
        begun = _ADDRESS.match(text, starts[at])
        complete = (
            number
            for number, one in enumerate(until)
            if _ends_a_name(one) or (begun and _begins_address(text, starts, at + number + 1))
        )
        last = written[-1] if written else next(complete, None)
        if last is None:
            # The rest is no name of its own; without one before it, it is all one name.
            yield from pieces or ()
            rest = _bare(text[starts[at] :])
            yield rest if pieces else text
            return
        if until[last]:
            pieces.append(until[last])
        at += last + 1
    yield from pieces


def _begins_address(text: str, starts: list[int], place: int) -> bool:
    return place < len(starts) and bool(_ADDRESS.match(text, starts[place]))


def _bare(text: str) -> str:
    """Take off quotes and brackets around a name, and what escapes a comma in it."""
    return text.strip().strip("\"'[]{}").strip().replace("\\,", ",") if text else text


def _ends_a_name(text: str) -> bool:
    """Whether a text ends as the name or the address of a photo does."""
    ending = _ENDING.search(text)
    return not text or bool(
        ending and (ending[1].casefold() in PHOTO_ENDINGS or ending[1].casefold() in NO_PHOTOS)
    )


def _read_list(cell: str) -> list[str]:
    try:
        return list(_texts_of(json.loads(cell)))
    except (ValueError, RecursionError):
        return []


def _texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts_of(one)
    elif isinstance(value, dict):
        texts = (value[name] for name in _OF_OBJECT if isinstance(value.get(name), str))
        yield from [text for text in texts if text][:1]


def _unique(names: Any) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))
