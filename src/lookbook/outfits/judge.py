"""Judges outfits: rules first, then how likely people find them acceptable."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property

import numpy as np

from lookbook.attributes.schema import Schema
from lookbook.outfits.features import (
    Piece,
    Pieces,
    feature_names,
    make_pieces,
    outfit_features,
)
from lookbook.outfits.params import OutfitParams, OutfitRules
from lookbook.outfits.rules import broken_pairs, broken_rules, rule_names
from lookbook.outfits.style import StyleModel

# Weight of the probability that two pieces are for one wearer, as a logarithm.
_RECIPIENT_WEIGHT = 5.0
_MIN_AGREEMENT = 0.005
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


class OutfitJudge:
    """Judges the outfits of one catalogue."""

    def __init__(self, style: StyleModel, params: OutfitParams, schema: Schema) -> None:
        """Create a judge."""
        self.style, self.params, self.schema = style, params, schema
        self._image_model = ""

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
        agreement = (1.0 - pieces.recipient_conflicts) / _CERTAIN
        agreement = np.clip(agreement, _MIN_AGREEMENT, 1.0)
        scores: np.ndarray = self.style.pair_scores(pieces.probabilities)
        return scores + _RECIPIENT_WEIGHT * np.log(agreement)

    def context_scores(self, pieces: Pieces, context: Mapping[str, str]) -> np.ndarray:
        """Score pieces by how far they are from what a season or an occasion needs.

        Args:
            pieces: The items.
            context: Facts by context, such as ``cold`` by ``season``; unknown ones say nothing.

        Returns:
            (pieces,) log scores, 0 for pieces within the range.
        """
        scores = np.zeros(len(pieces.embeddings))
        positions = dict(zip(pieces.scales, pieces.positions.T, strict=True))
        for name, fact in context.items():
            for scale, (low, high) in self.params.contexts.get(name, {}).get(fact, {}).items():
                if scale in positions:
                    own = positions[scale]
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

    @cached_property
    def _careful_rules(self) -> OutfitRules:
        return self.params.rules.tighten(self.params.rules.margin)

    @property
    def min_acceptability(self) -> float:
        """The least acceptability of a further outfit; 0 where no ratings have calibrated it."""
        return self.params.min_acceptability if self.style.compatibility else 0.0

    @property
    def rules(self) -> list[str]:
        """The names of the rules."""
        return rule_names(self.params.rules)

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

    def reasons(self, pieces: Pieces, outfits: np.ndarray) -> list[list[str]]:
        """Return which groups of features speak for each outfit, the strongest first.

        A scale is a reason only where the outfit stays well within its rule, or, without one, where
        its pieces are near one another; so the reason is true whatever the model rests on.
        """
        model = self.style.compatibility
        if model is None or outfits.shape[1] < 2:
            return [[] for _ in outfits]
        groups, steps = model.contributions(self._features(pieces, outfits))
        strict = self.params.rules.tighten(_REASON_SHARE)
        broken = broken_rules(pieces, outfits, strict)
        ranges = np.ptp(pieces.positions[outfits], axis=1)
        reasons = []
        for own_steps, own_broken, own_ranges in zip(steps, broken, ranges, strict=True):
            far = {name for name, is_far in zip(self.rules, own_broken, strict=True) if is_far}
            far |= {
                name
                for name, spread in zip(pieces.scales, own_ranges, strict=True)
                if name not in self.rules and spread > _NEAR
            }
            order = np.argsort(-own_steps, kind="stable")
            strong = [groups[place] for place in order if own_steps[place] >= _MIN_REASON]
            reasons.append([group for group in strong if group not in far])
        return reasons

    def _features(self, pieces: Pieces, outfits: np.ndarray) -> np.ndarray:
        model = self.style.compatibility
        assert model is not None
        return model.align(outfit_features(pieces, outfits), self._names)

    @cached_property
    def _names(self) -> list[str]:
        names = feature_names(self.params.scales, self.style, self.schema)
        model = self.style.compatibility
        shared = len(set(names) & set(model.features)) if model else 0
        if model and shared < _FEW_FEATURES * len(model.features):
            logger.warning(
                "This catalogue has %d of the %d features that the outfit model was trained on. "
                "Outfits rest on these and on the rules; train another with "
                "'kedro run --pipelines=style'.", shared, len(model.features),
            )  # fmt: skip
        return names
