"""Refusals: where a model says that it will not, and where it merely cannot see a tag."""

from __future__ import annotations

import re
from typing import Any

from lookbook.attributes.schema import Schema

_NOT = (
    r"(?:can\s*not|can['’]?t|won['’]?t|could\s*n['’]?t|am\s+not\s+able\s+to|am\s+unable\s+to"
    r"|['’]m\s+(?:not\s+able|unable)\s+to)"
)
_SORRY = r"(?:sorry|i\s*(?:['’]m|am)\s+sorry|i\s+apologi[sz]e|unfortunately|my\s+apologies)"
# A sentence that opens with it says no; one that quotes it on a T-shirt does not.
_OPENING = re.compile(
    rf"^\W*(?:oh\W+)?(?:{_SORRY}\b[\s,.;:!-]*(?:but\s+)?)?"
    rf"(?:i\s*{_NOT}\s+\w+|i\s*(?:['’]m|am)\s+(?:unable|not\s+(?:able|comfortable))\b"
    r"|as\s+an?\s+(?:ai|(?:large\s+)?language\s+model)\b|i\s+don['’]?t\s+feel\s+comfortable\b"
    r"|(?:the|this)\s+(?:image|photo|picture)\s+does\s*(?:not|n['’]?t)\b|unable\s+to\s+\w+|i\s+must\s+decline)",
    re.IGNORECASE,
)
_SORRY_ALONE = re.compile(rf"^\W*{_SORRY}\b", re.IGNORECASE)
# What a model asks for instead, once it has said no.
_ASKING = re.compile(r"^\W*(?:please|could you|can you|feel free|if you)\b", re.IGNORECASE)
# A description of which only this much is left once refusals are gone describes nothing.
_FEWEST_WORDS = 3
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")


def is_refusal(text: str) -> bool:
    """Whether an answer in which no label stands says no."""
    plain = re.sub(r"[{}\[\]\"]", " ", re.sub(r"\"\w+\"\s*:", " ", text))
    return any(_opens(sentence) for sentence in [*_sentences(text), *_sentences(plain)])


def drop_refusals(raw_values: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Leave out of the texts the sentences that say no; a text of nothing else is none.

    "I can't see the size tag." is left out of a good description; a title that says no makes
    the whole a refusal.
    """
    if _opens(str(raw_values.get(schema.title, ""))):
        return {}
    kept = dict(raw_values)
    for name in schema.texts:
        sentences = _sentences(str(raw_values.get(name, "")))
        said = [sentence for sentence in sentences if not _opens(sentence)]
        if len(said) < len(sentences):
            said = [sentence for sentence in said if not _ASKING.search(sentence)]
            rest = " ".join(said)
            if len(re.findall(r"\w+", rest)) < _FEWEST_WORDS:
                del kept[name]
            else:
                kept[name] = rest
    return kept


def _opens(sentence: str) -> bool:
    return bool(_OPENING.search(sentence) or _SORRY_ALONE.search(sentence))


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE.split(text) if sentence.strip()]
