"""Whom an outfit is for: whether it is known, and the best guess where it is not."""

from __future__ import annotations

from typing import get_args

from lookbook.assistant.types import QueryPhoto, ServingParams
from lookbook.attributes.probabilities import with_known_values
from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import recipient_attributes
from lookbook.understanding.request import Recipient, Request, ShoppingPlan

# The recipient of items for everybody.
ANYBODY: Recipient = "Unisex"


def states_recipient(request: Request, schema: Schema) -> bool:
    """Whether a request says whom the items are for, or whom not."""
    names = recipient_attributes(schema)
    return bool(request.recipients) or any(
        name in values
        for part in request.parts
        for values in (part.wanted, part.refused)
        for name in names
    )


def find_needs(
    request: Request,
    plan: ShoppingPlan,
    photo: QueryPhoto | None,
    params: ServingParams,
    schema: Schema,
) -> dict[str, Recipient]:
    """Return what the customer should be asked, with the best guess.

    An outfit needs to know its recipient. The probabilities of the photo tell it; a value that they
    do not explain was set by a person or a shop, and is certain.

    Args:
        request: What the customer means.
        plan: What is searched for.
        photo: The item that the outfit starts from, with its probabilities where they are known.
        params: ``certain_recipient`` is the probability from which nobody is asked, and a filter on
            the recipient answers the question.
        schema: The catalogue's attributes.

    Returns:
        ``{"recipient": guess}`` if no recipient is certain, else nothing.
    """
    if plan.mode != "complementary" or photo is None or states_recipient(request, schema):
        return {}
    for name in recipient_attributes(schema):
        recipients = _recipients_of(name, schema)
        is_askable = {"Women", "Men"} <= {*recipients.values()}
        if not is_askable or params.filters.get(name):
            continue
        probabilities = _probabilities_of(name, photo, schema)
        if max(probabilities.values(), default=0.0) < params.certain_recipient:
            guesses = {value: probabilities.get(value, 0.0) for value in recipients}
            best = max(guesses, key=lambda value: guesses[value])
            return {"recipient": recipients[best] if guesses[best] else ANYBODY}
    return {}


def _recipients_of(name: str, schema: Schema) -> dict[str, Recipient]:
    """Return the recipients that an attribute names, by its values."""
    attribute, recipients = schema.singles[name], get_args(Recipient)
    return {value: recipient for recipient in recipients for value in attribute.named(recipient)}


def _probabilities_of(name: str, photo: QueryPhoto, schema: Schema) -> dict[str, float]:
    """Return the probabilities of an attribute's known values."""
    default, value = schema.singles[name].default, photo.record.get(name)
    known = {} if value in (None, default) else {name: [str(value)]}
    probabilities = with_known_values(photo.probabilities or {}, known, schema).get(name, {})
    return {one: probability for one, probability in probabilities.items() if one != default}
