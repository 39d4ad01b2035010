"""The stylist that needs neither key nor GPU: rules over the words of values and sayings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lookbook.attributes.record import Record, known_values_by_attribute, values_of
from lookbook.attributes.schema import Schema
from lookbook.outfits import (
    LONGEST_MESSAGE,
    Message,
    Mode,
    PlannedQuery,
    Recommendation,
    ShoppingPlan,
    Wishes,
)
from lookbook.outfits.hearing import NAMED, hear, wishes_of
from lookbook.outfits.lexicon import Lexicon, lexicon_of
from lookbook.outfits.listening import Heard, Part
from lookbook.outfits.sayings import Sayings
from lookbook.outfits.slots import (
    called,
    default_slots,
    slot_of_value,
    values_of_slot,
    wearer_fields,
)
from lookbook.search.preferences import Preference

NOT_UNDERSTOOD = (
    "I am not sure that I understand. I know my way around clothes: tell me a garment, a colour, "
    "an occasion or whom it is for, such as 'navy chinos for the office' or 'a dress for a summer "
    "wedding'."
)
NOTHING = "The catalogue is empty for these filters: loosen one of them."
# What an item that is to be like another is to have of it, and how much that counts.
_ALIKE = 0.02


class EmbeddedStylist:
    """Understands the attributes' values and synonyms, sayings, parts of an outfit, and negations.

    What it does not understand, it says so.
    """

    def __init__(self, sayings: Sayings | None = None) -> None:
        """Takes what customers say.

        Args:
            sayings: Beyond the words of the attributes; nothing by default.
        """
        self._sayings = sayings or Sayings()

    def plan(
        self, item: Record | None, message: str, history: list[Message], schema: Schema
    ) -> ShoppingPlan:
        """Plans what to look for, see :class:`lookbook.outfits.Stylist`."""
        lexicon = lexicon_of(schema, self._sayings)
        shown = known_values_by_attribute(item, schema) if item else {}
        heard = Heard()
        for turn in history:
            if turn.role == "user":
                hear(turn.content, heard, lexicon, schema, shown)
        heard.asked_before = any(turn.role == "user" for turn in history)
        hear(message, heard, lexicon, schema, shown)
        if message.strip() and not heard.understood:
            heard.notes.append(NOT_UNDERSTOOD)
        return _Planner(item, shown, heard, lexicon, schema).plan(message[:LONGEST_MESSAGE])

    def reply(
        self,
        plan: ShoppingPlan,
        item: Record | None,
        found: list[Recommendation],
        message: str,
        history: list[Message],
        schema: Schema,
    ) -> Iterator[str]:
        """Says what was found and what was not, see :class:`lookbook.outfits.Stylist`."""
        yield from (f"{note} " for note in plan.notes)
        if not found:
            yield NOTHING if plan.understood else ""
            return
        yield from _given_up(plan, found, schema)
        yield f"{_opening(plan, item, schema)}:"
        best = {one.slot: one for one in reversed(found)}
        for slot in dict.fromkeys(one.slot for one in found):
            why = f" ({best[slot].why})" if best[slot].why else ""
            part = f"{called(slot, schema)}: " if slot else ""
            yield f"\n- {part}{best[slot].record[schema.title]}{why}"
        missing = [query.slot for query in plan.queries if query.slot and query.slot not in best]
        if missing:
            yield f"\nNothing fits for {', '.join(called(slot, schema) for slot in missing)}."


class _Planner:
    """Turns what was heard into queries."""

    def __init__(
        self, item: Record | None, shown: Wishes, heard: Heard, lexicon: Lexicon, schema: Schema
    ) -> None:
        self._item = item
        self._heard = heard
        self._lexicon = lexicon
        self._schema = schema
        # What a customer has and does not show is asked about, or mentioned by the way.
        asked_about = item is None and (heard.mode == "complementary" or bool(heard.parts))
        self._worn = heard.worn.wanted if heard.worn and asked_about else {}
        # What is talked about: shown, or only told of.
        self._has = shown or self._worn

    def plan(self, message: str) -> ShoppingPlan:
        mode: Mode = "search"
        if self._item is not None or self._worn:
            mode = self._heard.mode or "complementary"
        if mode == "similar" and self._item is None:
            mode = "search"
        if mode == "complementary" and self._names_only_own_slot():
            # "White sneakers" with heels shown asks for sneakers, not for what goes with heels.
            (part, *more) = self._heard.parts
            mode = "similar" if not more and self._is_shown_kind(part) else "search"
        if mode == "complementary" and not self._schema.slots:
            mode = "similar" if self._item is not None else "search"
        queries = {
            "complementary": self._complement,
            "similar": self._more_of_its_kind,
            "search": lambda: self._search(message),
        }[mode]()
        return ShoppingPlan(
            mode=mode,
            queries=[query for query in queries if all(query.filters.values())],
            worn=self._worn if mode == "complementary" else {},
            context=self._heard.context,
            said=bool(message.strip()),
            understood=self._heard.understood or not message.strip(),
            notes=self._heard.notes,
        )

    def _complement(self) -> list[PlannedQuery]:
        """Fills the other parts of the outfit, or those that were asked for."""
        own = self._own_slot()
        queries = []
        for part in self._heard.parts:
            slots = self._slots(part)
            others = [slot for slot in slots if slot != own]
            if others or not slots or not self._is_shown_kind(part):
                queries.append(self._query(part, others or slots))
        return queries or [self._query(Part(), [slot]) for slot in default_slots(own, self._schema)]

    def _names_only_own_slot(self) -> bool:
        """Whether the message names garments, and each fills the slot of the item shown."""
        parts = self._heard.parts if self._item is not None and not self._heard.mode else []
        return bool(parts) and all(self._slots(part) == [self._own_slot()] for part in parts)

    def _is_shown_kind(self, part: Part) -> bool:
        """Whether a part names the kind that is shown: "red dress" with a dress."""
        return any(
            value in self._has.get(name, [])
            for name, values in part.wanted.items()
            if self._lexicon.names_garments(name)
            for value in values
        )

    def _own_slot(self) -> str | None:
        return next(iter(self._slots_of(self._has)), None)

    def _slots(self, part: Part) -> list[str | None]:
        return self._slots_of(part.wanted)

    def _slots_of(self, wanted: Wishes) -> list[str | None]:
        """Lists the parts of an outfit that garments fill, by the garments' names."""
        kinds = sorted(self._lexicon.kinds_of(wanted))
        return list(dict.fromkeys(slot_of_value(kind, self._schema) for kind in kinds))

    def _more_of_its_kind(self) -> list[PlannedQuery]:
        """Looks for items like the one that was shown, or as it is wished to differ."""
        schema, part = self._schema, Part()
        for later in [*self._heard.parts, self._heard.loose]:
            part.change(later)
        kinds_shown = self._lexicon.kinds_of(self._has)
        preferences = wishes_of(part, self._heard, self._lexicon, schema, kinds_shown)
        told = {preference.attribute for preference in preferences}
        alike = [
            Preference(attribute=name, values=values, weight=_ALIKE)
            for name, values in self._has.items()
            if name not in told and (self._is_telling(name) or name in wearer_fields(schema))
        ]
        slot = self._own_slot()
        kinds = values_of_slot(slot, schema) if slot else []
        allowed = {str(schema.slot_attribute): kinds} if kinds else {}
        text = " ".join(
            value
            for preference in preferences
            if not preference.negated
            for value in preference.values
        )
        return [
            PlannedQuery(slot=slot, text=text, filters=allowed, preferences=[*preferences, *alike])
        ]

    def _is_telling(self, name: str) -> bool:
        return self._lexicon.names_garments(name) or name in self._schema.multis

    def _search(self, message: str) -> list[PlannedQuery]:
        """Looks for what was said, without an item.

        Of one garment the customer's own words say most besides; the values in them are wishes,
        since what the catalogue says of an item may be wrong.
        """
        heard = self._heard
        first, *others = [
            self._query(part, self._slots(part), narrow=False)
            for part in heard.parts or [heard.loose]
        ]
        if others:
            return [first, *others]
        # What was said before is in the wishes: "a jacket", and then "in blue".
        said = {
            "text": "" if heard.asked_before else message,
            # What is not understood may describe it all the same: "with a covered front closure".
            "is_descriptive": bool(heard.unknown),
        }
        return [first.model_copy(update=said)]

    def _query(self, part: Part, slots: Sequence[str | None], narrow: bool = True) -> PlannedQuery:
        """Asks for a part of an outfit.

        Args:
            part: What was said of it.
            slots: What it fills.
            narrow: Whether nothing else may be shown; else it is only wished for.
        """
        schema = self._schema
        refused = self._heard.loose.unwanted.get(str(schema.slot_attribute), [])
        kinds = [
            kind
            for slot in (slots if narrow else ())
            for kind in values_of_slot(slot, schema)
            if kind not in refused
        ]
        named = self._lexicon.kinds_of(part.wanted)
        preferences = wishes_of(part, self._heard, self._lexicon, schema, named or set(kinds))
        words = [
            value
            for preference in preferences
            if not preference.negated
            for value in preference.values[:3]
        ]
        return PlannedQuery(
            slot=slots[0] if len(slots) == 1 else None,
            fallback_text=" ".join(words if named else [*words, *kinds]),
            filters={str(schema.slot_attribute): kinds} if kinds else {},
            preferences=preferences,
        )


def _opening(plan: ShoppingPlan, item: Record | None, schema: Schema) -> str:
    if item is not None and plan.mode != "search":
        title = item[schema.title][:1].lower() + item[schema.title][1:]
        return f"With your {title} go" if plan.mode == "complementary" else f"Like your {title} are"
    if plan.worn:
        words = [value for values in reversed(plan.worn.values()) for value in values]
        return f"With your {' '.join(words).lower()} go"
    return "I found"


def _given_up(plan: ShoppingPlan, found: list[Recommendation], schema: Schema) -> Iterator[str]:
    """Says which wishes nothing that is shown grants, the lightest first."""
    for query in plan.queries:
        shown = [one.record for one in found if one.slot == (query.slot or "")]
        for preference in reversed(query.preferences):
            has = [set(values_of(record, preference.attribute)) for record in shown]
            default = getattr(schema.categorical[preference.attribute], "default", None)
            known = [values for values in has if values - {default, ""}]
            had = any(values & set(preference.values) for values in known)
            # What follows from an occasion was not asked for by name.
            if preference.negated or preference.weight < NAMED or not known or had:
                continue
            part = f" for {called(query.slot, schema)}" if query.slot else ""
            yield f"Nothing that fits{part} is {' or '.join(preference.values)}. "
