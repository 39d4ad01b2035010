"""What a kept message means, as a person says it: one question a field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from lookbook.attributes.schema import Schema
from lookbook.understanding.kept_messages import field_of, word_of
from lookbook.understanding.request import Act, Recipient, Request, Values, Weather

Role = Literal["wanted", "implied", "refused", "owned", "none"]

ACT, RECIPIENTS, WEATHER, REFERENCE = "act", "for whom", "weather", "item shown"
# Details that are kept as the stylist understood them, or removed.
DETAILS = ("occasion", "price", "size", "brand")
KEEP, REMOVE, NOBODY = "keep", "remove", "nobody"
OTHER_PIECE = "of another piece"
ACT_KEYS: dict[str, Act] = dict(zip("scmqto", get_args(Act), strict=True))
ROLE_KEYS: dict[str, Role] = dict(zip("wirox", get_args(Role), strict=True))
RECIPIENT_KEYS = dict(zip("wmuk", get_args(Recipient), strict=True))
WEATHER_KEYS = dict(zip("hwmcrsb", get_args(Weather), strict=True))
_SEARCHES = ("search", "complement", "similar")


class LabelledValue(BaseModel):
    """A value that a message may speak of.

    Attributes:
        part: The number of the piece that it belongs to, from 0.
        attribute: The attribute.
        value: The value, as the schema writes it.
        role: What the message says of it.
    """

    part: int = 0
    attribute: str
    value: str
    role: Role = "wanted"


class MessageLabel(BaseModel):
    """What a message means, as far as a person has come.

    Attributes:
        act: What the customer wants to do.
        values: The values that the message may speak of.
        recipients: For whom; several where any will do.
        weather: The weather, if any.
        occasion: The occasion; ``None`` for none.
        price: Limits of the price as the corpus writes them.
        size: The size as said.
        brand: The brand as said.
        refers_to: The number of the item meant among those shown last, from 1.
        answered: The questions that a person has answered.
        is_done: Whether the message is labelled.
    """

    model_config = ConfigDict(extra="forbid")

    act: Act
    values: list[LabelledValue] = []
    recipients: list[Recipient] = []
    weather: Weather | None = None
    occasion: str | None = None
    price: dict[str, Any] | None = None
    size: str | None = None
    brand: str | None = None
    refers_to: int | None = None
    answered: list[str] = []
    is_done: bool = False


@dataclass(frozen=True)
class Question:
    """A question about a message.

    Attributes:
        name: The name of the field.
        current: What the label says now.
        choices: Answers by key.
    """

    name: str
    current: list[str]
    choices: dict[str, str]


def label_of(request: Request) -> MessageLabel:
    """Return what a stylist understood, for a person to correct."""
    values: dict[tuple[int, str, str], LabelledValue] = {}
    refused: set[tuple[str, str]] = set()

    def add(part: int, role: Role, own: Values) -> None:
        for attribute, words in own.items():
            for value in words:
                # A stylist may refuse a value for each piece.
                if role == "refused" and (attribute, value) in refused:
                    continue
                if role == "refused":
                    refused.add((attribute, value))
                values[part, attribute, value] = LabelledValue(
                    part=part, attribute=attribute, value=value, role=role
                )

    for number, part in enumerate(request.parts):
        add(number, "wanted", part.wanted)
        add(number, "implied", part.implied)
        add(number, "refused", part.refused)
    add(0, "owned", request.owned)
    limits, price = request.products, None
    if limits.min_price is not None or limits.max_price is not None:
        price = {"min": limits.min_price, "max": limits.max_price, "currency": limits.currency}
    elif request.sort == "price_ascending":
        price = {"order": "cheapest"}
    return MessageLabel(
        act=request.act,
        values=list(values.values()),
        recipients=request.recipients,
        weather=request.weather,
        occasion=request.occasion or None,
        price=price,
        size="/".join(limits.sizes or []) or None,
        brand="/".join(limits.brands or []) or None,
        refers_to=request.refers_to,
    )


def questions(label: MessageLabel, items_shown: int) -> list[Question]:
    """List the questions that a label leads to.

    Args:
        label: What is known until now.
        items_shown: Number of the items that were shown last.
    """
    return list(_questions(label, items_shown))


def _questions(label: MessageLabel, items_shown: int) -> Iterator[Question]:
    yield Question(ACT, [label.act], dict(ACT_KEYS))
    if label.act in _SEARCHES:
        for number, value in enumerate(label.values):
            choices = {**ROLE_KEYS, "p": OTHER_PIECE}
            yield Question(value_name(number), [value.role], choices)
        yield Question(RECIPIENTS, [*label.recipients] or [NOBODY], {**RECIPIENT_KEYS, "x": NOBODY})
        yield Question(WEATHER, [label.weather or "none"], {**WEATHER_KEYS, "x": "none"})
        for name in DETAILS:
            if getattr(label, name) is not None:
                yield Question(name, [KEEP], {"k": KEEP, "x": REMOVE})
    if items_shown and label.act in (*_SEARCHES, "question"):
        numbers = {str(number): str(number) for number in range(1, min(items_shown, 9) + 1)}
        yield Question(REFERENCE, [str(label.refers_to or "none")], {**numbers, "x": "none"})


def value_name(number: int) -> str:
    """Return the name of the question about a value."""
    return f"value {number + 1}"


def value_of_question(label: MessageLabel, name: str) -> LabelledValue | None:
    """Return the value that a question is about, if it is about one."""
    kind, _, number = name.partition(" ")
    return label.values[int(number) - 1] if kind == "value" and number.isdigit() else None


def answer(label: MessageLabel, name: str, choice: str, beside: bool = False) -> MessageLabel:
    """Return a label after a question was answered.

    Args:
        label: The label.
        name: The question.
        choice: One of its choices.
        beside: Whether the choice is added to the others, or taken from them, where there may be
            several.
    """
    changed = label.model_copy(deep=True)
    changed.is_done = False
    if name not in changed.answered:
        changed.answered.append(name)
    value: Any = None if choice in ("none", REMOVE) else choice
    if (about := value_of_question(changed, name)) is not None:
        if choice == OTHER_PIECE:
            others = [one.part for one in changed.values if one is not about]
            about.part = (about.part + 1) % (max(others, default=-1) + 2)
        else:
            about.role = choice  # type: ignore[assignment]
    elif name == RECIPIENTS:
        told: list[Any] = [] if choice == NOBODY else [choice]
        if beside:
            # Those that stand on one side alone.
            before = changed.recipients
            told = [one for one in RECIPIENT_KEYS.values() if (one in before) != (one in told)]
        changed.recipients = told
    elif name == REFERENCE:
        changed.refers_to = None if value is None else int(value)
    elif choice != KEEP:
        setattr(changed, name, value)
    return MessageLabel.model_validate(changed.model_dump())


def add_value(label: MessageLabel, attribute: str, value: str, part: int) -> MessageLabel:
    """Return a label with a wanted value that nobody proposed."""
    added = LabelledValue(part=part, attribute=attribute, value=value)
    answered = [*label.answered, value_name(len(label.values))]
    changes = {"values": [*label.values, added], "answered": answered, "is_done": False}
    return label.model_copy(update=changes)


def plan_of(label: MessageLabel, schema: Schema) -> dict[str, Any]:
    """Return a label in the form of the corpus."""
    is_search = label.act in _SEARCHES

    def fields(role: Role, part: int | None = None) -> dict[str, list[str]]:
        chosen: dict[str, list[str]] = {}
        for one in label.values if is_search else ():
            if one.role == role and part in (None, one.part):
                words = chosen.setdefault(field_of(one.attribute), [])
                words.append(word_of(one.attribute, one.value, schema))
        return chosen

    parts = [
        {"want": fields("wanted", part), "implied": fields("implied", part),
         "not": fields("refused", part)}
        for part in sorted({one.part for one in label.values})
    ]  # fmt: skip
    parts = [part for part in parts if any(part.values())]
    if label.act == "search" and not parts:
        # A vague search has a part that may be empty.
        parts = [{"want": {}, "implied": {}, "not": {}}]
    details = {name: getattr(label, name) if is_search else None for name in DETAILS}
    return {
        "act": label.act,
        "parts": parts,
        "wearer": label.recipients if is_search else [],
        "occasion": details.pop("occasion"),
        "weather": label.weather if is_search else None,
        "has": fields("owned"),
        **details,
        "refers_to": label.refers_to if is_search or label.act == "question" else None,
    }
