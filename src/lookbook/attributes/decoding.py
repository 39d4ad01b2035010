"""From probabilities to what is said: only what is likely enough, and nothing that contradicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel

from lookbook.attributes.cleaning import resolve_conflicts
from lookbook.attributes.probabilities import AttributeProbabilities
from lookbook.attributes.record import Record
from lookbook.attributes.rendering import phrase_of, render_text
from lookbook.attributes.schema import Schema, SingleAttribute


class Head(BaseModel):
    """One question that a network answers.

    Attributes:
        name: The attribute, or the name of another question, such as people's own labels.
        kind: Whether an item has a ``single`` of the values or ``multi``.
        values: What it can answer.
        default: The value of what cannot be told.
        display: How values are put into words, where it is not by their names.
        slope: With ``offset``, how a value's logit among the others becomes the logit of the
            item having it (Platt scaling), for ``multi``; a head of a ``single`` value needs
            neither.
        offset: See ``slope``.
        threshold: What is less likely is not said; above 1 for a head that never says anything.
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
        """Turn (photos, values) calibrated logits into probabilities.

        Returns:
            (photos, values): of having the value. Those of one photo add up to 1 for ``single``.
        """
        shifted = logits - logits.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        if self.kind == "single":
            return np.exp(logs)
        odds = logs - np.log(np.maximum(-np.expm1(logs), 1e-7))
        return np.exp(-np.logaddexp(0, -(self.slope * odds + self.offset)))


def head_slices(heads: list[Head]) -> dict[str, slice]:
    """Return which columns of all heads' values are a head's."""
    slices, start = {}, 0
    for head in heads:
        slices[head.name] = slice(start, start + len(head.values))
        start += len(head.values)
    return slices


def decode_values(
    likely: AttributeProbabilities, heads: list[Head], schema: Schema
) -> dict[str, Any]:
    """Return of an item what is likely enough, and settles what contradicts.

    Args:
        likely: The probability of each value, by head.
        heads: What they are of, and from where on a value is said.
        schema: The catalogue's schema; of two values that contradict one another the likelier
            stays.

    Returns:
        The value of every head, and of every attribute with values: ``default`` where nothing is
        known, and a list for an attribute of ``some``.
    """
    said: dict[str, Any] = {name: attribute.default for name, attribute in schema.singles.items()}
    said |= {name: [] for name in schema.multis}
    certainty: dict[str, float] = {}
    for head in heads:
        values = likely[head.name]
        enough = [one for one, share in values.items() if share >= head.threshold]
        enough.sort(key=lambda one: -values[one])
        if head.kind == "multi":
            declared = schema.multis.get(head.name)
            said[head.name] = enough[: declared.max_items if declared else None]
        else:
            said[head.name] = enough[0] if enough else head.default
            certainty[head.name] = max(values.values())
    resolve_conflicts(said, certainty, schema)
    return said


def render_record(said: Mapping[str, Any], heads: list[Head], schema: Schema) -> Record:
    """Put what is said of an item into a record, its texts composed from the rest.

    Args:
        said: As :func:`decode_values` returns it.
        heads: How values are put into words where the attributes do not say.
        schema: The catalogue's schema. What is known beyond them is told in the texts all the same.

    Returns:
        A value for each attribute; a text of which nothing is known says what it says otherwise.
    """
    known = {head.name: (head.default, head.display) for head in heads}
    for name, attribute in schema.categorical.items():
        declared = {
            value: told.display
            for value, told in attribute.values.items()
            if told.display is not None
        }
        known[name] = (
            attribute.default if isinstance(attribute, SingleAttribute) else "",
            declared,
        )
    phrases = {
        name: "" if said[name] == default else phrase_of(said[name], words)
        for name, (default, words) in known.items()
    }
    record: Record = {}
    for name in schema.names:
        if name not in schema.texts:
            record[name] = said[name]
            continue
        declared_text = schema.texts[name]
        text = render_text(declared_text.template, phrases)[: declared_text.max_length]
        if not text:
            text = said[declared_text.default] if declared_text.default else schema.title
        record[name] = text
    return record
