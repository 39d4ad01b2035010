"""Lists, and names with their values, in a shop's cells."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lookbook.products.texts import as_text, plain_text

_PLURAL = re.compile(r"\((?:s|es|e|i|n)\)")
_COMMA = re.compile(r"(?<!\\),\s+")
_TIGHT_COMMA = re.compile(r"(?<!\\),\s*")
_SIZE = r"(?:\d{2,3}|X*[SML]|\d?XL)"
_SIZES_BY_BLANK = re.compile(rf"{_SIZE}(?:\s+{_SIZE})+", re.IGNORECASE)
# What objects call names and values.
_NAMES = (
    "name", "paramname", "attributename", "key", "label", "optionname", "k", "code", "propertyname",
    "title", "type",
)  # fmt: skip
_VALUES = (
    "value",
    "values",
    "val",
    "attributevalue",
    "text",
    "optionvalue",
    "v",
    "choices",
    "option",
    "options",
)
# BigCommerce: Type=Swatch|Name=Color|Value=Blue[#00f].
_BIGCOMMERCE = re.compile(
    r"Name=(.*?)\s*[|,;]?\s*Value=(.*?)(?=\s*[|,;]?\s*(?:Type|Name|Label)=|$)"
)
# BigCommerce as it was: [RT]Size=S,[CS]Color=Slate:#708090.
_KIND = re.compile(r"^\[\w{1,3}\]")
_EQUALS = re.compile(r"(?:^|(?<=[,;|\n]))\s*\"?((?:\[\w{1,3}\])?[^=:,;|\n\"]{1,60}?)\s*=\s*")
# PrestaShop: Size:M:1,Color:Red:2.
_COLONS = re.compile(
    r"\s*([^:,;|\n]{1,60}?)\s*:\s*((?:\\,|[^:,;|\n])*)(:[^,;|\n]*)?\s*(?:[,;|\n]|$)"
)


def split_list(text: str) -> list[str]:
    """Split a cell that is a list: by the strongest separator that it holds.

    A comma behind a backslash, or without a blank beside commas that have one, is part of a value.
    """
    if text[:1] == "[" and (listed := read_list(text)):
        return listed
    for separator in ("|", ";", "\n"):
        if separator in text:
            return _strip(text.split(separator))
    for pattern in (_COMMA, _TIGHT_COMMA):
        if pattern.search(text):
            return _strip(pattern.split(text))
    if "/" in text:
        return _strip(text.split("/"))
    return text.split() if _SIZES_BY_BLANK.fullmatch(text) else _strip([text])


def split_commas(text: str) -> list[str]:
    """Split a list by commas, as WooCommerce and Etsy write it."""
    return _strip(_TIGHT_COMMA.split(text))


def read_list(text: str) -> list[str]:
    """Read a list in JSON; an empty one where a text is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [as_text(inner) for inner in value] if isinstance(value, list) else []


def _strip(parts: Iterable[str]) -> list[str]:
    parts = (part.replace("\\,", ",").strip() for part in parts)
    return [part for part in parts if part]


def read_pairs(cell: Any) -> Iterator[tuple[str, Any]]:
    """Read names and values out of a cell.

    Args:
        cell: A mapping, a list of mappings or pairs, or a text such as ``size=M,color=Red``,
            ``Size:M:1,Color:Red:2`` or ``"Made in=Italy";"Care=Wash"``.

    Yields:
        Each name and its value as it stands.
    """
    if isinstance(cell, dict):
        folded = {
            name.rpartition(":")[2]
            .replace("_", "")
            .replace("@", "")
            .replace("#", "")
            .casefold(): value
            for name, value in cell.items()
        }
        name = next((folded[key] for key in _NAMES if isinstance(folded.get(key), str)), None)
        value = next((folded[key] for key in _VALUES if key in folded), None)
        if name is not None and value is not None:
            yield name, value
            return
        for key, inner in cell.items():
            if isinstance(inner, dict) or (isinstance(inner, list) and _is_objects(inner)):
                yield from read_pairs(inner)
            else:
                yield key, inner
    elif isinstance(cell, list | tuple):
        if len(cell) == 2 and all(isinstance(inner, str) for inner in cell):
            yield cell[0], cell[1]
            return
        for inner in cell:
            yield from read_pairs(inner)
    elif isinstance(cell, str):
        yield from _read_packed(cell)


def _is_objects(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _read_packed(text: str) -> Iterator[tuple[str, str]]:
    text = text.strip()
    if "<" in text:
        # A text for people.
        return
    if text[:1] in "[{":
        try:
            yield from read_pairs(json.loads(text))
            return
        except (ValueError, RecursionError):
            pass
    if "Value=" in text and "Name=" in text:
        yield from ((match[1], match[2]) for match in _BIGCOMMERCE.finditer(text))
    elif matches := list(_EQUALS.finditer(text)):
        ends = [*(match.start() for match in matches[1:]), len(text)]
        for match, end in zip(matches, ends, strict=True):
            value = text[match.end() : end].strip().rstrip(",;|").strip().strip('"')
            yield _KIND.sub("", match[1]).strip(), value
    else:
        yield from ((match[1], match[2].strip()) for match in _COLONS.finditer(text))


def split_packed(text: str) -> list[str]:
    """Split the values of an attribute among others in one cell."""
    return text.split("|" if "|" in text else ";")


def split_options(heading: str) -> Callable[[str], list[str]] | None:
    """Return how the values of an option's column are split; ``None`` where each is one."""
    folded = "".join(letter for letter in heading.casefold() if letter.isalpha())
    # WooCommerce has `Attribute 1 value(s)` in any language, Etsy `VARIATION 1 VALUES`.
    if _PLURAL.search(heading) or folded.startswith(("attributevalues", "variationvalues")):
        return split_commas
    if folded.startswith("productoption"):
        return lambda text: [part.strip() for part in text.split(";")]
    return None


def flatten(cell: Any, split: Any) -> Iterable[str]:
    """Return the texts of a cell: of a list each, of a text its parts."""
    if cell is None:
        return []
    if isinstance(cell, list | tuple):
        return [text for inner in cell for text in flatten(inner, None)]
    if isinstance(cell, dict):
        named = [cell[name] for name in ("name", "value", "label", "title") if name in cell]
        named = named or (list(cell.values()) if len(cell) == 1 else [])
        return flatten(named[0], split) if named else [as_text(cell)]
    text = plain_text(cell) if isinstance(cell, str) and not split else as_text(cell)
    parts = split(text) if split and isinstance(cell, str) else [text]
    return [part.strip() for part in parts if part.strip()]
