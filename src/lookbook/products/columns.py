"""Which column of a shop's table holds which property."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from lookbook.products.shop_file import PATH, Row, ShopTable
from lookbook.products.texts import as_text
from lookbook.products.vocabulary import (
    ProductProperties,
    bare_name,
    fold,
    fold_words,
    is_metafield,
    split_brackets,
    without_digits,
)

MONEY = (
    "price", "net_price", "regular_price", "compare_at_price", "sale_price", "surcharge",
    "discount_amount",
)  # fmt: skip
# Properties whose columns may be numbered.
NUMBERED = (
    "main_image", "images", "more_images", "variant_images", "image_files", "image_position",
    "image_is_main", "image_alt", "option_name", "option_value", "category",
)  # fmt: skip
# Columns of photos, the main ones first.
IMAGES = ("main_image", "images", "more_images", "variant_images", "image_files")
# What only holds other values.
_WRAPPERS = {
    "offers",
    "offer",
    "node",
    "product",
    "data",
    "fields",
    "details",
    "pricing",
    "general",
}
# Where Shopify says what tracks the stock: nothing stands there if nothing does.
_TRACKERS = {"inventorytracker", "variantinventorytracker", "inventorymanagement"}
# A heading is no longer.
_LONGEST = 200
# A heading may say that it is one of products.
_OF_PRODUCT = re.compile(
    r"^(?:product|item|produkt|produit|producto|prodotto)[ _-]+", re.IGNORECASE
)
# Rows by whose cells the kind of a column is told.
_SAMPLE = 5_000
_REGIONS = {"uk", "us", "usa", "eu", "eur", "fr", "de", "it", "int", "international", "available"}


class Places(dict[str, list[int]]):
    """Places of columns by property; none of one that a table lacks."""

    def __missing__(self, name: str) -> list[int]:
        """Return no places."""
        return []


@dataclass
class Columns:
    """The columns of a table by what they hold.

    Attributes:
        places: Places by property, the most telling heading first.
        currencies: Currencies that headings name, by place.
        numbers: Numbers in headings, by place, such as 2 in ``Image 2``.
        lists: Places of columns that list sizes or colours.
        metafields: Places of columns of metafields.
        names: The headings, by place.
        option_pairs: Places of options' names and values.
        trackers: Places of Shopify's inventory tracker, which is empty where nothing is tracked.
    """

    places: Places = field(default_factory=Places)
    currencies: dict[int, str] = field(default_factory=dict)
    numbers: dict[int, int | None] = field(default_factory=dict)
    lists: set[int] = field(default_factory=set)
    metafields: set[int] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    option_pairs: list[tuple[int, int]] = field(default_factory=list)
    trackers: set[int] = field(default_factory=set)

    @property
    def recognised(self) -> set[int]:
        """Places of all columns that hold a property."""
        return {place for places in self.places.values() for place in places}


def recognise_columns(table: ShopTable, properties: ProductProperties) -> Columns:
    """Find the columns of a table."""
    columns = Columns(names=dict(enumerate(table.headings)))
    ranked: dict[str, list[tuple[int, bool, int]]] = {}
    for place, heading in enumerate(table.headings):
        for name, rank, number, currency in find_properties(heading, properties):
            # Google's elements say more than those that Atom has beside them.
            ranked.setdefault(name, []).append((rank, not heading.startswith("g:"), place))
            columns.numbers[place] = number
            if currency:
                columns.currencies[place] = currency
        folded = fold(_last(heading))
        if is_metafield(heading):
            columns.metafields.add(place)
        elif folded in properties.list_headings or _is_plural(heading, properties):
            columns.lists.add(place)
        if folded in _TRACKERS:
            columns.trackers.add(place)
    columns.places |= {
        name: [place for *_, place in sorted(places)] for name, places in ranked.items()
    }
    for name in IMAGES:
        # In the table's order, but for the first.
        columns.places[name] = sorted(
            columns.places[name], key=lambda place: _by_number(columns, place)
        )
    _choose_market(columns)
    _find_kind(table.rows, columns, properties)
    _pair_options(columns)
    return columns


def count_properties(headings: Iterable[str], properties: ProductProperties) -> int:
    """Count the headings that are those of a property."""
    return sum(
        bool(find_properties(heading, properties))
        for heading in headings
        if 0 < len(heading) <= _LONGEST
    )


def find_properties(
    heading: str, properties: ProductProperties
) -> list[tuple[str, int, int | None, str | None]]:
    """Find what a heading is called.

    Returns:
        Each property with the heading's rank, its number and the currency that it names.
    """
    parts = heading.split(PATH) if PATH in heading and "://" not in heading else [heading]
    if len(parts) > 1 and " / " not in heading:
        known = [properties.properties.get(fold(part), []) for part in parts]
        while len(parts) > 1 and (
            any(name == "variants" for name, _ in known[0]) or fold(parts[0]) in _WRAPPERS
        ):
            parts, known = parts[1:], known[1:]
        heading = PATH.join(parts)
    bare = bare_name(heading)
    text, currency = _take_currency(bare, properties)
    plain = _take_qualifiers(text, properties)
    spellings = [heading, bare, text, plain, _OF_PRODUCT.sub("", plain)]
    if "#" in plain:
        # `Item #` is a number, and `Item` a name.
        spellings.insert(0, plain.replace("#", " no"))
    for spelling in dict.fromkeys(spellings):
        ranks = dict(reversed(properties.properties.get(fold(spelling), [])))
        if currency and "discount_percent" in ranks:
            ranks = {"discount_amount": ranks["discount_percent"]}
        names = [name for name in ranks if not currency or name in MONEY]
        if names:
            return [(name, ranks[name], None, currency) for name in names]
    for spelling in dict.fromkeys((bare, _OF_PRODUCT.sub("", bare))):
        folded, number = without_digits(fold(spelling))
        ranks = dict(properties.properties.get(folded, []))
        names = [name for name in ranks if name in NUMBERED]
        if number is not None and names:
            return [(name, ranks[name], number, None) for name in names]
    if PATH not in heading or " / " in heading:
        return _find_variation(bare, properties)
    return []


def _find_variation(
    heading: str, properties: ProductProperties
) -> list[tuple[str, int, int | None, str | None]]:
    """Find a size or a colour in a heading such as ``Shoe size`` or ``Size (UK)``."""
    text, inside = split_brackets(heading)
    words = fold_words(text).split()
    if not 0 < len(words) <= 3:
        return []
    name = properties.find_variation(heading)
    if name and (
        properties.find_variation(words[-1]) == name
        or (properties.find_variation(words[0]) == name and set(words[1:]) <= _REGIONS)
    ):
        rank = len(properties.headings[name]) + len(words) + len(inside)
        return [(name, rank, None, None)]
    return []


def _take_currency(heading: str, properties: ProductProperties) -> tuple[str, str | None]:
    """Take a currency out of a heading, such as ``Preis in EUR`` or ``Price ($)``."""
    for token in re.findall(r"[^\W\d_]+|[^\w\s()\[\].,:;/*#?-]", heading):
        is_code = len(token) == 3 and (token.isupper() or heading.endswith(f"_{token}"))
        if is_code or not token.isalnum():
            currency = properties.find_currency(token)
        else:
            currency = properties.find_currency(token) if len(token) > 3 or token == "zł" else None
        if currency:
            rest = heading.replace(token, " ", 1)
            return re.sub(
                r"\b(?:in|en|w|v)\s*[)\]]?\s*$|[(\[]\s*(?:in|en|w|v)?\s*[)\]]", " ", rest
            ), currency
    return heading, None


def _take_qualifiers(heading: str, properties: ProductProperties) -> str:
    """Take out of a heading what says nothing, such as ``(inkl. MwSt.)`` or ``*``."""
    text, inside = split_brackets(heading)
    if all(not note or fold(note) in properties.folded_qualifiers for note in inside):
        heading = text
    words = heading.split()
    for length in (3, 2, 1):
        if len(words) > length and fold(" ".join(words[-length:])) in properties.folded_qualifiers:
            return " ".join(words[:-length])
    return heading


def _is_plural(heading: str, properties: ProductProperties) -> bool:
    words = fold_words(split_brackets(bare_name(_last(heading)))[0]).split()
    return bool(words) and fold(words[-1]) in properties.list_headings


def _last(heading: str) -> str:
    return heading.rsplit(PATH, 1)[-1]


def _by_number(columns: Columns, place: int) -> tuple[int, int]:
    number = columns.numbers.get(place)
    return (-1 if number is None else number, place)


def _choose_market(columns: Columns) -> None:
    """Keep the prices of one market where headings name several currencies."""
    prices = [place for name in MONEY for place in columns.places[name]]
    named = list(dict.fromkeys(columns.currencies.get(place) for place in prices))
    if len(set(named) - {None}) > 1:
        for name in MONEY:
            places = columns.places[name]
            kept = [place for place in places if columns.currencies.get(place) == named[0]]
            columns.places[name] = kept
            for place in set(places) - set(kept):
                columns.currencies.pop(place)


def _find_kind(rows: list[Row], columns: Columns, properties: ProductProperties) -> None:
    """Keep the column that tells kinds of rows; others of such headings are categories."""
    known = {fold_words(word): kind for kind, words in properties.kinds.items() for word in words}
    for place in columns.places.pop("kind", []):
        values = {
            fold_words(as_text(row.cells[place]))
            for row in islice(rows, _SAMPLE)
            if place in row.cells
        }
        kinds = {known.get(value, "") for value in values}
        # A shop may sell pictures.
        is_kind = "product" in kinds or kinds == {"variant"}
        if is_kind and "" not in kinds:
            columns.places["kind"] = [place]
            for name in ("category", "title"):
                columns.places[name] = [other for other in columns.places[name] if other != place]
            return


def _pair_options(columns: Columns) -> None:
    """Pair each column of options' names with the next one of values of its number."""
    for name in columns.places["option_name"]:
        number = columns.numbers.get(name)
        behind = [
            place
            for place in columns.places["option_value"]
            if place > name and columns.numbers.get(place) == number
        ]
        if behind:
            columns.option_pairs.append((name, min(behind)))
    columns.option_pairs.sort()
