"""Plans of a language model: the schema of its answers, and what they ask for."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, Field, ValidationError

from lookbook.attributes.json_parsing import repair
from lookbook.attributes.record import Record
from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import names_garments, recipient_attributes, slot_of, values_of_slot
from lookbook.search.preferences import Preference
from lookbook.search.product_filter import ProductFacets, ProductFilter, Sort
from lookbook.understanding.dialogue_state import EXCLUDED, GARMENT, NAMED, RECIPIENT
from lookbook.understanding.request import Fact, Mode, Request, SlotQuery, Values

MAX_QUERIES = 6
MAX_TEXT_LENGTH = 160
# Sizes or brands that a plan may name, and items shown that it may refer to.
_MAX_OFFERED = 200
_MAX_REFERENCE = 10
_MAX_PRICE = 1_000_000


class _AnsweredQuery(BaseModel, extra="forbid"):
    slot: str | None
    text: str
    wished: Values = {}
    unwanted: Values = {}


class _AnsweredPlan(BaseModel, extra="forbid"):
    mode: Mode
    queries: list[_AnsweredQuery]
    min_price: int = Field(default=0, ge=0, le=_MAX_PRICE)
    max_price: int = Field(default=0, ge=0, le=_MAX_PRICE)
    sizes: list[str] = []
    brands: list[str] = []
    order: Sort = "relevance"
    asks: list[Fact] = []
    is_about_shown: bool = False
    refers_to: int = Field(default=0, ge=0)
    is_cheaper: bool = False
    notes: list[str] = []

    def limits(self, facets: ProductFacets) -> ProductFilter:
        """Return the limits that the catalogue's products can meet."""
        return ProductFilter(
            min_price=self.min_price or None,
            max_price=self.max_price or None,
            sizes=[size for size in self.sizes if size in facets.sizes] or None,
            brands=[brand for brand in self.brands if brand in facets.brands] or None,
        )


def parse_plan(
    answer: str,
    item: Record | None,
    schema: Schema,
    facets: ProductFacets = ProductFacets(),  # noqa: B008
) -> Request | None:
    """Parse a model's plan, without what the attributes and products do not have.

    Returns:
        The request; ``None`` if it asks for nothing.
    """
    try:
        plan = _AnsweredPlan.model_validate(repair(answer))
    except (ValidationError, RecursionError):
        return None
    mode = plan.mode if item is not None else "search"
    own_slot = slot_of(item, schema) if item else None
    queries = [
        _slot_query(query, mode, schema)
        for query in plan.queries[:MAX_QUERIES]
        # Items for the same slot go with nothing.
        if not (mode == "complementary" and query.slot is not None and query.slot == own_slot)
    ]
    limits = plan.limits(facets)
    queries = [query.model_copy(update={"products": limits}) for query in queries]
    notes = [note[:MAX_TEXT_LENGTH] for note in plan.notes[:3]]
    if not queries:
        return None
    return Request(
        mode=mode, queries=queries, sort=plan.order, asks=plan.asks,
        is_about_shown=plan.is_about_shown or plan.refers_to > 0, refers_to=plan.refers_to or None,
        is_cheaper=plan.is_cheaper, notes=notes,
    )  # fmt: skip


def _slot_query(query: _AnsweredQuery, mode: Mode, schema: Schema) -> SlotQuery:
    """Turn declared values of a model's query into preferences of the usual weights."""
    slot = query.slot if query.slot in schema.slots else None
    preferences = []
    for name, values in _declared(query.wished, schema).items():
        is_recipient = name in recipient_attributes(schema)
        weight = GARMENT if names_garments(name, schema) else NAMED
        preferences.append(
            Preference(
                attribute=name, values=values, weight=RECIPIENT if is_recipient else weight,
                required=is_recipient,
            )
        )  # fmt: skip
    preferences += [
        Preference(attribute=name, values=values, weight=EXCLUDED, negated=True, required=True)
        for name, values in _declared(query.unwanted, schema).items()
    ]
    is_narrow = slot is not None and mode != "search"
    filters = {str(schema.slot_attribute): values_of_slot(slot, schema)} if is_narrow else {}
    text = query.text[:MAX_TEXT_LENGTH]
    return SlotQuery(slot=slot, text=text, filters=filters, preferences=preferences)


def _declared(values: Values, schema: Schema) -> Values:
    """Leave out values that the attributes lack, and sort the rest in declared order."""
    declared = {
        name: [value for value in schema.categorical[name].values if value in own]
        for name, own in values.items()
        if name in schema.categorical
    }
    return {name: own for name, own in declared.items() if own}


def plan_schema(
    schema: Schema,
    facets: ProductFacets = ProductFacets(),  # noqa: B008
) -> dict[str, Any]:
    """Return the JSON schema of a plan.

    Args:
        schema: The catalogue's attributes.
        facets: Brands, sizes and prices of the catalogue's products.
    """

    def array(values: Any) -> dict[str, Any]:
        listed = list(values)
        return {"type": "array", "items": {"enum": listed}, "maxItems": min(len(listed), 4)}

    text = {"type": "string", "maxLength": MAX_TEXT_LENGTH}
    values = {name: array(attribute.values) for name, attribute in schema.categorical.items()}
    query = {
        "slot": {"enum": [*schema.slots, None]},
        "text": text,
        "wished": _object(values),
        "unwanted": _object(values),
    }
    return _object(
        {
            "mode": {"enum": ["complementary", "similar", "search"]},
            "queries": {
                "type": "array", "items": _object(query), "minItems": 1, "maxItems": MAX_QUERIES,
            },
            **_product_properties(facets),
            "notes": {"type": "array", "items": text, "maxItems": 3},
        }
    )  # fmt: skip


def _product_properties(facets: ProductFacets) -> dict[str, Any]:
    """Return the part of the JSON schema that only a catalogue of products has."""
    properties: dict[str, Any] = {}
    for name, offered in (("sizes", facets.sizes), ("brands", facets.brands)):
        if offered:
            values = {"enum": list(offered[:_MAX_OFFERED])}
            properties[name] = {"type": "array", "items": values, "maxItems": 4}
    if facets.prices is not None:
        price = {"type": "integer", "minimum": 0, "maximum": _MAX_PRICE}
        order = {"enum": list(get_args(Sort))}
        properties |= {"min_price": price, "max_price": price, "order": order}
        properties["is_cheaper"] = {"type": "boolean"}
    if properties:
        facts = {"type": "array", "items": {"enum": list(get_args(Fact))}, "maxItems": 4}
        numbers = {"enum": list(range(_MAX_REFERENCE + 1))}
        properties |= {"asks": facts, "is_about_shown": {"type": "boolean"}, "refers_to": numbers}
    return properties


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
