"""What a customer has wished for so far."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lookbook.labels.fields import Fields
from lookbook.labels.record import Record
from lookbook.outfits import Mode, Wishes
from lookbook.outfits.lexicon import Term, lexicon_of
from lookbook.outfits.slots import slot_of_value, suiting_fields

# Between the members of a list, and before what a garment has beside itself.
_LISTED = re.compile(r"[,;&+/]|\b(?:and|or|plus|then)\b", re.IGNORECASE)
_BESIDE = re.compile(r"\b(?:with|in|for|on|at|of|over|under)\b", re.IGNORECASE)

NO_PRICES = "The catalogue holds no prices, so I cannot choose by them."


@dataclass
class Heard:
    """What a customer has asked for; the later wish counts.

    Attributes:
        wanted: Values that were wished for, by field.
        unwanted: Values that are not to be.
        wanted_of: Wishes for one garment and not for another, by value of the field with slots:
            "red shoes and black trousers".
        mode: What goes with the item, or more of its kind, where that was said.
        notes: What cannot be done.
        understood: Whether the last message said anything.
        earlier: Whether there was a message before it.
    """

    wanted: Wishes = field(default_factory=dict)
    unwanted: Wishes = field(default_factory=dict)
    wanted_of: dict[str, Wishes] = field(default_factory=dict)
    mode: Mode | None = None
    notes: list[str] = field(default_factory=list)
    understood: bool = False
    earlier: bool = False

    def wished_for(self, slot: str | None, fields: Fields) -> Wishes:
        """Gives the wishes for a part of an outfit that may stay unfilled, such as colours."""
        hard = {fields.slot_field, *suiting_fields(fields)}
        wishes: Wishes = {}
        for name, values in self.wanted.items():
            if name in hard:
                continue
            fitting = [one for one in values if slot is None or _fits(name, one, slot, fields)]
            if fitting and name not in _paired(self.wanted_of):
                wishes[name] = fitting
        for value, own in self.wanted_of.items():
            if slot_of_value(value, fields) == slot:
                for name, values in own.items():
                    wishes[name] = [*dict.fromkeys([*wishes.get(name, []), *values])]
        return wishes


def hear(message: str, heard: Heard, item: Record | None, fields: Fields) -> None:
    """Adds what a message says to what was wished before."""
    terms = _with_implied(list(lexicon_of(fields).terms(message)), fields)
    named = {term.field for term in terms if term.kind == "value" and not term.negated}
    soft = named - {fields.slot_field, *suiting_fields(fields)}
    if fields.slot_field in named or soft:
        heard.wanted_of = _pair(terms, fields)
    if fields.slot_field in named:
        # Who names a garment no longer wants more of the last kind, nor the last garment.
        heard.mode = None
        for name in fields.enumerated:
            heard.wanted[name] = [
                one for one in heard.wanted.get(name, []) if not _implies_slot(name, one, fields)
            ]
    fresh: set[str] = set()
    for term in terms:
        heard.understood = heard.understood or term.kind != "nothing"
        match term.kind:
            case "value":
                _add(heard, term, fresh, fields)
            case "up" | "down":
                _step(term.kind, heard, item, fields)
            case "similar":
                heard.mode = "complementary" if term.negated else "similar"
            case "complementary" if not term.negated:
                heard.mode = "complementary"
            case "price":
                heard.notes = [NO_PRICES]


def count_parts(message: str, fields: Fields) -> int:
    """Counts the parts of an outfit that a message names one beside the other.

    "A shirt and trousers" are two; "a denim shirt with cap sleeves" is one, whatever else its
    words may mean: of each member of a list the last garment before "with" and the like counts.
    """
    lexicon = lexicon_of(fields)
    parts = set()
    for member in _LISTED.split(message):
        head = _BESIDE.split(member, maxsplit=1)[0]
        for text in (head, member):
            terms = _with_implied(list(lexicon.terms(text)), fields)
            named = [
                term.value
                for term in terms
                if term.field == fields.slot_field and term.kind == "value" and not term.negated
            ]
            if named:
                parts.add(slot_of_value(named[-1], fields))
                break
    return len(parts)


def _with_implied(terms: list[Term], fields: Fields) -> list[Term]:
    """Adds the kind of garment that a garment's own name implies."""
    whole: list[Term] = []
    for term in terms:
        implied = _implies_slot(term.field, term.value, fields) if term.kind == "value" else None
        main = Term("value", str(fields.slot_field), str(implied), term.negated)
        if implied and not term.negated and main not in whole:
            whole.append(main)
        whole.append(term)
    return whole


def _add(heard: Heard, term: Term, fresh: set[str], fields: Fields) -> None:
    wanted = heard.wanted.setdefault(term.field, [])
    unwanted = heard.unwanted.setdefault(term.field, [])
    if term.negated:
        wanted[:] = [one for one in wanted if one != term.value]
        if not (term.field in suiting_fields(fields) and not fields.ones[term.field].strict):
            unwanted[:] = [*dict.fromkeys([*unwanted, term.value])]
        return
    # "Shoes" after "trousers" is another wish; "shoes and trousers" are two at once.
    if term.field not in fresh or term.field in suiting_fields(fields):
        wanted.clear()
        fresh.add(term.field)
    unwanted[:] = [one for one in unwanted if one != term.value]
    wanted[:] = [*dict.fromkeys([*wanted, term.value])]


def _step(kind: str, heard: Heard, item: Record | None, fields: Fields) -> None:
    """Goes one step along a field's ladder, such as from casual to formal, or back."""
    for name, one in fields.ones.items():
        if not one.ladder:
            continue
        now = (heard.wanted.get(name) or [item[name] if item else ""])[-1]
        place = one.ladder.index(now) if now in one.ladder else 1
        last = len(one.ladder) - 1
        step = min(place + 1, last) if kind == "up" else max(place - 1, 0)
        heard.wanted[name] = [one.ladder[step]]


def _pair(terms: list[Term], fields: Fields) -> dict[str, Wishes]:
    """Gives each garment its own wishes, where a message names several of both."""
    hard = {fields.slot_field, *suiting_fields(fields)}
    wanted = [term for term in terms if term.kind == "value" and not term.negated]
    mains = [term for term in wanted if term.field == fields.slot_field]
    soft = [
        term
        for term in wanted
        if term.field not in hard and not _implies_slot(term.field, term.value, fields)
    ]
    if len(set(mains)) < 2 or len(set(soft)) < 2:
        return {}
    told = [term for term in wanted if term in mains or term in soft]
    # "Red shoes, black trousers" is read from its end, "shoes in red, trousers in black" is not.
    ordered = told[::-1] if told[0] in soft else told
    pairs: dict[str, Wishes] = {}
    garment = ""
    for term in ordered:
        if term.field == fields.slot_field:
            garment = term.value
        elif garment:
            pairs.setdefault(garment, {}).setdefault(term.field, []).append(term.value)
    return pairs


def _paired(wanted_of: dict[str, Wishes]) -> set[str]:
    return {name for own in wanted_of.values() for name in own}


def _implies_slot(name: str, value: str, fields: Fields) -> str | None:
    if fields.slot_field is None or name not in fields.enumerated:
        return None
    return fields.enumerated[name].values[value].implies.get(fields.slot_field)


def _fits(name: str, value: str, slot: str, fields: Fields) -> bool:
    implied = _implies_slot(name, value, fields)
    return implied is None or slot_of_value(implied, fields) == slot
