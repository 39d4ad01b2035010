"""The bundled network that reads messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from pydantic import BaseModel

from lookbook.captioners.network import network_file, open_session
from lookbook.errors import InputError
from lookbook.loading import loaded_once
from lookbook.understanding.mentions import Mention, MentionFinder, fold
from lookbook.understanding.message_features import CUSTOMER, MAX_ITEMS, Segment, arrays, tokenize
from lookbook.understanding.request import Act, Language, Recipient, Weather

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

RELEASED = "message_network.onnx"
ACTS: tuple[Act, ...] = get_args(Act)
RECIPIENTS: tuple[Recipient, ...] = get_args(Recipient)
WEATHERS: tuple[Weather | None, ...] = (None, *get_args(Weather))
LANGUAGES: tuple[Language, ...] = get_args(Language)
# The roles of a value in a message.
ROLES = ("none", "wanted", "implied", "refused", "owned")
NONE, WANTED, IMPLIED, REFUSED, OWNED = range(len(ROLES))
# The outputs of the network, and the metadata of its file.
OUTPUTS = (
    "roles", "mention_roles", "links", "act", "recipients", "weather", "occasion", "language",
    "reference", "cheapest",
)  # fmt: skip
METADATA = "lookbook"


class Thresholds(BaseModel, extra="forbid"):
    """The least probability at which a value has a role.

    Attributes:
        wanted: Of a value that nobody named and is asked for.
        refused: Of a value that nobody named and is refused.
        owned: Of an owned value.
        named_wanted: Of a value that the customer names and asks for.
        named_refused: Of a value that the customer names and refuses.
    """

    wanted: float
    refused: float
    owned: float
    named_wanted: float
    named_refused: float


class NetworkFacts(BaseModel, extra="forbid"):
    """What a network's file tells of itself.

    Attributes:
        values: Attribute and value of each of its values.
        occasions: Names of the occasions; the first is none.
        thresholds: The least probabilities at which values count.
        tokenizer: A tokenizer of the library tokenizers, as JSON.
    """

    values: list[tuple[str, str]]
    occasions: list[str]
    thresholds: Thresholds
    tokenizer: str


@dataclass(frozen=True)
class Reading:
    """What a network reads in a conversation.

    Attributes:
        roles: (values, roles) probabilities.
        links: (values, values) probabilities that two values belong to one piece.
        acts: Probabilities of the acts.
        recipients: Probabilities by :data:`RECIPIENTS`.
        weather: The weather, if any.
        occasion: The occasion; empty for none.
        language: The customer's language.
        refers_to: The number of the item meant among those shown last.
        is_cheapest: Whether low prices are wished.
        mentions: The mentions of the message, with the probabilities of their roles.
        earlier: The values that the customer named before.
        adds: Whether the message says that it adds to what was said before.
        is_names_only: Whether the message is nothing but mentions.
    """

    roles: np.ndarray
    links: np.ndarray
    acts: dict[Act, float]
    recipients: dict[Recipient, float]
    weather: Weather | None
    occasion: str
    language: Language
    refers_to: int | None
    is_cheapest: bool
    mentions: list[tuple[Mention, np.ndarray]]
    earlier: frozenset[tuple[str, str]] = frozenset()
    adds: bool = False
    is_names_only: bool = False

    @property
    def likeliest_act(self) -> Act:
        """The likeliest act."""
        return max(self.acts, key=lambda act: self.acts[act])

    @property
    def named(self) -> frozenset[tuple[str, str]]:
        """The values that the message names."""
        return frozenset().union(*(mention.values for mention, _ in self.mentions))


class MessageNetwork:
    """A network in an ONNX file; read at its first use."""

    def __init__(
        self, filepath: str | None = None, threads: int = 1, content: bytes | None = None
    ) -> None:
        """Set up a network.

        Args:
            filepath: Its file, or a dataset's folder of versions; the bundled one by default.
            threads: Threads of one run.
            content: The content of a file, in the place of one.
        """
        self._filepath = filepath
        self._threads = threads
        self._content = content

    @property
    def path(self) -> Path:
        """The file.

        Raises:
            InputError: If it does not exist.
        """
        source = network_file(self._filepath, RELEASED)
        if not source.is_file():
            raise InputError(
                f"The message network '{source}' does not exist. Train one with "
                "'kedro run --pipelines=understand', or remove `message_network` from globals.yml."
            )
        return source

    @loaded_once
    def session(self) -> InferenceSession:
        """The loaded network."""
        return open_session(self._content or self.path.read_bytes(), self._threads)

    @cached_property
    def facts(self) -> NetworkFacts:
        """What the file tells of itself.

        Raises:
            InputError: If the file is no message network.
        """
        metadata = self.session.get_modelmeta().custom_metadata_map
        if METADATA not in metadata:
            raise InputError(
                f"'{self.path}' is not a message network. Make one with 'kedro run "
                "--pipelines=understand'."
            )
        return NetworkFacts.model_validate(json.loads(metadata[METADATA]))

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the network's texts."""
        from tokenizers import Tokenizer

        return Tokenizer.from_str(self.facts.tokenizer)

    @cached_property
    def columns(self) -> dict[tuple[str, str], int]:
        """The row of each value in what the network returns."""
        return {value: number for number, value in enumerate(self.facts.values)}

    @cached_property
    def ordinary(self) -> frozenset[str]:
        """Words that are no misspellings: the tokenizer knows them whole."""
        return ordinary_words(self.tokenizer)

    def read(self, segments: Sequence[Segment], finder: MentionFinder) -> Reading:
        """Read a conversation.

        Args:
            segments: Its texts, the message first.
            finder: Finds mentions of values.
        """
        tokens, mentions = tokenize(segments, self.tokenizer, finder)
        inputs = arrays([tokens], self.columns)
        results = self.session.run(list(OUTPUTS), inputs)
        outputs: dict[str, Any] = {
            name: result[0] for name, result in zip(OUTPUTS, results, strict=True)
        }
        reference = int(outputs["reference"].argmax())
        return Reading(
            roles=softmax(outputs["roles"]),
            links=_sigmoid(outputs["links"]),
            acts=dict(zip(ACTS, softmax(outputs["act"]).tolist(), strict=True)),
            recipients=dict(zip(RECIPIENTS, _sigmoid(outputs["recipients"]).tolist(), strict=True)),
            weather=WEATHERS[int(outputs["weather"].argmax())],
            occasion=self.facts.occasions[int(outputs["occasion"].argmax())],
            language=LANGUAGES[int(outputs["language"].argmax())],
            refers_to=reference if 0 < reference <= MAX_ITEMS else None,
            is_cheapest=bool(outputs["cheapest"] > 0),
            mentions=[
                (mention, softmax(outputs["mention_roles"][positions].mean(axis=0)))
                for mention, positions in mentions
            ],
            earlier=frozenset().union(
                *(
                    named
                    for named, segment in zip(tokens.mentions, tokens.segments, strict=True)
                    if segment == CUSTOMER
                )
            ),
        )


def ordinary_words(tokenizer: Tokenizer) -> frozenset[str]:
    """Return the words that a tokenizer knows whole, folded."""
    return frozenset(
        fold(piece[1:])
        for piece in tokenizer.get_vocab()
        if piece.startswith("▁") and len(piece) > 4
    )


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities over the last axis."""
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: np.ndarray = exponents / exponents.sum(axis=-1, keepdims=True)
    return probabilities


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    probabilities: np.ndarray = 1 / (1 + np.exp(-np.clip(logits, -50, 50)))
    return probabilities
