"""The stylist that needs neither key nor GPU: rules over the vocabulary's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lookbook.colours import NAMES, NEUTRAL, find_colours
from lookbook.stylists import Message, Mode, Query, Recommendation, ShoppingPlan
from lookbook.vocabulary import SLOTS, Label, Vocabulary, fold

# So much of a message is read; nobody wishes for more.
LONGEST_MESSAGE = 1000
NOT_UNDERSTOOD = (
    "I did not understand that. Tell me a garment, a colour, an occasion or whom it is for."
)
NO_PRICES = "The catalogue holds no prices, so I cannot choose by them."
PRICES = {"cheap", "cheaper", "cheapest", "price", "expensive", "budget", "affordable", "cost"}
SIMILAR = {"similar", "same", "alike", "like this", "like it", "like that", "lookalike", "more of"}
COMPLEMENTARY = {
    "go with", "goes with", "match", "wear with", "outfit", "combine", "combination", "pair",
    "complete", "style it", "recommend", "suggest", "suggestion", "recommendation",
}  # fmt: skip
DRESS_UP = {"dressier", "smarter", "elegant", "fancier", "more formal", "less casual"}
DRESS_DOWN = {"more casual", "less formal", "more relaxed", "comfier", "more comfortable"}
NEGATIONS = {
    "no", "not", "without", "except", "never", "hate", "dislike", "avoid", "don t", "dont",
    "don t want", "dont want", "do not want", "not want", "other than", "anything but",
    "instead of", "rather than", "neither", "nor",
}  # fmt: skip
RESUMPTIONS = {"but", "only", "just", "instead", "rather", "prefer", "want", "please", "yes"}
# Words that the vocabulary folds into values, and that mean something else in a sentence.
NO_WISH = {
    "all", "any", "both", "everyone", "neutral", "none", "not specified", "unspecified", "n a",
    "active", "u", "m", "f", "body", "m f", "f m",
}  # fmt: skip
# Said of sleeves and cuts, not of garments.
PHRASES = {"short sleeve", "short sleeved", "dress up", "dress down", "dress code", "in short"}


@dataclass
class Wishes:
    """What a customer has asked for so far."""

    mode: Mode | None = None
    categories: list[str] = field(default_factory=list)
    unwanted_categories: list[str] = field(default_factory=list)
    colours: list[str] = field(default_factory=list)
    unwanted_colours: list[str] = field(default_factory=list)
    # "Red shoes and black trousers": colours of one garment and not of the other.
    colours_of: dict[str, list[str]] = field(default_factory=dict)
    type: str | None = None
    unwanted_types: list[str] = field(default_factory=list)
    gender: str | None = None
    notes: list[str] = field(default_factory=list)
    understood: bool = False


class EmbeddedStylist:
    """Understands garments, parts of an outfit, colours, occasions, wearers and negations.

    What it does not understand, it says so.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Learns the words.

        Args:
            vocabulary: Values, their synonyms, and what suits what.
        """
        self._vocabulary = vocabulary
        self._lexicon: dict[str, tuple[str, str]] = {}
        for name in ("Category", "Type", "Gender"):
            fallback = vocabulary.fallbacks[name]
            for value, term in vocabulary.terms(name).items():
                for word in (value, *term.synonyms):
                    if value != fallback and fold(word) not in NO_WISH:
                        self._lexicon.setdefault(fold(word), (name, value))
        self._lexicon |= {fold(word): ("Colour", colour) for word, colour in NAMES.items()}
        for kind, words in [
            ("similar", SIMILAR), ("complementary", COMPLEMENTARY), ("price", PRICES),
            ("up", DRESS_UP), ("down", DRESS_DOWN), ("not", NEGATIONS), ("again", RESUMPTIONS),
            ("nothing", PHRASES),
        ]:  # fmt: skip
            self._lexicon |= {fold(word): (kind, fold(word)) for word in words}
        # Descriptions name a garment by other words than its category: trousers, not pants.
        self._nouns = {category: [category] for category in vocabulary.categories}
        for garment in vocabulary.garments.values():
            nouns = self._nouns[garment.category]
            if fold(garment.noun) not in map(fold, nouns):
                nouns.append(garment.noun)
        self._longest = max(len(phrase.split()) for phrase in self._lexicon)

    def plan(self, item: Label | None, message: str, history: list[Message]) -> ShoppingPlan:
        """Plans what to look for, see :class:`lookbook.stylists.Stylist`."""
        wishes = Wishes()
        for turn in history:
            if turn.role == "user":
                self._hear(turn.content, wishes, item)
        wishes.notes, wishes.understood = [], not message.strip()
        self._hear(message, wishes, item)
        if not wishes.understood:
            wishes.notes.append(NOT_UNDERSTOOD)
        mode = self._mode(wishes, item)
        if mode == "complementary" and item is not None:
            queries = self._complement(item, wishes)
        elif mode == "similar" and item is not None:
            text = f"{' '.join(wishes.colours)} {item.Title}. {item.Description}".strip()
            slot = self._vocabulary.slot(item.Category)
            queries = [self._query(slot, text, [item.Category], item, wishes)]
        else:
            queries = self._search(message, wishes)
        return ShoppingPlan(
            mode=mode,
            queries=[query for query in queries if query.categories],
            unwanted_colours=wishes.unwanted_colours,
            notes=wishes.notes,
        )

    def reply(
        self,
        plan: ShoppingPlan,
        item: Label | None,
        found: list[Recommendation],
        message: str,
        history: list[Message],
    ) -> Iterator[str]:
        """Says what was found and what was not, see :class:`lookbook.stylists.Stylist`."""
        yield from (f"{note} " for note in plan.notes)
        if not found:
            yield "Nothing in the catalogue fits that."
            return
        for query in plan.queries:
            told = {
                colour
                for one in found
                if one.slot == (query.slot or "")
                for colour in find_colours(f"{one.title}. {one.description}")
            }
            if told and query.colours and not told & set(query.colours):
                part = f" for {_words_of(query.slot)}" if query.slot else ""
                yield f"Nothing that fits{part} is {' or '.join(query.colours)}. "
        title = item.Title[:1].lower() + item.Title[1:] if item else ""
        opening = {
            "complementary": f"With your {title} go",
            "similar": f"Like your {title} are",
            "search": "I found",
        }[plan.mode]
        yield f"{opening}:"
        best = {one.slot: one for one in reversed(found)}
        for slot in dict.fromkeys(one.slot for one in found):
            why = f" ({best[slot].why})" if best[slot].why else ""
            part = f"{_words_of(slot)}: " if slot else ""
            yield f"\n- {part}{best[slot].title}{why}"
        missing = [query.slot for query in plan.queries if query.slot and query.slot not in best]
        if missing:
            yield f"\nNothing fits for {', '.join(map(_words_of, missing))}."

    def categories_in(self, text: str) -> set[str]:
        """Finds the categories whose garments a text names."""
        words = f" {fold(text)} "
        rest = self._vocabulary.fallbacks["Category"]
        synonyms = self._vocabulary.terms("Category")[rest].synonyms
        named = {value for kind, value, _ in self._terms(text) if kind == "Category"}
        return named | {rest for word in synonyms if f" {fold(word)} " in words}

    def _mode(self, wishes: Wishes, item: Label | None) -> Mode:
        if item is None:
            return "search"
        return wishes.mode or "complementary"

    def _hear(self, message: str, wishes: Wishes, item: Label | None) -> None:
        """Adds what a message says to what was wished before; the later wish counts."""
        fresh: set[str] = set()
        terms = list(self._terms(message[:LONGEST_MESSAGE]))
        named = {kind for kind, _, negated in terms if not negated}
        if named & {"Category", "Colour"}:
            wishes.colours_of = _pair(terms)
        # Who names a garment no longer wants more of the last kind.
        wishes.mode = None if "Category" in named else wishes.mode
        for kind, value, negated in terms:
            if kind != "nothing":
                wishes.understood = True
            match kind:
                case "Category":
                    self._add(wishes, "categories", value, negated, fresh)
                case "Colour":
                    self._add(wishes, "colours", value, negated, fresh)
                case "Type" if negated:
                    wishes.unwanted_types.append(value)
                    wishes.type = None if wishes.type == value else wishes.type
                case "Type":
                    wishes.type = value
                    wishes.unwanted_types = [one for one in wishes.unwanted_types if one != value]
                case "Gender" if not negated:
                    wishes.gender = value
                case "up" | "down":
                    wishes.type = self._step(kind, wishes, item)
                case "similar" | "complementary" if not negated:
                    wishes.mode = kind
                case "similar":
                    wishes.mode = "complementary"
                case "price":
                    wishes.notes = [NO_PRICES]

    def _add(self, wishes: Wishes, name: str, value: str, negated: bool, fresh: set[str]) -> None:
        wanted, unwanted = getattr(wishes, name), getattr(wishes, f"unwanted_{name}")
        if negated:
            wanted[:] = [one for one in wanted if one != value]
            unwanted[:] = [*dict.fromkeys([*unwanted, value])]
            return
        # "Shoes" after "trousers" is another wish; "shoes and trousers" are two at once.
        if name not in fresh:
            wanted.clear()
            fresh.add(name)
        unwanted[:] = [one for one in unwanted if one != value]
        wanted[:] = [*dict.fromkeys([*wanted, value])]

    def _step(self, kind: str, wishes: Wishes, item: Label | None) -> str | None:
        """Goes one step along the occasions, from casual to formal or back."""
        ladder = ["Lounge", "Casual", "Work Casual", "Formal"]
        now = wishes.type or (item.Type if item else None)
        place = ladder.index(now) if now in ladder else 1
        step = ladder[min(place + 1, 3) if kind == "up" else max(place - 1, 0)]
        return step if step in self._vocabulary.types else None

    def _terms(self, message: str) -> Iterator[tuple[str, str, bool]]:
        """Finds what a message names: kind, value, and whether it is negated."""
        negated = False
        for clause in re.split(r"[.;!?\n]", message):
            parts = clause.split(",")
            listed = bool(re.search(r"\b(or|and|nor)\b", clause.rpartition(",")[2]))
            for number, part in enumerate(parts):
                # A comma ends a negation, unless it is a list: "no skirts, dresses or shorts".
                negated = negated and number > 0 and listed
                words = fold(part).split()
                place = 0
                while place < len(words):
                    for size in range(min(self._longest, len(words) - place), 0, -1):
                        found = self._lexicon.get(" ".join(words[place : place + size]))
                        if found:
                            break
                    else:
                        place += 1
                        continue
                    place += size
                    kind, value = found
                    if kind == "not":
                        negated = True
                    elif kind == "again":
                        negated = False
                    else:
                        yield kind, value, negated
            negated = False

    def _complement(self, item: Label, wishes: Wishes) -> list[Query]:
        """Fills the other parts of the outfit, or those that were asked for."""
        if wishes.categories:
            slots = [self._vocabulary.slot(category) for category in wishes.categories]
        else:
            others = self._vocabulary.other_slots(item.Category)
            # Top and bottom are what is shown to whoever did not ask for a one-piece.
            slots = [slot for slot in others if slot != "full_body"]
        return [
            self._query(slot, self._words(slot, item, wishes), self._of(slot, wishes), item, wishes)
            for slot in dict.fromkeys(slots)
        ]

    def _search(self, message: str, wishes: Wishes) -> list[Query]:
        if not wishes.categories:
            everything = self._without(list(self._vocabulary.categories), wishes)
            return [self._query(None, message[:LONGEST_MESSAGE], everything, None, wishes)]
        slots = [self._vocabulary.slot(category) for category in wishes.categories]
        return [
            self._query(slot, self._words(slot, None, wishes), self._of(slot, wishes), None, wishes)
            for slot in dict.fromkeys(slots)
        ]

    def _of(self, slot: str | None, wishes: Wishes) -> list[str]:
        """The categories that fill a slot, of those that were asked for if any were."""
        asked = [one for one in wishes.categories if self._vocabulary.slot(one) == slot]
        every = [one for one in self._vocabulary.categories if self._vocabulary.slot(one) == slot]
        return self._without(asked or every, wishes)

    def _without(self, categories: list[str], wishes: Wishes) -> list[str]:
        return [one for one in categories if one not in wishes.unwanted_categories]

    def _words(self, slot: str | None, item: Label | None, wishes: Wishes) -> str:
        """Words a search for a slot: occasion, garments and colours."""
        colours = self._colours(slot, wishes)
        if not wishes.colours and item is not None:
            named = find_colours(f"{item.Title} {item.Description}")
            # With a colour go the neutrals, with a neutral everything: then none is named.
            colours = ["white", "grey", "navy"] if set(named) - NEUTRAL else []
        colours = [colour for colour in colours if colour not in wishes.unwanted_colours]
        occasion = wishes.type or (item.Type if item else "")
        known = "" if occasion == self._vocabulary.unknown else occasion.lower()
        garments = " or ".join(
            word.lower() for category in self._of(slot, wishes) for word in self._nouns[category]
        )
        told = f"{known} {garments}".strip()
        return f"{told} in {' or '.join(colours)}" if colours else told

    def _query(
        self,
        slot: str | None,
        text: str,
        categories: list[str],
        item: Label | None,
        wishes: Wishes,
    ) -> Query:
        vocabulary = self._vocabulary
        gender = wishes.gender or (item.Gender if item else vocabulary.unknown)
        if wishes.type:
            types = [wishes.type]
        else:
            types = vocabulary.suiting("Type", item.Type if item else vocabulary.unknown)
        return Query(
            slot=slot,
            text=text,
            categories=categories,
            genders=vocabulary.suiting("Gender", gender),
            types=[one for one in types if one not in wishes.unwanted_types],
            colours=self._colours(slot, wishes),
        )

    def _colours(self, slot: str | None, wishes: Wishes) -> list[str]:
        """The colours that were wished for a slot, or for everything."""
        if not wishes.colours_of:
            return wishes.colours
        return [
            colour
            for category, colours in wishes.colours_of.items()
            if self._vocabulary.slot(category) == slot
            for colour in colours
        ]


def _pair(terms: list[tuple[str, str, bool]]) -> dict[str, list[str]]:
    """Gives each garment its colours, where a message names several of both."""
    wanted = [
        (kind, value)
        for kind, value, negated in terms
        if kind in ("Category", "Colour") and not negated
    ]
    kinds = [kind for kind, _ in wanted]
    if len(set(wanted)) < 4 or min(kinds.count("Category"), kinds.count("Colour")) < 2:
        return {}
    # "Red shoes, black trousers" is read from its end, "shoes in red, trousers in black" is not.
    ordered = wanted[::-1] if kinds[0] == "Colour" else wanted
    pairs: dict[str, list[str]] = {}
    garment = ""
    for kind, value in ordered:
        if kind == "Category":
            garment = value
        elif garment:
            pairs.setdefault(garment, []).append(value)
    return pairs


def _words_of(slot: str | None) -> str:
    return SLOTS.get(slot or "", "")
