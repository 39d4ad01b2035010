"""What a platform takes, as data, and what is wrong with a row or a photo by it.

No check asks the network: what an address leads to is for the platform to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lookbook.publishing.feeds.addresses import encode_address, ending_of
from lookbook.publishing.feeds.product import FeedProduct, Photo

Row = dict[str, Any]
MAX_ADDRESS = 2000
# A text that a generative model wrote, as Google's text feeds mark it.
_STRUCTURED = re.compile(r'trained_algorithmic_media:"((?:[^"]|"")*)"')
_PRICE = re.compile(r"\d+\.\d{2} [A-Z]{3}")
_AMOUNT = re.compile(r"\d+\.\d{2}")
_GTIN_LENGTHS = (8, 12, 13, 14)
# GS1 gives these prefixes to no manufacturer: shops number their own goods and coupons by them.
_OWN_GTINS = ("2", "02", "04")
# Other endings of formats.
_ENDINGS = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "tiff": "tif", "heif": "heic"}

# What helps where a field is missing or wrong.
_FILE = "Add it to your shop's file"
ADVICE = {
    "photo": "Name larger photos of a format that the platform takes in your shop's file.",
    "address": "Name photos by address in your shop's file, or say where the folder of photos is: "
    "--params=export.shop.photos=https://…",
    "link": f"{_FILE}, or set export.shop.product_page; links without a host need "
    "--params=export.shop.url=https://…",
    "price": f"{_FILE}. Of prices without a currency say it: --params=export.shop.currency=EUR",
    "brand": f"{_FILE}, or set your own brand: --params=export.shop.brand=NAME",
    "availability": f"{_FILE}, or set --params=export.shop.availability=in_stock",
    "condition": f"{_FILE}, or set --params=export.shop.condition=new",
    "attribute": f"{_FILE}, or set it in 'kedro review'.",
    "seller": "Say it with --params=export.shop.name=NAME",
    "url": "Say it with --params=export.shop.url=https://…",
    "countries": "Say where you sell with --params='export.shop.countries=DE AT'",
    "file": "Correct it in your shop's file.",
}


@dataclass(frozen=True)
class Field:
    """What a platform takes in a field.

    Attributes:
        kind: What its value is.
        required: Whether a product without it is refused. ``apparel`` asks for it of clothes,
            shoes and accessories, ``size`` of clothes and shoes, each where the platform's rule
            for the country says so.
        max_length: Letters; of a list those of each entry.
        max_items: Entries of a list.
        values: All values that there are; any where it is empty.
        advice: A key of :data:`ADVICE`.
    """

    kind: Literal[
        "text", "structured", "address", "addresses", "price", "amount", "gtin", "other"
    ] = "text"
    required: Literal["no", "yes", "apparel", "size"] = "no"
    max_length: int = 0
    max_items: int = 0
    values: tuple[str, ...] = ()
    advice: str = "file"


@dataclass(frozen=True)
class PhotoRule:
    """What a platform takes of photos.

    Attributes:
        formats: Usual endings of formats.
        min_side: Pixels of the shorter side; 0 for any.
        max_pixels: Pixels in all; 0 for any.
        max_bytes: The size of the file; 0 for any.
        max_further: Photos beside the main one.
    """

    formats: tuple[str, ...]
    min_side: int = 0
    max_pixels: int = 0
    max_bytes: int = 0
    max_further: int = 0


@dataclass(frozen=True)
class FeedRules:
    """A platform's rules.

    Attributes:
        feed: The feed's name.
        fields: Its columns in order.
        photo: What it takes of photos.
        either: Fields of which a row has one.
        apparel_countries: Where fields of clothes are required; everywhere if it is empty.
    """

    feed: str
    fields: Mapping[str, Field]
    photo: PhotoRule
    either: tuple[tuple[str, str], ...] = ()
    apparel_countries: frozenset[str] = field(default_factory=frozenset)

    def asks_for(self, name: str, product: FeedProduct, countries: list[str]) -> bool:
        """Whether a product without a field is refused.

        Args:
            name: The field.
            product: The product.
            countries: Where the shop sells; empty for anywhere.
        """
        required = self.fields[name].required
        if required in ("apparel", "size"):
            is_meant = product.is_apparel if required == "apparel" else product.has_size
            applies = not countries or not self.apparel_countries
            return is_meant and (applies or bool(self.apparel_countries & set(countries)))
        return required == "yes"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a value.

    Attributes:
        field: The field.
        value: What stands there.
        reason: What is wrong.
        advice: What to do.
    """

    field: str
    value: str
    reason: str
    advice: str


def check_row(
    row: Row, rules: FeedRules, product: FeedProduct, countries: list[str]
) -> tuple[list[Problem], list[Problem]]:
    """Check a row.

    Returns:
        Problems for which the platform refuses the row, and problems of fields that it does not
        ask for.

    Raises:
        KeyError: If the row has a field that the platform does not know.
    """
    fatal: list[Problem] = []
    minor: list[Problem] = []
    alternatives = {name: other for pair in rules.either for name, other in (pair, pair[::-1])}
    for name in row:
        rules.fields[name]
    for name, rule in rules.fields.items():
        value = row.get(name, "")
        is_required = rules.asks_for(name, product, countries)
        other = alternatives.get(name)
        if value in ("", [], None):
            if is_required and not (other and row.get(other)):
                fatal.append(Problem(name, "", "it is missing", ADVICE[rule.advice]))
            continue
        if reason := find_fault(value, rule):
            found = Problem(name, _as_text(value), reason, ADVICE[rule.advice])
            (fatal if is_required or other else minor).append(found)
    price, sale = (str(row.get(name, "")) for name in ("price", "sale_price"))
    if _PRICE.fullmatch(price) and _PRICE.fullmatch(sale) and _amount(sale) >= _amount(price):
        minor.append(Problem("sale_price", sale, f"it is not below {price}", ADVICE["price"]))
    return fatal, minor


def _amount(price: str) -> float:
    return float(price.split(maxsplit=1)[0])


def find_fault(value: Any, rule: Field) -> str:
    """Return what is wrong with a value; empty if nothing is."""
    entries = value if isinstance(value, list) else [value]
    if rule.max_items and len(entries) > rule.max_items:
        return f"it has {len(entries)} entries, and {rule.max_items} are allowed"
    for entry in entries:
        if rule.values and entry not in rule.values:
            return f"it is not one of {', '.join(rule.values)}"
        text = _as_text(entry)
        if rule.kind == "structured":
            match = _STRUCTURED.fullmatch(text)
            if not match or not match[1].strip():
                return 'it is not written as trained_algorithmic_media:"text"'
            text = match[1].replace('""', '"')
        if rule.max_length and len(text) > rule.max_length:
            return f"it has {len(text):,} letters, and {rule.max_length:,} are allowed"
        if reason := _FAULTS.get(rule.kind, _find_none)(text):
            return reason
    return ""


def _find_none(text: str) -> str:
    return ""


def _find_address_fault(text: str) -> str:
    if not text.isascii() or encode_address(text) != text:
        return "it is not a percent-encoded address that begins with http:// or https://"
    if len(text) > MAX_ADDRESS:
        return f"it has {len(text):,} letters, and {MAX_ADDRESS:,} are allowed"
    return ""


def _find_price_fault(text: str) -> str:
    if not _PRICE.fullmatch(text):
        return "it is not a price such as '15.00 USD'"
    return "" if _amount(text) > 0 else "it is not a price above 0"


def _find_amount_fault(text: str) -> str:
    return "" if _AMOUNT.fullmatch(text) else "it is not an amount such as '15.00'"


def _find_gtin_fault(text: str) -> str:
    if not text.isascii() or not text.isdigit() or len(text) not in _GTIN_LENGTHS:
        return "it does not have 8, 12, 13 or 14 digits"
    if not has_check_digit(text):
        return "its check digit is wrong"
    # The first of 14 digits tells how goods are packed; 12 digits are 13 with a zero before them.
    if len(text) > 8 and text.zfill(14)[1:].startswith(_OWN_GTINS):
        return "its prefix is for a shop's own numbers, not for a manufacturer's"
    return ""


_FAULTS = {
    "address": _find_address_fault,
    "addresses": _find_address_fault,
    "price": _find_price_fault,
    "amount": _find_amount_fault,
    "gtin": _find_gtin_fault,
}


def has_check_digit(gtin: str) -> bool:
    """Whether the last digit of a barcode fits the others.

    Source: https://www.gs1.org/services/how-calculate-check-digit-manually
    """
    digits = [int(digit) for digit in reversed(gtin)]
    return sum(digits[::2], 3 * sum(digits[1::2])) % 10 == 0


def choose_photos(product: FeedProduct, rule: PhotoRule) -> tuple[list[Photo], list[Problem]]:
    """Choose the photos that a platform takes, the main one first.

    Returns:
        The photos, and what is wrong with others. Photos beyond the allowed number are neither.
    """
    taken: list[Photo] = []
    problems: list[Problem] = []
    for photo in product.photos:
        found = next(_find_photo_faults(photo, rule), None)
        if found is None:
            taken.append(photo)
        else:
            reason, advice = found
            problems.append(Problem("photo", photo.address or photo.file, reason, ADVICE[advice]))
    return taken[: 1 + rule.max_further], problems


def _find_photo_faults(photo: Photo, rule: PhotoRule) -> Iterator[tuple[str, str]]:
    if not photo.address:
        yield "nobody says at which address the web has it", "address"
    elif len(photo.address) > MAX_ADDRESS:
        yield f"its address has more than {MAX_ADDRESS:,} letters", "address"
    if photo.format not in rule.formats:
        yield f"its format '{photo.format}' is not one of {', '.join(rule.formats)}", "photo"
    ending = ending_of(photo.address)
    if ending and _ENDINGS.get(ending, ending) != photo.format:
        yield f"its address ends with '{ending}', and it is a '{photo.format}'", "photo"
    size = f"it has {photo.width} × {photo.height} pixels"
    if min(photo.width, photo.height) < rule.min_side:
        yield f"{size}, and {rule.min_side} × {rule.min_side} are asked for", "photo"
    if rule.max_pixels and photo.width * photo.height > rule.max_pixels:
        yield f"{size}, and {rule.max_pixels:,} are allowed", "photo"
    if rule.max_bytes and photo.bytes > rule.max_bytes:
        yield f"it has {photo.bytes:,} bytes, and {rule.max_bytes:,} are allowed", "photo"


def shorten(text: str, limit: int) -> str:
    """Cut a text at a blank, so that it has no more letters than allowed."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    head = text[: limit + 1]
    cut = head.rpartition(" ")[0] if " " in head.strip() else head[:limit]
    return cut[:limit].rstrip(" ,;:-–")


def format_price(amount: float | None, currency: str) -> str:
    """Write a price such as ``15.00 USD``; empty without an amount."""
    return "" if amount is None else f"{amount:.2f} {currency}".strip()


def _as_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
