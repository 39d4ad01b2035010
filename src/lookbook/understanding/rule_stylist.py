"""The stylist that runs offline: rules over the words of the attributes and the phrases file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lookbook.attributes.record import Record, known_values_by_attribute, values_of
from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import (
    default_slots,
    recipient_attributes,
    slot_name,
    slot_of_value,
    values_of_slot,
)
from lookbook.search.preferences import Preference
from lookbook.search.product_filter import ProductFacets
from lookbook.understanding.dialogue_state import NAMED, preferences_for, update_state
from lookbook.understanding.facts import name_unmet_limits, tell_facts
from lookbook.understanding.lexicon import Lexicon, lexicon_of
from lookbook.understanding.message_parser import DialogueState, GarmentRequest
from lookbook.understanding.phrases import Phrases
from lookbook.understanding.product_wishes import read_product_wishes
from lookbook.understanding.request import (
    MAX_MESSAGE_LENGTH,
    Message,
    Mode,
    Recommendation,
    Request,
    SlotQuery,
    Values,
)

NOT_UNDERSTOOD = (
    "I am not sure that I understand. I know my way around clothes: tell me a garment, a colour, "
    "an occasion or whom it is for, such as 'navy chinos for the office' or 'a dress for a summer "
    "wedding'."
)
NOTHING_FOUND = "The catalogue is empty for these filters: loosen one of them."
# Weight of the attributes that a similar item shares with the one that is shown.
_SIMILAR = 0.02


class RuleStylist:
    """Understands attribute values, synonyms, phrases, slots and negations, by rules."""

    def __init__(self, phrases: Phrases | None = None) -> None:
        """Create a stylist.

        Args:
            phrases: What customers say beyond the words of the attributes; none by default.
        """
        self._phrases = phrases or Phrases()

    def plan(
        self,
        item: Record | None,
        message: str,
        history: list[Message],
        schema: Schema,
        facets: ProductFacets = ProductFacets(),  # noqa: B008
    ) -> Request:
        """Turn a message into a request, see :class:`lookbook.understanding.request.Stylist`."""
        lexicon = lexicon_of(schema, self._phrases)
        shown = known_values_by_attribute(item, schema) if item else {}
        state = DialogueState()
        earlier = [turn.content for turn in history if turn.role == "user"]
        for content in [*earlier, message]:
            state.has_history = bool(earlier)
            wishes = read_product_wishes(
                content[:MAX_MESSAGE_LENGTH], self._phrases.products, facets
            )
            parsed = update_state(state, wishes, lexicon, schema, shown)
        if message.strip() and not state.understood:
            state.notes.append(NOT_UNDERSTOOD)
        is_about_shown = not parsed.garments and bool(
            wishes.asks or wishes.is_cheaper or wishes.refers_to
        )
        if wishes.is_cheaper and wishes.has_pronoun and not parsed.garments:
            state.mode = "similar"
        if wishes.limits.sizes and wishes.has_pronoun and not parsed.garments:
            # "Do you have it in M?"
            wishes.asks, is_about_shown = [*dict.fromkeys([*wishes.asks, "sizes"])], True
        # Limits that cannot be met stay in the words that are compared.
        is_limited = wishes.rest.strip() and facets.prices is not None
        text = wishes.rest if is_limited else message
        request = _Planner(shown if item else None, state, lexicon, schema).plan(text)
        return request.model_copy(
            update={
                "has_message": bool(message.strip()), "sort": state.sort, "asks": wishes.asks,
                "is_about_shown": is_about_shown, "refers_to": wishes.refers_to,
                "is_cheaper": wishes.is_cheaper,
            }
        )  # fmt: skip

    def reply(
        self,
        request: Request,
        item: Record | None,
        items: list[Recommendation],
        message: str,
        history: list[Message],
        schema: Schema,
    ) -> Iterator[str]:
        """Write a reply, see :class:`lookbook.understanding.request.Stylist`."""
        yield from (f"{note} " for note in request.notes)
        if request.asks:
            yield "\n".join(tell_facts(request, items, schema))
            return
        if not items:
            yield NOTHING_FOUND if request.understood else ""
            return
        yield from (f"{one} " for one in name_unmet_limits(request, items, schema))
        yield from _unmet_preferences(request, items, schema)
        yield f"{_opening(request, item, schema)}:"
        best = {one.slot: one for one in reversed(items)}
        for slot in dict.fromkeys(one.slot for one in items):
            why = f" ({best[slot].why})" if best[slot].why else ""
            prefix = f"{slot_name(slot, schema)}: " if slot else ""
            product = best[slot].product
            price = f", {product.price_text}" if product and product.price_text else ""
            yield f"\n- {prefix}{best[slot].title(schema)}{price}{why}"
        missing = [query.slot for query in request.queries if query.slot and query.slot not in best]
        if missing:
            yield f"\nNothing fits for {', '.join(slot_name(slot, schema) for slot in missing)}."


class _Planner:
    """Turns the state of a dialogue into a request."""

    def __init__(
        self, shown: Values | None, state: DialogueState, lexicon: Lexicon, schema: Schema
    ) -> None:
        self._is_shown = shown is not None
        self._state = state
        self._lexicon = lexicon
        self._schema = schema
        # A garment that the customer owns and does not show matters only if it is asked about.
        is_asked_about = shown is None and (state.mode == "complementary" or bool(state.garments))
        self._owned = state.owned.values if state.owned and is_asked_about else {}
        self._own_item = shown or self._owned
        self._own_slot = next(iter(self._slots_of(self._own_item)), None)

    def plan(self, message: str) -> Request:
        mode = self._mode()
        if mode == "complementary":
            queries = self._complement()
        elif mode == "similar":
            queries = [self._similar()]
        else:
            queries = self._search(message[:MAX_MESSAGE_LENGTH])
        has_message = bool(message[:MAX_MESSAGE_LENGTH].strip())
        return Request(
            mode=mode,
            queries=[
                query.model_copy(update={"products": self._state.products})
                for query in queries
                if all(query.filters.values())
            ],
            owned=self._owned if mode == "complementary" else {},
            context=self._state.context,
            has_message=has_message,
            understood=self._state.understood or not has_message,
            notes=self._state.notes,
        )

    def _mode(self) -> Mode:
        mode: Mode = "search"
        if self._is_shown or self._owned:
            mode = self._state.mode or "complementary"
        if mode == "similar" and not self._is_shown:
            mode = "search"
        if mode == "complementary" and self._names_own_slot_only():
            # "White sneakers" with heels shown asks for sneakers, not for what goes with heels.
            (garment, *more) = self._state.garments
            mode = "similar" if not more and self._is_own_category(garment) else "search"
        if mode == "complementary" and not self._schema.slots:
            mode = "similar" if self._is_shown else "search"
        return mode

    def _complement(self) -> list[SlotQuery]:
        """Fill the other slots of the outfit, or those that were asked for."""
        queries = []
        for garment in self._state.garments:
            slots = self._slots_of(garment.values)
            others = [slot for slot in slots if slot != self._own_slot]
            if others or not slots or not self._is_own_category(garment):
                queries.append(self._query(garment, others or slots))
        defaults = default_slots(self._own_slot, self._schema)
        return queries or [self._query(GarmentRequest(), [slot]) for slot in defaults]

    def _names_own_slot_only(self) -> bool:
        """Whether the message names garments, and all fill the slot of the item shown."""
        is_relevant = self._is_shown and not self._state.mode
        garments = self._state.garments if is_relevant else []
        return bool(garments) and all(
            self._slots_of(garment.values) == [self._own_slot] for garment in garments
        )

    def _is_own_category(self, garment: GarmentRequest) -> bool:
        """Whether a garment is of the category of the customer's: "red dress" with a dress."""
        return any(
            value in self._own_item.get(name, [])
            for name, values in garment.values.items()
            if self._lexicon.names_garments(name)
            for value in values
        )

    def _slots_of(self, values: Values) -> list[str | None]:
        """Return the slots that named garments fill, by the garments' names."""
        categories = sorted(self._lexicon.categories_of(values))
        return list(dict.fromkeys(slot_of_value(one, self._schema) for one in categories))

    def _similar(self) -> SlotQuery:
        """Look for items like the one shown, except where the message says otherwise."""
        schema, changes = self._schema, GarmentRequest()
        for later in [*self._state.garments, self._state.shared_preferences]:
            changes.update(later)
        own_categories = self._lexicon.categories_of(self._own_item)
        preferences = preferences_for(changes, self._state, self._lexicon, schema, own_categories)
        stated = {preference.attribute for preference in preferences}
        alike = [
            Preference(attribute=name, values=values, weight=_SIMILAR)
            for name, values in self._own_item.items()
            if name not in stated
            and (
                self._lexicon.names_garments(name)
                or name in schema.multis
                or name in recipient_attributes(schema)
            )
        ]
        categories = values_of_slot(self._own_slot, schema) if self._own_slot else []
        text = " ".join(
            value
            for preference in preferences
            if not preference.negated
            for value in preference.values
        )
        return SlotQuery(
            slot=self._own_slot,
            text=text,
            filters={str(schema.slot_attribute): categories} if categories else {},
            preferences=[*preferences, *alike],
        )

    def _search(self, message: str) -> list[SlotQuery]:
        """Plan a search for the message alone, without an item.

        A query for a single garment keeps the customer's own words as its text. Values in them are
        preferences, since the catalogue's labels may be wrong.
        """
        state = self._state
        first, *others = [
            self._query(garment, self._slots_of(garment.values), is_narrow=False)
            for garment in state.garments or [state.shared_preferences]
        ]
        if others:
            return [first, *others]
        update = {
            # The preferences hold what was said before: "a jacket", and then "in blue".
            "text": "" if state.has_history else message,
            # Unknown words may describe the item all the same: "a covered front closure".
            "is_descriptive": bool(state.unknown_words),
        }
        return [first.model_copy(update=update)]

    def _query(
        self, garment: GarmentRequest, slots: Sequence[str | None], is_narrow: bool = True
    ) -> SlotQuery:
        """Return the query for a garment.

        Args:
            garment: What was said of it.
            slots: The slots that it fills.
            is_narrow: Whether items for other slots are filtered out.
        """
        schema = self._schema
        excluded = self._state.shared_preferences.excluded.get(str(schema.slot_attribute), [])
        categories = [
            category
            for slot in (slots if is_narrow else ())
            for category in values_of_slot(slot, schema)
            if category not in excluded
        ]
        named = self._lexicon.categories_of(garment.values)
        preferences = preferences_for(
            garment, self._state, self._lexicon, schema, named or set(categories)
        )
        words = [
            value
            for preference in preferences
            if not preference.negated
            for value in preference.values[:3]
        ]
        return SlotQuery(
            slot=slots[0] if len(slots) == 1 else None,
            fallback_text=" ".join(words if named else [*words, *categories]),
            filters={str(schema.slot_attribute): categories} if categories else {},
            preferences=preferences,
        )


def _opening(request: Request, item: Record | None, schema: Schema) -> str:
    if item is not None and request.mode != "search":
        title = item[schema.title][:1].lower() + item[schema.title][1:]
        is_complementary = request.mode == "complementary"
        return f"With your {title} go" if is_complementary else f"Like your {title} are"
    if request.owned:
        words = [value for values in reversed(request.owned.values()) for value in values]
        return f"With your {' '.join(words).lower()} go"
    return "I found"


def _unmet_preferences(
    request: Request, items: list[Recommendation], schema: Schema
) -> Iterator[str]:
    """Name the preferences that no recommendation meets, the lightest first."""
    for query in request.queries:
        in_slot = [one.record for one in items if one.slot == (query.slot or "")]
        for preference in reversed(query.preferences):
            # An occasion's preferences were not asked for by name.
            if preference.negated or preference.weight < NAMED:
                continue
            default = getattr(schema.categorical[preference.attribute], "default", None)
            values = [set(values_of(item, preference.attribute)) for item in in_slot]
            known = [one for one in values if one - {default, ""}]
            if known and not any(one & set(preference.values) for one in known):
                place = f" for {slot_name(query.slot, schema)}" if query.slot else ""
                yield f"Nothing that fits{place} is {' or '.join(preference.values)}. "
