"""A shop whose customers click by known weights and tastes, and more at the top of the page."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from lookbook.datasets.feedback_log_dataset import SCHEMA
from lookbook.pipelines.learn.nodes import LearnParams
from lookbook.search.ranking import FusionWeights
from project import configuration

COLOURS = ("black", "white", "red", "blue", "green")
COMPONENTS = ("text_embedding", "image_in_text_space", "image_embedding", "bm25")
SHOWN, CANDIDATES, DAYS = 8, 20, 40
WEIGHTS = FusionWeights.model_validate(configuration("globals")["search_weights"])
TRUE_WEIGHTS = WEIGHTS.model_copy(update={"text": 1.0, "bm25": 0.02, "attributes_when_vague": 0.1})
_DRAWN = np.random.default_rng(7).normal(size=(len(COLOURS), len(COLOURS)))
TRUE_PAIRS = {
    (start, chosen): float(_DRAWN[row, column])
    for row, start in enumerate(COLOURS)
    for column, chosen in enumerate(COLOURS)
}
PARAMS = LearnParams.model_validate(
    configuration("parameters_learn")["learn"]
    | {"weights": WEIGHTS, "held_out_days": 12, "bootstrap_rounds": 300}
)


def weights_error(weights):
    """Return the standard deviation of the weights' logarithms: they count by their ratios."""
    logs = [
        np.log(getattr(weights, name) / getattr(TRUE_WEIGHTS, name))
        for name in FusionWeights.model_fields
        if name != "image"  # no query has an image
    ]
    return float(np.std(logs))


def pair_matrices(values):
    """Return learned and true pair preferences, up to what all values have in common beside one."""
    found = np.array([[values[start].get(one, 0.0) for one in COLOURS] for start in COLOURS])
    truth = np.array([[TRUE_PAIRS[start, one] for one in COLOURS] for start in COLOURS])
    return tuple(one - one.mean(axis=1, keepdims=True) for one in (found, truth))


def simulate(answers, weights, true_weights, true_pairs, seed=0, is_noise=False):
    """Return a feedback log.

    Each answer shows the best of its candidates by ``weights``, or by a score that knows no pairs.
    Customers look down the page, give up at each place with a chance of a fifth, and click the
    first item that appeals to them: by ``true_weights`` and ``true_pairs``, or all alike.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(answers):
        is_search = number % 2 == 0
        time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=24 * DAYS * number // answers)
        about = {
            "answer_id": secrets.token_hex(16), "time": time, "sort": "relevance",
            "mode": "search" if is_search else "complementary",
        }  # fmt: skip
        if is_search:
            scores = {
                "text_embedding": generator.normal(0.5, 0.15, CANDIDATES),
                "image_in_text_space": generator.normal(0.3, 0.08, CANDIDATES),
                "bm25": generator.gamma(2.0, 2.0, CANDIDATES),
                "attribute_log_probs": -generator.gamma(1.5, 0.7, CANDIDATES),
            }
            confidence = generator.uniform()
            start, pair_scores = {}, np.zeros(CANDIDATES)
        else:
            scores = {"required": generator.normal(0, 1, CANDIDATES)}
            confidence, start = 0.0, {"Colours": [str(generator.choice(COLOURS))]}
        colours = generator.choice(COLOURS, CANDIDATES)
        if not is_search:
            pair_scores = np.array([true_pairs.get((start["Colours"][0], c), 0) for c in colours])

        def total(by, scores=scores, confidence=confidence):
            by_component = by.by_component(confidence)
            return sum(by_component[name] * values for name, values in scores.items())

        shown_by = total(weights) if is_search else scores["required"]
        appeal = total(true_weights) if is_search else scores["required"] + pair_scores
        appeal = (appeal - appeal.mean()) * (4.0 if is_search else 1.0)
        order = np.argsort(-shown_by)[:SHOWN]
        for rank, item in enumerate(order):
            rows.append(
                {
                    **about, "event": "answered", "item_id": f"item {item}", "rank": rank,
                    "slot": "shoes", "start": start, "text_confidence": confidence,
                    "components": {name: float(values[item]) for name, values in scores.items()},
                    "values": {"Colours": [str(colours[item])]},
                }
            )  # fmt: skip
        for item in order:
            chance = 0.25 if is_noise else 1 / (1 + np.exp(1.5 - appeal[item]))
            if generator.uniform() < chance:
                clicked = {name: about[name] for name in ("answer_id", "time")}
                rows.append({**clicked, "event": "clicked", "item_id": f"item {item}"})
                break
            if generator.uniform() < 0.2:
                break
    return pa.Table.from_pylist(rows, SCHEMA)
