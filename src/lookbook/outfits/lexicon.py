"""The words that a customer may use: sayings, declared values, and what is said around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from lookbook.attributes.schema import Schema
from lookbook.attributes.values import normalize
from lookbook.outfits import LONGEST_MESSAGE, cues, slots
from lookbook.outfits.sayings import Kind, Saying, Sayings

Cue = Literal["similar", "complementary", "owned", "not", "again", "and", "or", "link", "for"]
# Values' words that mean something else in a sentence, or nothing that one can wish for.
NO_WISH = {
    "all", "any", "both", "everyone", "neutral", "none", "other", "not specified", "unspecified",
    "n a", "active", "u", "m", "f", "s", "l", "v", "body", "m f", "f m", "set", "not applicable",
    "sweat", "grand", "mid", "standard", "regular", "unknown", "large", "small",
    "medium", "klein", "petit", "groß", "grande", "one size", "full", "hip", "print", "strap",
    "square", "boat", "down", "evening", "animal", "logo tee", "pump", "medio", "moyen", "mittel",
    "hood", "two piece",
}  # fmt: skip
_TOKEN = re.compile(r"[^\W_]+(?:['’`][^\W_]+)*|[.!?;:\n]+|[,/&+()]")
# "3/4 sleeves" is one phrase, and no choice.
_FRACTION = re.compile(r"(?<=\d)\s*/\s*(?=\d)")
# "(w, 28)", "19m", "f/22": an age with a letter says whose.
_AGED = re.compile(r"\(\s*([mwf])\b|\b\d\d\s?([mwf])\b|\b([mwf])\s?/?\s?\d\d\b", re.IGNORECASE)
_LETTERS = {"m": "man", "w": "woman", "f": "woman"}
# A word is taken for a misspelt one from so many letters on, and so much has to be alike.
_LEAST_LETTERS = 5
_ALIKE = 0.8
_SHORTS = "shorts"
UNKNOWN = ""


@dataclass(frozen=True)
class Value:
    """A value of an attribute that a word means."""

    attribute: str
    value: str


@dataclass(frozen=True)
class Said:
    """A saying that a phrase may mean."""

    kind: Kind
    name: str
    saying: Saying


@dataclass(frozen=True)
class Term:
    """What one word or phrase of a message means.

    Attributes:
        words: The phrase, folded.
        cues: What it says of the terms around it.
        values: Values of attributes that it means, at most one an attribute.
        sayings: Sayings that it may mean.
        known: Whether it means anything.
    """

    words: str
    cues: frozenset[Cue] = frozenset()
    values: tuple[Value, ...] = ()
    sayings: tuple[Said, ...] = ()
    known: bool = True


# Where a sentence ends, and where a member of a list does.
STOP = Term(".")
COMMA = Term(",")
_SIGNS = {",": COMMA, "&": COMMA, "+": COMMA, "/": Term("/", frozenset({"or"}))}


class Lexicon:
    """The words of a catalogue's attributes and sayings in customers' sentences."""

    def __init__(self, schema: Schema, sayings: Sayings) -> None:
        """Learns the words.

        Args:
            schema: Values and their synonyms.
            sayings: What else is said, cut to the attributes.
        """
        self._schema = schema
        values: dict[str, list[Value]] = {}
        for name, attribute in schema.categorical.items():
            default = getattr(attribute, "default", None)
            for word, value in attribute.words.items():
                if value != default and word not in NO_WISH:
                    phrase = _unfold(word) if self.names_garments(name) else word
                    values.setdefault(phrase, []).append(Value(name, value))
        said: dict[str, list[Said]] = {}
        for kind, name, saying in sayings.every():
            for phrase in saying.said:
                folded = _unfold(normalize(phrase)) if kind == "garments" else normalize(phrase)
                said.setdefault(folded, []).append(Said(kind, name, saying))
        told: dict[str, set[Cue]] = {}
        for cue, phrases in _CUES.items():
            for phrase in phrases:
                told.setdefault(normalize(phrase), set()).add(cue)
        nothing = {normalize(phrase) for phrase in cues.NOTHING}
        self._terms = {
            phrase: Term(
                phrase,
                frozenset(told.get(phrase, ())),
                () if phrase in said else tuple(self._plain(phrase, values.get(phrase, []))),
                tuple(said.get(phrase, ())),
            )
            for phrase in {*values, *said, *told, *nothing}
        }
        self._longest = max(len(phrase.split()) for phrase in self._terms)
        words = {word for phrase in self._terms for word in phrase.split()}
        self._known = words | _every_function_word()
        self._spelt = sorted(
            {
                word
                for phrase in {*values, *said}
                for word in phrase.split()
                if len(word) >= _LEAST_LETTERS - 1 and word.isalpha()
            }
        )
        # The same words come again and again, and in several phrases.
        self._spell = lru_cache(maxsize=4096)(self._respell)

    def terms(self, message: str) -> Iterator[Term]:
        """Finds what a message says, in its order.

        There is a term where sentences and parts end, and one that means nothing for each word
        that is not known and not among the commonest.
        """
        message = _FRACTION.sub(" ", message[:LONGEST_MESSAGE])
        for match in _AGED.finditer(message):
            letter = next(filter(None, match.groups())).casefold()
            yield self._terms.get(_LETTERS[letter], STOP)
        tokens = [token for part in _TOKEN.findall(message) for token in _fold_token(part)]
        language = _language(tokens)
        # What is a word abroad only is none here.
        foreign = cues.ONLY_ABROAD if language in ("en", UNKNOWN) else cues.ONLY_ENGLISH
        start = 0
        while start < len(tokens):
            term, size = self._match(tokens[start:], language, foreign)
            start += size
            if term is not None:
                yield term
                continue
            word = tokens[start - 1]
            if not word[0].isalnum():
                yield _SIGNS.get(word, STOP)
                continue
            parts = [] if word in foreign else self._spell(word, language)
            known = [self._terms[part] for part in parts if part in self._terms]
            yield from known
            if not known and word not in _every_function_word() and not word.isdigit():
                yield Term(word, known=False)

    def _match(
        self, tokens: list[str], language: str, foreign: list[str]
    ) -> tuple[Term | None, int]:
        """Finds the longest phrase that a message goes on with, as it stands or respelt.

        Returns:
            Its meaning, if it has any, and of how many words it is.
        """
        for size in range(min(self._longest, len(tokens)), 0, -1):
            said = tokens[:size]
            if size == 1 and said[0] in foreign:
                break
            if (phrase := " ".join(said)) in self._terms:
                return self._terms[phrase], size
            if size > 1 and all(word.isalpha() for word in said):
                spelt = [" ".join(self._spell(word, language)) for word in said]
                if (phrase := " ".join(spelt)) in self._terms:
                    return self._terms[phrase], size
        return None, 1

    def _respell(self, word: str, language: str) -> list[str]:
        """Gives the words of the lexicon that a word is a form of, or a misspelling."""
        if word in self._terms or not word.isalpha() or len(word) < 4:
            return [word]
        endings = (
            cues.ENDINGS if language == UNKNOWN else {language: cues.ENDINGS.get(language, [])}
        )
        for ending, instead in (one for own in endings.values() for one in own):
            stem = word.removesuffix(ending) + instead
            if word.endswith(ending) and stem in self._terms and len(stem) > 2:
                return [stem]
        if word in self._known:
            return [word]
        if language == "de":
            parts = self._take_apart(word)
            if parts:
                return parts
        if len(word) < _LEAST_LETTERS or word in _ordinary():
            return [word]
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        found = process.extractOne(
            word, self._spelt, scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=_ALIKE
        )
        return [found[0]] if found and found[0][0] == word[0] else [word]

    def _take_apart(self, word: str) -> list[str]:
        """Takes a German compound apart: a "Wollpullover" is of wool, and a pullover."""
        for place in range(3, len(word) - 3):
            head = word[place:]
            if head in self._terms and self._terms[head].values + self._terms[head].sayings:
                stems = (word[:place], word[:place].removesuffix("s"), word[:place] + "e")
                first = next((one for one in stems if one in self._terms), None)
                return [first, head] if first else [head]
        return []

    def _plain(self, word: str, values: list[Value]) -> list[Value]:
        """Keeps of a word's values those that a customer has in mind.

        The name of a garment means the garment, and the name of a value ("denim") that value
        rather than what it is another word for; a word of several attributes ("lace") means the
        first.
        """
        named = [one for one in values if normalize(one.value) == word]
        values = named or values
        certain = [
            one
            for one in values
            if one.attribute != self.slot_attribute and self.names_garments(one.attribute)
        ]
        main = [one for one in values if one.attribute == self.slot_attribute]
        return (certain or main or values)[:1]

    @property
    def slot_attribute(self) -> str | None:
        """The attribute whose values fill parts of an outfit."""
        return self._schema.slot_attribute

    def names_garments(self, name: str) -> bool:
        """Says whether an attribute's values are garments."""
        return slots.names_garments(name, self._schema)

    def kinds_of(self, wanted: Mapping[str, list[str]]) -> set[str]:
        """Gives the values of the attribute with slots that named garments are of."""
        return set(slots.kinds_of(wanted, self._schema))


_CUES: dict[Cue, list[str]] = {
    "similar": cues.SIMILAR, "complementary": [*cues.COMPLEMENTARY, *cues.GOES_WITH],
    "owned": [*cues.OWNED, *cues.GOES_WITH],
    "not": cues.NEGATIONS, "again": cues.RESUMPTIONS, "and": cues.ANDS, "or": cues.ORS,
    "link": cues.LINKS, "for": cues.FOR,
}  # fmt: skip


def lexicon_of(schema: Schema, sayings: Sayings) -> Lexicon:
    """Gives the lexicon of a catalogue's attributes, made once."""
    return _lexicon(schema.as_json, sayings.declared)


@lru_cache(maxsize=8)
def _lexicon(declared: str, sayings: str) -> Lexicon:
    schema = Schema.model_validate_json(declared)
    return Lexicon(schema, Sayings.model_validate_json(sayings).within(schema))


def _fold_token(token: str) -> list[str]:
    if token.casefold() == _SHORTS:
        return [_SHORTS]
    return normalize(token).split() if token[0].isalnum() else [token[0]]


def _unfold(phrase: str) -> str:
    """Keeps shorts, which are a garment, apart from what is short."""
    return re.sub(r"\bshort$", _SHORTS, phrase)


def _language(words: list[str]) -> str:
    """Tells the language of a message by its commonest words, if it has any; else English."""
    counts = {
        name: sum(word in known for word in words) for name, known in _function_words().items()
    }
    best = max(counts, key=lambda name: counts[name])
    if not counts[best]:
        return UNKNOWN
    return best if counts[best] > counts["en"] else "en"


@lru_cache(maxsize=1)
def _function_words() -> dict[str, frozenset[str]]:
    return {name: frozenset(normalize(words).split()) for name, words in cues.LANGUAGES.items()}


@lru_cache(maxsize=1)
def _every_function_word() -> frozenset[str]:
    return frozenset().union(*_function_words().values())


@lru_cache(maxsize=1)
def _ordinary() -> frozenset[str]:
    return frozenset(cues.ORDINARY.split())
