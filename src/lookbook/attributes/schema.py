"""The attributes of a catalogue, as ``conf/base/schema.yml`` declares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    field_validator,
    model_validator,
)

from lookbook.attributes.rendering import check_template
from lookbook.attributes.values import Value, Values, normalize
from lookbook.errors import InputError

# Columns that tables have beside the attributes.
COLUMNS = frozenset(
    {
        "filename", "file", "photo_id", "label", "sender_id", "kids", "sampling_group", "caption",
        "failure", "repair", "reason", "status", "slot", "score", "why", "fingerprint",
        "duplicate_group", "matched_by", "taught", "decided", "split", "reviewed", "text", "fold",
        "words", "seconds", "file_name", "image", "line", "phash", "synthetic", "picture", "x", "y",
        "column", "row", "off", "captioner", "prompt", "answers", "input_tokens", "output_tokens",
        "cost", "expected", "correct", "verdict", "problem", "outcome", "attribute", "value",
        "old_value", "new_value", "reviewer", "timestamp", "most_similar", "wearer", "unseen",
        "method", "trial", "head", "valid", "accuracy", "refusals",
    }
)  # fmt: skip


class Slot(BaseModel):
    """A part of an outfit.

    Attributes:
        display: The customer's word for it.
        replaces: Slots that stay empty when this one is filled.
        optional: Whether an outfit is complete without it. Optional slots appear on request only.
    """

    model_config = ConfigDict(extra="forbid")

    display: str
    replaces: list[str] = []
    optional: bool = False


class _BaseAttribute(BaseModel):
    """Options of every attribute.

    Attributes:
        description: The attribute's meaning, as the captioning model reads it.
        enabled: Whether the catalogue has it.
    """

    model_config = ConfigDict(extra="forbid")

    description: str
    enabled: bool = True


class TextAttribute(_BaseAttribute):
    """An attribute of free text.

    Attributes:
        max_length: Maximum number of characters.
        default: The attribute whose value replaces a missing text, or an empty string for an empty
            text. A missing text without a default rejects the whole caption.
        template: Jinja template for captioners that predict values instead of writing sentences,
            see :func:`lookbook.attributes.rendering.render_text`.
    """

    kind: Literal["text"]
    max_length: int = Field(gt=0)
    default: str | None = None
    template: str | None = None

    @field_validator("template")
    @classmethod
    def _compiles(cls, template: str | None) -> str | None:
        if template is not None:
            check_template(template)
        return template


class SingleAttribute(_BaseAttribute, Values):
    """An attribute with exactly one of its values.

    Attributes:
        default: The value for an item whose value is unknown.
        slots: Parts of an outfit that its values fill, in display order.
        ordinal_scale: Values in ascending order, for requests such as "dressier" or "longer".
        on_multiple: Meaning of an answer with several values: the ``first``, or the ``default``.
    """

    kind: Literal["single"]
    default: str
    slots: dict[str, Slot] = {}
    ordinal_scale: list[str] = []
    on_multiple: Literal["first", "default"] = "first"

    @model_validator(mode="after")
    def _consistent(self) -> SingleAttribute:
        for name in (self.default, *self.ordinal_scale):
            if name not in self.values:
                raise ValueError(f"value '{name}': it is not among the values")
        for name, slot in self.slots.items():
            for other in slot.replaces:
                if other not in self.slots:
                    raise ValueError(f"slot '{name}': replaces '{other}', which is not a slot")
        for name, value in self.values.items():
            if value.slot is not None and value.slot not in self.slots:
                known = ", ".join(self.slots) or "none"
                raise ValueError(f"value '{name}': slot '{value.slot}' is not one of {known}")
        return self

    def lookup(self, text: str) -> tuple[str, str]:
        """Find the value that a text means.

        The head noun decides, which comes last in a phrase: a denim jacket is a jacket. Doubts and
        negations ("not visible", "could be either") name no value.

        Returns:
            The value, and the method: ``exact``, ``synonym`` (all words together), ``several``
            (see :attr:`on_multiple`), ``first of several``, ``part`` (one of the words) or
            ``none`` (the attribute's ``default``).
        """
        return self.match(text, self.default, only_one=self.on_multiple == "default")


class MultiAttribute(_BaseAttribute, Values):
    """An attribute with any number of its values, the main one first.

    Attributes:
        max_items: Maximum number of values.
        infer_from: Text attributes to search for values when the model gave none.
    """

    kind: Literal["multi"]
    max_items: int = Field(gt=0)
    infer_from: list[str] = []

    @property
    def default(self) -> None:
        """No value: an empty list says that none is known."""

    def lookup(self, texts: list[str]) -> tuple[list[str], str]:
        """Find the values that texts mean, see :meth:`SingleAttribute.lookup`."""
        if texts and all(text in self.values for text in texts):
            return list(dict.fromkeys(texts))[: self.max_items], "exact"
        affirmed = [text if self._is_word(text) else self.affirmed(text) for text in texts]
        named = list(dict.fromkeys(value for text in affirmed for value in self.named(text)))
        if not named:
            return [], "none"
        is_whole = len(named) <= self.max_items and all(self._is_word(text) for text in affirmed)
        return named[: self.max_items], "synonym" if is_whole else "part"

    def _is_word(self, text: str) -> bool:
        return normalize(text) in self.words


Attribute = Annotated[TextAttribute | SingleAttribute | MultiAttribute, Field(discriminator="kind")]


class Schema(RootModel[dict[str, Attribute]]):
    """The attributes of a catalogue by name, in the order of its columns."""

    @model_validator(mode="after")
    def _consistent(self) -> Schema:
        self.root = {name: attribute for name, attribute in self.root.items() if attribute.enabled}
        seen: set[str] = set()
        for name, attribute in self.root.items():
            if name.casefold() in COLUMNS:
                raise ValueError(f"attribute '{name}': tables have a column of that name already")
            is_reserved = name.startswith("_") or hasattr(BaseModel, name)
            if name.casefold() in seen or is_reserved or not name.isidentifier():
                raise ValueError(f"attribute '{name}': the name is taken, or is not a plain word")
            seen.add(name.casefold())
            if isinstance(attribute, TextAttribute) and attribute.default not in {
                None,
                "",
                *self.singles,
            }:
                raise ValueError(
                    f"attribute '{name}': default '{attribute.default}' names no attribute with a "
                    "single value"
                )
        if not self.texts:
            raise ValueError("at least one text attribute must describe the item")
        for name, value, implied in self._implications():
            for other, result in value.implies.items():
                declared = self.singles.get(other)
                if declared is not None and result not in declared.values:
                    raise ValueError(
                        f"attribute '{name}', value '{implied}': implies {other} '{result}', "
                        "which is not one of its values"
                    )
        return self

    def _implications(self) -> Iterator[tuple[str, Value, str]]:
        for name, attribute in self.categorical.items():
            for word, value in attribute.values.items():
                yield name, value, word

    @cached_property
    def as_json(self) -> str:
        """The declaration as JSON."""
        return self.model_dump_json()

    @cached_property
    def texts(self) -> dict[str, TextAttribute]:
        """Schema of free text."""
        return {name: one for name, one in self.root.items() if isinstance(one, TextAttribute)}

    @cached_property
    def singles(self) -> dict[str, SingleAttribute]:
        """Schema with one value."""
        return {name: one for name, one in self.root.items() if isinstance(one, SingleAttribute)}

    @cached_property
    def multis(self) -> dict[str, MultiAttribute]:
        """Schema with some values."""
        return {name: one for name, one in self.root.items() if isinstance(one, MultiAttribute)}

    @cached_property
    def categorical(self) -> dict[str, SingleAttribute | MultiAttribute]:
        """Schema with values, of either kind."""
        return {
            name: one
            for name, one in self.root.items()
            if isinstance(one, SingleAttribute | MultiAttribute)
        }

    @property
    def names(self) -> list[str]:
        """All attributes' names."""
        return list(self.root)

    @property
    def title(self) -> str:
        """The text attribute that names an item: the first."""
        return next(iter(self.texts))

    @property
    def description(self) -> str:
        """The text attribute that describes an item: the last."""
        return list(self.texts)[-1]

    @cached_property
    def slot_attribute(self) -> str | None:
        """The attribute whose values fill parts of an outfit; ``None`` where nothing is worn."""
        return next((name for name, attribute in self.singles.items() if attribute.slots), None)

    @cached_property
    def compatibility_attributes(self) -> list[str]:
        """Schema by which items suit one another, such as wearer and occasion."""
        return [
            name
            for name, one in self.singles.items()
            if any(value.compatible_with for value in one.values.values())
        ]

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """The parts of an outfit; none where nothing is worn."""
        return self.singles[self.slot_attribute].slots if self.slot_attribute else {}

    @cached_property
    def answer_schema(self) -> dict[str, Any]:
        """The JSON schema of an answer that uses declared values only, attributes in order."""
        properties: dict[str, Any] = {}
        for name, attribute in self.root.items():
            about = {"description": attribute.description}
            if isinstance(attribute, TextAttribute):
                bounds = {"minLength": 1, "maxLength": attribute.max_length}
                properties[name] = {"type": "string", **bounds, **about}
            elif isinstance(attribute, SingleAttribute):
                properties[name] = {"type": "string", "enum": list(attribute.values), **about}
            else:
                items = {"type": "string", "enum": list(attribute.values)}
                bounds = {"minItems": 0, "maxItems": attribute.max_items}
                properties[name] = {"type": "array", "items": items, **bounds, **about}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }


def parse_schema(declared: Mapping[str, Any], source: str) -> Schema:
    """Check declared attributes.

    Raises:
        InputError: If they cannot be used: file, attribute, value and reason in one sentence.
    """
    try:
        return Schema.model_validate(declared)
    except ValidationError as error:
        raise InputError(f"{source}: {_sentence(error)}.") from error


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"] if part not in ("text", "single", "multi")]
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] != "value_error":
        message = message[:1].lower() + message[1:]
    if not path:
        return message
    location = f"attribute '{path[0]}'"
    if len(path) > 2 and path[1] == "values":
        location += f", value '{path[2]}'"
        path = path[2:]
    if len(path) > 1:
        location += f", {'.'.join(path[1:])}"
    return f"{location}{', ' if message.startswith(('value ', 'slot ')) else ': '}{message}"
