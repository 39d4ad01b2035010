"""Parses one message: which words are said of which garment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lookbook.search.product_filter import ProductFilter, Sort
from lookbook.understanding.lexicon import COMMA, STOP, AttributeValue, Lexicon, PhraseMatch, Term
from lookbook.understanding.request import Mode, Values


@dataclass
class GarmentRequest:
    """A garment that is asked for, or that a customer owns.

    Attributes:
        values: Preferred values by attribute; any of them will do.
        excluded: Excluded values by attribute.
        phrases: Its qualities.
        excluded_phrases: Qualities and occasions that it is not for.
    """

    values: Values = field(default_factory=dict)
    excluded: Values = field(default_factory=dict)
    phrases: list[PhraseMatch] = field(default_factory=list)
    excluded_phrases: list[PhraseMatch] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said of it."""
        return not (self.values or self.excluded or self.phrases or self.excluded_phrases)

    def add(self, name: str, values: Iterable[str]) -> None:
        """Add preferred values."""
        self.values[name] = [*dict.fromkeys([*self.values.get(name, []), *values])]

    def exclude(self, name: str, values: Iterable[str]) -> None:
        """Add excluded values, which are no longer preferred."""
        excluded = [*dict.fromkeys([*self.excluded.get(name, []), *values])]
        self.excluded[name] = excluded
        self.values[name] = [one for one in self.values.get(name, []) if one not in excluded]

    def drop_phrases_about(self, name: str) -> None:
        """Remove phrases that prefer values of an attribute."""
        self.phrases = [match for match in self.phrases if name not in match.phrase.preferences]

    def update(self, later: GarmentRequest) -> None:
        """Replace what was said before by what was said later, attribute by attribute."""
        for name, values in later.values.items():
            if values:
                left = [one for one in self.excluded.get(name, []) if one not in values]
                self.values[name], self.excluded[name] = [*values], left
                self.drop_phrases_about(name)
        for name, values in later.excluded.items():
            self.exclude(name, values)
        self.phrases += later.phrases
        self.excluded_phrases += later.excluded_phrases

    def fill_from(self, other: GarmentRequest) -> None:
        """Add another garment's values where this one has none."""
        for name, values in other.values.items():
            if not self.values.get(name):
                self.add(name, values)
        for name, values in other.excluded.items():
            self.exclude(name, [one for one in values if one not in self.values.get(name, [])])
        self.phrases += [one for one in other.phrases if one not in self.phrases]
        self.excluded_phrases += [
            one for one in other.excluded_phrases if one not in self.excluded_phrases
        ]

    def merge(self, other: GarmentRequest) -> None:
        """Add the values that a later member of a list gives this garment."""
        for name, values in other.values.items():
            self.add(name, values)
        for name, values in other.excluded.items():
            self.exclude(name, values)
        self.phrases += other.phrases
        self.excluded_phrases += other.excluded_phrases


@dataclass
class DialogueState:
    """What a customer has asked for so far.

    Attributes:
        garments: The garments asked for.
        shared_preferences: What was said of no single garment.
        owned: The garment that the customer owns.
        recipient: Whom it is for; the last counts.
        occasions: Occasions and weather.
        mode: What to do with the customer's own item, if that was said.
        products: Limits of price, size and brand.
        sort: The order of the items.
        notes: What is not possible.
        understood: Whether the last message said anything.
        unknown_words: Unknown words of the last message.
        has_history: Whether there was a message before it.
    """

    garments: list[GarmentRequest] = field(default_factory=list)
    shared_preferences: GarmentRequest = field(default_factory=GarmentRequest)
    owned: GarmentRequest | None = None
    recipient: list[PhraseMatch] = field(default_factory=list)
    occasions: list[PhraseMatch] = field(default_factory=list)
    mode: Mode | None = None
    products: ProductFilter = field(default_factory=ProductFilter)
    sort: Sort = "relevance"
    notes: list[str] = field(default_factory=list)
    understood: bool = False
    unknown_words: list[str] = field(default_factory=list)
    has_history: bool = False

    @property
    def context(self) -> dict[str, str]:
        """Facts of the whole outfit; the last occasion counts."""
        context: dict[str, str] = {}
        for match in self.occasions:
            context |= match.phrase.context
        return context


@dataclass
class ParsedMessage(DialogueState):
    """What one message says.

    Attributes:
        comparisons: Differences from what was talked about.
    """

    comparisons: list[PhraseMatch] = field(default_factory=list)


class MessageParser:
    """Parses one message."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Create a parser for a single message."""
        self._lexicon = lexicon
        self._parsed = ParsedMessage()
        self._is_negated = self._is_owned = self._has_refused = self._has_recipient = False
        # Whether a negation has met a property; then it ends before a garment.
        self._negates_property = False

    def parse(self, message: str) -> ParsedMessage:
        """Parse the message."""
        parsed, terms = self._parsed, list(self._lexicon.terms(message))
        cues = {cue for term in terms for cue in term.cues}
        parsed.unknown_words = [term.words for term in terms if not term.known]
        for clause in _split(terms):
            self._is_negated = self._is_owned = self._has_refused = False
            self._parse_clause(clause)
        if "similar" in cues and not parsed.garments:
            parsed.mode = "similar"
        if "complementary" in cues and not (parsed.mode and "owned" not in cues):
            parsed.mode = "complementary"
        if parsed.owned is not None and not self._lexicon.categories_of(parsed.owned.values):
            # It is no garment.
            parsed.shared_preferences.fill_from(parsed.owned)
            parsed.owned = None
        contents = (
            parsed.garments, parsed.owned, parsed.recipient, parsed.occasions, parsed.mode,
            parsed.notes, parsed.comparisons, not parsed.shared_preferences.is_empty,
        )  # fmt: skip
        parsed.understood = any(contents)
        return parsed

    def _parse_clause(self, clause: list[Term]) -> None:
        """Parse the members of a list; what is said of none of them is said of all."""
        members = _members(clause)
        is_list = any("or" in term.cues or "and" in term.cues for term in clause)
        pending, current = GarmentRequest(), None
        for number, (separator, member) in enumerate(members):
            if separator == "," and not is_list:
                self._is_negated = False
            if separator == ",":
                self._is_owned = False
            # "Jeans, chinos or cords" are alternatives, like "jeans or cords".
            following = (one for one, _ in members[number:] if one in ("or", "and"))
            is_alternative = separator == "or" or (separator == "," and next(following, "") == "or")
            has_garment, request = self._parse_member(member)
            if not has_garment:
                for name, values in request.excluded.items():
                    # "Tops and shoes, nothing with prints" speaks of both.
                    self._parsed.shared_preferences.exclude(name, values)
                request.excluded = {}
                (pending if current is None else current).merge(request)
            elif current is not None and is_alternative:
                current.merge(request)
                self._unify(current)
            else:
                pending.merge(request)
                current, pending = pending, GarmentRequest()
                self._parsed.garments.append(current)
        if not pending.is_empty:
            if self._parsed.garments and not current:
                self._parsed.garments[-1].merge(pending)
            else:
                self._parsed.shared_preferences.fill_from(pending)

    def _parse_member(self, member: list[Term]) -> tuple[bool, GarmentRequest]:
        """Parse a member of a list; the last garment before a "with" is its head.

        Returns:
            Whether a garment is asked for, and what is said of it.
        """
        request, has_garment, is_linked = GarmentRequest(), False, False
        for number, term in enumerate(member):
            if "not" in term.cues:
                self._is_negated, self._negates_property = True, False
            if "again" in term.cues:
                self._is_negated = self._is_owned = False
            if "owned" in term.cues or (
                # "Shoes for a red dress": the dress is there already.
                has_garment and "for" in term.cues and self._names_garment(member[number:])
            ):
                self._is_owned = True
            if "for" in term.cues and self._has_refused:
                # "Shorts that are not denim, for my son".
                self._is_negated = False
            is_linked = is_linked or "link" in term.cues
            previous = member[number - 1].cues if number else frozenset()
            for value in term.values:
                is_garment = self._lexicon.names_garments(value.attribute)
                if is_garment and is_linked and has_garment and not self._is_owned:
                    # "A shirt with cap sleeves" is no cap.
                    continue
                has_garment |= self._take_value(value, is_garment, request)
            if term.phrases:
                is_complete = has_garment and is_linked
                has_garment |= self._take_phrases(term, request, previous, is_complete)
        return has_garment, request

    def _names_garment(self, terms: list[Term]) -> bool:
        """Whether any of some terms names a garment."""
        return any(
            any(self._lexicon.names_garments(value.attribute) for value in term.values)
            or any(match.kind == "garments" for match in term.phrases)
            for term in terms
        )

    def _take_value(self, value: AttributeValue, is_garment: bool, request: GarmentRequest) -> bool:
        """Note a value; return whether it asks for a garment."""
        name, values = value.attribute, [value.value]
        if is_garment:
            self._end_negation()
        if self._is_negated:
            self._has_refused = True
            self._negates_property = not is_garment
            (self._parsed.shared_preferences if is_garment else request).exclude(name, values)
        elif self._is_owned:
            self._owned_garment().add(name, values)
        else:
            if is_garment:
                self._forget_garments(request)
            request.add(name, values)
            return is_garment
        return False

    def _take_phrases(
        self, term: Term, request: GarmentRequest, previous: frozenset[str], is_complete: bool
    ) -> bool:
        """Note what a phrase may mean; return whether it asks for a garment."""
        has_garment = False
        for match in term.phrases:
            if match.kind == "garments":
                self._end_negation()
            note = match.phrase.note
            if note and note not in self._parsed.notes:
                self._parsed.notes.append(note)
            if self._is_negated:
                self._exclude_phrase(match, request)
                continue
            match match.kind:
                case "recipients":
                    # "For my husband" outranks who asks.
                    if "for" in previous or not self._has_recipient:
                        self._parsed.recipient.append(match)
                    self._has_recipient = self._has_recipient or "for" in previous
                case "garments" if self._is_owned:
                    owned = self._owned_garment()
                    for name, values in match.phrase.preferences.items():
                        owned.add(name, values[:1])
                case "garments" if not is_complete:
                    has_garment = self._take_garment(match, request) or has_garment
                case "qualities":
                    target = self._owned_garment() if self._is_owned else request
                    target.phrases.append(match)
                case "occasions":
                    self._parsed.occasions.append(match)
                case "comparisons":
                    self._parsed.comparisons.append(match)
        return has_garment

    def _end_negation(self) -> None:
        """End a negation before a garment whose property it refuses: "not black shoes"."""
        if self._negates_property:
            self._is_negated = self._negates_property = False

    def _owned_garment(self) -> GarmentRequest:
        self._parsed.owned = self._parsed.owned or GarmentRequest()
        return self._parsed.owned

    def _take_garment(self, match: PhraseMatch, request: GarmentRequest) -> bool:
        preferences = match.phrase.preferences
        names = {name for name in preferences if self._lexicon.names_garments(name)}
        if names:
            self._forget_garments(request)
        for name, values in preferences.items():
            if name in names or not request.values.get(name):
                request.add(name, values)
        for name, values in match.phrase.exclude.items():
            request.exclude(name, values)
        return bool(names)

    def _exclude_phrase(self, match: PhraseMatch, request: GarmentRequest) -> None:
        if match.kind in ("recipients", "comparisons"):
            return
        self._has_refused = True
        self._negates_property = match.kind == "qualities"
        if match.kind != "garments":
            request.excluded_phrases.append(match)
            return
        for name, values in match.phrase.preferences.items():
            is_garment = self._lexicon.names_garments(name)
            (self._parsed.shared_preferences if is_garment else request).exclude(name, values)

    def _forget_garments(self, request: GarmentRequest) -> None:
        """Forget earlier garments: a "shirt dress" is a dress."""
        for name in list(request.values):
            if self._lexicon.names_garments(name):
                request.values[name] = []

    def _unify(self, request: GarmentRequest) -> None:
        """Bring garments of several attributes, "tops or dresses", to their categories."""
        slot_attribute = self._lexicon.slot_attribute
        names = [
            name
            for name, values in request.values.items()
            if values and self._lexicon.names_garments(name)
        ]
        if slot_attribute and len(names) > 1:
            categories = self._lexicon.categories_of(request.values)
            for name in names:
                request.values[name] = []
            request.add(slot_attribute, sorted(categories))


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
    """Split a clause at commas, "and" and "or"; return each member after its separator."""
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
