"""Texts and numbers of a shop's cells."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from typing import Any

# No price and no quantity is so large.
MOST = 10**12
# The text of an XML element beside its attributes.
TEXT = "#text"
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# WooCommerce puts it before what a spreadsheet takes for a formula.
_APOSTROPHE = re.compile(r"^'(?=[=+\-@])")
# Codes of swatches: Red[#f00], #f00:Red, Red:#f00, Red (#ff0000), Red[https://…].
_SWATCH = re.compile(
    r"\s*\[(?:#|https?:|//)[^\]]*\]\s*|^#[0-9a-fA-F]{3,8}\s*:\s*|\s*:\s*#[0-9a-fA-F]{3,8}$"
    r"|^#[0-9a-fA-F]{3,8}$|\s*\(#[0-9a-fA-F]{6}\)\s*"
)
_COUNT = re.compile(r"[<>~≥≤+]?\s*(-?\d+)(?:[.,]0+)?\s*\+?")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’\s\u00a0\u202f]\d{3})+")
_PATH = re.compile(r"\s*[>/|]\s*")
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_BLOCKS = {"p", "div", "li", "br", "tr", "ul", "ol", "table", "section", "article"} | _HEADINGS
_HIDDEN = {"style", "script", "template", "head"}


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
    text = _APOSTROPHE.sub("", as_text(cell))
    for _ in range(2):
        if "&" in text:
            text = _decode_entities(text)
    return " ".join(text.split())


def _decode_entities(text: str) -> str:
    """Decode the entities of HTML, but only those that a semicolon ends."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)


class _TextParser(HTMLParser):
    """Collects the text of HTML, a line for each block."""

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
    # WooCommerce writes line ends as two letters.
    text = _APOSTROPHE.sub("", as_text(cell)).replace("\\n", "\n")
    if "&lt;" in text and "<" not in text:
        text = html.unescape(text)
    if "<" in text:
        parser = _TextParser()
        parser.feed(text)
        parser.close()
        text = "".join(parser.pieces)
    lines = (" ".join(line.split()) for line in _decode_entities(text).splitlines())
    return "\n".join(line for line in lines if line)


def split_path(category: str) -> list[str]:
    """Split a category such as ``Apparel > Tops > Shirts`` into its parts."""
    return _PATH.split(category.strip())


def strip_swatch(text: str) -> str:
    """Remove the code of a swatch from a value."""
    return _SWATCH.sub("", text).strip()


def read_count(cell: Any) -> int | None:
    """Read a quantity; ``None`` where a cell holds words, or more than can be."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return int(cell) if -MOST < cell < MOST else None
    text = as_text(cell)
    if _THOUSANDS.fullmatch(text):
        return read_count(float(re.sub(r"\D", "", text)))
    match = _COUNT.match(text)
    return read_count(float(match[1])) if match else None
