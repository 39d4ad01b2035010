"""Hard rules of an outfit: what does not go together, whatever somebody's taste."""

from __future__ import annotations

import numpy as np

from lookbook.outfits.features import RECIPIENT, Pieces
from lookbook.outfits.params import OutfitRules

AGE, MISSING = "age", "missing"


def rule_names(rules: OutfitRules) -> list[str]:
    """Return the names of the rules, in the order of :func:`broken_rules`."""
    return [*rules.spread, *rules.most, RECIPIENT, AGE]


def broken_rules(pieces: Pieces, outfits: np.ndarray, rules: OutfitRules) -> np.ndarray:
    """Return which rules outfits break.

    Args:
        pieces: The items.
        outfits: (outfits, n) rows of the pieces of each.
        rules: The rules; a scale that the pieces do not have is left out.

    Returns:
        (outfits, rules) in the order of :func:`rule_names`.
    """
    positions = pieces.on_scales
    kept = np.zeros(len(outfits), bool)
    columns = [
        np.ptp(positions[name][outfits], axis=1) > largest if name in positions else kept
        for name, largest in rules.spread.items()
    ]
    columns += [
        positions[name][outfits].sum(axis=1) > largest if name in positions else kept
        for name, largest in rules.most.items()
    ]
    rows, others = np.triu_indices(outfits.shape[1], 1)
    conflicts = _excess_conflicts(pieces)[outfits[:, rows], outfits[:, others]]
    columns.append(conflicts.max(axis=1, initial=0.0) > rules.other_recipient)
    columns.append(np.ptp(for_children(pieces, rules)[outfits], axis=1) > 0.5)
    return np.stack(columns, axis=1)


def broken_pairs(pieces: Pieces, rules: OutfitRules) -> np.ndarray:
    """Count the rules that each pair of pieces breaks by itself; (pieces, pieces).

    An outfit that holds such a pair breaks them too, unless a wearer is unknown.
    """
    count = np.zeros((len(pieces.embeddings),) * 2)
    for name, largest in rules.spread.items():
        if name in pieces.scales:
            own = pieces.on_scales[name]
            count += np.abs(own[:, None] - own) > largest
    for name, largest in rules.most.items():
        if name in pieces.scales:
            own = pieces.on_scales[name]
            count += own[:, None] + own > largest
    # Also beside a piece of an unknown wearer, pieces that suit either wearer come first.
    count += pieces.recipient_conflicts > rules.other_recipient
    ages = for_children(pieces, rules)
    count += np.abs(ages[:, None] - ages) > 0.5
    return count


def _excess_conflicts(pieces: Pieces) -> np.ndarray:
    """Return (pieces, pieces) how far conflicts of wearers exceed the doubt about a piece itself.

    A piece of an unknown wearer conflicts with everything in part, which breaks no rule.
    """
    doubt = np.diagonal(pieces.recipient_conflicts)
    excess: np.ndarray = pieces.recipient_conflicts - np.maximum(doubt[:, None], doubt)
    return excess


def for_children(pieces: Pieces, rules: OutfitRules) -> np.ndarray:
    """Return (pieces,) how likely each is for a child: as the shop says, or by its values."""
    by_values = np.zeros(len(pieces.embeddings))
    for name, values in rules.children.items():
        by_values = np.maximum(by_values, pieces.probabilities.of(name, values).sum(axis=1))
    return np.where(np.isnan(pieces.for_children), by_values, pieces.for_children)
