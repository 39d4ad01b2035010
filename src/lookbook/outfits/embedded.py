"""The stylist that needs neither key nor GPU: rules over the words of the fields."""

from __future__ import annotations

from collections.abc import Iterator

from lookbook.labels.fields import Fields
from lookbook.labels.record import Record
from lookbook.outfits import (
    LONGEST_MESSAGE,
    Message,
    Mode,
    PlannedQuery,
    Recommendation,
    ShoppingPlan,
    Wishes,
)
from lookbook.outfits.harmony import hued_field, neutrals
from lookbook.outfits.hearing import Heard, count_parts, hear
from lookbook.outfits.slots import (
    called,
    other_slots,
    slot_of,
    slot_of_value,
    suiting,
    suiting_fields,
    values_of_slot,
)

NOT_UNDERSTOOD = (
    "I did not understand that. Tell me a garment, a colour, an occasion or whom it is for."
)
NOTHING = "Nothing in the catalogue fits that."
# Neutral values that are looked for beside a colour.
NEUTRALS = 3


class EmbeddedStylist:
    """Understands the fields' values and synonyms, parts of an outfit, and negations.

    What it does not understand, it says so.
    """

    def plan(
        self, item: Record | None, message: str, history: list[Message], fields: Fields
    ) -> ShoppingPlan:
        """Plans what to look for, see :class:`lookbook.outfits.Stylist`."""
        heard = Heard()
        for turn in history:
            if turn.role == "user":
                hear(turn.content, heard, item, fields)
        heard.notes, heard.understood = [], not message.strip()
        heard.earlier = any(turn.role == "user" for turn in history)
        hear(message, heard, item, fields)
        if not heard.understood:
            heard.notes.append(NOT_UNDERSTOOD)
        planned = _Plan(item, heard, fields)
        mode: Mode = (heard.mode or "complementary") if item is not None else "search"
        if mode == "complementary" and not fields.slots:
            mode = "similar"
        queries = {
            "complementary": planned.complement,
            "similar": planned.more_of_its_kind,
            "search": lambda: planned.search(message),
        }[mode]()
        return ShoppingPlan(
            mode=mode,
            queries=[query for query in queries if all(query.allowed.values())],
            unwanted=planned.unwanted(),
            notes=heard.notes,
        )

    def reply(
        self,
        plan: ShoppingPlan,
        item: Record | None,
        found: list[Recommendation],
        message: str,
        history: list[Message],
        fields: Fields,
    ) -> Iterator[str]:
        """Says what was found and what was not, see :class:`lookbook.outfits.Stylist`."""
        yield from (f"{note} " for note in plan.notes)
        if not found:
            yield NOTHING
            return
        yield from _unfilled(plan, found, fields)
        title = item[fields.title][:1].lower() + item[fields.title][1:] if item else ""
        opening = {
            "complementary": f"With your {title} go",
            "similar": f"Like your {title} are",
            "search": "I found",
        }[plan.mode]
        yield f"{opening}:"
        best = {one.slot: one for one in reversed(found)}
        for slot in dict.fromkeys(one.slot for one in found):
            why = f" ({best[slot].why})" if best[slot].why else ""
            part = f"{called(slot, fields)}: " if slot else ""
            yield f"\n- {part}{best[slot].record[fields.title]}{why}"
        missing = [query.slot for query in plan.queries if query.slot and query.slot not in best]
        if missing:
            yield f"\nNothing fits for {', '.join(called(slot, fields) for slot in missing)}."


class _Plan:
    """Turns what was heard into queries."""

    def __init__(self, item: Record | None, heard: Heard, fields: Fields) -> None:
        self._item = item
        self._heard = heard
        self._fields = fields

    def complement(self) -> list[PlannedQuery]:
        """Fills the other parts of the outfit, or those that were asked for."""
        assert self._item is not None
        fields, asked = self._fields, self._asked()
        if asked:
            slots = [slot_of_value(value, fields) for value in asked]
        else:
            others = other_slots(slot_of(self._item, fields), fields)
            # Top and bottom are what is shown to whoever did not ask for a one-piece.
            slots = [slot for slot in others if not fields.slots[slot].instead_of]
        return [
            self._query(slot, self._words(slot), self._kinds(slot)) for slot in dict.fromkeys(slots)
        ]

    def more_of_its_kind(self) -> list[PlannedQuery]:
        """Looks for items like the one that was shown."""
        assert self._item is not None
        fields, item = self._fields, self._item
        wished = self._heard.wished_for(slot_of(item, fields), fields)
        words = " ".join(word for values in wished.values() for word in values)
        kinds = [item[fields.slot_field]] if fields.slot_field else []
        return [self._query(slot_of(item, fields), words, kinds)]

    def search(self, message: str) -> list[PlannedQuery]:
        """Looks for what was said, without an item.

        Of one garment the customer's own words say most; the values in them are wishes, since
        what the catalogue says of an item may be wrong. Who names several parts of an outfit is
        shown each.
        """
        fields, asked, said = self._fields, self._asked(), message[:LONGEST_MESSAGE]
        slots = list(dict.fromkeys(slot_of_value(value, fields) for value in asked))
        if len(slots) > 1 and count_parts(said, fields) != 1:
            return [self._query(slot, self._words(slot), self._kinds(slot)) for slot in slots]
        slot = slots[0] if len(slots) == 1 else None
        # What was said before counts on: "a jacket", and then "in blue".
        text = " ".join([self._words(slot), said]) if self._heard.earlier else said
        query = self._query(slot, text, self._without(asked))
        occasions = {
            name: values
            for name, values in query.allowed.items()
            if self._heard.wanted.get(name)
            and (name == fields.slot_field or self._is_occasion(name))
        }
        allowed = {
            name: values
            for name, values in query.allowed.items()
            if name not in occasions and self._heard.wanted.get(name)
        }
        for name, unwanted in self._heard.unwanted.items():
            if unwanted and name in {fields.slot_field, *suiting_fields(fields)}:
                known = allowed.get(name, fields.enumerated[name].values)
                allowed[name] = [value for value in known if value not in unwanted]
        wished = {**occasions, **query.wished}
        return [query.model_copy(update={"allowed": allowed, "wished": wished})]

    def _is_occasion(self, name: str) -> bool:
        return bool(self._fields.ones[name].ladder)

    def unwanted(self) -> Wishes:
        """Values that no filter of a query leaves out already."""
        filtered = {self._fields.slot_field, *suiting_fields(self._fields)}
        unwanted = self._heard.unwanted.items()
        return {name: values for name, values in unwanted if values and name not in filtered}

    def _asked(self) -> list[str]:
        return self._heard.wanted.get(str(self._fields.slot_field), [])

    def _kinds(self, slot: str | None) -> list[str]:
        """The kinds of garment that fill a slot, of those that were asked for if any were."""
        fields = self._fields
        asked = [one for one in self._asked() if slot_of_value(one, fields) == slot]
        return self._without(asked or values_of_slot(slot, fields))

    def _without(self, kinds: list[str]) -> list[str]:
        unwanted = self._heard.unwanted.get(str(self._fields.slot_field), [])
        return [kind for kind in kinds if kind not in unwanted]

    def _words(self, slot: str | None) -> str:
        """Words a search for a slot: occasion, garments, and what is wished of them."""
        fields, item = self._fields, self._item
        wished = dict(self._heard.wished_for(slot, fields))
        occasions = []
        for name in suiting_fields(fields):
            if fields.ones[name].ladder:
                told = self._heard.wanted.get(name) or ([item[name]] if item else [])
                occasions += [one.lower() for one in told if one != fields.ones[name].otherwise]
        garments = [
            value
            for name, values in wished.items()
            for value in values
            if fields.enumerated[name].values[value].implies.get(str(fields.slot_field))
        ]
        kinds = fields.ones[fields.slot_field].values if fields.slot_field else {}
        for kind in self._kinds(slot) if not garments else []:
            garments += [kind, *kinds[kind].synonyms[:1]]
        words = " ".join([*occasions, " or ".join(word.lower() for word in garments)]).strip()
        colours = self._colours(wished)
        others = [
            value
            for name, values in wished.items()
            for value in values
            if value not in garments and value not in colours
        ]
        words = " ".join([*others, words])
        return f"{words} in {' or '.join(colours)}" if colours else words

    def _colours(self, wished: Wishes) -> list[str]:
        """Colours to look for: those wished for, or neutrals to whoever wears a colour."""
        name = hued_field(self._fields)
        if name is None:
            return []
        colours = wished.get(name, [])
        if not colours and self._item is not None:
            plain = neutrals(self._fields.enumerated[name])
            colours = plain[:NEUTRALS] if set(self._item[name]) - set(plain) else []
        unwanted = self._heard.unwanted.get(name, [])
        return [colour for colour in colours if colour not in unwanted]

    def _query(self, slot: str | None, text: str, kinds: list[str]) -> PlannedQuery:
        fields, heard, item = self._fields, self._heard, self._item
        allowed: Wishes = {fields.slot_field: kinds} if fields.slot_field else {}
        for name in suiting_fields(fields):
            field = fields.ones[name]
            wanted = heard.wanted.get(name, [])
            if wanted and field.strict:
                values = wanted
            else:
                known = wanted[-1] if wanted else item[name] if item else field.otherwise
                values = suiting(name, known, fields)
            unwanted = heard.unwanted.get(name, [])
            allowed[name] = [one for one in values if one not in unwanted]
        wished = heard.wished_for(slot, fields)
        return PlannedQuery(slot=slot, text=text, allowed=allowed, wished=wished)


def _unfilled(plan: ShoppingPlan, found: list[Recommendation], fields: Fields) -> Iterator[str]:
    """Says which wished colours nothing that is shown has."""
    name = hued_field(fields)
    for query in plan.queries:
        wished = query.wished.get(name, []) if name else []
        has = {
            value
            for one in found
            if one.slot == (query.slot or "")
            for value in one.record[str(name)]
        } if wished else set()  # fmt: skip
        if wished and has and not has & set(wished):
            part = f" for {called(query.slot, fields)}" if query.slot else ""
            yield f"Nothing that fits{part} is {' or '.join(wished)}. "
