"""Colours of clothes by name: finding them in words, and which go together."""

from __future__ import annotations

import re

# Goes with everything, and so is no point on the wheel.
NEUTRAL = frozenset({"black", "white", "grey", "navy", "beige", "brown"})
# Degrees on the painters' wheel of red, yellow and blue, on which harmony is taught.
WHEEL = {
    "red": 0, "burgundy": 0, "pink": 345, "orange": 60, "yellow": 120, "olive": 150,
    "green": 180, "teal": 210, "blue": 240, "light blue": 240, "purple": 300,
}  # fmt: skip
SYNONYMS = {
    "gray": "grey", "silver": "grey", "charcoal": "grey", "dark blue": "navy",
    "navy blue": "navy", "cream": "beige", "tan": "beige", "camel": "beige", "sand": "beige",
    "ivory": "white", "off white": "white", "khaki": "olive", "dark green": "green",
    "mint": "green", "emerald": "green", "maroon": "burgundy", "wine": "burgundy",
    "dark red": "burgundy", "violet": "purple", "lilac": "purple", "lavender": "purple",
    "turquoise": "teal", "sky blue": "light blue", "pale blue": "light blue", "rose": "pink",
    "gold": "yellow", "mustard": "yellow", "coral": "orange", "chocolate": "brown",
}  # fmt: skip
NAMES = {**{name: name for name in (*NEUTRAL, *WHEEL)}, **SYNONYMS}
_ANY = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, NAMES), key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)


def find_colours(text: str) -> list[str]:
    """Finds the colours that a text names, in its order, each once.

    Args:
        text: A title, a description, a wish.

    Returns:
        Names among :data:`NEUTRAL` and :data:`WHEEL`.
    """
    found = (NAMES[match.lower()] for match in _ANY.findall(text.replace("-", " ")))
    return list(dict.fromkeys(found))


def harmony(one: str, other: str) -> float:
    """Says how well two colours go together, by the rules of the colour wheel.

    Args:
        one: A colour's name.
        other: Another's.

    Returns:
        From 0 for a clash to 1: neutral with anything, the same, neighbours (up to 30°) or
        opposites (150° and more) harmonise; triads (90 to 150°) do half.
    """
    if one in NEUTRAL or other in NEUTRAL:
        return 1.0
    apart = abs(WHEEL[one] - WHEEL[other]) % 360
    apart = min(apart, 360 - apart)
    if apart <= 30 or apart >= 150:
        return 1.0
    return 0.5 if apart >= 90 else 0.0
