"""Slots of an outfit, and which items are compatible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lookbook.attributes.schema import Schema


def slot_of(record: Mapping[str, Any], schema: Schema) -> str | None:
    """Return the slot that an item fills; ``None`` for none."""
    return slot_of_value(record[schema.slot_attribute], schema) if schema.slot_attribute else None


def slot_of_value(category: str, schema: Schema) -> str | None:
    """Return the slot that a category fills; ``None`` for none."""
    return (
        schema.singles[schema.slot_attribute].values[category].slot
        if schema.slot_attribute
        else None
    )


def values_of_slot(slot: str | None, schema: Schema) -> list[str]:
    """Return the categories that fill a slot."""
    declared = schema.singles[schema.slot_attribute].values if schema.slot_attribute else {}
    return [name for name, value in declared.items() if value.slot == slot]


def slot_name(slot: str | None, schema: Schema) -> str:
    """Return a customer's word for a slot; an empty text for none."""
    return schema.slots[slot].display if slot in schema.slots else ""


def other_slots(slot: str | None, schema: Schema) -> list[str]:
    """Return the slots that can be worn with one: no skirt with a dress."""
    taken = {slot, *(schema.slots[slot].replaces if slot in schema.slots else ())}
    return [
        name
        for name, other in schema.slots.items()
        if name not in taken and slot not in other.replaces
    ]


def default_slots(slot: str | None, schema: Schema) -> list[str]:
    """Return the slots that complete an outfit beside one: top and bottom, not a one-piece."""
    return [
        name
        for name in other_slots(slot, schema)
        if not (schema.slots[name].replaces or schema.slots[name].optional)
    ]


def recipient_attributes(schema: Schema) -> list[str]:
    """Return the attributes that say whom an item is for.

    Compatible values without an ordinal scale; those with one, occasions, shade into one another.
    """
    return [
        name for name in schema.compatibility_attributes if not schema.singles[name].ordinal_scale
    ]


def names_garments(name: str, schema: Schema) -> bool:
    """Whether the values of an attribute are garments: categories, or values that imply one."""
    attribute = schema.categorical.get(name)
    return name == schema.slot_attribute or (
        attribute is not None
        and any(schema.slot_attribute in value.implies for value in attribute.values.values())
    )


def categories_of(values: Mapping[str, list[str]], schema: Schema) -> list[str]:
    """Return the categories that are named, and then those that named garments imply."""
    slot_attribute = str(schema.slot_attribute)
    implied = (
        schema.categorical[name].values[value].implies.get(slot_attribute)
        for name, own in values.items()
        if name in schema.categorical
        for value in own
    )
    return list(dict.fromkeys([*values.get(slot_attribute, []), *filter(None, implied)]))


def compatible(name: str, value: str, schema: Schema) -> list[str]:
    """Return the values of an attribute that one is compatible with, itself included.

    An unknown value is compatible with all values.
    """
    attribute = schema.singles[name]
    if value == attribute.default:
        return list(attribute.values)
    return [value, *attribute.values[value].compatible_with, attribute.default]


def compatibility_matrix(name: str, schema: Schema) -> np.ndarray:
    """Return which values of an attribute are compatible, either way; (values, values) bool."""
    values = list(schema.singles[name].values)
    matrix = np.array(
        [[other in compatible(name, value, schema) for other in values] for value in values]
    )
    fits: np.ndarray = matrix | matrix.T
    return fits


def is_complement(item: Mapping[str, Any], other: Mapping[str, Any], schema: Schema) -> bool:
    """Whether two items fill different slots and are compatible."""
    return slot_of(other, schema) in other_slots(slot_of(item, schema), schema) and all(
        other[name] in compatible(name, item[name], schema)
        for name in schema.compatibility_attributes
    )
