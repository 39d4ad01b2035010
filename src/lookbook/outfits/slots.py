"""Which parts of an outfit can be worn with an item, and what suits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookbook.attributes.schema import Schema


def slot_of(record: Mapping[str, Any], schema: Schema) -> str | None:
    """Gives the part of an outfit that an item fills; ``None`` for none."""
    return slot_of_value(record[schema.slot_attribute], schema) if schema.slot_attribute else None


def slot_of_value(value: str, schema: Schema) -> str | None:
    """Gives the part of an outfit that a value of the attribute with slots fills."""
    return (
        schema.singles[schema.slot_attribute].values[value].slot if schema.slot_attribute else None
    )


def values_of_slot(slot: str | None, schema: Schema) -> list[str]:
    """Lists the values that fill a part of an outfit."""
    declared = schema.singles[schema.slot_attribute].values if schema.slot_attribute else {}
    return [name for name, value in declared.items() if value.slot == slot]


def called(slot: str | None, schema: Schema) -> str:
    """Says what a customer calls a part of an outfit; an empty text for none."""
    return schema.slots[slot].display if slot in schema.slots else ""


def other_slots(slot: str | None, schema: Schema) -> list[str]:
    """Lists the parts of an outfit that can be worn with one; no skirt to a dress."""
    instead = set(schema.slots[slot].replaces) if slot in schema.slots else set()
    taken = {slot, *instead}
    return [
        name
        for name, other in schema.slots.items()
        if name not in taken and slot not in other.replaces
    ]


def default_slots(slot: str | None, schema: Schema) -> list[str]:
    """Lists the parts of an outfit that make it whole beside one.

    Top and bottom are what is shown to whoever did not ask for a one-piece.
    """
    declared = {one: schema.slots[one] for one in other_slots(slot, schema)}
    return [name for name, one in declared.items() if not (one.replaces or one.optional)]


def wearer_fields(schema: Schema) -> list[str]:
    """Lists the attributes by which items suit one another or do not, such as for whom they are.

    Occasions, as the ladder of their attribute says, shade into one another.
    """
    return [
        name for name in schema.compatibility_attributes if not schema.singles[name].ordinal_scale
    ]


def names_garments(name: str, schema: Schema) -> bool:
    """Says whether an attribute's values are what is worn: those that fill slots, or imply one."""
    attribute = schema.categorical.get(name)
    return name == schema.slot_attribute or (
        attribute is not None
        and any(schema.slot_attribute in value.implies for value in attribute.values.values())
    )


def kinds_of(wanted: Mapping[str, list[str]], schema: Schema) -> list[str]:
    """List the slot attribute's values that named garments are or imply, those first."""
    slot_attribute = str(schema.slot_attribute)
    implied = (
        schema.categorical[name].values[value].implies.get(slot_attribute)
        for name, values in wanted.items()
        if name in schema.categorical
        for value in values
    )
    return list(dict.fromkeys([*wanted.get(slot_attribute, []), *filter(None, implied)]))


def suiting(name: str, value: str, schema: Schema) -> list[str]:
    """Lists the values of an attribute that suit one in an outfit, itself among them.

    What is unknown suits all, and all suits what is unknown.
    """
    attribute = schema.singles[name]
    if value == attribute.default:
        return list(attribute.values)
    return [value, *attribute.values[value].compatible_with, attribute.default]


def complements(item: Mapping[str, Any], other: Mapping[str, Any], schema: Schema) -> bool:
    """Says whether an item fills another part of the outfit than another, and suits it."""
    return slot_of(other, schema) in other_slots(slot_of(item, schema), schema) and all(
        other[name] in suiting(name, item[name], schema) for name in schema.compatibility_attributes
    )
