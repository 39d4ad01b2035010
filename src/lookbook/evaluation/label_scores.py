"""Measures labels against what people say of the same photos."""

from __future__ import annotations

from typing import Any

from lookbook.attributes.cleaning import CleanAnswer, clean_answer
from lookbook.attributes.record import is_valid, split_values, to_row
from lookbook.attributes.schema import Schema, SingleAttribute
from lookbook.evaluation.metrics import bootstrap_interval
from lookbook.evaluation.params import EvaluateParams
from lookbook.lazy import pd

VALID = "schema-valid"
UNUSABLE = "no label"


def judge_captions(captions: pd.DataFrame, schema: Schema, params: EvaluateParams) -> pd.DataFrame:
    """Compare each caption, cleaned as the catalogue's are, with the photo's human label.

    Args:
        captions: As :func:`lookbook.captioners.shards.gather_captions` returns them.
        schema: The catalogue's schema. Human labels count as values of one of them, where it has a
            word for them.
        params: Which.

    Returns:
        The captions with the attributes (missing where the caption is of no use), ``expected`` (the
        human label's value, missing where there is none), ``correct`` (missing as well),
        ``values_mapped`` (how many attributes came in other words than the declared values) and
        ``status``: ``schema-valid`` as it came, ``repaired``, ``outside the vocabulary``, or
        the reason why it is of no use.
    """
    rows = []
    for text, failure in zip(captions["caption"], captions["failure"], strict=True):
        answer = text if isinstance(text, str) else ""
        cleaned = clean_answer(answer, schema)
        status = f"no caption: {failure}" if isinstance(failure, str) else cleaned.rejection
        if status is None:
            status = VALID if is_valid(answer, schema) else _status(cleaned)
        told = [one for one in cleaned.mappings if one.value and one.method != "exact"]
        record = to_row(cleaned.record, schema) if cleaned.record else {}
        rows.append({**record, "values_mapped": len(told), "status": status})
    found = pd.DataFrame(rows, columns=[*schema.names, "values_mapped", "status"])
    given = captions.drop(columns=found.columns, errors="ignore").reset_index(drop=True)
    judged = pd.concat([given, found], axis=1)
    human = schema.singles[params.human_label]
    judged["expected"] = judged["label"].map(
        lambda label: _expected(label, human), na_action="ignore"
    )
    correct = judged[params.human_label].eq(judged["expected"])
    judged["correct"] = correct.astype("boolean").mask(judged["expected"].isna())
    return judged


def score_labels(
    judged: pd.DataFrame, fingerprint: str, schema: Schema, params: EvaluateParams
) -> dict[str, Any]:
    """Score a captioner's labels.

    Args:
        judged: As :func:`judge_captions` returns them.
        fingerprint: Captioner and prompt.
        schema: The catalogue's schema.
        params: How intervals are estimated: by bootstrap over senders, where they are known.

    Returns:
        Shares, counts and costs; of each attribute with values, under ``attributes``, the share of
        items of which it says something, and how often each value occurs. A caption of no use
        counts as wrong.
    """
    usable = judged[params.human_label].notna()
    words = judged.loc[usable, schema.description].astype(str).str.split().str.len()
    return {
        "captioner": fingerprint,
        "photos": len(judged),
        "schema_valid_share": _mean(judged["status"].eq(VALID)),
        "usable_share": _mean(usable),
        "status": judged["status"].value_counts().to_dict(),
        "values_mapped": int(judged["values_mapped"].sum()),
        "human_label": params.human_label,
        **_score_against_people(judged, params),
        "attributes": {
            name: _score_field(judged.loc[usable, name], attribute)
            for name, attribute in schema.categorical.items()
        },
        "description_words": _mean(words),
        "seconds_per_photo": _mean(judged["seconds"]),
        "input_tokens": int(judged["input_tokens"].sum()),
        "output_tokens": int(judged["output_tokens"].sum()),
        "cost": None if judged["cost"].isna().all() else round(float(judged["cost"].sum()), 6),
    }


def count_confusions(judged: pd.DataFrame, params: EvaluateParams) -> pd.DataFrame:
    """Counts, for each human label, the values that its photos were given."""
    known = judged[judged["expected"].notna()]
    given = known[params.human_label].astype(object).fillna(UNUSABLE)
    return pd.crosstab(known["label"], given).rename_axis("label").reset_index()


def _score_against_people(judged: pd.DataFrame, params: EvaluateParams) -> dict[str, Any]:
    known = judged[judged["expected"].notna()]
    if known.empty:
        return {
            "human_labels": 0, "accuracy": None, "interval_95": None, "macro_f1": None,
            "by_value": {},
        }  # fmt: skip
    from sklearn.metrics import f1_score, precision_recall_fscore_support

    right = known["correct"].astype(float)
    truth, guess = known["expected"], known[params.human_label].astype(object).fillna(UNUSABLE)
    values = sorted(truth.unique())
    senders = known["sender_id"].astype("string").fillna(known["photo_id"])
    by_value = precision_recall_fscore_support(truth, guess, labels=values, zero_division=0.0)
    return {
        "human_labels": len(known),
        "accuracy": _mean(right),
        "interval_95": bootstrap_interval(right, params.bootstrap_rounds, params.seed, senders),
        "macro_f1": round(float(f1_score(truth, guess, labels=values, average="macro")), 4),
        "by_value": {
            value: {
                "precision": round(float(precision), 4),
                "recall": round(float(recall), 4),
                "photos": int(support),
            }
            for value, precision, recall, _, support in zip(values, *by_value, strict=True)
        },
    }


def _score_field(cells: pd.Series, attribute: Any) -> dict[str, Any]:
    values = cells.map(split_values).explode().dropna() if attribute.kind == "multi" else cells
    said = cells.ne(attribute.default) if isinstance(attribute, SingleAttribute) else cells.ne("")
    return {"said_share": _mean(said), "values": values.value_counts().to_dict()}


def _status(cleaned: CleanAnswer) -> str:
    return "outside the vocabulary" if cleaned.repair == "json" else "repaired"


def _expected(label: str, human: SingleAttribute) -> str | None:
    value, how = human.lookup(label)
    return None if how == "none" else value


def _mean(values: pd.Series) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None
