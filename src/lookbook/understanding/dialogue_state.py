"""Updates the state of a dialogue by a message, and turns it into preferences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lookbook.attributes.schema import Schema
from lookbook.search.preferences import Preference
from lookbook.understanding.lexicon import Lexicon, PhraseMatch
from lookbook.understanding.message_parser import (
    DialogueState,
    GarmentRequest,
    MessageParser,
    ParsedMessage,
)
from lookbook.understanding.product_wishes import ProductWishes
from lookbook.understanding.request import Values

# Weights of preferences, by where they come from.
NAMED, GARMENT, RECIPIENT, EXCLUDED = 1.0, 1.5, 2.5, 2.0
QUALITY, OCCASION, OCCASION_GARMENT = 0.7, 0.5, 1.2


def update_state(
    state: DialogueState, wishes: ProductWishes, lexicon: Lexicon, schema: Schema, shown: Values
) -> ParsedMessage:
    """Add a message to the state of a dialogue; later preferences replace earlier ones.

    Args:
        state: The state, changed in place.
        wishes: What the message says of products, and the rest of it.
        lexicon: The known words.
        schema: The catalogue's attributes.
        shown: The values of the customer's photo; comparisons start from them.

    Returns:
        What the message says by itself.
    """
    parsed = MessageParser(lexicon).parse(wishes.rest)
    state.notes = [*parsed.notes, *wishes.notes]
    state.understood = parsed.understood or not wishes.is_empty
    _limit(state, wishes, is_new=bool(parsed.garments))
    state.unknown_words = parsed.unknown_words
    state.mode = parsed.mode or (None if parsed.garments else state.mode)
    state.recipient = parsed.recipient or state.recipient
    if parsed.owned is not None:
        state.owned = parsed.owned
    if parsed.garments:
        state.occasions = parsed.occasions or state.occasions
        earlier = state.shared_preferences if not state.garments else GarmentRequest()
        state.garments, state.shared_preferences = parsed.garments, parsed.shared_preferences
        state.shared_preferences.fill_from(earlier)
    else:
        named = {match.name for match in parsed.occasions}
        state.occasions = [one for one in state.occasions if one.name not in named]
        state.occasions += parsed.occasions
        for garment in state.garments or [state.shared_preferences]:
            garment.update(parsed.shared_preferences)
    for match in parsed.comparisons:
        for garment in state.garments or [state.shared_preferences]:
            _compare(match, garment, lexicon, schema, shown)
    return parsed


def _limit(state: DialogueState, wishes: ProductWishes, is_new: bool) -> None:
    """Replace limits by later ones; of another garment only the price stays."""
    if is_new:
        state.products = state.products.model_copy(update={"sizes": None, "brands": None})
        state.sort = "relevance"
    later = wishes.limits
    prices = {"min_price", "max_price", "currency"}
    replaced = {name: getattr(later, name) for name in prices if later.has_price}
    replaced |= {name: getattr(later, name) for name in ("sizes", "brands") if getattr(later, name)}
    state.products = state.products.model_copy(update=replaced)
    state.sort = wishes.sort or state.sort


def preferences_for(
    garment: GarmentRequest,
    state: DialogueState,
    lexicon: Lexicon,
    schema: Schema,
    categories: set[str],
) -> list[Preference]:
    """Return the preferences for a garment, the weightiest first.

    Args:
        garment: What was asked for.
        state: What was said besides.
        lexicon: The known words.
        schema: The catalogue's attributes.
        categories: Categories that it may be of; none for any.
    """
    merged = GarmentRequest()
    merged.update(garment)
    if garment is not state.shared_preferences:
        merged.fill_from(state.shared_preferences)
    named = {name for name, own in merged.values.items() if own and lexicon.names_garments(name)}
    preferences = [
        Preference(attribute=name, values=values, weight=GARMENT if name in named else NAMED)
        for name, values in merged.values.items()
        if values
    ]
    for match in _applicable(state.recipient[-1:], categories):
        for name, values in match.phrase.preferences.items():
            declared = schema.categorical[name].values
            compatible = [other for one in values for other in declared[one].compatible_with]
            preferences.append(
                Preference(
                    attribute=name, values=[*values, *compatible], weight=RECIPIENT, required=True
                )
            )
    excluded = {name: list(values) for name, values in merged.excluded.items()}
    lighter = [(match, QUALITY) for match in _applicable(merged.phrases, categories)]
    lighter += [(match, OCCASION) for match in _shared_garments(state.occasions, lexicon)]
    for match, weight in lighter:
        is_occasion = match.kind == "occasions"
        for name, values in match.phrase.preferences.items():
            is_garment = lexicon.names_garments(name)
            left = [value for value in values if value not in excluded.get(name, [])]
            if merged.values.get(name) and not (is_garment and match.kind == "qualities"):
                continue
            # The garments of an occasion are for messages that name none.
            if is_garment and is_occasion and (named or categories):
                continue
            if left:
                own_weight = OCCASION_GARMENT if is_garment and is_occasion else weight
                preferences.append(Preference(attribute=name, values=left, weight=own_weight))
        for name, values in match.phrase.exclude.items():
            more = [value for value in values if value not in merged.values.get(name, [])]
            excluded[name] = [*dict.fromkeys([*excluded.get(name, []), *more])]
    preferences += _excluded_qualities(merged, excluded, lexicon)
    preferences += [
        Preference(attribute=name, values=values, weight=EXCLUDED, negated=True, required=True)
        for name, values in excluded.items()
        if values
    ]
    return sorted(_merge(preferences), key=lambda preference: -preference.weight)


def _excluded_qualities(
    garment: GarmentRequest, excluded: Values, lexicon: Lexicon
) -> Iterator[Preference]:
    """Turn refused qualities into soft preferences: "not too warm" forbids no single value."""
    for match in garment.excluded_phrases:
        for name, values in match.phrase.preferences.items():
            stated = [*garment.values.get(name, []), *excluded.get(name, [])]
            left = [value for value in values if value not in stated]
            if left and not lexicon.names_garments(name):
                yield Preference(attribute=name, values=left, weight=QUALITY, negated=True)


def _merge(preferences: list[Preference]) -> Iterator[Preference]:
    """Merge preferences for one attribute and weight: any of their values will do."""
    groups: dict[tuple[str, float, bool], list[Preference]] = {}
    for one in preferences:
        groups.setdefault((one.attribute, one.weight, one.negated), []).append(one)
    for group in groups.values():
        values = dict.fromkeys(value for preference in group for value in preference.values)
        yield group[0].model_copy(update={"values": [*values]})


def _shared_garments(matches: list[PhraseMatch], lexicon: Lexicon) -> list[PhraseMatch]:
    """Cut the garments of several occasions to those of all, if any: "a summer wedding"."""
    shared: Values = {}
    for match in matches:
        for name, values in match.phrase.preferences.items():
            if lexicon.names_garments(name):
                both = [value for value in shared.get(name, values) if value in values]
                shared[name] = both or [*shared[name], *values]
    return [
        replace(
            match,
            phrase=match.phrase.model_copy(
                update={"preferences": {**match.phrase.preferences, **_common(shared, match)}}
            ),
        )
        for match in matches
    ]


def _common(shared: Values, match: PhraseMatch) -> Values:
    return {name: values for name, values in shared.items() if name in match.phrase.preferences}


def _applicable(matches: list[PhraseMatch], categories: set[str]) -> list[PhraseMatch]:
    """Leave out phrases that are about other categories."""
    return [
        match
        for match in matches
        if not match.phrase.categories or set(match.phrase.categories) & categories
    ]


def _compare(
    match: PhraseMatch, garment: GarmentRequest, lexicon: Lexicon, schema: Schema, shown: Values
) -> None:
    """Change a garment by a comparison, such as "longer"."""
    if not _applicable([match], lexicon.categories_of(garment.values or shown)):
        return
    for name, values in match.phrase.preferences.items():
        garment.values[name] = [*values]
        garment.drop_phrases_about(name)
    for name, values in match.phrase.exclude.items():
        garment.exclude(name, values)
    for name, steps in match.phrase.shift.items():
        scale = schema.singles[name].ordinal_scale if name in schema.singles else []
        current = (garment.values.get(name) or shown.get(name) or [""])[-1]
        if scale:
            start = scale.index(current) if current in scale else (len(scale) - 1) // 2
            end = min(max(start + steps, 0), len(scale) - 1)
            garment.values[name] = scale[end:] if steps > 0 else scale[: end + 1]
