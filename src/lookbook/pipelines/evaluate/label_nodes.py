"""Measures captions against what people say of the same photos."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from lookbook.annotations import MatplotlibFigure, PlotlyFigure, pd
from lookbook.errors import InputError
from lookbook.metrics import bootstrap_interval
from lookbook.photos import Photo
from lookbook.pipelines.clean.nodes import MAPPED, map_vocabulary, parse_captions
from lookbook.pipelines.evaluate.params import EvaluateParams
from lookbook.plots import plot_confusion
from lookbook.vocabulary import Label, Vocabulary

VALID = "schema-valid"
UNUSABLE = "no label"
# Runs' scores that are told in one row each.
RANKED = [
    "captioner", "photos", "schema_valid_share", "usable_share", "human_labels",
    "category_accuracy", "interval_95", "macro_f1", "description_words", "seconds_per_photo",
    "input_tokens", "output_tokens", "cost",
]  # fmt: skip


def judge_captions(captions: pd.DataFrame, vocabulary: Vocabulary) -> pd.DataFrame:
    """Compares each caption, cleaned as the catalogue's are, with the photo's human label.

    Args:
        captions: As the ``label`` pipeline collects them.
        vocabulary: Human labels count as its categories where it has a word for them.

    Returns:
        The captions with the label's fields (missing where the caption is of no use),
        ``expected`` (the human label's category, missing where there is none), ``correct``
        (missing as well), ``values_mapped`` (how many fields came in other words than the
        vocabulary's) and ``status``: ``schema-valid`` as it came, ``repaired``, ``outside the
        vocabulary``, or the reason why it is of no use.
    """
    parsed, rejected = parse_captions(captions)
    mapped, _ = map_vocabulary(parsed, vocabulary)
    fields = list(MAPPED)
    changed = mapped[fields].ne(parsed[fields].astype(object).fillna("")).sum(axis=1)
    judged = captions.merge(
        mapped.assign(repair=parsed["repair"], values_mapped=changed),
        how="left", left_on="file", right_on="Filename",
    )  # fmt: skip
    judged = judged.merge(rejected[["file", "reason"]], how="left", on="file")
    valid = judged["caption"].map(lambda text: _is_schema_valid(text, vocabulary))
    as_json = judged["repair"].eq("json")
    judged["status"] = (
        judged["reason"]
        .where(judged["reason"].notna(), "repaired")
        .mask(as_json, "outside the vocabulary")
        .mask(valid & judged["reason"].isna(), VALID)
    )
    judged["expected"] = judged["label"].map(
        lambda label: _expected(label, vocabulary), na_action="ignore"
    )
    judged["correct"] = (
        judged["Category"].eq(judged["expected"]).astype("boolean").mask(judged["expected"].isna())
    )
    return judged.drop(columns=["Filename", "repair", "reason"])


def score_labels(judged: pd.DataFrame, fingerprint: str, params: EvaluateParams) -> dict[str, Any]:
    """Scores a captioner's labels.

    Args:
        judged: As :func:`judge_captions` returns them.
        fingerprint: Captioner and prompt.
        params: How intervals are estimated: by bootstrap over senders, where they are known.

    Returns:
        Shares, counts and costs. A caption of no use counts as a wrong category.
    """
    from sklearn.metrics import f1_score, precision_recall_fscore_support

    known = judged[judged["expected"].notna()]
    right = known["correct"].astype(float)
    usable = judged["Category"].notna()
    scores: dict[str, Any] = {
        "captioner": fingerprint,
        "photos": len(judged),
        "schema_valid_share": _mean(judged["status"].eq(VALID)),
        "usable_share": _mean(usable),
        "status": judged["status"].value_counts().to_dict(),
        "values_mapped": int(judged["values_mapped"].sum()),
        "human_labels": len(known),
        "category_accuracy": None,
        "interval_95": None,
        "macro_f1": None,
        "by_category": {},
        "genders": judged["Gender"].value_counts().to_dict(),
        "types": judged["Type"].value_counts().to_dict(),
        "description_words": _mean(judged.loc[usable, "Description"].str.split().str.len()),
        "seconds_per_photo": _mean(judged["seconds"]),
        "input_tokens": int(judged["input_tokens"].sum()),
        "output_tokens": int(judged["output_tokens"].sum()),
        "cost": None if judged["cost"].isna().all() else round(float(judged["cost"].sum()), 6),
    }
    if len(known):
        truth, guess = known["expected"], known["Category"].astype(object).fillna(UNUSABLE)
        categories = sorted(truth.unique())
        senders = known["sender_id"].astype("string").fillna(known["file"])
        by_category = precision_recall_fscore_support(
            truth, guess, labels=categories, zero_division=0.0
        )
        scores |= {
            "category_accuracy": _mean(right),
            "interval_95": bootstrap_interval(right, params.bootstrap_rounds, params.seed, senders),
            "macro_f1": round(float(f1_score(truth, guess, labels=categories, average="macro")), 4),
            "by_category": {
                category: {
                    "precision": round(float(precision), 4),
                    "recall": round(float(recall), 4),
                    "photos": int(support),
                }
                for category, precision, recall, _, support in zip(
                    categories, *by_category, strict=True
                )
            },
        }
    return scores


def rank_runs(
    scores_of_runs: dict[str, Callable[[], dict[str, Any]]], scores: dict[str, Any]
) -> pd.DataFrame:
    """Gathers the scores of all runs so far, a row each, the latest first.

    Args:
        scores_of_runs: Every version of the scores, by the run's time.
        scores: This run's, which are among them; named so that they are written first.

    Returns:
        ``run`` and :data:`RANKED`.
    """
    rows = [{"run": version.split("/")[0], **load()} for version, load in scores_of_runs.items()]
    ranked = pd.DataFrame(rows, columns=["run", *RANKED])
    return ranked.sort_values("run", ascending=False, ignore_index=True)


def count_confusions(judged: pd.DataFrame) -> pd.DataFrame:
    """Counts, for each human label, the categories that its photos were given."""
    known = judged[judged["expected"].notna()]
    counts = pd.crosstab(known["label"], known["Category"].astype(object).fillna(UNUSABLE))
    return counts.rename_axis("label").reset_index()


def plot_label_confusion(confusion: pd.DataFrame) -> PlotlyFigure:
    """Draws which categories the photos of each human label were given."""
    return plot_confusion(confusion, "Categories given, by human label")


def plot_worst_cases(
    judged: pd.DataFrame, files: dict[str, Callable[[], bytes]], params: EvaluateParams
) -> MatplotlibFigure:
    """Draws photos of wrong labels with what the caption and what a person says.

    The confusions that occur most often come first, one photo of each before a second of any.
    """
    import textwrap

    from matplotlib.figure import Figure

    wrong = judged[judged["correct"].eq(False).fillna(False)].copy()
    wrong["said"] = wrong["Category"].fillna(wrong["status"])
    pairs = wrong.groupby(["label", "said"])["file"]
    wrong["turn"], wrong["often"] = pairs.cumcount(), pairs.transform("size")
    order = wrong.sort_values(["turn", "often", "file"], ascending=[True, False, True])
    chosen = order.head(params.worst_cases)
    columns = 6
    rows = max(1, -(-len(chosen) // columns))
    figure = Figure(figsize=(2.1 * columns, 2.9 * rows), dpi=80, layout="constrained")
    figure.suptitle(f"{len(wrong):,} of {int(judged['expected'].notna().sum()):,} labels are wrong")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, row in zip(axes, chosen.itertuples(), strict=False):
        try:
            image = Photo(row.file, files[row.file]).image()
        except (InputError, OSError, KeyError):
            # The photo was there when it was captioned, and is gone since.
            image = None
        if image is not None:
            image.thumbnail((200, 200), reducing_gap=2)
            axis.imshow(image)
        title = row.Title if isinstance(row.Title, str) else row.status
        told = textwrap.fill(f"{row.said}: {title}", 26, max_lines=2)
        axis.set_title(f"{told}\na person: {row.label}", fontsize=8, parse_math=False)
    return figure


def _is_schema_valid(text: Any, vocabulary: Vocabulary) -> bool:
    try:
        label = Label.model_validate_json(text if isinstance(text, str) else "")
    except ValidationError:
        return False
    return all(getattr(label, field) in vocabulary.terms(field) for field in MAPPED)


def _expected(label: str, vocabulary: Vocabulary) -> str | None:
    category, how = vocabulary.lookup("Category", label)
    return None if how == "none" else category


def _mean(values: pd.Series) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None
