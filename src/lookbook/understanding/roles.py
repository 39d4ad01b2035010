"""Decides what a message says of each value, within constraints."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import categories_of, names_garments, slot_of_value
from lookbook.understanding.message_network import (
    IMPLIED,
    NONE,
    OWNED,
    REFUSED,
    WANTED,
    Reading,
    Thresholds,
)
from lookbook.understanding.vocabulary import Value, translate, value_in

# A value that nobody named is asked for at this probability, where no other garment is, and at
# most so many of them are.
_LIKELY_GARMENT = 0.2
_MAX_IMPLIED_GARMENTS = 5
# A value behind a negation is refused at this probability.
_NEGATED_REFUSED = 0.03
# Shown though refused is worse than not shown though wanted: a value is refused, and in doubt not
# asked for, at these shares of the probability that it is asked for.
_REFUSED_BESIDE_ASKED, _DOUBT_BESIDE_ASKED = 0.4, 0.25
# A value of an earlier message stays beside a new one of its attribute at this probability, and a
# colour that nobody named counts.
_SURE_TO_STAY = 0.8


def decide_roles(
    reading: Reading, values: list[Value], thresholds: Thresholds, schema: Schema
) -> dict[Value, int]:
    """Return the values that a message speaks of, with their roles.

    Constraints: a value that the customer named, now or before, counts at a lower probability than
    one that nobody named, and a refused value mostly has to be named. "No sleeves" names what is
    wanted. A new value of an attribute replaces one of an earlier message. A garment's name
    alone asks for its slot and no other. A search for no garment is for the likeliest ones.

    Args:
        reading: What a network reads.
        values: The values of its rows.
        thresholds: The least probabilities at which values count.
        schema: The catalogue's attributes.
    """
    probabilities = dict(zip(values, reading.roles, strict=True))
    probabilities |= _unknown_to_network(reading, probabilities, schema)
    said = reading.named | reading.earlier
    mentions = [mention for mention, _ in reading.mentions]
    negative = {value for one in mentions if one.is_negative for value in one.values}
    negated = {value for one in mentions if one.is_negated for value in one.values}
    roles: dict[Value, int] = {}
    for value, likely in probabilities.items():
        was_said = value in said
        role = _role(likely, thresholds, was_said)
        is_guess = role in (WANTED, IMPLIED) and not was_said and _asked(likely) < _SURE_TO_STAY
        if is_guess and value[0] in schema.multis:
            # A colour that nobody said is none of the wishes, but one of the items shown.
            role = NONE
        if value in negated and likely[REFUSED] > _NEGATED_REFUSED:
            role = REFUSED
        if role == REFUSED and value in negative:
            role = WANTED
        if role != NONE:
            roles[value] = role
    _replace_earlier(roles, probabilities, reading, schema)
    if names_garments_alone(reading, schema):
        _keep_named_slots(roles, reading, schema)
    has_garment = any(
        role in (WANTED, IMPLIED) and is_garment(value, schema) for value, role in roles.items()
    )
    if reading.likeliest_act == "search" and not has_garment:
        _add_likely_garments(roles, probabilities, schema)
    return roles


def _unknown_to_network(
    reading: Reading, known: dict[Value, np.ndarray], schema: Schema
) -> dict[Value, np.ndarray]:
    """Return the roles of mentioned values that only the schema knows."""
    return {
        value: probabilities
        for mention, probabilities in reading.mentions
        for value in mention.values
        if value not in known and value[0] in schema.categorical
    }


def _asked(likely: np.ndarray) -> float:
    """Return the probability that a value is asked for, named or implied."""
    return float(likely[WANTED] + likely[IMPLIED])


def _role(likely: np.ndarray, thresholds: Thresholds, is_named: bool) -> int:
    asked, refused = _asked(likely), float(likely[REFUSED])
    least_refused = thresholds.named_refused if is_named else thresholds.refused
    if refused >= least_refused and refused > _REFUSED_BESIDE_ASKED * asked:
        return REFUSED
    if asked >= (thresholds.named_wanted if is_named else thresholds.wanted):
        # What may well be refused is better left out than shown.
        if refused > _DOUBT_BESIDE_ASKED * asked:
            return NONE
        if asked > likely[OWNED]:
            return WANTED if likely[WANTED] >= likely[IMPLIED] else IMPLIED
    return OWNED if likely[OWNED] >= thresholds.owned else NONE


def _replace_earlier(
    roles: dict[Value, int],
    probabilities: dict[Value, np.ndarray],
    reading: Reading,
    schema: Schema,
) -> None:
    """Drop values of earlier messages where the message names others of their attributes."""
    renewed = {
        value[0] for value, role in roles.items() if role == WANTED and value in reading.named
    }
    for value, role in list(roles.items()):
        is_old = value in reading.earlier and value not in reading.named
        if role != WANTED or not is_old or value[0] not in renewed:
            continue
        # "Also in black" adds a colour, as "and shoes" a piece; a sleeve has one length.
        is_added = reading.adds and value[0] in schema.multis
        may_stay = is_garment(value, schema) or is_added
        if not may_stay or _asked(probabilities[value]) < _SURE_TO_STAY:
            del roles[value]


def is_garment(value: Value, schema: Schema) -> bool:
    """Whether a value is a garment in a schema."""
    own = value_in(schema, value)
    return own is not None and names_garments(own[0], schema)


def names_garments_alone(reading: Reading, schema: Schema) -> bool:
    """Whether a message is a garment's name and no more: "hats", "blue shoes"."""
    return reading.is_names_only and any(is_garment(value, schema) for value in reading.named)


def _keep_named_slots(roles: dict[Value, int], reading: Reading, schema: Schema) -> None:
    """Ask for garments of the slots that a message names, and for no others.

    Items on the page and earlier messages would add theirs: a name says little against them.
    """
    named = [value for value in reading.named if is_garment(value, schema)]
    slots = slots_of_garments(named, schema)
    for value, role in list(roles.items()):
        is_other = is_garment(value, schema) and value not in named
        if is_other and role != REFUSED and slots.isdisjoint(slots_of_garments([value], schema)):
            del roles[value]
    if not any(roles.get(value) in (WANTED, IMPLIED) for value in named):
        roles |= {value: WANTED for value in named if roles.get(value) != REFUSED}


def slots_of_garments(garments: Iterable[Value], schema: Schema) -> set[str | None]:
    """Return the slots that garments fill in a schema."""
    categories = categories_of(translate(garments, schema), schema)
    return {slot_of_value(one, schema) for one in categories}


def _add_likely_garments(
    roles: dict[Value, int], probabilities: dict[Value, np.ndarray], schema: Schema
) -> None:
    """Add the garments that a shop assistant would go by."""
    likely = {
        value: _asked(one)
        for value, one in probabilities.items()
        if value not in roles and is_garment(value, schema)
    }
    best = sorted(likely, key=lambda value: -likely[value])[:_MAX_IMPLIED_GARMENTS]
    roles |= {value: IMPLIED for value in best if likely[value] >= _LIKELY_GARMENT}
