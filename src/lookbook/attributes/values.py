"""The values of an attribute, and finding them in texts."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Phrases end at punctuation, conjunctions and prepositions.
_PHRASE_END = re.compile(
    r"[,;:/|+&()\[\]{}\n]|\s-+\s|[–—]|(?<=\b\w)-(?=\w+\b)|\b(?:and|or|with|for|from|in|of|to|und|oder|mit|et|"
    r"ou|avec|y|o|con|e|com)\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(not|no|none|neither|without|unspecified|unknown)\b", re.IGNORECASE)
# "3/4 sleeves" is one phrase.
_FRACTION = re.compile(r"(?<=\d)\s*[/⁄]\s*(?=\d)")
_CLAUSE_END = re.compile(r"[,;]|\bbut\b", re.IGNORECASE)
_DOUBT = re.compile(
    r"\b(not|isn['’]?t|can['’]?t|cannot|could|may|might|maybe|perhaps|possibly|either|unclear|unsure|"
    r"uncertain|unknown|unspecified|unidentified|undetermined|indeterminate|difficult|impossible|"
    r"unbekannt|unklar|nicht|inconnu|desconocid[oa]|sconosciut[oa]|desconhecid[oa])\b|\?",
    re.IGNORECASE,
)
# "Men's", "it's", "I'm": what follows the apostrophe is no word, and no size.
_CONTRACTION = re.compile(r"['’`](?:s|m|re|ve|ll|d)\b")
# In longer texts a single letter names no value.
_MAX_WORDS_WITH_LETTERS = 3


class Value(BaseModel):
    """One value of an attribute.

    Attributes:
        synonyms: Other words for it, in the singular; plurals are recognised.
        all_of: Values that together mean this one: women and men is unisex.
        slot: The outfit slot that it fills, one of its attribute's slots.
        compatible_with: Other values of the attribute that suit it in one outfit.
        implies: Implied values of other attributes, by attribute.
        display: Its wording in rendered texts: the name by default, nothing if empty.
    """

    model_config = ConfigDict(extra="forbid")

    synonyms: list[str] = []
    all_of: list[str] = []
    slot: str | None = None
    compatible_with: list[str] = []
    implies: dict[str, str] = {}
    display: str | None = None


class Values(BaseModel):
    """The values of a single or multi attribute.

    Attributes:
        values: The values, by name.
    """

    values: dict[str, Value] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _from_names(cls, data: object) -> object:
        """Accept a plain list of names, and values without options."""
        if isinstance(data, dict) and "values" in data:
            values = data["values"]
            if isinstance(values, list):
                values = dict.fromkeys(values)
            if isinstance(values, dict):
                values = {name: value or {} for name, value in values.items()}
            return {**data, "values": values}
        return data

    @model_validator(mode="after")
    def _each_word_means_one_value(self) -> Values:
        meant: dict[str, str] = {}
        for name, value in self.values.items():
            if "," in name:
                raise ValueError(
                    f"value '{name}': remove the comma, which separates values in a table"
                )
            for word in (name, *value.synonyms):
                other = meant.setdefault(normalize(word), name)
                if other != name:
                    raise ValueError(f"value '{name}': '{word}' already means '{other}'")
            for option in ("compatible_with", "all_of"):
                for other in getattr(value, option):
                    if other not in self.values:
                        raise ValueError(f"value '{name}': {option} '{other}' is not a value")
        return self

    @cached_property
    def words(self) -> dict[str, str]:
        """The value of each word or phrase; words are normalized."""
        return {
            normalize(word): name
            for name, value in self.values.items()
            for word in (name, *value.synonyms)
        }

    @cached_property
    def _max_phrase_length(self) -> int:
        return max(len(phrase.split()) for phrase in self.words)

    def named(self, text: str) -> list[str]:
        """Return the values that a text names, in its order, without repeats.

        Longer phrases take precedence. A letter names a value where it stands alone ("M"), not in a
        sentence.
        """
        words = normalize(text).split()
        allow_letters = len(words) <= _MAX_WORDS_WITH_LETTERS
        found: dict[str, None] = {}
        start = 0
        while start < len(words):
            for size in range(min(self._max_phrase_length, len(words) - start), 0, -1):
                phrase = " ".join(words[start : start + size])
                if phrase in self.words and (allow_letters or len(phrase) > 1):
                    found[self.words[phrase]] = None
                    start += size
                    break
            else:
                start += 1
        return list(found)

    def match(self, text: str, default: str, only_one: bool) -> tuple[str, str]:
        """Find one value, see :meth:`lookbook.attributes.schema.SingleAttribute.lookup`.

        Args:
            text: Any wording.
            default: The value for a text that names none.
            only_one: Whether a text that names several values means the default.
        """
        if text in self.values:
            return text, "exact"
        whole = self.words.get(normalize(text))
        if whole is not None:
            return whole, "synonym"
        text = _FRACTION.sub(" ", unicodedata.normalize("NFKC", text))
        text = self._without_negated_clauses(text, default)
        phrases = [named for part in _PHRASE_END.split(text) if (named := self.named(part))]
        every = {value for named in phrases for value in named}
        for name, value in self.values.items():
            if value.all_of and every >= {*value.all_of} and not _NEGATION.search(text):
                return name, "several"
        # The head noun comes last in its phrase.
        heads = dict.fromkeys(named[-1] for named in phrases)
        known = [head for head in heads if head != default]
        if not known or _DOUBT.search(text):
            return default, "none"
        if len(known) > 1 and only_one:
            return default, "several"
        return known[0], "first of several" if len(known) > 1 else "part"

    def _without_negated_clauses(self, text: str, default: str) -> str:
        """Drop clauses that negate a value: "a skirt, not a dress" is a skirt."""
        clauses = [clause.strip() for clause in _CLAUSE_END.split(text)]
        affirmed = [
            clause
            for clause in clauses
            if not (_NEGATION.match(clause) and set(self.named(clause)) - {default})
        ]
        return ", ".join(affirmed) if affirmed and len(affirmed) < len(clauses) else text

    def affirmed(self, text: str) -> str:
        """Return the part of a text that affirms values: nothing of "not black"."""
        parts = []
        for clause in _CLAUSE_END.split(text):
            negations = (
                match.start()
                for match in _NEGATION.finditer(clause)
                if self.named(clause[match.end() :])
            )
            parts.append(clause[: next(negations, len(clause))])
        return ", ".join(parts)


def normalize(text: str) -> str:
    """Normalize case, accents, punctuation, possessives and plurals, so that word forms match."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = _CONTRACTION.sub("", plain)
    return " ".join(_singular(word) for word in re.findall(r"[^\W_]+", plain))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith(("ie", "ies")):
        # "hoodies" is the plural of "hoodie", "ladies" of "lady": one form for both.
        return word.removesuffix("s")[:-2] + "y"
    if len(word) > 4 and re.search(r"(ss|sh|ch|x)es$", word):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word
