"""Headings and words by which a shop's file is understood."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property, lru_cache

from pydantic import BaseModel, ConfigDict

from lookbook.photos.headings import fold_heading

_METAFIELD = re.compile(r"[(\[](?:product|variant)\.metafields\.[^)\]]*[)\]]")
_PREFIX = re.compile(
    r"^(?:meta|attribute|attribut|atribut|option|feature|property|eigenschaft|merkmal)"
    r"\s*[:_]\s*_?(?:pa_)?|^pa_",
    re.IGNORECASE,
)
_NAMESPACE = re.compile(r"^@|^[A-Za-z][\w-]*:(?=[A-Za-z_])")
_BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]")
_SIGNS = re.compile(r"[\W\d_]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_REGION = r"(?:uk|us|usa|eu|eur|fr|de|it|int|international|label|name|value|title|adult|kids)?"


class Currencies(BaseModel):
    """Codes of currencies, and the signs that stand for them."""

    model_config = ConfigDict(extra="forbid")

    codes: list[str]
    signs: dict[str, str]


class ProductProperties(BaseModel):
    """How a shop's file is understood; see ``conf/base/products.yml``.

    Attributes:
        max_text: Characters of a title or a description; the rest is cut.
        max_variants: Combinations that a row may list.
        headings: Headings of each property.
        own_headings: Headings that a shop adds to them, which count before the others.
        kinds: Words for kinds of rows.
        lists: Headings of columns that list sizes or colours.
        size_words: Words for a size in the name of an option or an attribute.
        colour_words: Words for a colour.
        other_words: Words with which it is neither.
        qualifiers: What a heading may say beside the property.
        in_stock: Words for available, unavailable and unknown.
        untracked: Words by which a quantity does not count.
        tracked_by_product: Words by which the product's own quantity counts.
        no_sale: Words by which a sale is switched off.
        percent: Words for a discount in percent.
        gender: Words for each gender.
        no_photo: Words in place of a photo.
        notes: Words of rows that explain the headings.
        totals: Words of rows that add up a column.
        currencies: Codes and signs.
    """

    model_config = ConfigDict(extra="forbid")

    max_text: int
    max_variants: int
    headings: dict[str, list[str]]
    own_headings: dict[str, list[str]]
    kinds: dict[str, list[str]]
    lists: list[str]
    size_words: list[str]
    colour_words: list[str]
    other_words: list[str]
    qualifiers: list[str]
    in_stock: dict[str, list[str]]
    untracked: list[str]
    tracked_by_product: list[str]
    no_sale: list[str]
    percent: list[str]
    gender: dict[str, list[str]]
    no_photo: list[str]
    notes: list[str]
    totals: list[str]
    currencies: Currencies

    @cached_property
    def properties(self) -> dict[str, list[tuple[str, int]]]:
        """Properties by folded heading, each with the heading's rank."""
        places: dict[str, list[tuple[str, int]]] = {}
        for name in self.headings | self.own_headings:
            own = self.own_headings.get(name, [])
            for rank, heading in enumerate([*own, *self.headings[name]]):
                places.setdefault(fold(heading), []).append((name, rank))
        return places

    @cached_property
    def list_headings(self) -> set[str]:
        """Folded headings of columns that list sizes or colours."""
        return {fold(heading) for heading in self.lists}

    @cached_property
    def folded_qualifiers(self) -> set[str]:
        """What a heading may say beside the property, folded."""
        return {fold(text) for text in self.qualifiers}

    @cached_property
    def currency_codes(self) -> dict[str, str]:
        """Currencies by code and by sign, in small letters."""
        codes = {code.casefold(): code for code in self.currencies.codes}
        return {sign.casefold(): code for sign, code in self.currencies.signs.items()} | codes

    def find_currency(self, text: str) -> str | None:
        """Return the code of a currency; ``None`` for an unknown one."""
        text = text.strip().casefold()
        return self.currency_codes.get(text) or self.currency_codes.get(text.rstrip("."))

    @cached_property
    def _variation_words(self) -> dict[str, set[str]]:
        return {
            "sizes": {fold(word) for word in self.size_words},
            "colours": {fold(word) for word in self.colour_words},
            "other": {fold(word) for word in self.other_words},
        }

    def name_property(self, name: str) -> str | None:
        """Find what an option, an attribute or a metafield is: a property by its name.

        Returns:
            ``sizes``, ``colours``, ``brand``, ``gender``, ``age_group``, ``material`` or ``gtin``;
            ``None`` for anything else.
        """
        bare = bare_name(name)
        folded = fold(bare)
        for prop, _ in self.properties.get(folded, []):
            if prop in ("sizes", "colours", "brand", "gender", "age_group", "material", "gtin"):
                return prop
        return self.find_variation(bare)

    def find_variation(self, name: str) -> str | None:
        """Whether a name is that of a size or a colour in any language, such as ``Shoe size``."""
        words = [fold(word) for word in _LETTERS.findall(unaccent(name))]
        if not words or self._variation_words["other"] & {*words, fold(name)}:
            return None
        for prop in ("sizes", "colours"):
            known = self._variation_words[prop]
            # German writes such names in one word.
            ends = any(words[-1].endswith(word) for word in known if len(word) > 4)
            if known & set(words) or ends:
                return prop
        return None


def bare_name(heading: str) -> str:
    """Remove from a heading what tells where it comes from."""
    heading = _METAFIELD.sub("", heading).strip()
    heading = _NAMESPACE.sub("", heading) if " " not in heading else heading
    return _PREFIX.sub("", heading).strip() or heading


def is_metafield(heading: str) -> bool:
    """Whether a heading is that of a metafield, whose cells may be lists."""
    return bool(_METAFIELD.search(heading))


def split_brackets(heading: str) -> tuple[str, list[str]]:
    """Take what stands in brackets out of a heading."""
    return _BRACKETS.sub(" ", heading).strip(), _BRACKETS.findall(heading)


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Fold a text to its letters and digits, without accents."""
    return fold_heading(unaccent(text))


@lru_cache(maxsize=100_000)
def fold_words(text: str) -> str:
    """Fold a text to its words, with one blank between them."""
    text = unaccent(text).casefold().replace("'", "").replace("’", "")
    return " ".join(re.findall(r"[^\W_]+|[∞%]", text))


def unaccent(text: str) -> str:
    """Remove accents."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def without_digits(folded: str) -> tuple[str, int | None]:
    """Take the first number out of a folded heading, and return both."""
    number = re.search(r"\d+", folded)
    return re.sub(r"\d+", "", folded), int(number[0]) if number else None
