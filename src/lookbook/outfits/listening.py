"""What one message says: which words are said of which garment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lookbook.outfits import Mode, Wishes
from lookbook.outfits.lexicon import COMMA, STOP, Lexicon, Said, Term, Value


@dataclass
class Part:
    """One thing that is asked for, or that a customer has.

    Attributes:
        wanted: Values that were named, by attribute; any of an attribute's will do.
        unwanted: Values that it is not to have.
        sayings: Qualities that it is to have.
        refused: Qualities and occasions that it is not to suit.
    """

    wanted: Wishes = field(default_factory=dict)
    unwanted: Wishes = field(default_factory=dict)
    sayings: list[Said] = field(default_factory=list)
    refused: list[Said] = field(default_factory=list)

    def want(self, name: str, values: Iterable[str]) -> None:
        """Adds values that will do."""
        self.wanted[name] = [*dict.fromkeys([*self.wanted.get(name, []), *values])]

    def refuse(self, name: str, values: Iterable[str]) -> None:
        """Adds values that will not, and forgets that they were wanted."""
        refused = [*dict.fromkeys([*self.unwanted.get(name, []), *values])]
        self.unwanted[name] = refused
        self.wanted[name] = [one for one in self.wanted.get(name, []) if one not in refused]

    def change(self, later: Part) -> None:
        """Takes what was said later, attribute by attribute, for what was said before."""
        for name, values in later.wanted.items():
            if values:
                kept = [one for one in self.unwanted.get(name, []) if one not in values]
                self.wanted[name], self.unwanted[name] = [*values], kept
                self.sayings = [one for one in self.sayings if name not in one.saying.wishes]
        for name, values in later.unwanted.items():
            self.refuse(name, values)
        self.sayings += later.sayings
        self.refused += later.refused

    def add(self, other: Part) -> None:
        """Takes over what is said of something else as well."""
        for name, values in other.wanted.items():
            if not self.wanted.get(name):
                self.want(name, values)
        for name, values in other.unwanted.items():
            self.refuse(name, [one for one in values if one not in self.wanted.get(name, [])])
        self.sayings += [one for one in other.sayings if one not in self.sayings]
        self.refused += [one for one in other.refused if one not in self.refused]


@dataclass
class Heard:
    """What a customer has asked for; the later wish counts.

    Attributes:
        parts: Garments that were asked for, each with what it is to be like.
        loose: What was said of no garment.
        worn: What the customer has, in words.
        wearers: Who it is for; the last counts.
        occasions: Occasions and weather.
        mode: What goes with an item, or more of its kind, where that was said.
        notes: What cannot be done.
        understood: Whether the last message said anything.
        unknown: Words of the last message that mean nothing here.
        asked_before: Whether there was a message before it.
    """

    parts: list[Part] = field(default_factory=list)
    loose: Part = field(default_factory=Part)
    worn: Part | None = None
    wearers: list[Said] = field(default_factory=list)
    occasions: list[Said] = field(default_factory=list)
    mode: Mode | None = None
    notes: list[str] = field(default_factory=list)
    understood: bool = False
    unknown: list[str] = field(default_factory=list)
    asked_before: bool = False

    @property
    def context(self) -> dict[str, str]:
        """What the occasions tell of a whole outfit; the last counts."""
        told: dict[str, str] = {}
        for said in self.occasions:
            told |= said.saying.context
        return told


@dataclass
class Turn(Heard):
    """What one message says.

    Attributes:
        comparisons: How what is asked for is to differ from what was talked about.
    """

    comparisons: list[Said] = field(default_factory=list)


class Listener:
    """Reads one message: which words are said of which garment."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Takes the words."""
        self._lexicon = lexicon
        self._turn = Turn()
        self._negated = self._owned = self._refused = self._told_for = False
        # Whether a negation has met a property, so that it ends before a garment.
        self._met_property = False

    def listen(self, message: str) -> Turn:
        """Gives what a message says."""
        turn, terms = self._turn, list(self._lexicon.terms(message))
        cues = {cue for term in terms for cue in term.cues}
        turn.unknown = [term.words for term in terms if not term.known]
        for clause in _split(terms):
            self._negated = self._owned = self._refused = False
            self._hear_clause(clause)
        if "similar" in cues and not turn.parts:
            turn.mode = "similar"
        if "complementary" in cues and not (turn.mode and "owned" not in cues):
            turn.mode = "complementary"
        if turn.worn is not None and not self._lexicon.kinds_of(turn.worn.wanted):
            # Nothing that one wears.
            turn.loose.add(turn.worn)
            turn.worn = None
        told = (turn.parts, turn.worn, turn.wearers, turn.occasions, turn.mode, turn.notes)
        loose = (turn.loose.wanted, turn.loose.unwanted, turn.loose.sayings, turn.loose.refused)
        turn.understood = any(told) or any(loose) or bool(turn.comparisons)
        return turn

    def _hear_clause(self, clause: list[Term]) -> None:
        """Goes through the members of lists; what is said of none of them is said of all."""
        members = _members(clause)
        listed = any("or" in term.cues or "and" in term.cues for term in clause)
        pending, current = Part(), None
        for place, (before, member) in enumerate(members):
            if before == "," and not listed:
                self._negated = False
            if before == ",":
                self._owned = False
            # "Jeans, chinos or cords" are alternatives, like "jeans or cords".
            following = (one for one, _ in members[place:] if one in ("or", "and"))
            either = before == "or" or (before == "," and next(following, "") == "or")
            found, own = self._hear_member(member)
            if not found:
                for name, values in own.unwanted.items():
                    # "Tops and shoes, nothing with prints" speaks of both.
                    self._turn.loose.refuse(name, values)
                own.unwanted = {}
                if current is None:
                    _attach(pending, own)
                else:
                    _attach(current, own)
                continue
            if current is not None and either:
                _attach(current, own)
                self._unify(current)
                continue
            _attach(pending, own)
            current, pending = pending, Part()
            self._turn.parts.append(current)
        if pending.wanted or pending.unwanted or pending.sayings or pending.refused:
            earlier = self._turn.parts[-1] if self._turn.parts and not current else None
            _attach(earlier, pending) if earlier else self._turn.loose.add(pending)

    def _hear_member(self, member: list[Term]) -> tuple[bool, Part]:
        """Hears one member of a list: the last garment before a "with" is the head."""
        own, found, linked = Part(), False, False
        for number, term in enumerate(member):
            if "not" in term.cues:
                self._negated, self._met_property = True, False
            if "again" in term.cues:
                self._negated = self._owned = False
            if "owned" in term.cues or (
                # "Shoes for a red dress": the dress is there already.
                found and "for" in term.cues and self._names_garment(member[number:])
            ):
                self._owned = True
            if "for" in term.cues and self._refused:
                # "Shorts that are not denim, for my son".
                self._negated = False
            linked = linked or "link" in term.cues
            before = member[number - 1].cues if number else frozenset()
            for value in term.values:
                garment = self._lexicon.names_garments(value.attribute)
                if garment and linked and found and not self._owned:
                    # "A shirt with cap sleeves" is no cap.
                    continue
                found |= self._take_value(value, garment, own)
            if term.sayings:
                found |= self._take_sayings(term, own, before, taken=found and linked)
        return found, own

    def _names_garment(self, terms: list[Term]) -> bool:
        """Says whether any of some terms names a garment."""
        return any(
            any(self._lexicon.names_garments(value.attribute) for value in term.values)
            or any(said.kind == "garments" for said in term.sayings)
            for term in terms
        )

    def _take_value(self, value: Value, garment: bool, own: Part) -> bool:
        """Notes a value; says whether a garment is asked for by it."""
        name, values = value.attribute, [value.value]
        if garment:
            self._end_negation()
        if self._negated:
            self._refused = True
            self._met_property = not garment
            (self._turn.loose if garment else own).refuse(name, values)
        elif self._owned:
            self._worn().want(name, values)
        else:
            if garment:
                self._forget_garments(own)
            own.want(name, values)
            return garment
        return False

    def _take_sayings(self, term: Term, own: Part, before: frozenset[str], taken: bool) -> bool:
        """Notes what a phrase may mean; says whether a garment is asked for by it."""
        found = False
        for said in term.sayings:
            if said.kind == "garments":
                self._end_negation()
            note = said.saying.note
            if note and note not in self._turn.notes:
                self._turn.notes.append(note)
            if self._negated:
                self._refuse(said, own)
                continue
            match said.kind:
                case "wearers":
                    self._take_wearer(said, before)
                case "garments" if self._owned:
                    worn = self._worn()
                    for name, values in said.saying.wishes.items():
                        worn.want(name, values[:1])
                case "garments" if not taken:
                    found = self._take_garment(said, own) or found
                case "qualities":
                    (self._worn() if self._owned else own).sayings.append(said)
                case "occasions":
                    self._turn.occasions.append(said)
                case "comparisons":
                    self._turn.comparisons.append(said)
        return found

    def _end_negation(self) -> None:
        """End a negation before a garment whose property it refuses: "not black shoes"."""
        if self._met_property:
            self._negated = self._met_property = False

    def _worn(self) -> Part:
        self._turn.worn = self._turn.worn or Part()
        return self._turn.worn

    def _take_garment(self, said: Said, own: Part) -> bool:
        names = {name for name in said.saying.wishes if self._lexicon.names_garments(name)}
        if names:
            self._forget_garments(own)
        for name, values in said.saying.wishes.items():
            if name in names or not own.wanted.get(name):
                own.want(name, values)
        for name, values in said.saying.unwanted.items():
            own.refuse(name, values)
        return bool(names)

    def _refuse(self, said: Said, own: Part) -> None:
        if said.kind in ("wearers", "comparisons"):
            return
        self._refused = True
        self._met_property = said.kind == "qualities"
        if said.kind != "garments":
            own.refused.append(said)
            return
        for name, values in said.saying.wishes.items():
            garment = self._lexicon.names_garments(name)
            (self._turn.loose if garment else own).refuse(name, values)

    def _take_wearer(self, said: Said, before: frozenset[str]) -> None:
        """Notes whom it is for: "for my husband" counts more than who asks."""
        if "for" in before or not self._told_for:
            self._turn.wearers.append(said)
        self._told_for = self._told_for or "for" in before

    def _forget_garments(self, own: Part) -> None:
        """A "shirt dress" is a dress: the later garment counts."""
        for name in list(own.wanted):
            if self._lexicon.names_garments(name):
                own.wanted[name] = []

    def _unify(self, part: Part) -> None:
        """Brings "tops or dresses", named by several attributes, to the kinds that they are."""
        slot_attribute = self._lexicon.slot_attribute
        names = [
            name for name, own in part.wanted.items() if own and self._lexicon.names_garments(name)
        ]
        if slot_attribute and len(names) > 1:
            kinds = self._lexicon.kinds_of(part.wanted)
            for name in names:
                part.wanted[name] = []
            part.want(slot_attribute, sorted(kinds))


def _attach(part: Part, own: Part) -> None:
    """Adds what a later member of a list says of the garment before it."""
    for name, values in own.wanted.items():
        part.want(name, values)
    for name, values in own.unwanted.items():
        part.refuse(name, values)
    part.sayings += own.sayings
    part.refused += own.refused


def _split(terms: list[Term]) -> Iterator[list[Term]]:
    clause: list[Term] = []
    for term in terms:
        if term is STOP:
            yield clause
            clause = []
        else:
            clause.append(term)
    yield clause


def _members(clause: list[Term]) -> list[tuple[str, list[Term]]]:
    """Takes a clause apart at commas, "and" and "or"; each member with what stood before it."""
    members: list[tuple[str, list[Term]]] = [("", [])]
    for term in clause:
        if term is COMMA:
            members.append((",", []))
        elif "or" in term.cues and not term.values:
            members.append(("or", []))
        elif "and" in term.cues and not term.values:
            members.append(("and", []))
        elif "again" in term.cues and members[-1][1]:
            members.append(("and", [term]))
        else:
            members[-1][1].append(term)
    return members
