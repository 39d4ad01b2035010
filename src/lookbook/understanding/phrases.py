"""Phrases of customers that are no attribute values, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict

from lookbook.attributes.schema import Schema
from lookbook.errors import InputError

Kind = Literal["garments", "qualities", "occasions", "recipients", "comparisons"]


class Phrase(BaseModel):
    """Phrases with one meaning.

    Attributes:
        phrases: The phrases, in any language; plurals are understood.
        preferences: Preferred values by attribute.
        exclude: Excluded values by attribute.
        categories: Categories that it applies to; none for all.
        shift: Steps along an attribute's ordinal scale, by attribute.
        context: Facts of a whole outfit, such as its season, under the style model's names.
        note: A sentence for customers who say so.
    """

    model_config = ConfigDict(extra="forbid")

    phrases: list[str]
    preferences: dict[str, list[str]] = {}
    exclude: dict[str, list[str]] = {}
    categories: list[str] = []
    shift: dict[str, int] = {}
    context: dict[str, str] = {}
    note: str = ""


class ProductPhrases(BaseModel):
    """Phrases around prices, sizes, brands and facts.

    Attributes:
        at_most: Before the most that may be paid.
        or_less: After it.
        at_least: Before the least.
        around: Before about what may be paid.
        between: Before the least and the most.
        to: Between them.
        not_prices: Before numbers that are no prices.
        cheaper: Asks for less than what is shown costs.
        cheapest: Asks for low prices first.
        dearest: Asks for high prices first.
        size: Before a size.
        in_size: Before a size that is plain from its letters, or that the catalogue has.
        brand: Before a brand.
        asks_price: Asks what something costs.
        asks_stock: Asks whether something is available.
        asks_sizes: Asks which sizes there are.
        asks_brand: Asks who made something.
        shown: Speaks of an item on the page.
        ordinals: Speaks of the first item on the page, the second and so on.
    """

    model_config = ConfigDict(extra="forbid")

    at_most: list[str] = []
    or_less: list[str] = []
    at_least: list[str] = []
    around: list[str] = []
    between: list[str] = []
    to: list[str] = []
    not_prices: list[str] = []
    cheaper: list[str] = []
    cheapest: list[str] = []
    dearest: list[str] = []
    size: list[str] = []
    in_size: list[str] = []
    brand: list[str] = []
    asks_price: list[str] = []
    asks_stock: list[str] = []
    asks_sizes: list[str] = []
    asks_brand: list[str] = []
    shown: list[str] = []
    ordinals: list[list[str]] = []


class Phrases(BaseModel):
    """All phrases, by kind and name.

    Attributes:
        garments: Names of garments.
        qualities: Qualities of garments.
        occasions: Occasions and weather. Their garments count for messages that name none.
        recipients: Whom an item is for.
        comparisons: Differences from what was talked about.
        products: Phrases around prices, sizes, brands and facts.
    """

    model_config = ConfigDict(extra="forbid")

    garments: dict[str, Phrase] = {}
    qualities: dict[str, Phrase] = {}
    occasions: dict[str, Phrase] = {}
    recipients: dict[str, Phrase] = {}
    comparisons: dict[str, Phrase] = {}
    products: ProductPhrases = ProductPhrases()

    @cached_property
    def declared(self) -> str:
        """The phrases as JSON."""
        return self.model_dump_json()

    def entries(self) -> Iterator[tuple[Kind, str, Phrase]]:
        """Yield all phrases with their kinds and names."""
        for kind in get_args(Kind):
            for name, phrase in getattr(self, kind).items():
                yield kind, name, phrase

    def restrict(self, schema: Schema) -> Phrases:
        """Return the phrases without values that a catalogue lacks."""
        restricted: dict[str, dict[str, Phrase]] = {}
        for kind, name, phrase in self.entries():
            preferences = _declared(phrase.preferences, schema)
            exclude = _declared(phrase.exclude, schema)
            slot_values = {str(schema.slot_attribute): phrase.categories}
            categories = next(iter(_declared(slot_values, schema).values()), [])
            shift = {
                attribute: steps
                for attribute, steps in phrase.shift.items()
                if attribute in schema.singles
            }
            is_empty = not (preferences or exclude or shift or phrase.note)
            if is_empty or bool(categories) != bool(phrase.categories):
                continue
            update = {
                "preferences": preferences, "exclude": exclude, "categories": categories,
                "shift": shift,
            }  # fmt: skip
            restricted.setdefault(kind, {})[name] = phrase.model_copy(update=update)
        return Phrases.model_validate(restricted)


def read_phrases(filepath: str) -> Phrases:
    """Read phrases from a YAML file.

    Raises:
        InputError: If it does not exist or holds no phrases.
    """
    try:
        content = yaml.safe_load(Path(filepath).read_text(encoding="utf-8"))
        return Phrases.model_validate(content or {})
    except OSError as error:
        raise InputError(
            f"There is no phrases file '{filepath}'. Name a file as 'phrases:' in "
            "conf/local/globals.yml, or remove the line to use the phrases for clothes."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"The phrases file '{filepath}' cannot be used: {reason}") from error


def _declared(values: dict[str, list[str]], schema: Schema) -> dict[str, list[str]]:
    """Leave out values and attributes that the catalogue does not declare."""
    known = {
        name: [value for value in own if value in schema.categorical[name].values]
        for name, own in values.items()
        if name in schema.categorical
    }
    return {name: own for name, own in known.items() if own}
