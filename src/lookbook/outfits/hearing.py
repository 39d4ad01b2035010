"""What a customer has asked for so far, message by message, and what it makes one wish for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lookbook.attributes.schema import Schema
from lookbook.outfits import Wishes
from lookbook.outfits.lexicon import Lexicon, Said
from lookbook.outfits.listening import Heard, Listener, Part
from lookbook.search.preferences import Preference

# What counts how much: what was named, what follows from a quality or an occasion, whom it is
# for, and what is not to be.
NAMED, GARMENT, WEARER, UNWANTED = 1.0, 1.5, 2.5, 2.0
QUALITY, OCCASION, OCCASIONS_GARMENT = 0.7, 0.5, 1.2


def hear(message: str, heard: Heard, lexicon: Lexicon, schema: Schema, item: Wishes) -> None:
    """Adds what a message says to what was asked for before.

    Args:
        message: What the customer says.
        heard: What was said before; changed.
        lexicon: The words.
        schema: The catalogue's schema.
        item: What the customer showed, values by attribute; comparisons start from it.
    """
    turn = Listener(lexicon).listen(message)
    heard.notes, heard.understood = turn.notes, turn.understood
    heard.unknown = turn.unknown
    heard.mode = turn.mode or (None if turn.parts else heard.mode)
    heard.wearers = turn.wearers or heard.wearers
    if turn.worn is not None:
        heard.worn = turn.worn
    if turn.parts:
        heard.occasions = turn.occasions or heard.occasions
        earlier = heard.loose if not heard.parts else Part()
        heard.parts, heard.loose = turn.parts, turn.loose
        heard.loose.add(earlier)
    else:
        named = {one.name for one in turn.occasions}
        heard.occasions = [one for one in heard.occasions if one.name not in named] + turn.occasions
        for part in heard.parts or [heard.loose]:
            part.change(turn.loose)
    for said in turn.comparisons:
        for part in heard.parts or [heard.loose]:
            _compare(said, part, lexicon, schema, item)


def wishes_of(
    part: Part, heard: Heard, lexicon: Lexicon, schema: Schema, kinds: set[str]
) -> list[Preference]:
    """Lists what is wished of a part, the weightiest first.

    Args:
        part: What was asked for.
        heard: What was said besides.
        lexicon: The words.
        schema: The catalogue's schema.
        kinds: Values of the attribute with slots that it may be of; none for any.
    """
    whole = Part()
    whole.change(part)
    if part is not heard.loose:
        whole.add(heard.loose)
    garments = {name for name, own in whole.wanted.items() if own and lexicon.names_garments(name)}
    preferences = [
        Preference(attribute=name, values=values, weight=GARMENT if name in garments else NAMED)
        for name, values in whole.wanted.items()
        if values
    ]
    for said in _holding(heard.wearers[-1:], kinds):
        for name, values in said.saying.wishes.items():
            declared = schema.categorical[name].values
            suiting = [other for one in values for other in declared[one].compatible_with]
            preferences.append(
                Preference(attribute=name, values=[*values, *suiting], weight=WEARER, required=True)
            )
    unwanted = {name: list(values) for name, values in whole.unwanted.items()}
    lighter = [(one, QUALITY) for one in _holding(whole.sayings, kinds)]
    lighter += [(one, OCCASION) for one in _shared(heard.occasions, lexicon)]
    for said, weight in lighter:
        for name, values in said.saying.wishes.items():
            is_garment = lexicon.names_garments(name)
            left = [one for one in values if one not in unwanted.get(name, [])]
            if whole.wanted.get(name) and not (is_garment and said.kind == "qualities"):
                continue
            # The garments of an occasion are for whoever names none.
            if is_garment and said.kind == "occasions" and (garments or kinds):
                continue
            if left:
                heavier = OCCASIONS_GARMENT if is_garment and said.kind == "occasions" else weight
                preferences.append(Preference(attribute=name, values=left, weight=heavier))
        for name, values in said.saying.unwanted.items():
            more = [one for one in values if one not in whole.wanted.get(name, [])]
            unwanted[name] = [*dict.fromkeys([*unwanted.get(name, []), *more])]
    preferences += _refused_qualities(whole, unwanted, lexicon)
    preferences += [
        Preference(attribute=name, values=values, weight=UNWANTED, negated=True, required=True)
        for name, values in unwanted.items()
        if values
    ]
    return sorted(_joined(preferences), key=lambda preference: -preference.weight)


def _refused_qualities(part: Part, unwanted: Wishes, lexicon: Lexicon) -> Iterator[Preference]:
    """Turn refused qualities into soft preferences: "not too warm" forbids no single value."""
    for said in part.refused:
        for name, values in said.saying.wishes.items():
            stated = [*part.wanted.get(name, []), *unwanted.get(name, [])]
            left = [value for value in values if value not in stated]
            if left and not lexicon.names_garments(name):
                yield Preference(attribute=name, values=left, weight=QUALITY, negated=True)


def _joined(preferences: list[Preference]) -> Iterator[Preference]:
    """Makes one wish of several for the same attribute and weight: either will do."""
    several: dict[tuple[str, float, bool], list[Preference]] = {}
    for preference in preferences:
        several.setdefault(
            (preference.attribute, preference.weight, preference.negated), []
        ).append(preference)
    for alike in several.values():
        values = dict.fromkeys(value for preference in alike for value in preference.values)
        yield alike[0].model_copy(update={"values": [*values]})


def _shared(sayings: list[Said], lexicon: Lexicon) -> list[Said]:
    """Cuts the garments of several occasions to those of all, if there are any.

    A summer wedding wants what is for summer and for weddings.
    """
    shared: dict[str, list[str]] = {}
    for said in sayings:
        for name, values in said.saying.wishes.items():
            if lexicon.names_garments(name):
                both = [one for one in shared.get(name, values) if one in values]
                shared[name] = both or [*shared[name], *values]
    return [
        replace(
            said,
            saying=said.saying.model_copy(
                update={
                    "wishes": {
                        name: shared.get(name, values)
                        for name, values in said.saying.wishes.items()
                    }
                }
            ),
        )
        for said in sayings
    ]


def _holding(sayings: list[Said], kinds: set[str]) -> list[Said]:
    """Leaves out sayings that hold of garments of other kinds alone."""
    return [said for said in sayings if not said.saying.of or set(said.saying.of) & kinds]


def _compare(said: Said, part: Part, lexicon: Lexicon, schema: Schema, item: Wishes) -> None:
    """Changes what is asked for by a comparison to what was talked about."""
    saying = said.saying
    if saying.of and not set(saying.of) & lexicon.kinds_of(part.wanted or item):
        return
    for name, values in saying.wishes.items():
        part.wanted[name] = [*values]
        part.sayings = [one for one in part.sayings if name not in one.saying.wishes]
    for name, values in saying.unwanted.items():
        part.refuse(name, values)
    for name, steps in saying.steps.items():
        ladder = schema.singles[name].ordinal_scale if name in schema.singles else []
        now = (part.wanted.get(name) or item.get(name) or [""])[-1]
        if ladder:
            start = ladder.index(now) if now in ladder else (len(ladder) - 1) // 2
            place = min(max(start + steps, 0), len(ladder) - 1)
            beyond = ladder[place:] if steps > 0 else ladder[: place + 1]
            part.wanted[name] = beyond
