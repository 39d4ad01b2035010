"""What words in a shop's cells mean."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from lookbook.products.texts import as_text
from lookbook.products.vocabulary import ProductProperties, fold_words

_AND = re.compile(r"[|,;/&+\n]|\b(?:and|und|et|y|e|i|a|og|och|en)\b", re.IGNORECASE)
_YEARS = re.compile(
    r"(\d+)\s*(?:-|–|to|bis|à|a|do)?\s*(\d*)\s*"
    r"(?:m|y|months?|years?|yrs?|jahre?|monate?|ans|mois|años|meses|lat|let)\b",
    re.IGNORECASE,
)
_PATH = re.compile(r"[>/|,;»›:\n\\]")
_ADULT = 16


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
        found = [self._gender_words.get(fold_words(part)) for part in _AND.split(text)]
        if exactly:
            return {gender for gender in found if gender} if all(found) else set()
        found += [
            self._gender_words.get(word) for word in fold_words(text).split() if len(word) > 1
        ]
        return {gender for gender in found if gender}

    def find_category_genders(self, path: str) -> set[str]:
        """Find for whom something is by the parts of its category, such as ``Women > Tops``."""
        parts = (part.strip() for part in _PATH.split(path))
        return {
            gender for part in parts if part for gender in self.find_genders(part, exactly=True)
        }

    def is_for_kids(self, text: str) -> bool:
        """Whether an age group is one of children."""
        if "Kids" in self.find_genders(text):
            return True
        years = _YEARS.search(text)
        return bool(years) and int(years[2] or years[1]) < _ADULT if years else False
