"""One customer's turn in four steps, each a plain function."""

from __future__ import annotations

from collections.abc import Iterator

from lookbook.assistant.answers import Answer, ServingParams, Shown
from lookbook.assistant.finding import Finder
from lookbook.attributes.cleaning import clean_answer
from lookbook.attributes.record import Record
from lookbook.attributes.schema import Schema
from lookbook.captioners import Captioner, Prompt
from lookbook.errors import InputError
from lookbook.outfits import Message, Recommendation, ShoppingPlan, Stylist
from lookbook.outfits.style import StyleModel
from lookbook.photos.photo import Photo
from lookbook.search.catalogue_search import CatalogueSearch, Item
from lookbook.search.image_embeddings import decode_picture

Turns = list[dict[str, str]]


def describe(
    photo: Photo, captioner: Captioner, prompt: Prompt
) -> tuple[Record, dict[str, dict[str, float]]]:
    """Labels a customer's photo as the catalogue's are, cleaning included.

    Args:
        photo: What was shown.
        captioner: The catalogue's engine.
        prompt: What it is asked.

    Returns:
        The record, and the probabilities of its values where the engine knows them.

    Raises:
        InputError: If the photo cannot be described.
    """
    (caption,) = captioner.caption([photo], prompt)
    if caption.text is None:
        raise InputError(f"The photo cannot be described: {caption.failure}.")
    cleaned = clean_answer(caption.text, prompt.attributes)
    if cleaned.rejection is not None:
        raise InputError(f"The photo cannot be described: {cleaned.rejection}.")
    return cleaned.record, caption.probabilities or {}


def look(photo: Photo, search: CatalogueSearch, params: ServingParams) -> list[float] | None:
    """Looks at a customer's photo; ``None`` where the index has no pictures.

    Raises:
        InputError: If the photo cannot be read, or there is no index.
    """
    seen = search.embed_image(decode_picture(photo), params.embedder)
    return None if seen is None else seen.tolist()


def plan(
    item: Record | None, message: str, history: Turns, stylist: Stylist, schema: Schema
) -> ShoppingPlan:
    """Plans what to look for.

    Args:
        item: What was shown, if anything.
        message: What the customer says; may be empty.
        history: Earlier turns: ``role`` and ``content``.
        stylist: Understands them.
        schema: The catalogue's schema.

    Raises:
        InputError: If there is neither item nor message.
    """
    if item is None and not message.strip():
        raise InputError(
            "There is nothing to answer: give a photo, a message or both, as in "
            "--params=photo=FILE,message='in blue'."
        )
    return stylist.plan(item, message, [Message.model_validate(one) for one in history], schema)


def find(
    plan: ShoppingPlan,
    item: Record | None,
    shown: Shown,
    search: CatalogueSearch,
    style: StyleModel,
    params: ServingParams,
    schema: Schema,
) -> Answer:
    """Finds items for a plan, see :meth:`lookbook.assistant.finding.Finder.find`."""
    return Finder(search, style, params, schema).find(plan, item, shown)


def reply(
    plan: ShoppingPlan,
    item: Record | None,
    found: list[Item],
    message: str,
    history: Turns,
    stylist: Stylist,
    schema: Schema,
) -> Iterator[str]:
    """Says in words what was found, in parts as they are written.

    Args:
        plan: What was looked for.
        item: What was shown, if anything.
        found: As :func:`find` returns it.
        message: What the customer says; may be empty.
        history: Earlier turns: ``role`` and ``content``.
        stylist: Writes.
        schema: The catalogue's schema.

    Raises:
        InputError: If the stylist cannot answer.
    """
    recommended = [
        Recommendation(
            slot=one["slot"], record={name: one[name] for name in schema.names}, why=one["why"]
        )
        for one in found
    ]
    turns = [Message.model_validate(turn) for turn in history]
    return stylist.reply(plan, item, recommended, message, turns, schema)
