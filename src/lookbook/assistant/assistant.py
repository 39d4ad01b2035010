"""The assistant: what it needs is loaded once, and shared by all customers."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import wraps
from threading import Lock, local
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from lookbook.assistant import answering
from lookbook.assistant.answering import Turns
from lookbook.assistant.answers import NOTHING_SHOWN, Answer, ServingParams, Shown
from lookbook.assistant.finding import Finder
from lookbook.assistant.metrics import CAPTIONS
from lookbook.attributes.record import Record
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.loading import loaded_once
from lookbook.outfits import ShoppingPlan
from lookbook.photos.photo import MAX_PIXELS, Photo, PhotoError, decode, identify
from lookbook.search.catalogue_search import Item

if TYPE_CHECKING:
    from PIL.Image import Image

Given = ParamSpec("Given")
Made = TypeVar("Made")

NOT_READY = "The assistant is not ready: the reason is in the server's log."
# Of a customer's photo no more pixels a side are kept.
LARGEST_SIDE = 1600


@dataclass(frozen=True)
class ReceivedPhoto(Photo):
    """A customer's photo, which is encoded only for those who send it on.

    Attributes:
        picture: Decoded once; ``None`` never.
    """

    picture: Image | None = None

    def image(self, max_pixels: int = MAX_PIXELS, at_least: int | None = None) -> Image:
        """Gives the picture, as large as it was received."""
        return self.picture or super().image(max_pixels, at_least)


def _in_turn(
    method: Callable[Concatenate[Assistant, Given], Made],
) -> Callable[Concatenate[Assistant, Given], Made]:
    """Makes a method wait for the customer's turn: first come, first served."""

    @wraps(method)
    def in_turn(self: Assistant, *told: Given.args, **named: Given.kwargs) -> Made:
        if getattr(self._turn, "is_mine", False):
            return method(self, *told, **named)
        return self._workers.submit(method, self, *told, **named).result()

    return in_turn


class Assistant:
    """Answers customers; keeps nothing of any of them."""

    def __init__(self, load: Callable[[str], Any], newest: Callable[[], str] = lambda: "") -> None:
        """Takes where its parts come from; loads nothing yet.

        Args:
            load: Gives a part by name: ``attributes``, ``serving`` (:class:`ServingParams`),
                ``prompt`` (:class:`lookbook.captioners.Prompt`), ``captioner``, ``stylist``,
                ``style``, ``search_index`` and ``photo_files``.
                It raises an :class:`InputError` if a part cannot be had; the next time it is
                asked again.
            newest: Names the newest version of the index.
        """
        self._load = load
        self._newest = newest
        self._version = ""
        self.state = "loading"
        self._loaded: dict[str, Any] = {}
        self._lock = Lock()
        self._turn = local()

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
    def schema(self) -> Schema:
        """The catalogue's attributes."""
        schema: Schema = self.part("schema")
        return schema

    @property
    def params(self) -> ServingParams:
        """How items are recommended unless a customer says otherwise."""
        params: ServingParams = self.part("serving")
        return params

    @loaded_once
    def _workers(self) -> ThreadPoolExecutor:
        # More threads than cores would only take Python's lock from one another.
        count = self.params.turns_at_once or os.cpu_count() or 1
        return ThreadPoolExecutor(
            count, initializer=self._turn.__setattr__, initargs=("is_mine", True)
        )

    def keep_up(self, params: ServingParams) -> bool:
        """Load the newest index and all models, unless they are loaded already.

        Customers who are answered meanwhile are answered from the old index. After a failure
        :attr:`state` holds the reason, and the next call tries again.

        Args:
            params: How to search.

        Returns:
            Whether anything was loaded.

        Raises:
            InputError: If something is missing.
        """
        is_warm = self.state == "ready"
        try:
            version = self._newest()
            if is_warm and version == self._version:
                return False
            # The first index is the one that customers who come early wait for.
            load = self._load if self._version else self.part
            index, photo_files = load("search_index"), load("photo_files")
            index.warm_up(params.embedder)
            with self._lock:
                self._loaded |= {"search_index": index, "photo_files": photo_files}
            self._version = version
            if not is_warm:
                self.part("stylist")
                self.part("style")
                for example in self.examples(1):
                    self.describe(self.picture(example["Filename"]) or b"")
        except Exception as error:
            # An index that is searched stays in use; one that cannot be is opened again.
            if not self._version:
                self._loaded.pop("search_index", None)
            if not is_warm:
                self.state = str(error) if isinstance(error, InputError) else NOT_READY
            raise
        self.state = "ready"
        return True

    @_in_turn
    def see(self, upload: bytes, params: ServingParams) -> tuple[Record, Shown]:
        """Labels a customer's photo, and looks at it so that others can be compared with it.

        Args:
            upload: The photo's file.
            params: How to search.

        Raises:
            InputError: If it is no photo, it cannot be described, or there is no index.
        """
        photo = receive(upload)
        record, probabilities = self._describe(photo)
        look = answering.look(photo, self.part("search_index"), params)
        return record, Shown(photo.photo_id, look, probabilities)

    @_in_turn
    def describe(self, upload: bytes) -> Record:
        """Labels a photo, see :func:`lookbook.assistant.answering.describe`."""
        return self._describe(receive(upload))[0]

    def _describe(self, photo: Photo) -> tuple[Record, dict[str, dict[str, float]]]:
        try:
            told = answering.describe(photo, self.part("captioner"), self.part("prompt"))
        except Exception:
            CAPTIONS.labels("failed").inc()
            raise
        CAPTIONS.labels("described").inc()
        return told

    @_in_turn
    def recommend(
        self,
        item: Record | None,
        shown: Shown,
        message: str,
        history: Turns,
        params: ServingParams,
    ) -> tuple[ShoppingPlan, Answer]:
        """Plans what to look for, and finds it.

        Args:
            item: What was shown, if anything.
            shown: Its photo.
            message: What the customer says; may be empty.
            history: Earlier turns: ``role`` and ``content``.
            params: How to search, and what may be shown.

        Returns:
            The plan and what was found, see :func:`lookbook.assistant.answering.find`.

        Raises:
            InputError: If there is nothing to answer, or no index.
        """
        schema = self.schema
        plan = answering.plan(item, message, history, self.part("stylist"), schema)
        search, style = self.part("search_index"), self.part("style")
        return plan, answering.find(plan, item, shown, search, style, params, schema)

    @_in_turn
    def swap(
        self, item: Record | None, shown: Shown, message: str, history: Turns,
        params: ServingParams, what: tuple[list[Item], int, list[str]],
    ) -> tuple[list[Item], str] | None:  # fmt: skip
        """Finds another piece for an outfit.

        Args:
            item: What the customer showed, if anything.
            shown: Its photo.
            message: What the outfit was made for.
            history: Earlier turns.
            params: How to search, and what may be shown.
            what: The outfit's items, the place of the one that is to go, and photos that are not
                to come.

        Returns:
            The outfit's items, and what speaks for them; ``None`` if there is no other piece.

        Raises:
            InputError: If the index cannot be searched.
        """
        items, place, refused = what
        plan = answering.plan(item, message, history, self.part("stylist"), self.schema)
        finder = Finder(self.part("search_index"), self.part("style"), params, self.schema)
        other = finder.swap(plan, item, shown, items, place, refused)
        if other is None:
            return None
        whole = [*items[:place], other, *items[place + 1 :]]
        return whole, finder.describe_outfit(item, plan, whole)

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
        return answering.reply(plan, item, found, message, history, stylist, self.schema)

    @_in_turn
    def answer(
        self, upload: bytes | None, message: str, history: Turns, params: ServingParams
    ) -> dict[str, Any]:
        """Answers one turn whole.

        Args:
            upload: The file of the photo that was shown, if any.
            message: What the customer says; may be empty.
            history: Earlier turns: ``role`` and ``content``.
            params: How to search, and what may be shown.

        Returns:
            ``item`` (what was seen, or ``None``), ``plan``, ``recommendations`` (items without
            their vectors, the best first), ``outfits`` (``Filenames``, ``score`` and ``reason`` of
            each) and ``reply``.

        Raises:
            InputError: If there is nothing to answer, or something cannot be had.
        """
        item, shown = self.see(upload, params) if upload is not None else (None, NOTHING_SHOWN)
        plan, found = self.recommend(item, shown, message, history, params)
        return {
            "item": item,
            "plan": plan.model_dump(),
            "recommendations": [public(one, self.schema) for one in found.items],
            "outfits": [outfit.told() for outfit in found.outfits],
            "reply": "".join(self.reply(plan, item, found.items, message, history)),
        }

    def picture(self, filename: str) -> bytes | None:
        """Reads the photo of an item; ``None`` for what is not among the catalogue's photos."""
        read = self.part("photo_files").get(filename)
        return read() if read else None

    def has_picture(self, filename: str) -> bool:
        """Says whether the photo of an item is still there."""
        return filename in self.part("photo_files")

    def filter_values(self) -> dict[str, list[str]]:
        """Return the values that can be filtered by: those that an item has, by attribute.

        Raises:
            InputError: If there is no index.
        """
        declared = self.schema.categorical
        occurring = self.part("search_index").values_of(list(declared))
        return {
            name: [value for value in attribute.values if value in occurring.get(name, ())]
            for name, attribute in declared.items()
        }

    def examples(self, count: int) -> list[Item]:
        """Chooses items of different kinds whose photos are at hand.

        Raises:
            InputError: If there is no index.
        """
        schema, photos = self.schema, self.part("photo_files")
        name = schema.slot_attribute or next(iter(schema.singles), None)
        chosen: list[Item] = []
        for value in schema.singles[name].values if name else []:
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

    def encode() -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=95)
        return buffer.getvalue()

    return ReceivedPhoto(identify(data), encode, picture=image)


def public(item: Item, schema: Schema) -> Item:
    """Leaves of an item what customers see."""
    shown = ["slot", "photo_id", "Filename", *schema.names, "score", "why", "matched_by"]
    return {name: item[name] for name in shown if name in item}
