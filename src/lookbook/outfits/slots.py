"""Which parts of an outfit can be worn with an item, and what suits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookbook.labels.fields import Fields


def slot_of(record: Mapping[str, Any], fields: Fields) -> str | None:
    """Gives the part of an outfit that an item fills; ``None`` for none."""
    return slot_of_value(record[fields.slot_field], fields) if fields.slot_field else None


def slot_of_value(value: str, fields: Fields) -> str | None:
    """Gives the part of an outfit that a value of the field with slots fills."""
    return fields.ones[fields.slot_field].values[value].slot if fields.slot_field else None


def values_of_slot(slot: str | None, fields: Fields) -> list[str]:
    """Lists the values that fill a part of an outfit."""
    declared = fields.ones[fields.slot_field].values if fields.slot_field else {}
    return [name for name, value in declared.items() if value.slot == slot]


def called(slot: str | None, fields: Fields) -> str:
    """Says what a customer calls a part of an outfit; an empty text for none."""
    return fields.slots[slot].called if slot in fields.slots else ""


def other_slots(slot: str | None, fields: Fields) -> list[str]:
    """Lists the parts of an outfit that can be worn with one; no skirt to a dress."""
    instead = set(fields.slots[slot].instead_of) if slot in fields.slots else set()
    taken = {slot, *instead}
    return [
        name
        for name, other in fields.slots.items()
        if name not in taken and slot not in other.instead_of
    ]


def default_slots(slot: str | None, fields: Fields) -> list[str]:
    """Lists the parts of an outfit that make it whole beside one.

    Top and bottom are what is shown to whoever did not ask for a one-piece.
    """
    declared = {one: fields.slots[one] for one in other_slots(slot, fields)}
    return [name for name, one in declared.items() if not (one.instead_of or one.optional)]


def wearer_fields(fields: Fields) -> list[str]:
    """Lists the fields by which items suit one another or do not, such as for whom they are.

    Occasions, as the ladder of their field says, shade into one another.
    """
    return [name for name in fields.suiting if not fields.ones[name].ladder]


def names_garments(name: str, fields: Fields) -> bool:
    """Says whether a field's values are what is worn: those that fill slots, or imply one."""
    field = fields.enumerated.get(name)
    return name == fields.slot_field or (
        field is not None
        and any(fields.slot_field in value.implies for value in field.values.values())
    )


def kinds_of(wanted: Mapping[str, list[str]], fields: Fields) -> list[str]:
    """Lists the values of the field with slots that named garments are or imply, those first."""
    slot_field = str(fields.slot_field)
    implied = (
        fields.enumerated[name].values[value].implies.get(slot_field)
        for name, values in wanted.items()
        if name in fields.enumerated
        for value in values
    )
    return list(dict.fromkeys([*wanted.get(slot_field, []), *filter(None, implied)]))


def suiting(name: str, value: str, fields: Fields) -> list[str]:
    """Lists the values of a field that suit one in an outfit, itself among them.

    What is unknown suits all, and all suits what is unknown.
    """
    field = fields.ones[name]
    if value == field.otherwise:
        return list(field.values)
    return [value, *field.values[value].goes_with, field.otherwise]


def complements(item: Mapping[str, Any], other: Mapping[str, Any], fields: Fields) -> bool:
    """Says whether an item fills another part of the outfit than another, and suits it."""
    return slot_of(other, fields) in other_slots(slot_of(item, fields), fields) and all(
        other[name] in suiting(name, item[name], fields) for name in fields.suiting
    )
