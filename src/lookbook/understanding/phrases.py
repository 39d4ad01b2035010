"""Phrases around prices, sizes, brands and facts of products."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from lookbook.understanding.request import Weather
from lookbook.understanding.yaml_files import read_yaml


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
        function_words: Words that may follow a price; another word is what is counted.
        negations: Words that negate what follows them.
        others: Phrases of a message that wants others than the items shown.
        alike: Phrases that ask for items like one that is shown.
        more: Words that ask for more of what follows them.
        additions: Words that add to what was said before.
        weather: Words that name the weather, by weather.
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
    function_words: list[str] = []
    negations: list[str] = []
    others: list[str] = []
    alike: list[str] = []
    more: list[str] = []
    additions: list[str] = []
    weather: dict[Weather, list[str]] = {}


def read_phrases(filepath: str) -> ProductPhrases:
    """Read phrases from a YAML file.

    Raises:
        InputError: If it does not exist or holds no phrases.
    """
    return read_yaml(filepath, ProductPhrases, "phrases")
