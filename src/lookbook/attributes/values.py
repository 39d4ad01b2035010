"""The values of an attribute, and finding them in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

T = TypeVar("T")


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
    """What the attributes that have values share.

    Attributes:
        values: By the name under which a value stands in the catalogue.
    """

    values: dict[str, Value] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _from_names(cls, data: object) -> object:
        """Take a plain list of names, and values of which nothing more is said."""
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
                raise ValueError(f"value '{name}': a comma separates values in a table")
            for word in (name, *value.synonyms):
                other = meant.setdefault(normalize(word), name)
                if other != name:
                    raise ValueError(f"value '{name}': '{word}' is a word for '{other}' already")
            for told in ("compatible_with", "all_of"):
                for other in getattr(value, told):
                    if other not in self.values:
                        raise ValueError(f"value '{name}': {told} '{other}' is no value")
        return self

    @cached_property
    def words(self) -> dict[str, str]:
        """The value that each word or phrase means; words are folded."""
        return {
            normalize(word): name
            for name, value in self.values.items()
            for word in (name, *value.synonyms)
        }

    @cached_property
    def _longest(self) -> int:
        return max(len(phrase.split()) for phrase in self.words)

    def named(self, text: str) -> list[str]:
        """List the values that a text names, in its order, each once; longer phrases first."""
        words = normalize(text).split()

        def meaning(phrase: str) -> str | None:
            # A letter names a value where it stands alone ("M"), not in a sentence.
            return self.words.get(phrase) if len(words) <= _FEW or len(phrase) > 1 else None

        return list(dict.fromkeys(find_phrases(words, self._longest, meaning)))


def find_phrases(words: list[str], longest: int, meaning: Callable[[str], T | None]) -> Iterator[T]:
    """Find what the phrases of a sentence mean, at each place the longest that means something.

    Args:
        words: The sentence, folded.
        longest: Words of a phrase at most.
        meaning: What a phrase means; ``None`` for nothing.
    """
    start = 0
    while start < len(words):
        for size in range(min(longest, len(words) - start), 0, -1):
            found = meaning(" ".join(words[start : start + size]))
            if found is not None:
                yield found
                start += size
                break
        else:
            start += 1


def normalize(text: str) -> str:
    """Fold case, accents, punctuation, possessives and plurals, so that word forms meet."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    plain = _CONTRACTED.sub("", plain)
    return " ".join(_singular(word) for word in re.findall(r"[^\W_]+", plain))


# "Men's", "it's", "I'm": what follows the apostrophe is no word, and no size.
_CONTRACTED = re.compile(r"['’`](?:s|m|re|ve|ll|d)\b")
# So many words are no sentence yet.
_FEW = 3


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith(("ie", "ies")):
        # "hoodies" is the plural of "hoodie", "ladies" of "lady": one form for both.
        return word.removesuffix("s")[:-2] + "y"
    if len(word) > 4 and re.search(r"(ss|sh|ch|x)es$", word):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word
