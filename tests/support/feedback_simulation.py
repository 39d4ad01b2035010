"""A shop whose customers click by known weights and tastes, and more at the top of the page."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from lookbook.datasets.feedback_log_dataset import SCHEMA

COLOURS = ("black", "white", "red", "blue", "green")
COMPONENTS = ("text_embedding", "image_in_text_space", "image_embedding", "bm25")
SHOWN, CANDIDATES, DAYS = 8, 20, 40


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
