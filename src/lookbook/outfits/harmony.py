"""Which values go together by their hues, such as colours on a painters' wheel."""

from __future__ import annotations

from lookbook.labels.fields import Fields
from lookbook.labels.values import Values

# An item that names no colour neither harmonises nor clashes.
UNKNOWN = 0.5


def hued_field(fields: Fields) -> str | None:
    """Names the field whose values have hues; ``None`` where none has."""
    return next(
        (
            name
            for name, field in fields.enumerated.items()
            if any(value.hue is not None for value in field.values.values())
        ),
        None,
    )


def neutrals(field: Values) -> list[str]:
    """Lists the values that go with every other."""
    return [name for name, value in field.values.items() if value.hue is None]


def harmony(one: str, other: str, field: Values) -> float:
    """Says how well two values go together, by the rules of the colour wheel.

    Returns:
        From 0 for a clash to 1: neutral with anything, the same, neighbours (up to 30°) or
        opposites (150° and more) harmonise; triads (90 to 150°) do half.
    """
    hue, other_hue = field.values[one].hue, field.values[other].hue
    if hue is None or other_hue is None:
        return 1.0
    apart = abs(hue - other_hue) % 360
    apart = min(apart, 360 - apart)
    if apart <= 30 or apart >= 150:
        return 1.0
    return 0.5 if apart >= 90 else 0.0


def harmonise(values: list[str], shown: list[str], field: Values) -> tuple[float, str]:
    """Says how well an item's values go with those shown: as well as the worst of them.

    Returns:
        From 0 to 1, and what goes with what in words, where it does.
    """
    if not values or not shown:
        return UNKNOWN, ""
    worst = min(max(harmony(value, one, field) for one in shown) for value in values)
    return worst, f"{values[0]} goes with {shown[0]}" if worst == 1 else ""
