"""The model card that ships beside a network."""

from __future__ import annotations

from typing import Any

from lookbook.captioners.network import LABEL, RESOLUTION
from lookbook.distillation.params import DistilParams
from lookbook.lazy import pd


def write_card(
    scores: dict[str, Any],
    report: dict[str, Any],
    agreement: dict[str, Any],
    confusions: pd.DataFrame,
    told: dict[str, int],
    params: DistilParams,
) -> str:
    """Write data, figures with their intervals, and limits as Markdown.

    Args:
        scores: ``heads`` and ``words``, see :mod:`lookbook.distillation.scores`.
        report: What there was to learn from.
        agreement: Teacher and student side by side.
        confusions: What is taken for what, the commonest first.
        told: ``captions`` that the folds' networks wrote, and how many are ``different``.
        params: The schedule, and whose photos and words these are.
    """
    heads = scores["heads"]
    rows = [
        _row(_NAMES.get(name, name), score) for name, score in heads.items()
    ] + [_row(f"{name}, named among them", score["named"]) for name, score in heads.items()
         if "named" in score]  # fmt: skip
    parts = [
        "# Garment network",
        "",
        "Says of a photo what the catalogue's fields ask, how likely each value is, and where it "
        "lies in the space of the texts. EfficientNet-Lite2 from ImageNet at "
        f"{RESOLUTION} × {RESOLUTION} pixels; its first {params.fit.frozen_blocks} blocks are "
        f"frozen, the rest and a linear layer a head were trained for {params.fit.epochs} epochs "
        "with all heads at once. In the released file the convolutions are in eight bits."
        + (
            " People's label is decided by all heads: how often each value goes with each label "
            "was counted."
            if report["examples"][LABEL]
            else ""
        ),
        "",
        "## Data",
        "",
        f"{report['photos']:,} photos of {report['senders']:,} senders, {params.credit}; "
        f"{report['examples'][LABEL]:,} have a label by people. What else they show, and the "
        f"{report['described']:,} descriptions, was said by {params.annotator}. "
        f"{report['synthetic']:,} synthetic garments were added to the training set.",
        "",
        "Examples: "
        + ", ".join(
            f"{_NAMES.get(name, name)} {n:,}" for name, n in report["examples"].items() if n
        )
        + (
            f". Not taught, for want of examples: {', '.join(report['left_out'])}"
            if report["left_out"]
            else ""
        )
        + ".",
        "",
        "## Measured",
        "",
        f"On {report['measured']:,} photos by {report['folds']}-fold cross-validation over "
        "senders: each photo is answered for by a network that saw no photo of the same person. "
        "Intervals are 95 %, by bootstrap over senders. The folds' networks are measured before "
        "the convolutions are brought to eight bits. Where the truth is not people's label it is "
        "the teacher's word: a figure of agreement with it.",
        "",
        "| | values | right | 95 % interval | macro-F1 | ECE | said | right if said |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        "ECE is the expected calibration error, over 15 bins. A value is said where it is right at "
        f"least {params.target_precision:.0%} of the time, by a threshold per attribute; else its "
        "own word for what cannot be told. How often what is said is right is measured on each "
        "fold with the threshold that the other folds give. Of "
        f"{told['captions']:,} descriptions composed from what is said "
        f"{told['different']:,} are different.",
    ]
    if scores["words"]:
        words = scores["words"]
        found = ", ".join(
            f"{k}: {score['share']:.3f} ({score['interval_95'][0]:.3f} to "
            f"{score['interval_95'][1]:.3f})"
            for k in (1, 10, 50)
            for score in [words[f"recall_at_{k}"]]
        )
        parts += [
            "",
            f"{words['descriptions']:,} descriptions, as a customer would type them, find their "
            f"own photo among {words['gallery']:,} (those of the fold and, to fill up, of the "
            f"rest) within the first {found}.",
        ]
    parts += ["", "## Recall of common values", "", "| field | recall by value |", "|---|---|"]
    parts += [
        f"| {_NAMES.get(name, name)} | "
        + ", ".join(f"{value} {share:.2f}" for value, share in score["recall"].items())
        + " |"
        for name, score in heads.items()
        if score.get("recall")
    ]
    commonest = "; ".join(
        f"{row.truth} taken for {row.predicted} ({_NAMES.get(row.head, row.head)}, {row.photos})"
        for row in confusions.head(10).itertuples()
    )
    parts += [
        "",
        "## What it gets wrong",
        "",
        f"The commonest: {commonest}.",
        "",
        "One item a photo, mostly phone photos of clothes lying or hanging. Rare values are weak. "
        "It knows nothing of size, maker or price.",
        "",
        *(
            ["## What was tried", "", *(f"- {one}" for one in params.tried), ""]
            if params.tried
            else []
        ),
        "## Agreement with the teacher",
        "",
        "| field | agreement | kappa | differ most |",
        "|---|---|---|---|",
        *[
            f"| {name} | {one['agreement']:.3f} | {one['kappa']:.3f} | "
            + ", ".join(f"{pair} ({n})" for pair, n in one["differ_most"].items())
            + " |"
            for name, one in agreement["attributes"].items()
        ],
        "",
    ]
    return "\n".join(parts)


_NAMES = {LABEL: "people's label", "category": "people's label, merged"}


def _row(name: str, score: dict[str, Any]) -> str:
    low, high = score["interval_95"]

    def figure(key: str, form: str = ".3f") -> str:
        value = score.get(key)
        return "–" if value is None else format(value, form)

    return (
        f"| {name} | {figure('values', 'd')} | {score['accuracy']:.3f} | {low:.3f} to {high:.3f} "
        f"| {figure('macro_f1')} | {figure('expected_calibration_error')} "
        f"| {figure('said_share', '.0%')} | {figure('said_right')} |"
    )
