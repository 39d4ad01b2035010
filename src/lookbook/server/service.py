"""The operations of the JSON API, which the page and agents use, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lookbook.assistant.assistant import Assistant
from lookbook.assistant.interpretation import Interpretation
from lookbook.assistant.types import (
    QueryPhoto,
    Recommendations,
    ServingParams,
    with_filters,
    with_products,
)
from lookbook.attributes.record import correct
from lookbook.errors import InputError
from lookbook.feedback.events import FeedbackEvent
from lookbook.outfits.slots import slot_of
from lookbook.photos.photo import identify
from lookbook.search.items import Hit, Item
from lookbook.server import models
from lookbook.server.photo_cache import PhotoCache
from lookbook.server.presenter import Presenter
from lookbook.server.problems import NotFound
from lookbook.understanding.replies import LanguageTexts, ReplyTexts
from lookbook.understanding.request import Language, Recommendation

LONG_HISTORY = (
    f"The history is too long. Send {models.MAX_HISTORY_CHARACTERS:,} characters at most in all."
)
PHOTO_UNKNOWN = "The photo has expired. Send it again."


@dataclass(frozen=True)
class Answer:
    """An answer before its reply is written.

    Attributes:
        turn: What the turn was taken to mean.
        found: The items and outfits.
        body: The same as the API returns it, with an empty reply.
    """

    turn: Interpretation
    found: Recommendations
    body: models.Recommendations


class ShopService:
    """Answers requests of the API."""

    def __init__(self, assistant: Assistant, params: ServingParams) -> None:
        """Create the service.

        Args:
            assistant: Answers customers.
            params: The choices where a request makes none.
        """
        self.assistant = assistant
        self._params = params
        self._photos = PhotoCache()

    def recommend(self, request: models.RecommendRequest, base: str) -> Answer:
        """Understand one turn, and find items and outfits.

        Args:
            request: The turn.
            base: The server's address, which those of pictures begin with.

        Raises:
            InputError: If the request cannot be used.
            NotFound: If it names an item or a photo that is not known.
        """
        params, presenter = self._recommend_params(request), self._presenter(base)
        history, photo = self._history(request.history), self._start(request, params)
        turn, found = self.assistant.recommend(photo, request.message, history, params)
        read = turn.request
        body = models.Recommendations(
            answer_id=self.assistant.log_answer(turn, found, params),
            seen=presenter.seen(photo, request.item_id) if photo else None,
            request=models.UnderstoodRequest(
                act=read.act, mode=turn.plan.mode, recipients=read.recipients,
                occasion=read.occasion, weather=read.weather, language=read.language,
                understood=read.understood,
            ),
            items=[presenter.found(one) for one in found.items],
            outfits=[presenter.outfit(one) for one in found.outfits],
            needs=found.needs,
            reply="",
        )  # fmt: skip
        return Answer(turn, found, body)

    def answer(self, request: models.RecommendRequest, base: str) -> models.Recommendations:
        """Answer one turn with its whole reply, see :meth:`recommend`."""
        answer = self.recommend(request, base)
        return answer.body.model_copy(update={"reply": "".join(self.reply(answer))})

    def reply(self, answer: Answer) -> Iterator[str]:
        """Write the reply to an answer, in parts."""
        return self.assistant.reply(answer.turn, answer.found.items)

    def swap(self, request: models.SwapRequest, base: str) -> models.Outfit:
        """Replace an item of an outfit.

        Raises:
            InputError: If the request cannot be used, or there is no other item.
            NotFound: If it names an item or a photo that is not known.
        """
        if request.position >= len(request.outfit):
            raise InputError(f"'position' is {request.position}. Count from 0.")
        params, schema = self._recommend_params(request), self.assistant.schema
        items = [
            Recommendation(slot_of(item.attributes, schema) or "", Hit(item))
            for item in map(self._item, request.outfit)
        ]
        outfit = self.assistant.swap(
            self._start(request, params), request.message, self._history(request.history), params,
            items, request.position, self._photo_ids(request.rejected),
        )  # fmt: skip
        if outfit is None:
            raise InputError("The catalogue has no other piece for this.")
        return self._presenter(base).outfit(outfit)

    def search(self, request: models.SearchRequest, base: str) -> models.SearchResults:
        """Search without a conversation; without text and photo, list what meets the filters.

        Raises:
            InputError: If the request cannot be used.
            NotFound: If it names an item or a photo that is not known.
        """
        end = request.offset + request.limit
        params = self._filtered(request).model_copy(update={"limit": end + 1, "outfits": 0})
        photo, text = self._start(request, params), request.text.strip()
        if photo is None and not text:
            listed = self.assistant.component("search_index").browse(
                params.filters, request.limit + 1, params.products, params.sort, request.offset
            )
            found = [Recommendation("", Hit(item)) for item in listed]
        else:
            found = self.assistant.search(photo, text, params)[request.offset :]
        presenter = self._presenter(base)
        return models.SearchResults(
            items=[presenter.found(one) for one in found[: request.limit]],
            next_offset=end if len(found) > request.limit and end <= models.MAX_RESULTS else None,
        )

    def item(self, item_id: str, base: str) -> models.Item:
        """Return an item.

        Raises:
            NotFound: If there is none.
        """
        return self._presenter(base).item(self._item(item_id))

    def items(self, item_ids: Sequence[str], base: str) -> list[models.Item]:
        """Return the items that exist, in the order asked for."""
        search, presenter = self.assistant.component("search_index"), self._presenter(base)
        return [presenter.item(item) for item in search.items(self._photo_ids(item_ids))]

    def examples(self, count: int, base: str) -> list[models.Item]:
        """Return items to start with, of different kinds.

        Raises:
            InputError: If there is no index.
        """
        presenter = self._presenter(base)
        return [presenter.item(one.hit.item) for one in self.assistant.examples(count)]

    def main_pictures(
        self, items: Sequence[models.Item], thumbnail: Callable[[str, str], bytes]
    ) -> Iterator[tuple[models.Item, bytes]]:
        """Produce items with a small picture of each, without those whose photo is gone.

        Args:
            items: The items.
            thumbnail: Returns a picture by the item's main photo and its file.
        """
        search = self.assistant.component("search_index")
        indexed = search.items([one.photo_id for one in items])
        files = {item.photo_id: item.file for item in indexed}
        for one in items:
            try:
                picture = thumbnail(one.photo_id, files[one.photo_id])
            except (KeyError, FileNotFoundError):
                continue
            if picture:
                yield one, picture

    def describe(self, photo: bytes, base: str) -> models.SeenPhoto:
        """Describe a photo.

        Raises:
            InputError: If it is no photo, or cannot be described.
        """
        return self._presenter(base).seen(self._see(photo, self._params), None)

    def log_event(self, event: FeedbackEvent) -> None:
        """Log what a customer did with items.

        Raises:
            NotFound: If the shop logs nothing.
        """
        if not self._params.feedback:
            raise NotFound("This shop logs no feedback: 'serving.feedback' is false.")
        self.assistant.log_event(event)

    def facets(self, language: Language) -> models.Facets:
        """Return what the catalogue can be filtered by, with labels in a language.

        Raises:
            InputError: If there is no index.
        """
        search, schema = self.assistant.component("search_index"), self.assistant.schema
        counts, products = search.value_counts(), self.assistant.product_facets()
        texts: LanguageTexts = self._texts.of(language)
        attributes = [
            models.AttributeFacet(
                name=name, label=texts.attributes.get(name, name),
                is_multiple=name in schema.multis,
                values=[
                    models.AttributeValue(
                        name=value, label=texts.values.get(name, {}).get(value, value),
                        count=counts[name][value],
                    )
                    for value in attribute.values
                    if value != attribute.default and counts.get(name, {}).get(value)
                ],
            )
            for name, attribute in schema.categorical.items()
        ]  # fmt: skip
        price = None
        if products.prices:
            low, high = products.prices
            price = models.PriceRange(min=low, max=high, currencies=list(products.currencies))
        return models.Facets(
            items=len(search),
            slots={
                name: texts.slots.get(name, slot.display) for name, slot in schema.slots.items()
            },
            attributes=[one for one in attributes if one.values],
            brands=list(products.brands), sizes=list(products.sizes), price=price,
            has_stock=products.has_stock,
        )  # fmt: skip

    @property
    def _texts(self) -> ReplyTexts:
        texts: ReplyTexts = self.assistant.component("reply_texts")
        return texts

    def _presenter(self, base: str) -> Presenter:
        has_picture = self.assistant.has_picture if base else lambda file: False
        return Presenter(self.assistant.schema, has_picture, base)

    def _filtered(self, request: models.RecommendRequest | models.SearchRequest) -> ServingParams:
        """Return the parameters with a request's method, filters and order."""
        filters = request.filters
        params = self._params
        if request.method is not None:
            params = params.model_copy(update={"method": request.method})
        if filters.attributes:
            chosen = {name: values for name, values in filters.attributes.items() if values}
            params = with_filters(params, chosen, self.assistant.schema)
        given = filters.model_dump(exclude={"attributes"})
        products = {name: value for name, value in given.items() if value not in (None, [])}
        if products or request.sort:
            facets = self.assistant.product_facets()
            params = with_products(params, products, request.sort, facets)
        return params

    def _recommend_params(self, request: models.RecommendRequest) -> ServingParams:
        given = {
            name: getattr(request, name) for name in ("limit", "outfits", "recipient", "language")
        }
        update = {name: value for name, value in given.items() if value is not None}
        return self._filtered(request).model_copy(update=update)

    def _start(self, request: models.Start, params: ServingParams) -> QueryPhoto | None:
        """Return what the customer shows, as corrected."""
        photo: QueryPhoto | None = None
        if request.photo is not None:
            photo = self._see(request.photo, params)
        elif request.photo_id is not None:
            if (photo := self._photos.get(request.photo_id)) is None:
                raise NotFound(PHOTO_UNKNOWN, "photo-unknown")
        elif request.item_id is not None:
            item = self._item(request.item_id)
            photo = QueryPhoto(item.attributes, item.photo_id)
        if photo is not None and request.corrections:
            record = correct(photo.record, request.corrections, self.assistant.schema)
            photo = replace(photo, record=record)
        return photo

    def _see(self, data: bytes, params: ServingParams) -> QueryPhoto:
        photo_id = identify(data)
        photo = self._photos.get(photo_id)
        if photo is None:
            photo = self.assistant.see(data, params)
            self._photos.put(photo_id, photo)
        return photo

    def _item(self, item_id: str) -> Item:
        search = self.assistant.component("search_index")
        photo_id = search.photo_id(item_id)
        item: Item | None = search.item(photo_id) if photo_id else None
        if item is None:
            raise NotFound(f"There is no item '{item_id}'.")
        return item

    def _history(self, turns: Sequence[models.Turn]) -> list[dict[str, Any]]:
        """Return the turns with the photos of the items that they showed.

        Raises:
            InputError: If they are too long.
        """
        if sum(len(turn.content) for turn in turns) > models.MAX_HISTORY_CHARACTERS:
            raise InputError(LONG_HISTORY)
        return [
            {
                "role": turn.role,
                "content": turn.content,
                "shown": self._photo_ids(turn.item_ids),
            }
            for turn in turns
        ]

    def _photo_ids(self, item_ids: Sequence[str]) -> list[str]:
        """Return the main photos of items; some items may be gone since."""
        search = self.assistant.component("search_index")
        return [photo_id for one in item_ids if (photo_id := search.photo_id(one))]
