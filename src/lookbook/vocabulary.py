"""The label schema and the words it may use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

# The parts of an outfit, and what a customer calls them.
SLOTS = {
    "upper": "top",
    "lower": "bottom",
    "full_body": "one-piece",
    "outer": "outer layer",
    "feet": "shoes",
    "head": "hat",
}
# A one-piece is worn instead of the other two.
ONE_PIECE = {"upper", "lower", "full_body"}


class Label(BaseModel):
    """What a captioner says of one item; the schema of prompts, decoding, cleaning and index."""

    model_config = ConfigDict(extra="forbid")

    Title: str = Field(min_length=1, max_length=120, description="A short name of the item")
    Size: str = Field(description="The size, if it can be known")
    Category: str = Field(description="The kind of garment")
    Gender: str = Field(description="Whom it is made for, if it can be known")
    Type: str = Field(description="The occasion it suits")
    Description: str = Field(
        min_length=1, max_length=600, description="What it looks like; does not open with the title"
    )


class Term(BaseModel):
    """A value of the vocabulary.

    Attributes:
        synonyms: Other words for it, in the singular; plurals are understood.
        goes_with: Other values of its field that suit it in one outfit.
    """

    model_config = ConfigDict(extra="forbid")

    synonyms: list[str] = []
    goes_with: list[str] = []


class Category(Term):
    """A kind of garment.

    Attributes:
        slot: The part of an outfit it fills, one of :data:`SLOTS`; ``None`` for none.
    """

    slot: str | None = None

    @model_validator(mode="after")
    def _known_slot(self) -> Category:
        if self.slot is not None and self.slot not in SLOTS:
            raise ValueError(f"slot '{self.slot}' is none of {', '.join(SLOTS)}")
        return self


class Garment(BaseModel):
    """What one label of the embedded network means.

    Attributes:
        category: Its category.
        noun: Its name in a title.
        article: Its name in a description, which says more than the title.
        gender: Whom it is made for as far as the garment itself tells.
        type: The occasion it suits.
        sleeves: ``short`` or ``long`` where the garment tells.
        wear: A sentence on what goes with it, without full stop.
    """

    model_config = ConfigDict(extra="forbid")

    category: str
    noun: str
    article: str
    gender: str
    type: str
    sleeves: str | None = None
    wear: str | None = None


class Vocabulary(BaseModel):
    """The words of the catalogue, each field's values with their synonyms.

    Attributes:
        other: The category of everything that fits nowhere.
        unknown: The type, gender and size of everything that does not tell.
        categories: Kinds of garment with their outfit slots.
        types: Occasions.
        genders: Wearers.
        sizes: Sizes.
        garments: What the embedded network's labels mean.
    """

    other: str
    unknown: str
    categories: dict[str, Category]
    types: dict[str, Term]
    genders: dict[str, Term]
    sizes: dict[str, Term]
    garments: dict[str, Garment]

    @model_validator(mode="after")
    def _consistent(self) -> Vocabulary:
        for field, fallback in self.fallbacks.items():
            if fallback not in self.terms(field):
                raise ValueError(f"'{fallback}' is missing among the values of {field}")
        for label, garment in self.garments.items():
            for field in ("Category", "Gender", "Type"):
                value = getattr(garment, field.lower())
                if value not in self.terms(field):
                    raise ValueError(f"garment '{label}': {field} '{value}' is not a value")
        for field in self.fallbacks:
            for value, term in self.terms(field).items():
                if unknown := set(term.goes_with) - set(self.terms(field)):
                    raise ValueError(f"{field} '{value}' goes with {unknown}, which is no value")
        return self

    @property
    def fallbacks(self) -> dict[str, str]:
        """The value of each field for what fits nowhere."""
        return {
            "Category": self.other,
            "Type": self.unknown,
            "Gender": self.unknown,
            "Size": self.unknown,
        }

    def terms(self, field: str) -> dict[str, Term]:
        """Gives a field's values, ``Category``, ``Type``, ``Gender`` or ``Size``."""
        by_field: dict[str, dict[str, Term]] = {
            "Category": dict(self.categories),
            "Type": self.types,
            "Gender": self.genders,
            "Size": self.sizes,
        }
        return by_field[field]

    def slot(self, category: str) -> str | None:
        """Gives the part of an outfit that a category fills, one of :data:`SLOTS`."""
        return self.categories[category].slot

    def suiting(self, field: str, value: str) -> list[str]:
        """Lists the values of a field that suit one in an outfit, itself among them.

        What is unknown suits all, and all suits what is unknown.
        """
        fallback = self.fallbacks[field]
        if value == fallback:
            return list(self.terms(field))
        return [value, *self.terms(field)[value].goes_with, fallback]

    def complements(self, item: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Says whether one item fills another part of the outfit than another, and suits it.

        Args:
            item: ``Category``, ``Gender`` and ``Type``; values of the vocabulary.
            other: The same.
        """
        slot = self.slot(other["Category"])
        return slot in self.other_slots(item["Category"]) and all(
            other[field] in self.suiting(field, item[field]) for field in ("Gender", "Type")
        )

    def other_slots(self, category: str) -> list[str]:
        """Lists the parts of an outfit that can be worn with a category; no skirt to a dress."""
        own = self.slot(category)
        taken: set[str | None] = {own, "full_body"} if own in ONE_PIECE else {own}
        if own == "full_body":
            taken |= ONE_PIECE
        return [slot for slot in SLOTS if slot not in taken]

    def label_schema(self) -> dict[str, Any]:
        """Gives the JSON schema of a :class:`Label` that uses this vocabulary's values only."""
        schema = Label.model_json_schema()
        for field in self.fallbacks:
            schema["properties"][field]["enum"] = list(self.terms(field))
        return schema

    def garment(self, label: str) -> Garment:
        """Says what a label of the embedded network means.

        Raises:
            ValueError: If the vocabulary has no such garment.
        """
        if label not in self.garments:
            raise ValueError(f"the vocabulary's garments lack '{label}', which the network knows")
        return self.garments[label]

    def lookup(self, field: str, text: str) -> tuple[str, str]:
        """Finds the value of a field that a text means.

        Args:
            field: ``Category``, ``Type``, ``Gender`` or ``Size``.
            text: Any wording: another case, plural, a synonym, several words.

        Returns:
            The value, and how it was found: ``exact``, ``synonym`` (all words together),
            ``first of several`` (the value named first wins), ``part`` (one of the words) or
            ``none`` (the field's fallback).
        """
        values = self._index[field]
        key = fold(text)
        if text in self.terms(field):
            return text, "exact"
        if key in values:
            return values[key], "synonym"
        words = key.split()
        found: list[str] = []
        start = 0
        while start < len(words):
            for end in range(len(words), start, -1):
                value = values.get(" ".join(words[start:end]))
                if value is not None:
                    found.append(value)
                    start = end
                    break
            else:
                start += 1
        known = [value for value in found if value != self.fallbacks[field]] or found
        if not known:
            return self.fallbacks[field], "none"
        return known[0], "first of several" if len(set(known)) > 1 else "part"

    @cached_property
    def _index(self) -> dict[str, dict[str, str]]:
        return {
            field: {
                fold(word): value
                for value, term in self.terms(field).items()
                for word in (value, *term.synonyms)
            }
            for field in self.fallbacks
        }


def fold(text: str) -> str:
    """Folds case, punctuation and plurals, so that word forms meet."""
    return " ".join(_singular(word) for word in re.findall(r"[a-z0-9]+", text.casefold()))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith(("ie", "ies")):
        # "hoodies" is the plural of "hoodie", "ladies" of "lady": one form for both.
        return word.removesuffix("s")[:-2] + "y"
    if len(word) > 4 and re.search(r"(ss|sh|ch|x)es$", word):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word
