"""Which value a model's words mean."""

from __future__ import annotations

import re
import unicodedata

from lookbook.attributes.values import Values, normalize

# Where one noun phrase ends and something else begins.
_PHRASES = re.compile(
    r"[,;:/|+&()\[\]{}\n]|\s-+\s|[–—]|(?<=\b\w)-(?=\w+\b)|\b(?:and|or|with|for|from|in|of|to|und|oder|mit|et|"
    r"ou|avec|y|o|con|e|com)\b",
    re.IGNORECASE,
)
# The whole is taken back.
_DENIAL = re.compile(r"\b(not|no|none|neither|without|unspecified|unknown)\b", re.IGNORECASE)
# "3/4 sleeves" is one phrase.
_FRACTION = re.compile(r"(?<=\d)\s*[/⁄]\s*(?=\d)")
_CLAUSES = re.compile(r"[,;]|\bbut\b", re.IGNORECASE)
_DOUBT = re.compile(
    r"\b(not|isn['’]?t|can['’]?t|cannot|could|may|might|maybe|perhaps|possibly|either|unclear|unsure|"
    r"uncertain|unknown|unspecified|unidentified|undetermined|indeterminate|difficult|impossible|"
    r"unbekannt|unklar|nicht|inconnu|desconocid[oa]|sconosciut[oa]|desconhecid[oa])\b|\?",
    re.IGNORECASE,
)


def match_value(text: str, attribute: Values, default: str, only_one: bool) -> tuple[str, str]:
    """Find the value that a text means, see :meth:`.SingleAttribute.lookup`.

    Args:
        text: Any wording.
        attribute: Values and their words.
        default: The value of what cannot be told.
        only_one: Whether a text that names several values means none.
    """
    if text in attribute.values:
        return text, "exact"
    whole = attribute.words.get(normalize(text))
    if whole is not None:
        return whole, "synonym"
    text = _FRACTION.sub(" ", unicodedata.normalize("NFKC", text))
    text = _without_denied(text, attribute, default)
    phrases = [named for phrase in _PHRASES.split(text) if (named := attribute.named(phrase))]
    every = {value for named in phrases for value in named}
    for value, declared in attribute.values.items():
        if declared.all_of and every >= {*declared.all_of} and not _DENIAL.search(text):
            return value, "several"
    # The head noun comes last in its phrase.
    heads = dict.fromkeys(named[-1] for named in phrases)
    known = [head for head in heads if head != default]
    if not known or _DOUBT.search(text):
        return default, "none"
    if len(known) > 1 and only_one:
        return default, "several"
    return known[0], "first of several" if len(known) > 1 else "part"


def _without_denied(text: str, attribute: Values, default: str) -> str:
    """Leave out clauses that say what it is not: "a skirt, not a dress" is a skirt."""
    clauses = [clause.strip() for clause in _CLAUSES.split(text)]
    kept = [
        clause
        for clause in clauses
        if not (_DENIAL.match(clause) and set(attribute.named(clause)) - {default})
    ]
    return ", ".join(kept) if kept and len(kept) < len(clauses) else text


def drop_negated(text: str, attribute: Values) -> str:
    """Return the part of a text that affirms values: nothing of "not black"."""
    affirmed = []
    for clause in _CLAUSES.split(text):
        denial = next(
            (found for found in _DENIAL.finditer(clause) if attribute.named(clause[found.end() :])),
            None,
        )
        affirmed.append(clause[: denial.start()] if denial else clause)
    return ", ".join(affirmed)
