"""Measures what a captioner says against what people have decided in reviews."""

from __future__ import annotations

import itertools
import math
from typing import Any

from lookbook.attributes.corrections import Corrections
from lookbook.attributes.record import join_values
from lookbook.attributes.schema import Schema
from lookbook.evaluation.metrics import bootstrap_interval
from lookbook.evaluation.params import EvaluateParams
from lookbook.lazy import pd
from lookbook.photos.sampling import sampling_hash

# Half of the interval that is wanted, and how many standard deviations a 95 % interval has.
ONE_POINT, DEVIATIONS = 0.01, 1.96
# Of fewer reviews a share says too little to reckon with.
_LEAST = 30


def in_drawn_order(photo_ids: pd.Series) -> pd.Series:
    """Order photos by a hash: random, and always the same."""
    return photo_ids.sort_values(key=lambda ids: ids.map(lambda one: sampling_hash(0, one)))


def score_by_reviews(
    judged: pd.DataFrame, corrections: Corrections, schema: Schema, params: EvaluateParams
) -> dict[str, dict[str, Any]]:
    """Score each attribute by the photos that people have looked at.

    Whoever looks at doubtful items first finds more errors than there are elsewhere. So a share
    that speaks for all items is reckoned from those at the head of the drawn order that have all
    been looked at, which is how a review in that order goes.

    Args:
        judged: ``photo_id``, ``sender_id``, ``taught`` and the attributes as a captioner says them,
            see :func:`lookbook.evaluation.label_scores.judge_captions`.
        corrections: What people have decided.
        schema: The catalogue's schema.
        params: How intervals are estimated.

    Returns:
        By attribute, of those that somebody has looked at: ``looked_at`` photos and the ``right``
        share of them; ``drawn`` photos, and of them ``accuracy``, ``interval_95``, and how many
        ``more_for_one_point`` it takes until the interval is of 1 point to either side. Missing
        where nothing was drawn. A caption of no use counts as wrong.
    """
    unseen = judged[~judged["taught"].astype(bool)].drop_duplicates("photo_id")
    order = in_drawn_order(unseen["photo_id"]).tolist()
    rows = unseen.set_index("photo_id")
    # In the drawn order.
    said = {one: corrections.values_for(one) for one in order if one in corrections.decisions}
    scores = {}
    for name in schema.categorical:
        right: dict[str, float] = {}
        for photo_id, values in said.items():
            if (told := values.get(name)) is not None:
                cell = rows.at[photo_id, name]
                right[photo_id] = float(("" if pd.isna(cell) else cell) == join_values(told))
        if not right:
            continue
        drawn = list(itertools.takewhile(right.__contains__, order))
        known = pd.Series(right, dtype=float)
        scores[name] = {
            "looked_at": len(right),
            "right": round(float(known.mean()), 4),
            **_score_drawn(known[drawn], rows, len(order), params),
        }
    return scores


def _score_drawn(
    right: pd.Series, rows: pd.DataFrame, photos: int, params: EvaluateParams
) -> dict[str, Any]:
    if len(right) < _LEAST:
        return {"drawn": len(right), "accuracy": None, "interval_95": None,
                "more_for_one_point": None}  # fmt: skip
    share = float(right.mean())
    senders = rows.loc[right.index, "sender_id"].astype("string")
    senders = senders.fillna(pd.Series(right.index, right.index, dtype="string"))
    # Of few photos, fewer have to be looked at (finite population correction; Cochran, 1977).
    wanted = max(share * (1 - share), 1 / photos) * (DEVIATIONS / ONE_POINT) ** 2
    wanted = math.ceil(wanted / (1 + (wanted - 1) / photos))
    return {
        "drawn": len(right),
        "accuracy": round(share, 4),
        "interval_95": bootstrap_interval(right, params.bootstrap_rounds, params.seed, senders),
        "more_for_one_point": max(0, wanted - len(right)),
    }
