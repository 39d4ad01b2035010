"""What a shop asks for its products."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lookbook.products.columns import MONEY, Columns
from lookbook.products.money import find_decimal, parse_money
from lookbook.products.problems import Problem, report_cell
from lookbook.products.shop_file import Row
from lookbook.products.texts import as_text
from lookbook.products.vocabulary import ProductProperties, fold_words
from lookbook.products.words import Words

# eBay states it among other things: *Action(SiteID=Germany|Currency=EUR).
_STATED = re.compile(r"\bCurrency=([A-Z]{3})\b")
_REGULAR = ("price", "net_price", "regular_price")


@dataclass(slots=True)
class Prices:
    """What a row says of prices; ``None`` where it says nothing.

    Attributes:
        price: What is asked.
        compare_at: What stands struck out beside it.
        sale: What is asked instead.
        is_off: Whether a sale is switched off; ``None`` where no switch stands.
        percent: A discount in percent.
        amount_off: A discount as an amount.
        surcharge: What is added to the product's price.
        currency: The currency's code.
    """

    price: float | None = None
    compare_at: float | None = None
    sale: float | None = None
    is_off: bool | None = None
    percent: float | None = None
    amount_off: float | None = None
    surcharge: float = 0.0
    currency: str | None = None


class PriceReader:
    """Reads prices as the table writes them."""

    def __init__(
        self, rows: Iterable[Row], columns: Columns, properties: ProductProperties, words: Words
    ) -> None:
        """Find out what separates decimals."""
        self._columns, self._properties = columns, properties
        places = [place for name in MONEY for place in columns.places[name]]
        self._decimal = find_decimal(
            row.cells[place]
            for parent in rows
            for row in (parent, *parent.children)
            for place in places
            if place in row.cells
        )
        self._no_sale, self._percent = words.folded("no_sale"), words.folded("percent")
        named = (columns.currencies.get(place) for place in places)
        stated = (properties.find_currency(code) for code in _STATED.findall(str(columns.names)))
        self._currency = next(filter(None, [*named, *stated]), None)

    def read(self, row: Row, problems: list[Problem]) -> Prices:
        """Read the prices of a row; cells that cannot be used are added to the problems."""
        found: list[str] = []
        price = self._money(row, "price", found, problems)
        if price is None:
            price = self._money(row, "net_price", found, problems)
        regular = self._money(row, "regular_price", found, problems)
        compare = self._money(row, "compare_at_price", found, problems)
        if price is None:
            price, regular = regular, None
        switch = fold_words(self._text(row, "on_sale"))
        prices = Prices(
            price,
            max((amount for amount in (compare, regular) if amount), default=None),
            self._money(row, "sale_price", found, problems),
            switch in self._no_sale if switch else None,
            surcharge=self._read_surcharge(row),
        )
        self._read_discount(row, prices)
        prices.currency = self._read_currency(row, found, problems)
        return prices

    def _text(self, row: Row, name: str) -> str:
        for place in self._columns.places[name]:
            if place in row.cells:
                return as_text(row.cells[place])
        return ""

    def _money(
        self, row: Row, name: str, currencies: list[str], problems: list[Problem]
    ) -> float | None:
        for place in self._columns.places[name]:
            cell = row.cells.get(place)
            if cell is None or isinstance(cell, bool | dict | list) or cell == "":
                continue
            amount, currency, reason = parse_money(cell, self._decimal, self._properties)
            if reason:
                report_cell(problems, row, place, self._columns, reason)
            if amount == 0 and name in _REGULAR:
                report_cell(problems, row, place, self._columns, "a price of 0")
                amount = None
            elif amount is not None:
                currency = currency or self._columns.currencies.get(place)
                currencies += [currency] if currency else []
                return amount
        return None

    def _read_surcharge(self, row: Row) -> float:
        text = self._text(row, "surcharge")
        amount = self._amount(text)[0] or 0.0
        return -amount if text.startswith("-") else amount

    def _amount(self, text: str) -> tuple[float | None, str | None]:
        bare = text.replace("%", "").lstrip(" +-–")
        if not bare:
            return None, None
        amount, currency, _ = parse_money(bare, self._decimal, self._properties)
        return amount, currency

    def _read_discount(self, row: Row, prices: Prices) -> None:
        """Read a discount in percent or as an amount."""
        value, _ = self._amount(self._text(row, "discount_value"))
        if value is not None:
            mode = fold_words(self._text(row, "discount_mode")).split()
            is_percent = bool(self._percent & set(mode))
            prices.percent, prices.amount_off = (value, None) if is_percent else (None, value)
        text = self._text(row, "discount_percent")
        percent, currency = self._amount(text)
        if currency:
            prices.amount_off = percent
        elif percent is not None:
            # A spreadsheet's 20 % is 0.2.
            is_share = 0 < percent < 1 and "%" not in text
            prices.percent = percent * 100 if is_share else percent
        amount, _ = self._amount(self._text(row, "discount_amount"))
        if amount is not None:
            prices.amount_off = amount

    def _read_currency(self, row: Row, found: list[str], problems: list[Problem]) -> str | None:
        for place in self._columns.places["currency"]:
            if place in row.cells:
                if currency := self._properties.find_currency(as_text(row.cells[place])):
                    return currency
                report_cell(problems, row, place, self._columns, "an unknown currency")
        return found[0] if found else self._currency


def work_out(prices: Prices, parent: Prices | None) -> tuple[float | None, float | None]:
    """Work out the regular price of a variant, and what is asked instead of it.

    Args:
        prices: What its row says.
        parent: What the product's row says, which counts where the variant has no price.
    """
    price, compare, sale = prices.price, prices.compare_at, prices.sale
    percent, amount_off, is_off = prices.percent, prices.amount_off, prices.is_off
    if parent is not None:
        if price is None:
            price = parent.price
            compare = parent.compare_at if compare is None else compare
            sale = parent.sale if sale is None else sale
        percent = parent.percent if percent is None else percent
        amount_off = parent.amount_off if amount_off is None else amount_off
        is_off = parent.is_off if is_off is None else is_off
    if price is None:
        return compare, None
    price = round(price + prices.surcharge, 2)
    sales = [sale] if sale is not None else []
    if compare is not None and compare > price:
        sales.append(price)
        price = compare
    elif percent:
        sales.append(round(price * (1 - percent / 100) + 1e-9, 2))
    elif amount_off:
        sales.append(round(price - amount_off, 2))
    below = [amount for amount in sales if 0 < amount < price]
    return price, min(below) if below and not is_off else None
