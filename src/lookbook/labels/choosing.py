"""From probabilities to what is said: only what is likely enough, and nothing that contradicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel

from lookbook.labels.cleaning import settle
from lookbook.labels.composing import compose_text, phrase_of
from lookbook.labels.fields import Fields, OneField
from lookbook.labels.record import Record

Probabilities = dict[str, dict[str, float]]


class Head(BaseModel):
    """One question that a network answers.

    Attributes:
        name: The field, or the name of another question, such as people's own labels.
        kind: Whether an item has ``one`` of the values or ``some``.
        values: What it can answer.
        otherwise: The value of what cannot be told.
        phrases: How values are put into words, where it is not by their names.
        slope: With ``offset``, how a value's logit among the others becomes the logit of the
            item having it (Platt scaling), for ``some``; a head of ``one`` value needs neither.
        offset: See ``slope``.
        threshold: What is less likely is not said; above 1 for a head that never says anything.
    """

    name: str
    kind: Literal["one", "some"]
    values: list[str]
    otherwise: str = ""
    phrases: dict[str, str] = {}
    slope: float = 1.0
    offset: float = 0.0
    threshold: float = 0.0

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Turns (photos, values) calibrated logits into probabilities.

        Returns:
            (photos, values): of having the value. Those of one photo add up to 1 for ``one``.
        """
        shifted = logits - logits.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        if self.kind == "one":
            return np.exp(logs)
        odds = logs - np.log(np.maximum(-np.expm1(logs), 1e-7))
        return np.exp(-np.logaddexp(0, -(self.slope * odds + self.offset)))


def slices_of(heads: list[Head]) -> dict[str, slice]:
    """Says which columns of all heads' values are a head's."""
    slices, start = {}, 0
    for head in heads:
        slices[head.name] = slice(start, start + len(head.values))
        start += len(head.values)
    return slices


def choose_values(likely: Probabilities, heads: list[Head], fields: Fields) -> dict[str, Any]:
    """Says of an item what is likely enough, and settles what contradicts.

    Args:
        likely: The probability of each value, by head.
        heads: What they are of, and from where on a value is said.
        fields: The catalogue's; of two values that contradict one another the likelier stays.

    Returns:
        The value of every head, and of every field with values: ``otherwise`` where nothing is
        known, and a list for a field of ``some``.
    """
    said: dict[str, Any] = {name: field.otherwise for name, field in fields.ones.items()}
    said |= {name: [] for name in fields.somes}
    certainty: dict[str, float] = {}
    for head in heads:
        values = likely[head.name]
        enough = [one for one, share in values.items() if share >= head.threshold]
        enough.sort(key=lambda one: -values[one])
        if head.kind == "some":
            declared = fields.somes.get(head.name)
            said[head.name] = enough[: declared.at_most if declared else None]
        else:
            said[head.name] = enough[0] if enough else head.otherwise
            certainty[head.name] = max(values.values())
    settle(said, certainty, fields)
    return said


def compose_record(said: Mapping[str, Any], heads: list[Head], fields: Fields) -> Record:
    """Puts what is said of an item into a record, its texts composed from the rest.

    Args:
        said: As :func:`choose_values` returns it.
        heads: How values are put into words where the fields do not say.
        fields: The catalogue's. What is known beyond them is told in the texts all the same.

    Returns:
        A value for each field; a text of which nothing is known says what it says otherwise.
    """
    known = {head.name: (head.otherwise, head.phrases) for head in heads}
    for name, field in fields.enumerated.items():
        declared = {
            value: told.phrase for value, told in field.values.items() if told.phrase is not None
        }
        known[name] = (field.otherwise if isinstance(field, OneField) else "", declared)
    phrases = {
        name: "" if said[name] == otherwise else phrase_of(said[name], words)
        for name, (otherwise, words) in known.items()
    }
    record: Record = {}
    for name in fields.names:
        if name not in fields.texts:
            record[name] = said[name]
            continue
        declared_text = fields.texts[name]
        text = compose_text(declared_text.composed, phrases)[: declared_text.longest]
        if not text:
            text = said[declared_text.otherwise] if declared_text.otherwise else fields.title
        record[name] = text
    return record
