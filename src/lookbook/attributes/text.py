"""Text as a catalogue keeps it: composed, without controls, no longer than it may be."""

from __future__ import annotations

import html
import re
import unicodedata

# Of a longer answer the beginning is read: no label is so long, and reading stays bounded.
MAX_ANSWER_LENGTH = 100_000
# Invisible, or steering how what follows is read: controls, format characters, half characters,
# and code points that stand for nothing.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Cn", "Co"}
# Joins emoji of several parts.
_JOINER = "\u200d"


def clean_text(text: str, longest: int | None = None) -> str:
    """Clean a text of any origin.

    Args:
        text: Whatever a model, a table or a file name holds.
        longest: Characters at most; a longer text is cut at a word.

    Returns:
        The text in NFC, without control, format and half characters, white space folded to
        single spaces.
    """
    if longest is not None:
        # What is folded away below is bounded too.
        text = text[: 20 * longest]
    if not text.isascii():
        # Whole characters are paired, and halves left out.
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
        text = unicodedata.normalize("NFC", whole)
    if not text.isprintable():
        text = "".join(
            one if one.isprintable() or _is_kept(one) else _replacement(one) for one in text
        )
    folded = " ".join(text.split())
    return folded if longest is None else cut(folded, longest)


def _is_kept(character: str) -> bool:
    return character == _JOINER or unicodedata.category(character) not in _UNPRINTABLE


def _replacement(character: str) -> str:
    return " " if character.isspace() else ""


def cut(text: str, longest: int) -> str:
    """Cut a text at a word, so that it has no more than so many characters."""
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    at_word = head.rsplit(" ", 1)[0] if " " in head[longest // 2 :] else head
    return at_word.rstrip(" ,;:-") + "…"


def unquote(text: str) -> str:
    """Take off Markdown's emphasis, and quotes around the whole."""
    bare = text.strip(" *_`")
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'":
        return bare[1:-1].strip()
    return bare


def unescape(text: str) -> str:
    """Turn HTML entities into characters, as far as there are any."""
    return html.unescape(text) if "&" in text else text


def unescape_unicode(text: str) -> str:
    r"""Turn JSON's ``\u00e9`` into the characters they mean."""
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)


def strip_thinking(text: str) -> str:
    """Leave out what a model says to itself before it answers.

    Returns:
        The rest. Where thinking was begun and never ended nothing of it is left.
    """
    rest = _cut_thoughts(text)
    ends = list(THOUGHT_END.finditer(rest))
    rest = rest[ends[-1].end() :] if ends else rest
    begun = THOUGHT_BEGIN.search(rest)
    return rest[: begun.start()] if begun else rest


def _cut_thoughts(text: str) -> str:
    """Remove text between tags, from each opening tag to the next closing one of its name.

    One expression for both would look through the whole text again for every opening tag.
    """
    closing: dict[str, list[re.Match[str]]] = {}
    for end in reversed(list(THOUGHT_END.finditer(text))):
        closing.setdefault(end[1].casefold(), []).append(end)
    parts, after = [], 0
    for begun in THOUGHT_BEGIN.finditer(text):
        ends = closing.get(begun[1].casefold(), [])
        while ends and ends[-1].start() < begun.end():
            ends.pop()
        if begun.start() >= after and ends:
            parts.append(text[after : begun.start()])
            after = ends[-1].end()
    return " ".join([*parts, text[after:]])


_TAGS = r"(?:think|thinking|thought|thoughts|reasoning|reflection|analysis|scratchpad)"
THOUGHT_BEGIN = re.compile(rf"<\s*({_TAGS})\s*>", re.IGNORECASE)
THOUGHT_END = re.compile(rf"<\s*/\s*({_TAGS})\s*>", re.IGNORECASE)
