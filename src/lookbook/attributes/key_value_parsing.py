"""Parsing answers as attribute names, each followed by its value."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from lookbook.attributes.json_parsing import is_placeholder
from lookbook.attributes.schema import Schema
from lookbook.attributes.text import clean_text, unescape, unescape_unicode

_TEMPLATE = re.compile(r"<\|[^<>|]*\|>|\b\w*header_id\|>|<\|\w*$")
_COMMENT = re.compile(r"/\*.*?\*/|(?<=[\s,{])//[^\n]*", re.DOTALL)
_ESCAPES = {"\\'": "'", "\\n": " ", "\\t": " ", "\\r": " ", '\\"': '"', "\\/": "/", "\\\\": "\\"}
_QUOTES = "\"'“”„‘’`"
# What may stand after a value and before the next attribute's name.
_CLOSERS = r"[\s\"'“”`,;}\])>*_|#\-.\d，]*"
_FULL_WIDTH = str.maketrans({"｛": "{", "｝": "}", "＂": '"'})
_BLOCK = re.compile(r"[>|][+-]?\d?[^\S\n]*\n")
_RULE = re.compile(r"\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?")
# A value in quotes ends at one that nothing but closers, or a new line, follows.
_ENDS = {
    opening: re.compile(rf"[{closing}](?=[\s,，;\"'`*]*$|[\s*]*[,，]?\s*[}}\])]|\s*\n)")
    for opening, closing in {'"': '"', "“": '”"', "'": "'"}.items()
}


def parse_key_values(text: str, schema: Schema) -> dict[str, Any]:
    """Read a text by the names of the attributes that stand in it.

    Understood are braces that are closed twice or never, missing commas, quotes within quotes,
    single and typographic quotes, full-width punctuation, comments, keys without quotes, XML
    tags, Markdown headings, bullets and tables, and YAML.

    Returns:
        What it says by attribute.
    """
    plain = _COMMENT.sub(" ", _TEMPLATE.sub("\n", text.translate(_FULL_WIDTH)))
    by_key = {name.casefold(): name for name in schema.names}
    best = _read_row(plain, by_key, schema)
    for pattern in _anchors(tuple(schema.names)):
        found = list(pattern.finditer(plain))
        label: dict[str, Any] = {}
        ends = [following.start() for following in found[1:]] + [len(plain)]
        for match, end in zip(found, ends[: len(found)], strict=True):
            name = by_key[match["name"].casefold()]
            told = _value(plain[match.end() : end], name, schema)
            if told:
                label.setdefault(name, told)
        if len(label) > len(best):
            best = label
    return best


def _read_row(text: str, by_key: dict[str, str], schema: Schema) -> dict[str, Any]:
    """Read the first row of a Markdown table whose head names the attributes."""
    lines = [line.strip() for line in text.splitlines()]
    for head, rule, row in zip(lines, lines[1:], lines[2:], strict=False):
        if "|" not in head or not _RULE.fullmatch(rule):
            continue
        cells = zip(head.strip("|").split("|"), row.strip("|").split("|"), strict=False)
        named = [(by_key.get(key.strip(" *_`").casefold()), cell) for key, cell in cells]
        told = {name: _value(cell, name, schema) for name, cell in named if name}
        if len(told) > 1:
            return {name: value for name, value in told.items() if value}
    return {}


@lru_cache(maxsize=8)
def _anchors(names: tuple[str, ...]) -> list[re.Pattern[str]]:
    """Make patterns of how an attribute may be named, the surest first."""
    name = rf"(?P<name>{'|'.join(map(re.escape, names))})"
    quote = rf"[{_QUOTES}]"
    return [
        # "Title": or 'Title': or “Title”： and Title: after a brace, a comma or a line's end
        re.compile(
            rf"(?:{quote}|(?<=[{{,\n(])[^\S\n]*|\A\s*){name}{quote}?\s*[:：=]", re.IGNORECASE
        ),
        # <Title>…</Title>
        re.compile(rf"(?<!{quote})</?\s*{name}\s*/?>(?!{quote})", re.IGNORECASE),
        # <attribute name="Title">…</attribute>
        re.compile(rf"<\w+\s+\w+\s*=\s*{quote}{name}{quote}\s*>", re.IGNORECASE),
        # **Title:** …, **Title** …, - Title: …, ## Title, | Title | … |, Title: …
        # Of what stands before a name nothing is given back: a table's rule, which is no name,
        # could be cut into signs in more ways than there is time for.
        re.compile(
            rf"^[ \t]*(?:[-*#>|•][ \t]*|\d+[.)][ \t]*)*+[*_\"]*{name}[*_\"]*[ \t]*"
            r"(?:[:：|][*_]*|(?<=\*\*)|(?=\n))",
            re.IGNORECASE | re.MULTILINE,
        ),
    ]


def _value(segment: str, name: str, schema: Schema) -> str | list[str] | None:
    raw = _BLOCK.sub("", segment.strip(), count=1) if segment.strip()[:1] in ">|" else segment
    raw = raw.strip()
    if raw.startswith("{"):
        # An object about the attribute, and none that read strictly.
        return None
    if raw.startswith("[") and "]" in raw:
        parts = re.findall(r"[^\[\],]+", raw[: raw.index("]")])
        told = [text for part in parts if (text := _plain(part, name, schema))]
        if name in schema.multis:
            return told or None
        return (" " if name in schema.texts else ", ").join(told) or None
    if raw[:1] in _ENDS:
        closing = _ENDS[raw[0]].search(raw, 1)
        raw = raw[1 : closing.start()] if closing else raw[1:]
    else:
        raw = re.sub(rf"{_CLOSERS}$", "", raw.strip(_QUOTES + " ")) if "}" in raw[-4:] else raw
        raw = raw.rstrip("|").strip()
    text = _plain(raw, name, schema)
    if text is None:
        return None
    return [text] if name in schema.multis else text


def _plain(raw: str, name: str, schema: Schema) -> str | None:
    text = raw
    for escape, character in _ESCAPES.items():
        text = text.replace(escape, character)
    text = re.sub(r"^\s*[-•]\s+|\s*</\w+>\s*$", "", text)
    text = clean_text(unescape(unescape_unicode(text))).strip(" *_`#|" + _QUOTES).rstrip(",;{[ ")
    return None if not text or is_placeholder(text, name, schema) else text
