"""Judges outfits: rules first, then how likely people find them acceptable."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import compress

import numpy as np

from lookbook.attributes.schema import Schema
from lookbook.outfits.features import (
    Piece,
    Pieces,
    feature_names,
    make_pieces,
    outfit_features,
)
from lookbook.outfits.params import OutfitParams
from lookbook.outfits.rules import broken_pairs, broken_rules, rule_names
from lookbook.outfits.style import StyleModel

# Weight of the probability that two pieces are for one wearer, as a logarithm.
_RECIPIENT_WEIGHT = 5.0
_MIN_PROBABILITY = 0.005
# Higher probabilities count as certain, or the same few items would be in most outfits.
_CERTAIN = 0.85
# Penalty for each step outside what a season or an occasion needs, as a logarithm.
_CONTEXT_WEIGHT = 4.0
# A reason moves the predicted score by at least this much.
_MIN_REASON = 0.02
# Distance within which pieces are near one another on a scale that has no rule.
_NEAR = 0.3
# Share of a rule's limit within which it is kept well.
_REASON_SHARE = 0.7
# Features without which the model would judge by the rest alone.
_FEW_FEATURES = 0.5

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What a judge says of an outfit.

    Attributes:
        acceptability: Predicted probability that people find it acceptable.
        broken_rules: The rules that it breaks, see :attr:`OutfitJudge.rules`.
        reasons: What speaks for it, see :meth:`OutfitJudge.reasons`.
    """

    acceptability: float
    broken_rules: list[str]
    reasons: list[str]


class OutfitJudge:
    """Judges the outfits of one catalogue.

    Attributes:
        style: Values that are worn together, and the compatibility model.
        params: The scales and rules.
        schema: The catalogue's attributes.
        rules: The names of the rules.
    """

    def __init__(self, style: StyleModel, params: OutfitParams, schema: Schema) -> None:
        """Create a judge."""
        self.style, self.params, self.schema = style, params, schema
        self.rules = rule_names(params.rules)
        self._careful_rules = params.rules.tighten(params.rules.margin)
        self._reason_rules = params.rules.tighten(_REASON_SHARE)
        self._names = feature_names(params.scales, style, schema)
        self._image_model = ""
        model = style.compatibility
        shared = len(set(self._names) & set(model.features)) if model else 0
        if model and shared < _FEW_FEATURES * len(model.features):
            logger.warning(
                "This catalogue has %d of the %d features that the outfit model was trained on. "
                "Outfits use these and the rules. Train a model of your own with 'kedro run "
                "--pipelines=style'.", shared, len(model.features),
            )  # fmt: skip

    def for_images(self, image_model: str) -> OutfitJudge:
        """Return a judge that knows by which model pictures are embedded.

        Only then it tells children's clothes by their pictures.
        """
        judge = copy(self)
        judge._image_model = image_model
        return judge

    def pieces(self, pieces: Sequence[Piece]) -> Pieces:
        """Stack items to be judged together."""
        children = self.style.children
        if children is not None and children.image_model != self._image_model:
            children = None
        return make_pieces(pieces, self.params.scales, self.style, self.schema, children)

    def pair_scores(self, pieces: Pieces) -> np.ndarray:
        """Score every pair by style and wearer, as logarithms; (pieces, pieces)."""
        scores: np.ndarray = self.style.pair_scores(pieces.probabilities)
        return scores + _RECIPIENT_WEIGHT * saturated_log(1.0 - pieces.recipient_conflicts)

    def context_scores(self, pieces: Pieces, context: Mapping[str, str]) -> np.ndarray:
        """Score pieces by how far they are from what a season or an occasion needs.

        Args:
            pieces: The items.
            context: Facts by context, such as ``cold`` by ``season``; unknown ones say nothing.

        Returns:
            (pieces,) log scores, 0 for pieces within the range.
        """
        scores = np.zeros(len(pieces.embeddings))
        for name, fact in context.items():
            for scale, (low, high) in self.params.contexts.get(name, {}).get(fact, {}).items():
                if scale in pieces.scales:
                    own = pieces.on_scales[scale]
                    distance = np.maximum(low - own, 0.0) + np.maximum(own - high, 0.0)
                    scores = scores - _CONTEXT_WEIGHT * distance
        return scores

    def broken_pairs(self, pieces: Pieces) -> np.ndarray:
        """Count the rules that every pair breaks; (pieces, pieces)."""
        return broken_pairs(pieces, self._careful_rules)

    def broken_rules(
        self, pieces: Pieces, outfits: np.ndarray, is_predicted: bool = True
    ) -> np.ndarray:
        """Return (outfits, rules) which rules outfits break, see :attr:`rules`.

        Args:
            pieces: The items.
            outfits: (outfits, n) rows of the pieces of each.
            is_predicted: Whether values are predicted, and limits kept by a margin.
        """
        rules = self._careful_rules if is_predicted else self.params.rules
        return broken_rules(pieces, outfits, rules)

    @property
    def min_acceptability(self) -> float:
        """The least acceptability of a further outfit; 0 where no ratings have calibrated it."""
        return self.params.min_acceptability if self.style.compatibility else 0.0

    def acceptability(self, pieces: Pieces, outfits: np.ndarray) -> np.ndarray:
        """Predict how likely people find outfits acceptable.

        Args:
            pieces: The items.
            outfits: (outfits, n) rows of the pieces of each.

        Returns:
            (outfits,) probabilities. Without a trained model, pairs that are worn together decide.
        """
        if self.style.compatibility is not None and outfits.shape[1] > 1:
            return self.style.compatibility.predict(self._features(pieces, outfits))
        rows, others = np.triu_indices(outfits.shape[1], 1)
        scores = self.style.pair_scores(pieces.probabilities)[outfits[:, rows], outfits[:, others]]
        means = scores.mean(axis=1) if len(rows) else np.zeros(len(outfits))
        probabilities: np.ndarray = 1 / (1 + np.exp(-means))
        return probabilities

    def verdicts(self, pieces: Pieces, outfits: np.ndarray) -> list[Verdict]:
        """Judge each of a few outfits.

        Args:
            pieces: The items.
            outfits: (outfits, n) rows of the pieces of each.
        """
        if not len(outfits):
            return []
        broken = self.broken_rules(pieces, outfits)
        acceptability, reasons = self._explain(pieces, outfits)
        return [
            Verdict(
                float(acceptability[row]), list(compress(self.rules, broken[row])), reasons[row]
            )
            for row in range(len(outfits))
        ]

    def _explain(self, pieces: Pieces, outfits: np.ndarray) -> tuple[np.ndarray, list[list[str]]]:
        """Return the acceptability, and which groups of features speak for each outfit.

        A scale is a reason only where the outfit stays well within its rule, or, without one, where
        its pieces are near one another; so the reason is true whatever the model rests on.

        Returns:
            (outfits,) probabilities; and for each outfit the groups, the strongest first.
        """
        model = self.style.compatibility
        if model is None or outfits.shape[1] < 2:
            return self.acceptability(pieces, outfits), [[] for _ in outfits]
        acceptability, groups, steps = model.explain(self._features(pieces, outfits))
        broken = broken_rules(pieces, outfits, self._reason_rules)
        ranges = np.ptp(pieces.positions[outfits], axis=1)
        reasons = []
        for own_steps, own_broken, own_ranges in zip(steps, broken, ranges, strict=True):
            far = set(compress(self.rules, own_broken))
            far |= {
                name
                for name, spread in zip(pieces.scales, own_ranges, strict=True)
                if name not in self.rules and spread > _NEAR
            }
            order = np.argsort(-own_steps, kind="stable")
            strong = [groups[place] for place in order if own_steps[place] >= _MIN_REASON]
            reasons.append([group for group in strong if group not in far])
        return acceptability, reasons

    def _features(self, pieces: Pieces, outfits: np.ndarray) -> np.ndarray:
        model = self.style.compatibility
        assert model is not None
        return model.align(outfit_features(pieces, outfits), self._names)


def saturated_log(probabilities: np.ndarray) -> np.ndarray:
    """Return log probabilities within bounds: near certainty counts as certainty."""
    logs: np.ndarray = np.log(np.clip(probabilities / _CERTAIN, _MIN_PROBABILITY, 1.0))
    return logs
