"""Requests in the answers of a language model: their JSON schema, and how they are parsed."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, Field, ValidationError

from lookbook.attributes.json_parsing import repair
from lookbook.attributes.schema import Schema
from lookbook.search.product_filter import ProductFacets, ProductFilter, Sort
from lookbook.understanding.request import (
    Act,
    Fact,
    Language,
    Part,
    Recipient,
    Request,
    Values,
    Weather,
    without,
)

MAX_PARTS = 6
MAX_TEXT_LENGTH = 160
# Sizes or brands that an answer may name, and items shown that it may refer to.
_MAX_OFFERED = 200
_MAX_REFERENCE = 10
_MAX_PRICE = 1_000_000
_MAX_VALUES = 12


class _Answer(BaseModel, extra="forbid"):
    act: Act
    parts: list[Part]
    recipients: list[Recipient] = []
    occasion: str = ""
    weather: Weather | None = None
    owned: Values = {}
    min_price: int = Field(default=0, ge=0, le=_MAX_PRICE)
    max_price: int = Field(default=0, ge=0, le=_MAX_PRICE)
    sizes: list[str] = []
    brands: list[str] = []
    order: Sort = "relevance"
    asks: list[Fact] = []
    refers_to: int = Field(default=0, ge=0)
    is_cheaper: bool = False
    wants_others: bool = False
    language: Language = "en"
    notes: list[str] = []

    def limits(self, facets: ProductFacets) -> ProductFilter:
        """Return the limits that the catalogue's products can meet."""
        return ProductFilter(
            min_price=self.min_price or None,
            max_price=self.max_price or None,
            sizes=[size for size in self.sizes if size in facets.sizes] or None,
            brands=[brand for brand in self.brands if brand in facets.brands] or None,
        )


def parse_request(answer: str, schema: Schema, facets: ProductFacets) -> Request | None:
    """Parse a model's answer, without values and products that the catalogue does not have.

    Returns:
        The request; ``None`` if the answer is none.
    """
    try:
        given = _Answer.model_validate(repair(answer))
    except (ValidationError, RecursionError):
        return None
    parts = [
        Part(**{kind: _declared(getattr(part, kind), schema) for kind in Part.model_fields})
        for part in given.parts[:MAX_PARTS]
    ]
    return Request(
        act=given.act,
        parts=[without_refused(part) for part in parts],
        recipients=given.recipients,
        occasion=given.occasion[:MAX_TEXT_LENGTH],
        weather=given.weather,
        owned=_declared(given.owned, schema),
        products=given.limits(facets),
        sort=given.order,
        asks=given.asks,
        refers_to=given.refers_to or None,
        is_cheaper=given.is_cheaper,
        speaks_of_page=given.refers_to > 0 or given.is_cheaper,
        wants_others=given.wants_others,
        language=given.language,
        notes=[note[:MAX_TEXT_LENGTH] for note in given.notes[:3]],
    )


def without_refused(part: Part) -> Part:
    """Return a part that asks for no value that it refuses."""
    return part.model_copy(
        update={
            "wanted": without(part.wanted, part.refused),
            "implied": without(part.implied, part.refused),
        }
    )


def _declared(values: Values, schema: Schema) -> Values:
    """Leave out values that the attributes lack, and sort the rest in declared order."""
    declared = {
        name: [value for value in schema.categorical[name].values if value in own]
        for name, own in values.items()
        if name in schema.categorical
    }
    return {name: own for name, own in declared.items() if own}


def request_schema(schema: Schema, facets: ProductFacets) -> dict[str, Any]:
    """Return the JSON schema of an answer.

    Args:
        schema: The catalogue's attributes.
        facets: Brands, sizes and prices of the catalogue's products.
    """
    text = {"type": "string", "maxLength": MAX_TEXT_LENGTH}
    values = _object(
        {name: _array(list(one.values)) for name, one in schema.categorical.items()}, optional=True
    )
    part = _object({"wanted": values, "implied": values, "refused": values})
    return _object(
        {
            "act": {"enum": list(get_args(Act))},
            "parts": {"type": "array", "items": part, "maxItems": MAX_PARTS},
            "recipients": _array(list(get_args(Recipient))),
            "occasion": text,
            "weather": {"enum": [None, *get_args(Weather)]},
            "owned": values,
            **_product_properties(facets),
            "refers_to": {"enum": list(range(_MAX_REFERENCE + 1))},
            "wants_others": {"type": "boolean"},
            "language": {"enum": list(get_args(Language))},
            "notes": {"type": "array", "items": text, "maxItems": 3},
        }
    )


def _product_properties(facets: ProductFacets) -> dict[str, Any]:
    """Return the part of the JSON schema that only a catalogue of products has."""
    properties: dict[str, Any] = {}
    for name, offered in (("sizes", facets.sizes), ("brands", facets.brands)):
        if offered:
            properties[name] = _array(list(offered[:_MAX_OFFERED]))
    if facets.prices is not None:
        price = {"type": "integer", "minimum": 0, "maximum": _MAX_PRICE}
        order = {"enum": list(get_args(Sort))}
        properties |= {"min_price": price, "max_price": price, "order": order}
        properties["is_cheaper"] = {"type": "boolean"}
    if properties:
        properties["asks"] = _array(list(get_args(Fact)))
    return properties


def _array(values: list[str]) -> dict[str, Any]:
    return {
        "type": "array", "items": {"enum": values}, "maxItems": min(len(values), _MAX_VALUES),
    }  # fmt: skip


def _object(properties: dict[str, Any], optional: bool = False) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [] if optional else list(properties),
        "additionalProperties": False,
    }
