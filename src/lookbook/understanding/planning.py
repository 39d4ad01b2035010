"""Plans the search for a request: queries by slot, with preferences by weight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lookbook.attributes.record import Record, known_values_by_attribute
from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import (
    categories_of,
    default_slots,
    names_garments,
    other_slots,
    recipient_attributes,
    slot_of,
    slot_of_value,
    values_of_slot,
)
from lookbook.search.preferences import Preference
from lookbook.understanding.request import (
    MAX_MESSAGE_LENGTH,
    Mode,
    Part,
    Recipient,
    Request,
    ShoppingPlan,
    SlotQuery,
    Values,
    Weather,
    without,
)

# Weights of preferences, by where they come from.
GARMENT, NAMED, RECIPIENT, REFUSED = 1.5, 1.0, 2.5, 2.0
IMPLIED_GARMENT, IMPLIED = 1.2, 0.5
# Weight of the attributes that a similar item shares with the one that is shown.
SIMILAR = 0.4
# Seasons of the style model.
_SEASONS: dict[Weather, str] = {
    "hot": "warm", "warm": "warm", "mild": "mild", "rain": "mild", "wind": "mild",
    "cold": "cold", "snow": "cold",
}  # fmt: skip


def plan_search(
    request: Request, item: Record | None, message: str, schema: Schema, is_first: bool = True
) -> ShoppingPlan:
    """Plan what to search for.

    Args:
        request: What the customer means.
        item: Attributes of the item that the request starts from, if any.
        message: The customer's words.
        schema: The catalogue's attributes.
        is_first: Whether nothing was said before; then the words themselves are searched too.
    """
    return _Planner(request, item, schema).plan(message[:MAX_MESSAGE_LENGTH].strip(), is_first)


class _Planner:
    def __init__(self, request: Request, item: Record | None, schema: Schema) -> None:
        self._request = request
        self._schema = schema
        self._is_shown = item is not None
        self._own = known_values_by_attribute(item, schema) if item else request.owned
        owned = self._slots_of(request.owned)
        # An item shown is of one category, whatever else it may be called.
        own = [slot_of(item, schema)] if item is not None else owned
        self._own_slot = next(iter(own), None)
        # The slots that the customer needs nothing for.
        self._filled = {*own, *owned}

    def plan(self, message: str, is_first: bool) -> ShoppingPlan:
        request = self._request
        context = {"season": _SEASONS[request.weather]} if request.weather else {}
        plan = ShoppingPlan(
            sort=request.sort,
            context=context,
            is_for_child="Kids" in request.recipients if request.recipients else None,
            has_message=bool(message),
            understood=request.understood,
        )
        if request.is_for_words_alone or (request.act == "question" and not request.parts):
            return plan
        mode = self._mode()
        if mode == "complementary":
            queries = self._complement()
        elif mode == "similar":
            queries = [self._similar()]
        else:
            queries = self._search(message if is_first else "")
        queries = [
            query.model_copy(update={"products": request.products})
            for query in queries
            if all(query.filters.values())
        ]
        owned = {} if self._is_shown or mode != "complementary" else request.owned
        return plan.model_copy(update={"mode": mode, "queries": queries, "owned": owned})

    def _mode(self) -> Mode:
        schema, act = self._schema, self._request.act
        if act == "complement" and self._own and schema.slots:
            return "complementary" if self._can_complement() else "search"
        if act in ("complement", "similar") and self._is_shown:
            return "similar"
        return "search"

    def _can_complement(self) -> bool:
        """Whether a part goes with the customer's own: nothing goes with itself."""
        parts = self._request.parts
        return not parts or any(self._goes_with_own(part) for part in parts)

    def _goes_with_own(self, part: Part) -> bool:
        garments, slots = self._garments_of(part.wanted), self._slots_of(part.wanted)
        own = {value for values in self._garments_of(self._own).values() for value in values}
        is_own = bool(garments) and all(set(values) <= own for values in garments.values())
        return not is_own and (not slots or not self._possible_slots().isdisjoint(slots))

    def _possible_slots(self) -> set[str | None]:
        """Return the slots beside the customer's own; bags and the like fill none."""
        return {None, *other_slots(self._own_slot, self._schema)}

    def _garments_of(self, values: Values) -> Values:
        return {name: own for name, own in values.items() if names_garments(name, self._schema)}

    def _slots_of(self, values: Values) -> list[str | None]:
        """Return the slots that garments fill."""
        categories = sorted(set(categories_of(values, self._schema)))
        return list(dict.fromkeys(slot_of_value(one, self._schema) for one in categories))

    def _complement(self) -> list[SlotQuery]:
        """Fill the other slots of the outfit, or those that were asked for."""
        schema = self._schema
        defaults = [one for one in default_slots(self._own_slot, schema) if one not in self._filled]
        possible = self._possible_slots()
        queries = []
        for part in self._request.parts:
            named = self._slots_of(part.wanted) or self._slots_of(part.implied)
            slots = [slot for slot in named if slot in possible]
            free = [slot for slot in slots if slot not in self._filled]
            if slots:
                queries.append(self._query(part, free or slots))
            elif not named:
                queries += [self._query(part, [slot]) for slot in defaults]
        return queries or [self._query(Part(), [slot]) for slot in defaults]

    def _similar(self) -> SlotQuery:
        """Look for items like the one shown, except where the message says otherwise."""
        schema = self._schema
        changes = merge_parts(self._request.parts)
        preferences = self._preferences(changes, is_named=True)
        stated = {one.attribute for one in preferences if not one.negated}
        if self._garments_of(changes.wanted):
            stated |= {name for name in self._own if names_garments(name, schema)}
        alike = [
            Preference(attribute=name, values=values, weight=SIMILAR)
            for name, values in without(self._own, changes.refused).items()
            if name not in stated
            and (
                names_garments(name, schema)
                or name in schema.multis
                or name in recipient_attributes(schema)
            )
        ]
        slots = self._slots_of(changes.wanted) or [self._own_slot]
        categories = [one for slot in slots if slot for one in values_of_slot(slot, schema)]
        # Words are compared only where they say more than the picture.
        new = without(merge_values(changes.wanted, changes.implied), self._own)
        return SlotQuery(
            slot=slots[0] if len(slots) == 1 else None,
            text=" ".join(value for own in new.values() for value in own[:3]),
            filters={str(schema.slot_attribute): categories} if categories else {},
            preferences=[*preferences, *alike],
        )

    def _search(self, message: str) -> list[SlotQuery]:
        """Search for each part; the text of a single one is the customer's own words.

        Values in them are preferences, since the catalogue's labels may be wrong.
        """
        parts = self._request.parts or [Part()]
        queries = [
            self._query(part, self._slots_of(part.wanted), is_narrow=False) for part in parts
        ]
        if len(queries) == 1:
            return [queries[0].model_copy(update={"text": message})]
        return queries

    def _query(self, part: Part, slots: Sequence[str | None], is_narrow: bool = True) -> SlotQuery:
        """Return the query for a part.

        Args:
            part: What is asked for.
            slots: The slots that it fills.
            is_narrow: Whether items for other slots are filtered out.
        """
        schema, attribute = self._schema, str(self._schema.slot_attribute)
        refused = part.refused.get(attribute, [])
        categories = [
            category
            for slot in (slots if is_narrow else ())
            for category in values_of_slot(slot, schema)
            if category not in refused
        ]
        is_named = bool(self._garments_of(part.wanted))
        preferences = self._preferences(part, is_named or bool(categories))
        words = _words(preferences)
        return SlotQuery(
            slot=slots[0] if len(slots) == 1 else None,
            is_descriptive=not preferences,
            fallback_text=words if is_named else " ".join([words, *categories]).strip(),
            filters={attribute: categories} if categories else {},
            preferences=preferences,
        )

    def _preferences(self, part: Part, is_named: bool) -> list[Preference]:
        """Return the preferences for a part, the weightiest first.

        Args:
            part: What is asked for.
            is_named: Whether its garment is known; then implied garments say little.
        """
        schema, preferences = self._schema, []
        for name, values in part.wanted.items():
            weight = GARMENT if names_garments(name, schema) else NAMED
            preferences.append(Preference(attribute=name, values=values, weight=weight))
        for name, values in part.implied.items():
            is_garment = names_garments(name, schema)
            weight = IMPLIED_GARMENT if is_garment and not is_named else IMPLIED
            if is_garment or not part.wanted.get(name):
                preferences.append(Preference(attribute=name, values=values, weight=weight))
        if not any(one.attribute in recipient_attributes(schema) for one in preferences):
            preferences += _recipient_preferences(self._request.recipients, schema)
        preferences += [
            Preference(attribute=name, values=values, weight=REFUSED, negated=True, required=True)
            for name, values in part.refused.items()
        ]
        preferences = [one for one in preferences if one.values]
        return sorted(preferences, key=lambda preference: -preference.weight)


def _recipient_preferences(recipients: Iterable[Recipient], schema: Schema) -> list[Preference]:
    """Return the wish for items that fit whom they are for; none if all are addressed."""
    preferences = []
    for name in recipient_attributes(schema):
        declared = schema.categorical[name].values
        named = (schema.categorical[name].named(one) for one in recipients)
        values = list(dict.fromkeys(value for own in named for value in own))
        fitting = [*values, *(other for one in values for other in declared[one].compatible_with)]
        if values:
            preferences.append(
                Preference(
                    attribute=name, values=[*dict.fromkeys(fitting)], weight=RECIPIENT,
                    required=True,
                )
            )  # fmt: skip
    return preferences


def merge_parts(parts: Iterable[Part]) -> Part:
    """Merge parts into one: any of their values will do."""
    merged = Part()
    for part in parts:
        merged = Part(
            wanted=merge_values(merged.wanted, part.wanted),
            implied=merge_values(merged.implied, part.implied),
            refused=merge_values(merged.refused, part.refused),
        )
    return merged


def merge_values(values: Values, others: Values) -> Values:
    """Return the values of both, without repeats."""
    names = dict.fromkeys([*values, *others])
    return {
        name: [*dict.fromkeys([*values.get(name, []), *others.get(name, [])])] for name in names
    }


def _words(preferences: Iterable[Preference]) -> str:
    """Return the first wished values as a text to search for."""
    return " ".join(value for one in preferences if not one.negated for value in one.values[:3])
