"""The words that a customer may use: declared values, and what is said around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from lookbook.labels.fields import Fields
from lookbook.labels.values import find_phrases, fold
from lookbook.outfits import LONGEST_MESSAGE

PRICES = {"cheap", "cheaper", "cheapest", "price", "expensive", "budget", "affordable", "cost"}
SIMILAR = {"similar", "same", "alike", "like this", "like it", "like that", "lookalike", "more of"}
COMPLEMENTARY = {
    "go with", "goes with", "match", "wear with", "outfit", "combine", "combination", "pair",
    "complete", "style it", "recommend", "suggest", "suggestion", "recommendation",
}  # fmt: skip
DRESS_UP = {"dressier", "smarter", "elegant", "fancier", "more formal", "less casual"}
DRESS_DOWN = {"more casual", "less formal", "more relaxed", "comfier", "more comfortable"}
NEGATIONS = {
    "no", "not", "without", "except", "never", "hate", "dislike", "avoid", "don t", "dont",
    "don t want", "dont want", "do not want", "not want", "other than", "anything but",
    "instead of", "rather than", "neither", "nor",
}  # fmt: skip
RESUMPTIONS = {"but", "only", "just", "instead", "rather", "prefer", "want", "please", "yes"}
# Words for a value that mean something else in a sentence.
NO_WISH = {
    "all", "any", "both", "everyone", "neutral", "none", "other", "not specified", "unspecified",
    "n a", "active", "u", "m", "f", "s", "l", "v", "body", "m f", "f m", "set", "not applicable",
    "rock", "hut", "pull", "basket", "sweat", "grand", "mid", "standard", "regular",
}  # fmt: skip
# Said of customers and their plans, not of garments.
PHRASES = {"dress up", "dress down", "dress code", "in short"}


@dataclass(frozen=True)
class Term:
    """What one word or phrase of a message means.

    Attributes:
        kind: ``value``, ``similar``, ``complementary``, ``price``, ``up``, ``down`` or
            ``nothing``.
        field: The field of the value.
        value: The value.
        negated: Whether it is said not to be.
    """

    kind: str
    field: str = ""
    value: str = ""
    negated: bool = False


class Lexicon:
    """The words of a catalogue's fields in a customer's sentences."""

    def __init__(self, fields: Fields) -> None:
        """Learns the words.

        A word of the field with slots ("short", "dress") means that alone, and what implies it
        ("jeans"); a word of several other fields ("long") is too vague for a wish.

        Args:
            fields: Values and their synonyms.
        """
        meanings: dict[str, list[Term]] = {}
        for name, field in fields.enumerated.items():
            otherwise = getattr(field, "otherwise", None)
            for word, value in field.words.items():
                if value != otherwise and word not in NO_WISH:
                    meanings.setdefault(word, []).append(Term("value", name, value))
        self._meanings = {
            word: _plain(terms, fields) for word, terms in meanings.items() if _plain(terms, fields)
        }
        for kind, words in [
            ("similar", SIMILAR), ("complementary", COMPLEMENTARY), ("price", PRICES),
            ("up", DRESS_UP), ("down", DRESS_DOWN), ("not", NEGATIONS), ("again", RESUMPTIONS),
            ("nothing", PHRASES),
        ]:  # fmt: skip
            self._meanings |= {fold(word): [Term(kind)] for word in words}
        self._longest = max(len(phrase.split()) for phrase in self._meanings)

    def terms(self, message: str) -> Iterator[Term]:
        """Finds what a message names, in its order, and what of it is negated."""
        negated = False
        for clause in re.split(r"[.;!?\n]", message[:LONGEST_MESSAGE]):
            parts = clause.split(",")
            listed = bool(re.search(r"\b(or|and|nor)\b", clause.rpartition(",")[2]))
            for number, part in enumerate(parts):
                # A comma ends a negation, unless it is a list: "no skirts, dresses or shorts".
                negated = negated and number > 0 and listed
                words = fold(part).split()
                for terms in find_phrases(words, self._longest, self._meanings.get):
                    if terms[0].kind in ("not", "again"):
                        negated = terms[0].kind == "not"
                        continue
                    for term in terms:
                        yield Term(term.kind, term.field, term.value, negated)
            negated = False


def lexicon_of(fields: Fields) -> Lexicon:
    """Gives the lexicon of a catalogue's fields, made once."""
    return _lexicon(fields.declared)


@lru_cache(maxsize=8)
def _lexicon(declared: str) -> Lexicon:
    return Lexicon(Fields.model_validate_json(declared))


def _plain(terms: list[Term], fields: Fields) -> list[Term]:
    """Keeps of a word's meanings those that a customer can have in mind together."""
    main = next((term for term in terms if term.field == fields.slot_field), None)
    if main is not None:
        return [term for term in terms if term is main or _implied(term, fields) == main.value]
    certain = [term for term in terms if _implied(term, fields)]
    if certain:
        return certain[:1]
    return terms if len(terms) == 1 else []


def _implied(term: Term, fields: Fields) -> str | None:
    value = fields.enumerated[term.field].values[term.value]
    return value.implies.get(fields.slot_field) if fields.slot_field else None
