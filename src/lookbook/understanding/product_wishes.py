"""Reads prices, sizes, brands and questions on facts from a message, by the phrases around them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from lookbook.attributes.values import normalize
from lookbook.products.money import parse_amount
from lookbook.search.product_filter import ProductFacets, ProductFilter, Sort
from lookbook.understanding.phrases import ProductPhrases
from lookbook.understanding.request import Fact

CURRENCIES = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "usd": "USD",
    "dollar": "USD", "dollars": "USD", "bucks": "USD", "£": "GBP", "gbp": "GBP", "pound": "GBP",
    "pounds": "GBP", "quid": "GBP", "chf": "CHF", "franken": "CHF", "zł": "PLN", "pln": "PLN",
}  # fmt: skip
_MONEY = "|".join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True))
_NUMBER = r"(\d{1,3}(?:[.,'  ]\d{3}){1,3}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?)(?![\d.,]*\d)"
_AMOUNT = rf"(?<![\d.,])(?:({_MONEY})\s?)?{_NUMBER}(?:\s?({_MONEY})(?!\w))?(?!\w)"
_LETTERS = r"x{0,3}[sl]|[2-5]xl|m"
_SIZE = rf"((?:(?:eu|uk|us|de|fr|it)\s?)?(?:\d{{1,3}}(?:[.,]5)?(?:/\d{{2,3}})?|{_LETTERS}))"
# These are sizes, whatever is around them.
_LONE_SIZE = r"x{1,3}[sl]|[2-5]xl|(?:eu|uk|us)\s?\d{1,2}|\d{2,3}/\d{2,3}"
# "Around 50" is from 40 to 60.
_AROUND = 0.2


@dataclass(frozen=True)
class Note:
    """A sentence on what is not possible.

    Attributes:
        key: Its key among the replies' sentences.
        arguments: What is put into it.
    """

    key: str
    arguments: dict[str, str] = field(default_factory=dict)


@dataclass
class ProductWishes:
    """What a message says of prices, sizes, brands and facts.

    Attributes:
        limits: Limits of price, size and brand.
        sort: The order; ``None`` if nothing was said of it.
        asks: Facts that are asked for.
        refers_to: The number, from 1, of the item that is meant.
        is_cheaper: Whether items are to be cheaper than those shown.
        has_pronoun: Whether the message says "it", "this one" or the like.
        notes: What is not possible.
        rest: The message without what was read.
    """

    limits: ProductFilter = field(default_factory=ProductFilter)
    sort: Sort | None = None
    asks: list[Fact] = field(default_factory=list)
    refers_to: int | None = None
    is_cheaper: bool = False
    has_pronoun: bool = False
    notes: list[Note] = field(default_factory=list)
    rest: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether the message says nothing of all this."""
        has_wish = self.limits != ProductFilter() or self.sort or self.is_cheaper
        return not (has_wish or self.asks or self.notes)


def read_product_wishes(
    message: str, phrases: ProductPhrases, facets: ProductFacets
) -> ProductWishes:
    """Read a message.

    Args:
        message: The message.
        phrases: The phrases around prices, sizes and brands.
        facets: Brands, sizes and prices that the catalogue has.
    """
    reader = _Reader(message.replace("’", "'"), phrases, facets)
    reader.read_references()
    reader.read_questions()
    reader.read_price()
    reader.read_size()
    reader.read_brands()
    return reader.wishes


def amounts_in(text: str) -> list[float]:
    """Return the amounts of money that a text names: numbers with a currency or with cents."""
    numbers = (
        match[2]
        for match in _compiled(_AMOUNT).finditer(text)
        if match[1] or match[3] or re.search(r"[.,]\d\d$", match[2])
    )
    return [amount for number in numbers if (amount := parse_amount(number)) is not None]


class _Reader:
    """Takes what it understands out of a message."""

    def __init__(self, message: str, phrases: ProductPhrases, facets: ProductFacets) -> None:
        self._phrases = phrases
        self._facets = facets
        self.wishes = ProductWishes(rest=message)

    def read_references(self) -> None:
        wishes = self.wishes
        wishes.has_pronoun = self._find(_any(self._phrases.shown)) is not None
        for number, words in enumerate(self._phrases.ordinals, 1):
            if self._find(_any(words)):
                wishes.refers_to, wishes.has_pronoun = number, True

    def read_questions(self) -> None:
        phrases = self._phrases
        questions: dict[Fact, list[str]] = {
            "price": phrases.asks_price, "stock": phrases.asks_stock,
            "sizes": phrases.asks_sizes, "brand": phrases.asks_brand,
        }  # fmt: skip
        self.wishes.asks = [fact for fact, words in questions.items() if self._take(_any(words))]

    def read_price(self) -> None:
        wishes, phrases = self.wishes, self._phrases
        low, high, sign = self._read_amounts()
        wishes.is_cheaper = self._take(_any(phrases.cheaper))
        if self._take(_any(phrases.cheapest)):
            wishes.sort = "price_ascending"
        elif self._take(_any(phrases.dearest)):
            wishes.sort = "price_descending"
        if self._facets.prices is None:
            has_wish = low is not None or high is not None or wishes.is_cheaper or wishes.sort
            if has_wish or "price" in wishes.asks:
                wishes.notes.append(Note("no_prices"))
            wishes.is_cheaper, wishes.sort = False, None
            wishes.asks = [fact for fact in wishes.asks if fact != "price"]
        elif low is not None or high is not None:
            wishes.limits = ProductFilter(
                min_price=low, max_price=high, currency=self._currency(sign)
            )

    def _read_amounts(self) -> tuple[float | None, float | None, str]:
        """Take amounts out of the message; return the least, the most and the currency."""
        phrases = self._phrases
        ranged = rf"{_AMOUNT}\s?(?:{_any(phrases.to)}|[-–])\s?{_AMOUNT}"
        for pattern, needs_currency in ((rf"(?:{_any(phrases.between)})\s+{ranged}", False),
                                        (ranged, True)):  # fmt: skip
            if amounts := self._take_amounts(pattern, needs_currency):
                return min(amounts[0]), max(amounts[0]), amounts[1]
        forms = [
            (rf"(?:{_any(phrases.at_most)})\s+{_AMOUNT}", False, 0.0, 1.0),
            (rf"{_AMOUNT}\s?(?:{_any(phrases.or_less)})(?!\w)", False, 0.0, 1.0),
            (rf"(?:{_any(phrases.at_least)})\s+{_AMOUNT}", True, 1.0, 0.0),
            (rf"(?:{_any(phrases.around)})\s+{_AMOUNT}", True, 1 - _AROUND, 1 + _AROUND),
            # "I have 50 euros".
            (_AMOUNT, True, 0.0, 1.0),
        ]
        for pattern, needs_currency, least, most in forms:
            if amounts := self._take_amounts(pattern, needs_currency):
                ((amount,), sign) = amounts
                return amount * least or None, amount * most or None, sign
        return None, None, ""

    def _take_amounts(self, pattern: str, needs_currency: bool) -> tuple[list[float], str] | None:
        """Take amounts out of the message, and their currency.

        Args:
            pattern: A pattern with amounts.
            needs_currency: Whether amounts without a currency are no prices.
        """
        for match in _compiled(rf"(?<!\w){pattern}").finditer(self.wishes.rest):
            signs = [one for one in match.groups() if one and one.casefold() in CURRENCIES]
            numbers = [one for one in match.groups() if one and one[0].isdigit()]
            if not signs and (needs_currency or self._is_other_number(match)):
                continue
            self._remove(match)
            return [parse_amount(one) or 0.0 for one in numbers], signs[0] if signs else ""
        return None

    def _is_other_number(self, match: re.Match[str]) -> bool:
        """Whether a number counts, measures or tells an age: "under 20 degrees"."""
        following = re.match(r"\s*(\w+|[°%])", self.wishes.rest[match.end() :])
        preceding = re.search(r"(\w+)[^\w.;!?]*$", self.wishes.rest[: match.start()])
        if preceding and preceding[1].casefold() in self._phrases.not_prices:
            return True
        return following is not None and normalize(following[1]) not in self._phrases.function_words

    def _currency(self, sign: str) -> str | None:
        """Return the currency to choose by; ``None`` for the catalogue's."""
        code, offered = CURRENCIES.get(sign.casefold()), self._facets.currencies
        if code and offered and code not in offered:
            arguments = {"currencies": ", ".join(offered), "currency": code}
            self.wishes.notes.append(Note("other_currency", arguments))
        return code if code in offered else None

    def read_size(self) -> None:
        wishes, phrases, facets = self.wishes, self._phrases, self._facets
        named = self._find(rf"(?:{_any(phrases.size)})[\s:]+{_SIZE}(?![\w'])")
        if named and not facets.sizes:
            wishes.notes.append(Note("no_sizes"))
        if not facets.sizes:
            return
        patterns = (rf"(?:{_any(phrases.in_size)})\s+{_SIZE}(?![\w'])", rf"({_LONE_SIZE})(?![\w'])")
        matches = [named] if named else [self._find(pattern) for pattern in patterns]
        match = next((one for one in matches if one and (named or self._is_size(one))), None)
        if match:
            self._remove(match)
            sizes = facets.matching_sizes(match[1]) or [match[1].upper()]
            wishes.limits = wishes.limits.model_copy(update={"sizes": sizes})

    def _is_size(self, match: re.Match[str]) -> bool:
        """Whether a match without a word for size is one: "in 20" may be anything."""
        size = match[1]
        if not size[-1].isdigit():
            return True
        return bool(self._facets.matching_sizes(size)) and not self._is_other_number(match)

    def read_brands(self) -> None:
        brands, cue = [], _any(self._phrases.brand)
        for brand in self._facets.brands:
            if brand.casefold() not in self.wishes.rest.casefold():
                continue
            name = rf"{re.escape(brand)}(?!\w)"
            # A brand may be called like a word: without a cue its capitals count.
            match = self._find(rf"(?:{cue})\s+{name}")
            match = match or re.search(rf"(?<!\w){name}", self.wishes.rest)
            if match and not self._is_refused(match):
                self._remove(match)
                brands.append(brand)
        if brands:
            self.wishes.limits = self.wishes.limits.model_copy(update={"brands": brands})

    def _is_refused(self, match: re.Match[str]) -> bool:
        words = normalize(self.wishes.rest[: match.start()]).split()[-2:]
        return not set(map(normalize, self._phrases.negations)).isdisjoint(words)

    def _find(self, pattern: str) -> re.Match[str] | None:
        return _compiled(rf"(?<!\w)(?:{pattern})(?!\w)").search(self.wishes.rest)

    def _take(self, pattern: str) -> bool:
        match = self._find(pattern)
        if match:
            self._remove(match)
        return match is not None

    def _remove(self, match: re.Match[str]) -> None:
        rest = self.wishes.rest
        self.wishes.rest = f"{rest[: match.start()]} {rest[match.end() :]}"


def _any(phrases: Iterable[str]) -> str:
    """Return a pattern for any of some phrases, the longest first; for none it matches nothing."""
    listed = sorted(map(re.escape, phrases), key=len, reverse=True)
    return "|".join(listed) or r"(?!)"


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
