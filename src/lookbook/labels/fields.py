"""The fields of a catalogue, as ``conf/base/fields.yml`` declares them."""

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

from lookbook.errors import InputError
from lookbook.labels.composing import check_template
from lookbook.labels.lookup import drop_denied, find_one
from lookbook.labels.values import Value, Values, fold

# Columns that tables have beside the fields.
COLUMNS = frozenset(
    {
        "filename", "file", "photo_id", "label", "sender_id", "kids", "sampling_group", "caption",
        "failure", "repair", "reason", "status", "slot", "score", "why", "vector", "fingerprint",
        "embedder", "image_model", "duplicate_group", "text_embedding", "image_embedding",
        "matched_by", "match_probabilities", "probabilities", "preference_score", "taught", "decided", "split",
        "reviewed", "text", "fold", "words", "seconds", "file_name", "image", "line", "phash",
        "drawing", "picture", "x", "y", "column", "row", "off", "captioner", "prompt", "answers",
        "input_tokens", "output_tokens", "cost", "expected", "correct", "verdict", "problem",
        "outcome", "field", "value", "was", "is", "who", "when", "most_like", "wearer", "unseen",
        "method", "trial", "head", "valid", "accuracy", "refusals",
    }
)  # fmt: skip


class Slot(BaseModel):
    """A part of an outfit.

    Attributes:
        called: What a customer calls it.
        instead_of: Slots that it is worn in the place of.
        optional: Whether an outfit is whole without it; then it is shown to whoever asks.
    """

    model_config = ConfigDict(extra="forbid")

    called: str
    instead_of: list[str] = []
    optional: bool = False


class _Declared(BaseModel):
    """What all fields share.

    Attributes:
        about: What the field says, for a model that is to fill it.
        keep: Whether the catalogue has it.
    """

    model_config = ConfigDict(extra="forbid")

    about: str
    keep: bool = True


class TextField(_Declared):
    """A field of free text.

    Attributes:
        longest: Characters at most.
        otherwise: The field whose value stands here where a model wrote nothing, or an empty
            text for nothing; an answer without a text that has no ``otherwise`` is of no use.
        composed: How a captioner that knows values but writes no sentences puts them into words,
            see :func:`lookbook.labels.composing.compose_text`.
    """

    kind: Literal["text"]
    longest: int = Field(gt=0)
    otherwise: str | None = None
    composed: str | None = None

    @field_validator("composed")
    @classmethod
    def _readable(cls, composed: str | None) -> str | None:
        if composed is not None:
            check_template(composed)
        return composed


class OneField(_Declared, Values):
    """A field with exactly one of its values.

    Attributes:
        otherwise: The value of what cannot be told.
        slots: Parts of an outfit that its values fill, in the order in which they are shown.
        ladder: Values in an order of which one can ask for more or less, such as from the plainest
            to the dressiest.
        several: What an answer that names several values means: the ``first`` of them, or
            ``otherwise``.
    """

    kind: Literal["one"]
    otherwise: str
    slots: dict[str, Slot] = {}
    ladder: list[str] = []
    several: Literal["first", "otherwise"] = "first"

    @model_validator(mode="after")
    def _consistent(self) -> OneField:
        for name in (self.otherwise, *self.ladder):
            if name not in self.values:
                raise ValueError(f"value '{name}': it is named, and not among the values")
        for name, slot in self.slots.items():
            for other in slot.instead_of:
                if other not in self.slots:
                    raise ValueError(f"slot '{name}': instead_of '{other}' is no slot")
        for name, value in self.values.items():
            if value.slot is not None and value.slot not in self.slots:
                known = ", ".join(self.slots) or "none"
                raise ValueError(f"value '{name}': slot '{value.slot}' is none of {known}")
        return self

    def lookup(self, text: str) -> tuple[str, str]:
        """Finds the value that a text means.

        In a phrase the head noun decides, which comes last: a denim jacket is a jacket. What is
        doubted or denied ("not visible", "could be either") is not said.

        Args:
            text: Any wording: another case, plural, a synonym, several words.

        Returns:
            The value, and how it was found: ``exact``, ``synonym`` (all words together),
            ``several`` (see :attr:`several`), ``first of several`` (the value named first
            wins), ``part`` (one of the words) or ``none`` (the field's ``otherwise``).
        """
        return find_one(text, self, self.otherwise, self.several == "otherwise")


class SomeField(_Declared, Values):
    """A field with some of its values in order, the main one first; or with none.

    Attributes:
        at_most: Values at most.
        named_in: Text fields in which its values are looked for where a model gave none.
    """

    kind: Literal["some"]
    at_most: int = Field(gt=0)
    named_in: list[str] = []

    def lookup(self, texts: list[str]) -> tuple[list[str], str]:
        """Finds the values that texts mean, see :meth:`OneField.lookup`."""
        if texts and all(text in self.values for text in texts):
            return list(dict.fromkeys(texts))[: self.at_most], "exact"
        texts = [text if _is_whole(text, self) else drop_denied(text, self) for text in texts]
        named = list(dict.fromkeys(value for text in texts for value in self.named(text)))
        if not named:
            return [], "none"
        whole = len(named) <= self.at_most and all(_is_whole(text, self) for text in texts)
        return named[: self.at_most], "synonym" if whole else "part"


def _is_whole(text: str, field: Values) -> bool:
    return fold(text) in field.words


AnyField = Annotated[TextField | OneField | SomeField, Field(discriminator="kind")]


class Fields(RootModel[dict[str, AnyField]]):
    """The fields of a catalogue by name, in the order of its columns."""

    @model_validator(mode="after")
    def _consistent(self) -> Fields:
        self.root = {name: field for name, field in self.root.items() if field.keep}
        seen: set[str] = set()
        for name, field in self.root.items():
            if name.casefold() in COLUMNS:
                raise ValueError(f"field '{name}': tables have a column of that name already")
            is_reserved = name.startswith("_") or hasattr(BaseModel, name)
            if name.casefold() in seen or is_reserved or not name.isidentifier():
                raise ValueError(f"field '{name}': the name is taken, or is no plain word")
            seen.add(name.casefold())
            if isinstance(field, TextField) and field.otherwise not in {None, "", *self.ones}:
                raise ValueError(
                    f"field '{name}': otherwise '{field.otherwise}' is no field with one value"
                )
        if not self.texts:
            raise ValueError("there is no text field, by which an item is described")
        for name, value, implied in self._implications():
            for other, result in value.implies.items():
                declared = self.ones.get(other)
                if declared is not None and result not in declared.values:
                    raise ValueError(
                        f"field '{name}', value '{implied}': implies {other} '{result}', "
                        "which is no value"
                    )
        return self

    def _implications(self) -> Iterator[tuple[str, Value, str]]:
        for name, field in self.enumerated.items():
            for word, value in field.values.items():
                yield name, value, word

    @cached_property
    def declared(self) -> str:
        """The declaration as JSON."""
        return self.model_dump_json()

    @cached_property
    def texts(self) -> dict[str, TextField]:
        """Fields of free text."""
        return {name: one for name, one in self.root.items() if isinstance(one, TextField)}

    @cached_property
    def ones(self) -> dict[str, OneField]:
        """Fields with one value."""
        return {name: one for name, one in self.root.items() if isinstance(one, OneField)}

    @cached_property
    def somes(self) -> dict[str, SomeField]:
        """Fields with some values."""
        return {name: one for name, one in self.root.items() if isinstance(one, SomeField)}

    @cached_property
    def enumerated(self) -> dict[str, OneField | SomeField]:
        """Fields with values, of either kind."""
        return {
            name: one for name, one in self.root.items() if isinstance(one, OneField | SomeField)
        }

    @property
    def names(self) -> list[str]:
        """All fields' names."""
        return list(self.root)

    @property
    def title(self) -> str:
        """The text field that names an item: the first."""
        return next(iter(self.texts))

    @property
    def description(self) -> str:
        """The text field that describes an item: the last."""
        return list(self.texts)[-1]

    @cached_property
    def slot_field(self) -> str | None:
        """The field whose values fill parts of an outfit; ``None`` where nothing is worn."""
        return next((name for name, field in self.ones.items() if field.slots), None)

    @cached_property
    def suiting(self) -> list[str]:
        """Fields by which items suit one another, such as wearer and occasion."""
        return [
            name
            for name, one in self.ones.items()
            if any(value.goes_with for value in one.values.values())
        ]

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """The parts of an outfit; none where nothing is worn."""
        return self.ones[self.slot_field].slots if self.slot_field else {}

    @cached_property
    def answer_schema(self) -> dict[str, Any]:
        """The JSON schema of an answer that uses declared values only, fields in order."""
        properties: dict[str, Any] = {}
        for name, field in self.root.items():
            about = {"description": field.about}
            if isinstance(field, TextField):
                bounds = {"minLength": 1, "maxLength": field.longest}
                properties[name] = {"type": "string", **bounds, **about}
            elif isinstance(field, OneField):
                properties[name] = {"type": "string", "enum": list(field.values), **about}
            else:
                items = {"type": "string", "enum": list(field.values)}
                bounds = {"minItems": 0, "maxItems": field.at_most}
                properties[name] = {"type": "array", "items": items, **bounds, **about}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }


def read_fields(declared: Mapping[str, Any], source: str) -> Fields:
    """Checks declared fields.

    Args:
        declared: The fields as the configuration has them.
        source: The file that they stand in, for the error.

    Raises:
        InputError: If they cannot be used: file, field, value and reason in one sentence.
    """
    try:
        return Fields.model_validate(declared)
    except ValidationError as error:
        raise InputError(f"{source}: {_sentence(error)}.") from error


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part not in ("text", "one", "some")]
    told = first["msg"].removeprefix("Value error, ")
    told = told[:1].lower() + told[1:] if first["type"] != "value_error" else told
    if not place:
        return told
    where = f"field '{place[0]}'"
    if len(place) > 2 and place[1] == "values":
        where += f", value '{place[2]}'"
        place = place[2:]
    if len(place) > 1:
        where += f", {'.'.join(place[1:])}"
    return f"{where}{', ' if told.startswith(('value ', 'slot ')) else ': '}{told}"
