"""Decoding probabilities: a value where it is likely enough, and none that contradicts another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel

from lookbook.attributes.cleaning import resolve_conflicts
from lookbook.attributes.probabilities import AttributeProbabilities
from lookbook.attributes.record import Record
from lookbook.attributes.rendering import display_of, render_text
from lookbook.attributes.schema import Schema


class Head(BaseModel):
    """One output of a network.

    Attributes:
        name: The attribute, or another target such as people's labels.
        kind: Whether an item has one of the values, ``single``, or any number, ``multi``.
        values: The possible values.
        default: The value of an unlikely prediction.
        display: The wording of values in rendered texts, where it is not their name.
        slope: With ``offset``, Platt scaling of a value's logit among the others, for ``multi``.
        offset: See ``slope``.
        threshold: Minimum probability of a decoded value; above 1 for a head that has no output.
    """

    name: str
    kind: Literal["single", "multi"]
    values: list[str]
    default: str = ""
    display: dict[str, str] = {}
    slope: float = 1.0
    offset: float = 0.0
    threshold: float = 0.0

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return the probabilities of (photos, values) calibrated logits.

        Returns:
            (photos, values). Those of one photo add up to 1 for ``single``.
        """
        shifted = logits - logits.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        if self.kind == "single":
            return np.exp(logs)
        odds = logs - np.log(np.maximum(-np.expm1(logs), 1e-7))
        return np.exp(-np.logaddexp(0, -(self.slope * odds + self.offset)))


def head_slices(heads: list[Head]) -> dict[str, slice]:
    """Return the columns of each head among the values of all heads, by name."""
    slices, start = {}, 0
    for head in heads:
        slices[head.name] = slice(start, start + len(head.values))
        start += len(head.values)
    return slices


def decode_values(
    probabilities: AttributeProbabilities, heads: list[Head], schema: Schema
) -> dict[str, Any]:
    """Decode the probabilities of an item; of two conflicting values the likelier stays.

    Args:
        probabilities: The probability of each value, by head.
        heads: The heads with their thresholds.
        schema: The catalogue's schema.

    Returns:
        The value of every head and categorical attribute: the ``default`` if none is likely
        enough, and a list for ``multi``.
    """
    decoded: dict[str, Any] = {
        name: [] if name in schema.multis else attribute.default
        for name, attribute in schema.categorical.items()
    }
    certainty: dict[str, float] = {}
    for head in heads:
        shares = probabilities[head.name]
        likely = [value for value, share in shares.items() if share >= head.threshold]
        likely.sort(key=lambda value: -shares[value])
        if head.kind == "multi":
            attribute = schema.multis.get(head.name)
            decoded[head.name] = likely[: attribute.max_items if attribute else None]
        else:
            decoded[head.name] = likely[0] if likely else head.default
            certainty[head.name] = max(shares.values())
    resolve_conflicts(decoded, certainty, schema)
    return decoded


def render_record(decoded: Mapping[str, Any], heads: list[Head], schema: Schema) -> Record:
    """Complete decoded values with rendered texts.

    Texts also name the values of heads that the schema does not declare.

    Args:
        decoded: See :func:`decode_values`.
        heads: The heads, with the wording of their values.
        schema: The catalogue's schema. Its wording takes precedence.

    Returns:
        A value for each attribute. A text without a known value has its attribute's default.
    """
    wording = {head.name: (head.default, head.display) for head in heads}
    for name, attribute in schema.categorical.items():
        display = {
            value_name: value.display
            for value_name, value in attribute.values.items()
            if value.display is not None
        }
        wording[name] = (attribute.default or "", display)
    phrases = {
        name: "" if decoded[name] == default else display_of(decoded[name], display)
        for name, (default, display) in wording.items()
    }
    record: Record = {}
    for name in schema.names:
        if name not in schema.texts:
            record[name] = decoded[name]
            continue
        text_attribute = schema.texts[name]
        text = render_text(text_attribute.template, phrases)[: text_attribute.max_length]
        default = text_attribute.default
        record[name] = text or (decoded[default] if default else schema.title)
    return record
