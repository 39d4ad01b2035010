"""The words that customers may use: phrases, attribute values, and the words around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from lookbook.attributes.schema import Schema
from lookbook.attributes.values import normalize
from lookbook.outfits import slots
from lookbook.understanding import cues
from lookbook.understanding.phrases import Kind, Phrase, Phrases
from lookbook.understanding.request import MAX_MESSAGE_LENGTH

Cue = Literal["similar", "complementary", "owned", "not", "again", "and", "or", "link", "for"]
# Synonyms of values that mean something else in a sentence, or no preference.
IGNORED_WORDS = {
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
# Shorter words are never corrected; a correction has at least this similarity.
_MIN_LETTERS = 5
_MIN_SIMILARITY = 0.8
_SHORTS = "shorts"
UNKNOWN = ""


@dataclass(frozen=True)
class AttributeValue:
    """A value of an attribute that a word means."""

    attribute: str
    value: str


@dataclass(frozen=True)
class PhraseMatch:
    """A meaning that words may have."""

    kind: Kind
    name: str
    phrase: Phrase


@dataclass(frozen=True)
class Term:
    """A word or phrase of a message.

    Attributes:
        words: The phrase, normalized.
        cues: What it says of the terms around it.
        values: Attribute values that it means, at most one an attribute.
        phrases: Entries of the phrases file that it may mean.
        known: Whether it means anything.
    """

    words: str
    cues: frozenset[Cue] = frozenset()
    values: tuple[AttributeValue, ...] = ()
    phrases: tuple[PhraseMatch, ...] = ()
    known: bool = True


# The end of a sentence, and of a member of a list.
STOP = Term(".")
COMMA = Term(",")
_SIGNS = {",": COMMA, "&": COMMA, "+": COMMA, "/": Term("/", frozenset({"or"}))}


class Lexicon:
    """The words of a catalogue's attributes and phrases."""

    def __init__(self, schema: Schema, phrases: Phrases) -> None:
        """Collect the words.

        Args:
            schema: Attribute values and their synonyms.
            phrases: Phrases without values that the catalogue lacks.
        """
        self._schema = schema
        values: dict[str, list[AttributeValue]] = {}
        for name, attribute in schema.categorical.items():
            default = getattr(attribute, "default", None)
            for word, value in attribute.words.items():
                if value != default and word not in IGNORED_WORDS:
                    phrase = _unfold(word) if self.names_garments(name) else word
                    values.setdefault(phrase, []).append(AttributeValue(name, value))
        matches: dict[str, list[PhraseMatch]] = {}
        for kind, name, entry in phrases.entries():
            for phrase in entry.phrases:
                folded = _unfold(normalize(phrase)) if kind == "garments" else normalize(phrase)
                matches.setdefault(folded, []).append(PhraseMatch(kind, name, entry))
        signals: dict[str, set[Cue]] = {}
        for cue, cue_phrases in _CUES.items():
            for phrase in cue_phrases:
                signals.setdefault(normalize(phrase), set()).add(cue)
        ignored = {normalize(phrase) for phrase in cues.NOTHING}
        self._terms = {
            phrase: Term(
                phrase,
                frozenset(signals.get(phrase, ())),
                () if phrase in matches else tuple(self._plain(phrase, values.get(phrase, []))),
                tuple(matches.get(phrase, ())),
            )
            for phrase in {*values, *matches, *signals, *ignored}
        }
        self._longest = max(len(phrase.split()) for phrase in self._terms)
        words = {word for phrase in self._terms for word in phrase.split()}
        self._known = words | _every_function_word()
        self._dictionary = sorted(
            {
                word
                for phrase in {*values, *matches}
                for word in phrase.split()
                if len(word) >= _MIN_LETTERS - 1 and word.isalpha()
            }
        )
        # Words repeat, also within the phrases of one message.
        self._spell = lru_cache(maxsize=4096)(self._respell)

    def terms(self, message: str) -> Iterator[Term]:
        """Yield the terms of a message in order.

        Sentences and members of lists end in terms of their own. Unknown words are terms without a
        meaning; function words are left out.
        """
        message = _FRACTION.sub(" ", message[:MAX_MESSAGE_LENGTH])
        for match in _AGED.finditer(message):
            letter = next(filter(None, match.groups())).casefold()
            yield self._terms.get(_LETTERS[letter], STOP)
        tokens = [token for part in _TOKEN.findall(message) for token in _fold_token(part)]
        language = _language(tokens)
        # Words of other languages only.
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
        """Find the longest phrase at the beginning of some tokens, as written or corrected.

        Returns:
            Its meaning, if any, and its number of words.
        """
        for size in range(min(self._longest, len(tokens)), 0, -1):
            words = tokens[:size]
            if size == 1 and words[0] in foreign:
                break
            if (phrase := " ".join(words)) in self._terms:
                return self._terms[phrase], size
            if size > 1 and all(word.isalpha() for word in words):
                spelt = [" ".join(self._spell(word, language)) for word in words]
                if (phrase := " ".join(spelt)) in self._terms:
                    return self._terms[phrase], size
        return None, 1

    def _respell(self, word: str, language: str) -> list[str]:
        """Return the words of the lexicon that a word is a form or a misspelling of."""
        if word in self._terms or not word.isalpha() or len(word) < 4:
            return [word]
        endings = (
            cues.ENDINGS if language == UNKNOWN else {language: cues.ENDINGS.get(language, [])}
        )
        for ending, instead in (pair for pairs in endings.values() for pair in pairs):
            stem = word.removesuffix(ending) + instead
            if word.endswith(ending) and stem in self._terms and len(stem) > 2:
                return [stem]
        if word in self._known:
            return [word]
        if language == "de":
            parts = self._split_compound(word)
            if parts:
                return parts
        if len(word) < _MIN_LETTERS or word in _ordinary():
            return [word]
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        match = process.extractOne(
            word,
            self._dictionary,
            scorer=DamerauLevenshtein.normalized_similarity,
            score_cutoff=_MIN_SIMILARITY,
        )
        return [match[0]] if match and match[0][0] == word[0] else [word]

    def _split_compound(self, word: str) -> list[str]:
        """Split a German compound: a "Wollpullover" is of wool, and a pullover."""
        for place in range(3, len(word) - 3):
            head = word[place:]
            if head in self._terms and self._terms[head].values + self._terms[head].phrases:
                stems = (word[:place], word[:place].removesuffix("s"), word[:place] + "e")
                first = next((stem for stem in stems if stem in self._terms), None)
                return [first, head] if first else [head]
        return []

    def _plain(self, word: str, values: list[AttributeValue]) -> list[AttributeValue]:
        """Choose among the values that a word may mean.

        Garments come first, and the names of values before their synonyms. A word of several
        attributes ("lace") means the first.
        """
        values = [one for one in values if normalize(one.value) == word] or values
        garments = [one for one in values if self.names_garments(one.attribute)]
        specific = [one for one in garments if one.attribute != self.slot_attribute]
        return (specific or garments or values)[:1]

    @property
    def slot_attribute(self) -> str | None:
        """The attribute whose values fill slots."""
        return self._schema.slot_attribute

    def names_garments(self, name: str) -> bool:
        """Whether the values of an attribute are garments."""
        return slots.names_garments(name, self._schema)

    def categories_of(self, values: Mapping[str, list[str]]) -> set[str]:
        """Return the categories of named garments."""
        return set(slots.categories_of(values, self._schema))


_CUES: dict[Cue, list[str]] = {
    "similar": cues.SIMILAR, "complementary": [*cues.COMPLEMENTARY, *cues.GOES_WITH],
    "owned": [*cues.OWNED, *cues.GOES_WITH],
    "not": cues.NEGATIONS, "again": cues.RESUMPTIONS, "and": cues.ANDS, "or": cues.ORS,
    "link": cues.LINKS, "for": cues.FOR,
}  # fmt: skip


def lexicon_of(schema: Schema, phrases: Phrases) -> Lexicon:
    """Return the lexicon of a catalogue, cached."""
    return _lexicon(schema.as_json, phrases.declared)


@lru_cache(maxsize=8)
def _lexicon(declared: str, phrases: str) -> Lexicon:
    schema = Schema.model_validate_json(declared)
    return Lexicon(schema, Phrases.model_validate_json(phrases).restrict(schema))


def _fold_token(token: str) -> list[str]:
    if token.casefold() == _SHORTS:
        return [_SHORTS]
    return normalize(token).split() if token[0].isalnum() else [token[0]]


def _unfold(phrase: str) -> str:
    """Tell the garment, shorts, from the quality."""
    return re.sub(r"\bshort$", _SHORTS, phrase)


def _language(words: list[str]) -> str:
    """Return the language of a message by its function words; English in doubt."""
    counts = {
        name: sum(word in function_words for word in words)
        for name, function_words in _function_words().items()
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
