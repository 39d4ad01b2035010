"""What words, lists and numbers in a shop's cells mean."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from html.parser import HTMLParser
from typing import Any
from xml.sax.saxutils import unescape

from lookbook.products.records import TEXT
from lookbook.products.vocabulary import ProductProperties, fold_words

_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_FORMULA = re.compile(r"^'(?=[=+\-@])")
# Codes of swatches: Red[#f00], #f00:Red, Red:#f00, Red[https://…].
_SWATCH = re.compile(
    r"\s*\[(?:#|https?:|//)[^\]]*\]\s*|^#[0-9a-fA-F]{3,8}\s*:\s*|\s*:\s*#[0-9a-fA-F]{3,8}$|^#[0-9a-fA-F]{3,8}$"
)
_COMMA = re.compile(r"(?<!\\),\s+")
_TIGHT_COMMA = re.compile(r"(?<!\\),\s*")
_SIZES_BY_BLANK = re.compile(
    r"(?:\d{2,3}|X*[SML]|\d?XL|XX[SL])(?:\s+(?:\d{2,3}|X*[SML]|\d?XL|XX[SL]))+", re.IGNORECASE
)
_COUNT = re.compile(r"[<>~≥≤+]?\s*(-?\d+)(?:[.,]0+)?\s*\+?")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’\s\u00a0\u202f]\d{3})+")
_NAMES = (
    "name",
    "paramname",
    "attributename",
    "key",
    "label",
    "optionname",
    "k",
    "code",
    "propertyname",
    "title",
    "type",
)
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
)
_BLOCKS = {
    "p",
    "div",
    "li",
    "br",
    "tr",
    "ul",
    "ol",
    "table",
    "section",
    "article",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
}
_HIDDEN = {"style", "script", "template", "head"}
_YEARS = re.compile(
    r"(\d+)\s*(?:-|–|to|bis|à|a|do)?\s*(\d*)\s*(?:m|y|months?|years?|yrs?|jahre?|monate?|ans|mois|años|meses|lat|let)\b",
    re.IGNORECASE,
)
_ADULT = 16


def as_text(cell: Any) -> str:
    """Write a cell as text: numbers without needless zeros, lists as JSON."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(float(cell))
    if isinstance(cell, dict) and TEXT in cell:
        return str(cell[TEXT]).strip()
    if isinstance(cell, list | dict | tuple):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return str(cell)


def plain_text(cell: Any) -> str:
    """Return a title in one line, its entities decoded; tags in it are text."""
    text = _FORMULA.sub("", as_text(cell))
    for _ in range(2):
        if "&" in text:
            text = decode_entities(text)
    return " ".join(text.split())


def decode_entities(text: str) -> str:
    """Decode the entities of HTML, but only those that a semicolon ends."""
    import html

    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._hidden += tag in _HIDDEN
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(self._hidden - (tag in _HIDDEN), 0)
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)


def html_to_text(cell: Any) -> str:
    """Return the text of HTML, a line for each block."""
    text = _FORMULA.sub("", as_text(cell)).replace("\\n", "\n")
    if "&lt;" in text and "<" not in text:
        text = unescape(text)
    if "<" in text:
        parser = _Text()
        parser.feed(text)
        parser.close()
        text = "".join(parser.pieces)
    text = decode_entities(text)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def strip_swatch(text: str) -> str:
    """Remove the code of a swatch from a value."""
    return _SWATCH.sub("", text).strip()


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


def read_count(cell: Any) -> int | None:
    """Read a quantity; ``None`` where a cell holds words."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return int(cell)
    text = as_text(cell)
    if _THOUSANDS.fullmatch(text):
        return int(re.sub(r"\D", "", text))
    match = _COUNT.match(text)
    return int(match[1]) if match else None


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
        else:
            yield from cell.items()
    elif isinstance(cell, list | tuple):
        if len(cell) == 2 and all(isinstance(inner, str) for inner in cell):
            yield cell[0], cell[1]
            return
        for inner in cell:
            yield from read_pairs(inner)
    elif isinstance(cell, str):
        yield from _read_packed(cell)


_BIGCOMMERCE = re.compile(
    r"Name=(.*?)\s*[|,;]?\s*Value=(.*?)(?=\s*[|,;]?\s*(?:Type|Name|Label)=|$)"
)
_KIND = re.compile(r"^\[\w{1,3}\]")
_PAIRS = re.compile(r"(?:^|(?<=[,;|\n]))\s*\"?((?:\[\w{1,3}\])?[^=:,;|\n\"]{1,60}?)\s*=\s*")
_COLONS = re.compile(
    r"\s*([^:,;|\n]{1,60}?)\s*:\s*((?:\\,|[^:,;|\n])*)(:[^,;|\n]*)?\s*(?:[,;|\n]|$)"
)


def _read_packed(text: str) -> Iterator[tuple[str, str]]:
    text = text.strip()
    if text[:1] in "[{":
        try:
            yield from read_pairs(json.loads(text))
            return
        except (ValueError, RecursionError):
            pass
    if "Value=" in text and "Name=" in text:
        yield from ((match[1], match[2]) for match in _BIGCOMMERCE.finditer(text))
    elif matches := list(_PAIRS.finditer(text)):
        ends = [*(match.start() for match in matches[1:]), len(text)]
        for match, end in zip(matches, ends, strict=True):
            value = text[match.end() : end].strip().rstrip(",;|").strip().strip('"')
            yield _KIND.sub("", match[1]).strip(), value
    else:
        yield from ((match[1], match[2].strip()) for match in _COLONS.finditer(text))


class Words:
    """The words of a vocabulary, ready to be looked up."""

    def __init__(self, properties: ProductProperties) -> None:
        """Fold the words."""
        self._properties = properties
        self._states: dict[str, bool | None] = {}
        self._genders: dict[str, frozenset[str]] = {}

    @cached_property
    def _stock_words(self) -> dict[str, bool | None]:
        states = {"available": True, "unavailable": False, "unknown": None}
        return {
            fold_words(word): states[state]
            for state, words in self._properties.in_stock.items()
            for word in words
        }

    @cached_property
    def _stock_phrases(self) -> list[tuple[re.Pattern[str], bool | None]]:
        phrases = sorted(
            (word for word in self._stock_words if len(word) > 2), key=len, reverse=True
        )
        return [
            (re.compile(rf"\b{re.escape(word)}\b"), self._stock_words[word]) for word in phrases
        ]

    @cached_property
    def _gender_words(self) -> dict[str, str]:
        return {
            fold_words(word): gender
            for gender, words in self._properties.gender.items()
            for word in words
        }

    def folded(self, name: str) -> set[str]:
        """Return the folded words of a list of the vocabulary."""
        return {fold_words(word) for word in getattr(self._properties, name)}

    def is_available(self, cell: Any) -> tuple[bool, bool | None]:
        """Read whether something is in stock.

        Returns:
            Whether the words are known, and what they say.
        """
        if isinstance(cell, bool):
            return True, cell
        text = as_text(cell)
        text = text.rsplit("/", 1)[-1] if text.startswith("http") else text
        if text not in self._states:
            folded = fold_words(text)
            if folded in self._stock_words:
                self._states[text] = self._stock_words[folded]
            else:
                hits = (state for phrase, state in self._stock_phrases if phrase.search(folded))
                try:
                    self._states[text] = next(hits)
                except StopIteration:
                    return False, None
        return True, self._states[text]

    def find_genders(self, text: str, exactly: bool = False) -> frozenset[str]:
        """Find for whom something is by the words of a cell.

        Args:
            text: The cell.
            exactly: Whether the whole text has to be such words, as a part of a category.
        """
        key = f"{exactly}{text}"
        if key not in self._genders:
            self._genders[key] = frozenset(self._find_genders(text, exactly))
        return self._genders[key]

    def _find_genders(self, text: str, exactly: bool) -> set[str]:
        if known := self._gender_words.get(fold_words(text)):
            return {known}
        parts = re.split(
            r"[|,;/&+\n]|\b(?:and|und|et|y|e|i|a|og|och|en)\b", text, flags=re.IGNORECASE
        )
        found = [self._gender_words.get(fold_words(part)) for part in parts]
        if exactly:
            return {gender for gender in found if gender} if all(found) else set()
        found += [
            self._gender_words.get(word) for word in fold_words(text).split() if len(word) > 1
        ]
        return {gender for gender in found if gender}

    def is_for_kids(self, text: str) -> bool:
        """Whether an age group is one of children."""
        if "Kids" in self.find_genders(text):
            return True
        years = _YEARS.search(text)
        return bool(years) and int(years[2] or years[1]) < _ADULT if years else False
