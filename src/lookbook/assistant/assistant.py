"""The assistant: what it needs is loaded once, and shared by all customers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

from lookbook.assistant import answering
from lookbook.assistant.answering import NOTHING_SHOWN, ServingParams, Shown, Turns
from lookbook.captioners import Prompt
from lookbook.errors import InputError
from lookbook.labels.fields import Fields
from lookbook.labels.record import Record
from lookbook.outfits import ShoppingPlan
from lookbook.photos.photo import Photo, PhotoError, decode, identify
from lookbook.search.catalogue_search import Item

# Of a customer's photo no more pixels a side are kept.
LARGEST_SIDE = 1600


class Assistant:
    """Answers customers; keeps nothing of any of them."""

    def __init__(self, load: Callable[[str], Any]) -> None:
        """Takes where its parts come from; loads nothing yet.

        Args:
            load: Gives a part by name: ``fields``, ``serving`` (:class:`ServingParams`),
                ``prompt``, ``captioner``, ``stylist``, ``search_index`` and ``photo_files``.
                It raises an :class:`InputError` if a part cannot be had; the next time it is
                asked again.
        """
        self._load = load
        self._loaded: dict[str, Any] = {}
        self._lock = Lock()

    def part(self, name: str) -> Any:
        """Gives a part, loaded once for all.

        Raises:
            InputError: If it cannot be had, and what to do.
        """
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
            return self._loaded[name]

    @property
    def fields(self) -> Fields:
        """The catalogue's fields."""
        fields: Fields = self.part("fields")
        return fields

    @property
    def params(self) -> ServingParams:
        """How items are recommended unless a customer says otherwise."""
        params: ServingParams = self.part("serving")
        return params

    def warm_up(self, params: ServingParams) -> None:
        """Loads everything, and the models behind it, before the first customer comes.

        Raises:
            InputError: If something cannot be had.
        """
        self.part("stylist")
        self.part("search_index").warm_up(params.embedder)
        for example in self.examples(1):
            self.describe(receive(self.picture(example["Filename"]) or b""))

    def describe(self, photo: Photo) -> Record:
        """Labels a customer's photo.

        Raises:
            InputError: If it cannot be described.
        """
        prompt = Prompt.model_validate(self.part("prompt"))
        return answering.describe(photo, self.part("captioner"), prompt)

    def look(self, photo: Photo, params: ServingParams) -> Shown:
        """Looks at a customer's photo, so that it can be compared with the catalogue's.

        Raises:
            InputError: If there is no index.
        """
        look = answering.look(photo, self.part("search_index"), params)
        return Shown(photo.photo_id, look)

    def recommend(
        self,
        item: Record | None,
        shown: Shown,
        message: str,
        history: Turns,
        params: ServingParams,
    ) -> tuple[ShoppingPlan, list[Item]]:
        """Plans what to look for, and finds it.

        Args:
            item: What was shown, if anything.
            shown: Its photo.
            message: What the customer says; may be empty.
            history: Earlier turns: ``role`` and ``content``.
            params: How to search, and what may be shown.

        Returns:
            The plan and the items, see :func:`lookbook.assistant.answering.find`.

        Raises:
            InputError: If there is nothing to answer, or no index.
        """
        fields = self.fields
        plan = answering.plan(item, message, history, self.part("stylist"), fields)
        search = self.part("search_index")
        return plan, answering.find(plan, item, shown, search, params, fields)

    def reply(
        self,
        plan: ShoppingPlan,
        item: Record | None,
        found: list[Item],
        message: str,
        history: Turns,
    ) -> Iterator[str]:
        """Says what was found, in parts as they are written.

        Raises:
            InputError: If the stylist cannot answer.
        """
        stylist = self.part("stylist")
        return answering.reply(plan, item, found, message, history, stylist, self.fields)

    def answer(
        self, photo: Photo | None, message: str, history: Turns, params: ServingParams
    ) -> dict[str, Any]:
        """Answers one turn whole.

        Args:
            photo: What was shown, if anything.
            message: What the customer says; may be empty.
            history: Earlier turns: ``role`` and ``content``.
            params: How to search, and what may be shown.

        Returns:
            ``item`` (what was seen, or ``None``), ``plan``, ``recommendations`` (items without
            their vectors) and ``reply``.

        Raises:
            InputError: If there is nothing to answer, or something cannot be had.
        """
        item = self.describe(photo) if photo else None
        shown = self.look(photo, params) if photo else NOTHING_SHOWN
        plan, found = self.recommend(item, shown, message, history, params)
        return {
            "item": item,
            "plan": plan.model_dump(),
            "recommendations": [public(one, self.fields) for one in found],
            "reply": "".join(self.reply(plan, item, found, message, history)),
        }

    def picture(self, filename: str) -> bytes | None:
        """Reads the photo of an item; ``None`` for what is not among the catalogue's photos."""
        read = self.part("photo_files").get(filename)
        return read() if read else None

    def examples(self, count: int) -> list[Item]:
        """Chooses items of different kinds whose photos are at hand.

        Raises:
            InputError: If there is no index.
        """
        fields, photos = self.fields, self.part("photo_files")
        name = fields.slot_field or next(iter(fields.ones), None)
        chosen: list[Item] = []
        for value in fields.ones[name].values if name else []:
            if len(chosen) == count:
                break
            found = self.part("search_index").browse({name: [value]}, limit=20)
            chosen += [one for one in found if one["Filename"] in photos][:1]
        return chosen


def receive(data: bytes) -> Photo:
    """Takes a customer's photo: decoded and encoded anew, upright, bounded, without metadata.

    Args:
        data: What was uploaded.

    Raises:
        InputError: If it is no photo.
    """
    try:
        image = decode(data, at_least=LARGEST_SIDE)
    except PhotoError as error:
        raise InputError(f"That is no photo I can use: {error}.") from error
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return Photo(identify(data), buffer.getvalue)


def public(item: Item, fields: Fields) -> Item:
    """Leaves of an item what customers see."""
    shown = ["slot", "photo_id", "Filename", *fields.names, "score", "why", "found_by"]
    return {name: item[name] for name in shown if name in item}
