"""Finds the words of a message that name attribute values."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
# Endings of word forms in English, German, French and Spanish, and what a stem may end in instead.
_ENDINGS = (
    "s", "es", "e", "en", "er", "em", "n", "x", "a", "as", "os", "o", "y", "ish", "chen",
    "ito", "ita", "itos", "itas",
)  # fmt: skip
_STEM_ENDINGS = ("", "e", "o", "a")
# Endings that an ordinary word may have; "hello" is no form of the German "hell".
_PLURALS = ("s", "es", "n", "en", "e")
# A French word before a vowel: "l'écharpe", "d'escarpins".
_ELIDED = re.compile(r"(?:(?:[cdjlmnst]|qu)')+")
# Words between a negation and what it negates: "no more black", "nichts in Gold".
_NEGATION_REACH = 3
_CLAUSE_END = re.compile(r"[.,;:!?\n]")
_MIN_STEM = 4
# Compounds have at least so many letters: "Wollpullover".
_MIN_COMPOUND = 8
_LONG_HEAD = 5
# Shorter words are never corrected; a correction has at least this similarity.
_MIN_MISSPELT = 5
_MIN_SIMILARITY = 0.8


@dataclass(frozen=True)
class Mention:
    """Words that name values.

    Attributes:
        start: The first character.
        end: The character after the last.
        values: The values that it may mean: attribute and value.
        is_negative: Whether the words begin with a negation, as "no sleeves" does.
        is_negated: Whether a negation stands before them, in their clause.
    """

    start: int
    end: int
    values: frozenset[tuple[str, str]]
    is_negative: bool = False
    is_negated: bool = False


def fold(text: str) -> str:
    """Return a text in lower case without accents, with as many characters as before."""
    return "".join(map(_fold_character, text.replace("’", "'").replace("-", " ")))


def _fold_character(character: str) -> str:
    plain = unicodedata.normalize("NFD", character.casefold())
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    return plain[:1] or character


def phrase_key(phrase: str) -> str:
    """Return the form in which a phrase is looked up: folded words with single spaces."""
    return " ".join(_WORD.findall(fold(phrase)))


def is_all_mentions(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether a text has mentions, and no words beside them."""
    words = _WORD.finditer(fold(text))
    return bool(mentions) and all(
        any(one.start <= word.start() and word.end() <= one.end for one in mentions)
        for word in words
    )


class MentionFinder:
    """Finds phrases of a vocabulary, also inflected, compounded and misspelt."""

    def __init__(
        self,
        vocabulary: Mapping[str, Iterable[tuple[str, str]]],
        ordinary: frozenset[str],
        negations: Iterable[str] = (),
    ) -> None:
        """Create a finder.

        Args:
            vocabulary: Attribute values by phrase.
            ordinary: Words that are no misspelling of another.
            negations: Words that negate what follows them.
        """
        self._negations = frozenset(map(phrase_key, negations))
        self._values = {phrase_key(one): frozenset(values) for one, values in vocabulary.items()}
        self._values.pop("", None)
        self._ordinary = ordinary
        self._longest = max((len(phrase.split()) for phrase in self._values), default=0)
        # A misspelling keeps the first letter, and about the length.
        self._words: dict[tuple[str, int], list[str]] = defaultdict(list)
        for phrase in sorted(self._values):
            if phrase.isalpha():
                self._words[phrase[0], len(phrase)].append(phrase)
        self._forms: dict[str, tuple[str, ...]] = {}

    def find(self, text: str) -> list[Mention]:
        """Return the mentions in a text, in its order; longer phrases come first."""
        folded = fold(text)
        words = [(one.group(), one.start(), one.end()) for one in _WORD.finditer(folded)]
        mentions, number = [], 0
        while number < len(words):
            following = words[number : number + max(self._longest, 1)]
            size, values = self._match([word for word, _, _ in following])
            if values:
                start, end = words[number][1], words[number + size - 1][2]
                is_negative = size > 1 and words[number][0] in self._negations
                before = words[max(0, number - _NEGATION_REACH) : number]
                is_negated = any(
                    word in self._negations and not _CLAUSE_END.search(folded, word_end, start)
                    for word, _, word_end in before
                )
                mentions.append(Mention(start, end, values, is_negative, is_negated))
            number += size
        return mentions

    def _match(self, words: list[str]) -> tuple[int, frozenset[tuple[str, str]]]:
        """Return the size of the longest phrase that begins some words, and its values."""
        for size in range(min(self._longest, len(words)), 1, -1):
            for phrase in (
                " ".join(words[:size]),
                " ".join(map(self._base_form, words[:size])),
            ):
                if phrase in self._values:
                    return size, self._values[phrase]
        entries = self._entries(words[0])
        return 1, frozenset().union(*(self._values[entry] for entry in entries))

    def _base_form(self, word: str) -> str:
        """Return a word of a phrase as the vocabulary has it; "d'été" stays as it is."""
        entries = () if "'" in word else self._entries(word)
        return entries[-1] if entries else word

    def _entries(self, word: str) -> tuple[str, ...]:
        """Return the words of the vocabulary that a word is a form of."""
        if word not in self._forms:
            # Customers' words are many: the forms of all would grow without end.
            if len(self._forms) > 50_000:
                self._forms.clear()
            self._forms[word] = self._look_up(word)
        return self._forms[word]

    def _look_up(self, word: str) -> tuple[str, ...]:
        if word in self._values:
            return (word,)
        if elided := _ELIDED.match(word):
            return self._look_up(word[elided.end() :])
        if len(word) < _MIN_STEM or not word.isalpha():
            return ()
        endings = _PLURALS if word in self._ordinary else _ENDINGS
        inflected = next((one for one in _stems(word, endings) if one in self._values), None)
        if inflected:
            return (inflected,)
        return self._split_compound(word) or self._correct(word)

    def _split_compound(self, word: str) -> tuple[str, ...]:
        """Split a German compound: a "Wollpullover" is of wool, and a pullover."""
        for place in range(3, len(word) - 3) if len(word) >= _MIN_COMPOUND else ():
            first, rest = word[:place], word[place:]
            heads = (rest, *(rest.removesuffix(end) for end in ("s", "en", "e", "n", "er")))
            for head in heads:
                if len(head) < _MIN_STEM or head not in self._values:
                    continue
                stems = (first, first.removesuffix("s"), f"{first}e", first.removesuffix("n"))
                known = next((one for one in stems if len(one) > 2 and one in self._values), None)
                if known:
                    return known, head
                return (head,) if len(head) >= _LONG_HEAD else ()
        return ()

    def _correct(self, word: str) -> tuple[str, ...]:
        if len(word) < _MIN_MISSPELT or word in self._ordinary:
            return ()
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        sizes = range(len(word) - 1, len(word) + 2)
        alike = [one for size in sizes for one in self._words.get((word[0], size), ())]
        match = process.extractOne(
            word, alike, scorer=DamerauLevenshtein.normalized_similarity,
            score_cutoff=_MIN_SIMILARITY,
        )  # fmt: skip
        return (match[0],) if match else ()


def _stems(word: str, endings: Iterable[str]) -> Iterator[str]:
    for ending in endings:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2:
            yield from (
                f"{stem}{end}" for end in _STEM_ENDINGS if len(stem) + len(end) >= _MIN_STEM
            )
    if word.endswith("ies"):
        yield f"{word[:-3]}y"
