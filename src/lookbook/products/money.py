"""Prices as shops write them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from price_parser import Price

from lookbook.products.shop_file import Amount
from lookbook.products.texts import MOST
from lookbook.products.vocabulary import ProductProperties

_PLAIN = re.compile(r"\d+(?:\.\d{1,2}|\.\d{4,})?")
# Blanks of any kind and apostrophes between digits.
_GROUPED = re.compile(r"(?<=\d)[\s\u00a0\u2000-\u200b\u202f\u205f\u3000'’´`](?=\d{3}(?!\d))")
_DASH = re.compile(r"(?<=\d)[.,]\s*[-–—]+")
_DECIMALS = re.compile(r"\d([.,])(?:\d{1,2}|\d{4,})(?!\d|[.,]\d)")
_BOTH = re.compile(r"\d([.,])\d{3}([.,])\d+(?!\d)")
_NEGATIVE = re.compile(r"^[^\d]*[-−–]\s*[\d.,]")
_TOKEN = re.compile(r"[^\W\d_]*\$|[^\W\d_]+\.?|[^\w\s.,:;/*#?'’+()\[\]–—-]")


def parse_money(
    cell: object, decimal: str | None, properties: ProductProperties
) -> tuple[float | None, str | None, str | None]:
    """Read a price.

    Args:
        cell: A text, or a number.
        decimal: What the file's prices show to separate decimals.
        properties: Which currencies there are.

    Returns:
        The amount, its currency's code, and what is wrong with it; each may be ``None``.
    """
    if isinstance(cell, Amount):
        return float(cell), properties.find_currency(cell.currency), None
    if isinstance(cell, bool):
        return None, None, "no amount"
    if isinstance(cell, int | float):
        if not -MOST < cell < MOST:
            return None, None, "no amount"
        return (float(cell), None, None) if cell >= 0 else (None, None, "a negative amount")
    text = str(cell).strip()
    if _PLAIN.fullmatch(text):
        return float(text), None, None
    amount, signs, reason = _parse(text, decimal)
    found = (properties.find_currency(sign) for sign in signs)
    currency = next(filter(None, found), None)
    if currency is None and amount is not None and (sign := _unknown(signs)):
        reason = f"unknown currency '{sign}'"
    return amount, currency, reason


@lru_cache(maxsize=100_000)
def _parse(text: str, decimal: str | None) -> tuple[float | None, tuple[str, ...], str | None]:
    signs = re.sub(r"\d[\d.,'’\s\u00a0\u202f\u2009]*", " ", text)
    tokens = tuple(token for token in [signs.strip(), *_TOKEN.findall(signs)] if token)
    if not re.search(r"\d", text):
        return None, tokens, "no amount"
    if _NEGATIVE.match(text):
        return None, tokens, "a negative amount"
    amount = parse_amount(text, decimal)
    return amount, tokens, None if amount is not None else "no amount"


def parse_amount(text: str, decimal: str | None = None) -> float | None:
    """Return the amount that a text holds, such as ``1.299,00``; ``None`` without one.

    Args:
        text: A text.
        decimal: What separates decimals, where a number may be of thousands as well.
    """
    plain = _DASH.sub("", _GROUPED.sub("", text))
    separator = decimal if _is_ambiguous(plain) else None
    amount: float | None = Price.fromstring(plain, decimal_separator=separator).amount_float
    return amount


def find_decimal(cells: Iterable[object]) -> str | None:
    """Find what separates decimals in the prices of a file; ``None`` where none shows it."""
    votes: Counter[str] = Counter()
    for cell in cells:
        if isinstance(cell, str):
            both = _BOTH.search(cell)
            if both and both[1] != both[2]:
                votes[both[2]] += 1
            elif match := _DECIMALS.search(cell):
                votes[match[1]] += 1
    return max(votes, key=lambda sign: votes[sign]) if votes else None


def _is_ambiguous(text: str) -> bool:
    """Whether a number may be of thousands or of three decimals."""
    return bool(re.search(r"(?<![\d.,])\d{1,3}[.,]\d{3}(?![\d.,])", text))


def _unknown(signs: tuple[str, ...]) -> str | None:
    """Find what looks as a currency."""
    for sign in signs:
        if re.fullmatch(r"[A-Z]{3}|[\u20a0-\u20cf]", sign):
            return sign
    return None
