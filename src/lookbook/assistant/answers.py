"""What a customer shows, how it is answered, and what an answer holds."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from lookbook.search.catalogue_search import METHODS, Item, Method

# A hypothetical document as the query (Gao et al., 2023): the stylist's text on all parts of the
# outfit, compared with whole items. The recipe searches so.
HYDE: Literal["hyde"] = "hyde"
AnswerMethod = Method | Literal["hyde"]
ANSWER_METHODS: tuple[AnswerMethod, ...] = (*METHODS, HYDE)


class Shown(NamedTuple):
    """The photo that a customer shows.

    Attributes:
        photo_id: Its identity, by which it is found where it is the catalogue's own.
        image_embedding: What a search compares it by, where it is not; see
            :meth:`lookbook.search.catalogue_search.CatalogueSearch.embed_image`.
        probabilities: The probabilities of its values, by attribute, as far as its captioner tells.
    """

    photo_id: str | None = None
    image_embedding: list[float] | None = None
    probabilities: dict[str, dict[str, float]] | None = None

    @property
    def itself(self) -> list[str]:
        """The photos that are not to be recommended: the one that is shown."""
        return [self.photo_id] if self.photo_id else []


NOTHING_SHOWN = Shown()


class ServingParams(BaseModel):
    """How items are recommended.

    Attributes:
        method: How the index is searched, or :data:`HYDE`.
        embedder: The embedding model whose table is searched; ``None`` for the first.
        limit: Items in all.
        filters: Values that may be shown, by attribute; an attribute that is not named allows all.
        outfits: Outfits that are put together; 0 for none.
        candidates: Items that are looked at for each part of an outfit.
        temperature: How much chance counts in an outfit, drawn anew for each shown photo, so that
            near ties are not always won by the same: at 1 an item is shown as often as it is
            good, at 0 the best always is.
        diversity: How much likeness to what is shown already counts against an item, as a
            logarithm at a cosine of 1.
        turns_at_once: Customers who are answered at once while others wait for their turn;
            ``None`` for as many as there are cores.
    """

    method: AnswerMethod
    embedder: str | None
    limit: int = Field(gt=0)
    filters: dict[str, list[str]]
    outfits: int = Field(ge=0)
    candidates: int = Field(gt=0)
    temperature: float = Field(ge=0)
    diversity: float = Field(ge=0)
    turns_at_once: int | None = Field(gt=0)


class Outfit(NamedTuple):
    """Items to wear together.

    Attributes:
        items: One for each part, in the order of slots.
        score: How good they are together, from 0 to 1.
        reason: What speaks for them: what the style model knows of their values.
    """

    items: list[Item]
    score: float
    reason: str

    def told(self) -> dict[str, Any]:
        """Writes it down by its items' files."""
        files = [item["Filename"] for item in self.items]
        return {"Filenames": files, "score": self.score, "reason": self.reason}


class Answer(NamedTuple):
    """What is found for a customer.

    Attributes:
        items: The best first, each with ``slot`` (empty for any), ``score`` from 0 to 1, ``why``
            in words and ``matched_by``: words, picture or both.
        outfits: Whole outfits.
    """

    items: list[Item]
    outfits: list[Outfit]
