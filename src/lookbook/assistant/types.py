"""What a customer shows, how it is answered, and what is recommended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError

from lookbook.assistant.methods import AnswerMethod
from lookbook.attributes.record import Record
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.outfits.seasons import Hemisphere, season_weather
from lookbook.search.product_filter import ProductFacets, ProductFilter, Sort
from lookbook.understanding.request import Language, Recipient, Recommendation, Weather


@dataclass(frozen=True)
class QueryPhoto:
    """The photo of a customer, or an item of the catalogue that a customer chose.

    Attributes:
        record: Its attributes.
        photo_id: Its identity; a catalogue item with this identity is never recommended.
        image_embedding: Its embedding; the index has those of its own photos.
        probabilities: The probabilities of its values by attribute, where the captioner knows them.
    """

    record: Record
    photo_id: str | None = None
    image_embedding: list[float] | None = None
    probabilities: dict[str, dict[str, float]] | None = None


class ServingParams(BaseModel):
    """How items are recommended.

    Attributes:
        method: How the index is searched, or :data:`lookbook.assistant.methods.HYDE`.
        embedder: The embedding model whose table is searched; ``None`` for the first.
        limit: Items in all.
        filters: Allowed values by attribute; attributes that are not named allow all.
        products: Conditions on the shop's own data, set by hand.
        sort: The order of the items; that of a message outranks it.
        recipient: Whom items are for where a message does not say; ``Unisex`` for anybody.
        certain_recipient: Probability from which the recipient of a photo is certain; below it the
            customer is asked.
        language: The language of replies where messages are too short to tell; ``None`` for that
            which is likeliest.
        weather: The weather that outfits are for where a message does not say; ``season`` for that
            of the date. ``None`` leaves it open.
        hemisphere: The hemisphere of the season.
        outfits: Outfits to build; 0 for none.
        candidates: Items to consider for each slot.
        temperature: Scale of the noise that breaks near ties in outfits, seeded by the photo: at 1
            items are drawn in proportion to their scores, at 0 the best always wins.
        diversity: Penalty for looking like items shown already: a log score at a cosine of 1.
        max_concurrency: Customers answered at once; the others wait. ``None`` for the number of
            cores.
        keep_messages: Whether messages that were not understood are kept to be labelled.
        use_learned: Whether search weights and pair preferences learned from feedback are used.
        feedback: Whether it is logged what answers show and what customers do with it.
    """

    method: AnswerMethod
    embedder: str | None
    limit: int = Field(gt=0)
    filters: dict[str, list[str]]
    products: ProductFilter
    sort: Sort
    recipient: Recipient | None
    certain_recipient: float = Field(ge=0, le=1)
    language: Language | None
    weather: Weather | Literal["season"] | None
    hemisphere: Hemisphere
    outfits: int = Field(ge=0)
    candidates: int = Field(gt=0)
    temperature: float = Field(ge=0)
    diversity: float = Field(ge=0)
    max_concurrency: int | None = Field(gt=0)
    keep_messages: bool
    use_learned: bool
    feedback: bool

    def sort_for(self, asked: Sort) -> Sort:
        """Return the order that a message asks for, else the configured one."""
        return self.sort if asked == "relevance" else asked

    def weather_on(self, day: date) -> Weather | None:
        """Return the weather that outfits are for on a day; ``None`` if it is open."""
        return season_weather(day, self.hemisphere) if self.weather == "season" else self.weather


def with_filters(
    params: ServingParams, filters: Mapping[str, Sequence[str]], schema: Schema
) -> ServingParams:
    """Return parameters with other allowed values by attribute.

    Raises:
        InputError: If there is no such attribute or value.
    """
    declared = schema.categorical
    for name, values in filters.items():
        if name not in declared:
            raise InputError(
                f"There is no attribute '{name}' to filter by. Choose one of {', '.join(declared)}."
            )
        unknown = [value for value in values if value not in declared[name].values]
        if isinstance(values, str) or unknown:
            raise InputError(
                f"The filter {name}={values!r} is not a list of values of '{name}'. Choose from "
                f"{', '.join(declared[name].values)}."
            )
    return params.model_copy(update={"filters": {**filters}})


def with_products(
    params: ServingParams,
    products: Mapping[str, Any] | None,
    sort: str | None,
    facets: ProductFacets,
) -> ServingParams:
    """Return parameters with other conditions on products.

    Args:
        params: The parameters.
        products: Fields of :class:`ProductFilter` that replace those of the parameters.
        sort: Another order; ``None`` to keep that of the parameters.
        facets: Sizes and brands that there are.

    Raises:
        InputError: If there is no such field, size, brand or order.
    """
    try:
        wanted = ProductFilter.model_validate({**params.products.model_dump(), **(products or {})})
    except ValidationError as error:
        reason = error.errors()[0]
        where = ".".join(map(str, reason["loc"]))
        raise InputError(
            f"The condition '{where}' on products cannot be used: {reason['msg']}. Use "
            f"{', '.join(ProductFilter.model_fields)}."
        ) from error
    for name, values, offered in (
        ("size", wanted.sizes, facets.sizes), ("brand", wanted.brands, facets.brands),
    ):  # fmt: skip
        for value in values or ():
            if value not in offered:
                listed = ", ".join(offered[:20]) or "none"
                raise InputError(f"No product has the {name} '{value}'. There are: {listed}.")
    if sort is not None and sort not in get_args(Sort):
        raise InputError(
            f"There is no sort order '{sort}'. Choose one of {', '.join(get_args(Sort))}."
        )
    return params.model_copy(update={"products": wanted, "sort": sort or params.sort})


@dataclass(frozen=True)
class Outfit:
    """Items to wear together.

    Attributes:
        items: One item for each slot, in the order of the slots.
        score: Predicted probability that people find it acceptable.
        reasons: What speaks for it, the strongest first; see
            :meth:`lookbook.outfits.judge.OutfitJudge.reasons`.
        broken_rules: Rules that it breaks, since the catalogue offers nothing else.
        pair: Two values of its items that are often worn together, if any.
        reason: What speaks for it, as a sentence in the customer's language; may be empty.
    """

    items: list[Recommendation]
    score: float
    reasons: list[str]
    broken_rules: list[str]
    pair: tuple[str, str] | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the outfit as JSON, items by their files."""
        return {
            "Filenames": [one.file for one in self.items],
            "score": self.score,
            "reason": self.reason,
            "reasons": self.reasons,
            "broken_rules": self.broken_rules,
        }


@dataclass(frozen=True)
class Recommendations:
    """What is recommended to one request.

    Attributes:
        items: The best first.
        outfits: Whole outfits, the best first.
        needs: What the customer should be asked, with the best guess: ``recipient`` where it is
            uncertain.
    """

    items: list[Recommendation]
    outfits: list[Outfit]
    needs: dict[str, Recipient] = field(default_factory=dict)
