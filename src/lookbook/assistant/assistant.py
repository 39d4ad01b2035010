"""The assistant: models and index, loaded once and shared by all customers."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import wraps
from threading import Lock, local
from typing import Any, Concatenate, ParamSpec, TypeVar

from prometheus_client import Counter

from lookbook.assistant import query_photo
from lookbook.assistant.interpretation import Interpretation, explain_outfits, interpret
from lookbook.assistant.recommender import Recommender
from lookbook.assistant.types import Outfit, QueryPhoto, Recommendations, ServingParams
from lookbook.assistant.wearer import find_needs
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.feedback.events import (
    FeedbackEvent,
    FeedbackLog,
    event_rows,
    new_answer_id,
    shown_rows,
)
from lookbook.loading import loaded_once
from lookbook.outfits.judge import OutfitJudge
from lookbook.search.items import Hit
from lookbook.search.product_filter import ProductFacets
from lookbook.understanding.kept_messages import is_misunderstood, row_of
from lookbook.understanding.request import Message, Recommendation, ShoppingPlan, SlotQuery

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Turns = list[dict[str, Any]]

NOT_READY = "The assistant is not ready. The server's log has the reason."
CAPTIONS = Counter("lookbook_captions", "Photos of customers described", ["outcome"])

logger = logging.getLogger(__name__)


def _queued(
    method: Callable[Concatenate[Assistant, Arguments], Result],
) -> Callable[Concatenate[Assistant, Arguments], Result]:
    """Run a method in the assistant's workers: first come, first served."""

    @wraps(method)
    def queued(self: Assistant, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        if getattr(self._thread, "is_worker", False):
            return method(self, *args, **kwargs)
        return self._workers.submit(method, self, *args, **kwargs).result()

    return queued


class Assistant:
    """Answers customers; it stores messages and feedback only where it is configured to."""

    def __init__(
        self,
        load: Callable[[str], Any],
        newest: Callable[[], str] = lambda: "",
        keep: Callable[[dict[str, Any]], None] | None = None,
        today: Callable[[], date] = date.today,
        feedback: FeedbackLog | None = None,
    ) -> None:
        """Create an assistant; nothing is loaded yet.

        Args:
            load: Loads a component by name: ``schema``, ``serving`` (:class:`ServingParams`),
                ``prompt``, ``captioner``, ``stylist``, ``style``, ``outfit_params``
                (:class:`OutfitParams`), ``search_index``, ``photo_files`` and
                ``existing_learned_ranking`` (:class:`LearnedRanking`). It raises an
                :class:`InputError` on failure; the assistant asks again at the next use.
            newest: Returns the newest version of the index.
            keep: Keeps a message that was not understood, as
                :func:`lookbook.understanding.kept_messages.row_of` returns it; called where
                ``keep_messages`` of :class:`ServingParams` is true.
            today: Returns the date, for outfits of the season.
            feedback: Keeps what answers show and what customers do with it, where ``feedback`` of
                :class:`ServingParams` is true.
        """
        self._load = load
        self._newest = newest
        self._keep = keep
        self._today = today
        self._feedback = feedback
        self._version = ""
        self.state = "loading"
        self._components: dict[str, Any] = {}
        self._lock = Lock()
        self._thread = local()

    def component(self, name: str) -> Any:
        """Return a component, loaded at its first use.

        Raises:
            InputError: If it cannot be loaded.
        """
        with self._lock:
            if name not in self._components:
                self._components[name] = self._load(name)
            return self._components[name]

    @property
    def schema(self) -> Schema:
        """The catalogue's attributes."""
        schema: Schema = self.component("schema")
        return schema

    @property
    def params(self) -> ServingParams:
        """The configured defaults of a recommendation."""
        params: ServingParams = self.component("serving")
        return params

    @loaded_once
    def _workers(self) -> ThreadPoolExecutor:
        # More threads than cores would only compete for Python's lock.
        return ThreadPoolExecutor(
            self.params.max_concurrency or os.cpu_count() or 1,
            initializer=self._thread.__setattr__,
            initargs=("is_worker", True),
        )

    def reload_index(self, params: ServingParams) -> bool:
        """Load the newest index and all models, unless they are loaded already.

        Requests in the meantime use the old index. After a failure :attr:`state` holds the reason,
        and the next call tries again.

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
            # Early requests wait for the first index.
            load = self._load if self._version else self.component
            index, photo_files = load("search_index"), load("photo_files")
            learned = load("existing_learned_ranking")
            index.warm_up(params.embedder)
            with self._lock:
                self._components |= {
                    "search_index": index,
                    "photo_files": photo_files,
                    "existing_learned_ranking": learned,
                }
            self._version = version
            if not is_warm:
                self.component("stylist")
                _ = self.judge
                for example in self.examples(1):
                    self.describe(self.picture(example.file) or b"")
        except Exception as error:
            # A working index stays in use; a broken one is opened again.
            if not self._version:
                self._components.pop("search_index", None)
            if not is_warm:
                self.state = str(error) if isinstance(error, InputError) else NOT_READY
            raise
        self.state = "ready"
        return True

    @_queued
    def see(self, upload: bytes, params: ServingParams) -> QueryPhoto:
        """Describe and embed a customer's photo.

        Args:
            upload: The photo's file.
            params: The embedder in use.

        Raises:
            InputError: If it is no photo, it cannot be described, or there is no index.
        """
        photo = query_photo.receive(upload)
        described = self._describe(photo)
        search = self.component("search_index")
        return replace(described, image_embedding=query_photo.embed(photo, search, params.embedder))

    @_queued
    def describe(self, upload: bytes) -> QueryPhoto:
        """Describe a photo without embedding it, see :func:`query_photo.describe`."""
        return self._describe(query_photo.receive(upload))

    def _describe(self, photo: Any) -> QueryPhoto:
        try:
            described = query_photo.describe(
                photo, self.component("captioner"), self.component("prompt")
            )
        except Exception:
            CAPTIONS.labels("failed").inc()
            raise
        CAPTIONS.labels("described").inc()
        return described

    @_queued
    def recommend(
        self, photo: QueryPhoto | None, message: str, history: Turns, params: ServingParams
    ) -> tuple[Interpretation, Recommendations]:
        """Understand a message and recommend items.

        Args:
            photo: The customer's photo, if any.
            message: The customer's message; may be empty.
            history: Earlier turns: ``role``, ``content`` and ``shown``.
            params: How to search.

        Raises:
            InputError: If there is neither photo nor message, or no index.
        """
        turn = self._interpret(photo, message, history, params)
        found = self.recommender(params).recommend(turn.plan, turn.photo)
        needs = find_needs(turn.request, turn.plan, turn.photo, params, self.schema)
        outfits = self._explained(found.outfits, turn)
        found = replace(found, outfits=outfits, needs=needs)
        if outfits and outfits[0].broken_rules:
            update = {"broken_rules": outfits[0].broken_rules}
            turn = replace(turn, plan=turn.plan.model_copy(update=update))
        if params.keep_messages and is_misunderstood(turn.request, turn.plan, len(found.items)):
            self._keep_message(turn)
        return turn, found

    @_queued
    def search(
        self, photo: QueryPhoto | None, text: str, params: ServingParams
    ) -> list[Recommendation]:
        """Find items by a text, by a photo that they look like, or by both.

        Args:
            photo: The photo, if any.
            text: A customer's words; may be empty.
            params: How to search.

        Raises:
            InputError: If there is neither photo nor text, or no index.
        """
        if photo is None and not text.strip():
            raise InputError("There is nothing to search for: give a text or an image.")
        if photo is None:
            turn, found = self.recommend(None, text, [], params)
            if turn.plan.queries:
                return found.items
        # A search finds items, also for words that ask for none.
        plan = ShoppingPlan(
            mode="similar" if photo else "search", queries=[SlotQuery(slot=None, text=text)]
        )
        return self.recommender(params).recommend(plan, photo).items

    def _explained(self, outfits: list[Outfit], turn: Interpretation) -> list[Outfit]:
        return explain_outfits(outfits, turn.request.language, self.component("stylist"))

    def _keep_message(self, turn: Interpretation) -> None:
        if self._keep is None or not turn.conversation.message.strip():
            return
        try:
            self._keep(row_of(turn.conversation, turn.request.language, self.schema))
        except Exception as error:
            # The customer is answered all the same.
            logger.warning("A message could not be kept: %s", error)

    def log_answer(
        self, turn: Interpretation, found: Recommendations, params: ServingParams
    ) -> str:
        """Log what an answer shows, where feedback is logged.

        Returns:
            The answer's id, to which events of :meth:`log_event` refer.
        """
        answer_id = new_answer_id()
        if params.feedback and self._feedback is not None and found.items:
            start = turn.photo.record if turn.photo else None
            outfits = [outfit.items for outfit in found.outfits]
            self._feedback.append(
                shown_rows(
                    answer_id, turn.request, turn.plan, start, found.items, outfits,
                    params.sort_for(turn.plan.sort), self.schema,
                )
            )  # fmt: skip
        return answer_id

    def log_event(self, event: FeedbackEvent) -> bool:
        """Log what a customer did with items, where feedback is logged.

        Items that the catalogue does not have are left out, so that no other text is stored.

        Returns:
            Whether anything was logged.

        Raises:
            InputError: If there is no index.
        """
        if not self.params.feedback or self._feedback is None:
            return False
        index = self.component("search_index")
        items = [photo_id for one in event.item_ids if (photo_id := index.photo_id(one))]
        if event.item_ids and not items:
            return False
        self._feedback.append(event_rows(event.model_copy(update={"item_ids": items})))
        return True

    def _interpret(
        self, photo: QueryPhoto | None, message: str, history: Turns, params: ServingParams
    ) -> Interpretation:
        check_input(photo, message)
        return interpret(
            message, [Message.model_validate(turn) for turn in history], photo,
            self.component("stylist"), self.component("search_index"), self.schema,
            params.embedder, params.recipient, params.weather_on(self._today()), params.language,
        )  # fmt: skip

    @loaded_once
    def judge(self) -> OutfitJudge:
        """The judge of outfits."""
        style, params = self.component("style"), self.component("outfit_params")
        return OutfitJudge(style, params, self.schema)

    def recommender(self, params: ServingParams) -> Recommender:
        """Return a recommender over the newest index."""
        index, learned = self.component("search_index"), self.component("existing_learned_ranking")
        return Recommender(index, self.judge, params, learned)

    @_queued
    def swap(
        self, photo: QueryPhoto | None, message: str, history: Turns, params: ServingParams,
        items: list[Recommendation], number: int, rejected_ids: list[str],
    ) -> Outfit | None:  # fmt: skip
        """Replace an item of an outfit.

        Args:
            photo: The customer's photo, if any.
            message: The message that the outfit answers.
            history: Earlier turns.
            params: How to search.
            items: The outfit.
            number: The item to replace, from 0.
            rejected_ids: Photos of items that are not to come back.

        Returns:
            The new outfit; ``None`` if there is no other item.

        Raises:
            InputError: If the index cannot be searched.
        """
        turn = self._interpret(photo, message, history, params)
        recommender = self.recommender(params)
        other = recommender.swap(turn.plan, turn.photo, items, number, rejected_ids)
        if other is None:
            return None
        swapped = [*items[:number], other, *items[number + 1 :]]
        outfit = recommender.judge_outfit(turn.photo, turn.plan, swapped)
        (explained,) = self._explained([outfit], turn)
        return explained

    def reply(self, turn: Interpretation, items: list[Recommendation]) -> Iterator[str]:
        """Write the reply to a recommendation, in parts.

        Raises:
            InputError: If the stylist cannot answer.
        """
        parts: Iterator[str] = self.component("stylist").reply(
            turn.request, turn.plan, turn.conversation, items, self.schema
        )
        return parts

    def picture(self, filename: str) -> bytes | None:
        """Read the photo of an item; ``None`` for other files."""
        read = self.component("photo_files").get(filename)
        return read() if read else None

    def has_picture(self, filename: str) -> bool:
        """Whether the photo of an item still exists."""
        return filename in self.component("photo_files")

    def further_photos(self, photo_id: str) -> list[str]:
        """List the existing files that an item has beside its main photo."""
        item = self.component("search_index").item(photo_id)
        files = item.product.photos if item is not None and item.product else []
        return [file for file in files if file != item.file and self.has_picture(file)]

    def product_facets(self) -> ProductFacets:
        """Return the brands, sizes and prices of the products in the index.

        Raises:
            InputError: If there is no index.
        """
        facets: ProductFacets = self.component("search_index").product_facets()
        return facets

    def examples(self, count: int) -> list[Recommendation]:
        """Choose items of different categories whose photos exist.

        Raises:
            InputError: If there is no index.
        """
        schema, photos = self.schema, self.component("photo_files")
        name = schema.slot_attribute or next(iter(schema.singles), None)
        chosen: list[Recommendation] = []
        for value in schema.singles[name].values if name else []:
            if len(chosen) == count:
                break
            items = self.component("search_index").browse({name: [value]}, limit=20)
            chosen += [Recommendation("", Hit(item)) for item in items if item.file in photos][:1]
        return chosen


def check_input(photo: object | None, message: str) -> None:
    """Check that there is a photo or a message.

    Raises:
        InputError: If there is neither.
    """
    if photo is None and not message.strip():
        raise InputError("There is nothing to answer: give a photo, a message or both.")
