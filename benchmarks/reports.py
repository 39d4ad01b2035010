"""Keeps the figures of a project's last `evaluate`, `distil` and `style`, whichever there are.

Usage: ``make bench-reports`` after such runs, as docs/explanation tells.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from results import Results, to_key

# The heads that people's labels taught.
PEOPLES = {
    "label": ("label", "people's label"),
    "category": ("label_merged", "people's label, merged"),
}
JUDGED = "a vision-language model's word is the truth but for people's labels"


def keep_evaluation(scores: pd.DataFrame, labels: dict[str, Any]) -> None:
    """Keep what each way of searching finds, and how often people agree with the category."""
    results = Results(
        "evaluate",
        "What does search find, and how often are labels right?",
        "kedro run --pipelines=__default__,evaluate --params=photos=FOLDER,"
        "network=data/06_models/held_out_network.onnx,annotations=TABLE",
        f"photos of people who taught the network nothing; {JUDGED}",
    )
    if labels["human_labels"]:
        told = f"category as people say, {labels['human_labels']:,} photos"
        results.add("category", told, labels["accuracy"], interval=tuple(labels["interval_95"]))
        results.add("category_f1", "category: macro-F1", labels["macro_f1"])
    first = scores["embedder"].dropna().iloc[0]
    for row in scores[scores["embedder"].isin([first]) | scores["embedder"].isna()].itertuples():
        key = to_key(f"{row.task}_{row.method}_{row.metric}")
        told = f"{row.task}, {row.method}: {str(row.metric).replace('_', ' ')}"
        interval = None if pd.isna(row.low) else (row.low, row.high)
        if not pd.isna(row.mean):
            results.add(key, told, row.mean, interval=interval)
    results.save()


def keep_network(scores: dict[str, Any], report: dict[str, Any]) -> None:
    """Keep how often a network of one's own is right about people whom it never saw."""
    results = Results(
        "network",
        "How often is the bundled network right about people it never saw?",
        "make train PHOTOS=FOLDER TEACHER=TABLE",
        f"{report['photos']:,} photos of {report['senders']:,} senders, cross-validated over "
        f"senders; {JUDGED}",
    )
    for name, head in scores["heads"].items():
        key, told = PEOPLES.get(name, (to_key(name), name))
        interval = tuple(head["interval_95"])
        results.add(key, f"{told}: right", head["accuracy"], interval=interval)
        if "said_share" in head:
            results.add(f"{key}_said", f"{told}: said at all", head["said_share"])
            results.add(f"{key}_said_right", f"{told}: right where said", head["said_right"])
    for depth in (1, 10, 50):
        found = scores.get("words", {}).get(f"recall_at_{depth}")
        if found:
            told = f"a customer's words find their photo among the first {depth}"
            interval = tuple(found["interval_95"])
            results.add(f"words_{depth}", told, found["share"], interval=interval)
    results.save()


def keep_style(report: dict[str, Any]) -> None:
    """Keep how well outfits are judged that taught nothing."""
    ratings = report["ratings"]
    results = Results(
        "style",
        "Are outfits judged as a stylist would?",
        "kedro run --pipelines=style --params=outfit_ratings=TABLE",
        f"{ratings['outfits']:,} outfits rated by a vision-language model, held out by sender",
    )
    auc = ratings["auc"]
    interval = (auc["low"], auc["high"])
    results.add("auc", "acceptable or not (AUC)", auc["mean"], interval=interval)
    results.add("acceptable", "acceptable of all rated", ratings["acceptable"])
    results.add("top_tenth", "acceptable of the tenth predicted best", ratings["top_tenth"])
    results.save()


def keep_pairs(report: dict[str, Any]) -> None:
    """Keep how well worn outfits are told from others that taught nothing."""
    results = Results(
        "pairs",
        "Does the style model know what people wear together?",
        "kedro run --pipelines=style --params=outfits=TABLE",
        f"{report['outfits']:,} worn outfits, annotated by a vision-language model; each was held "
        "out once",
    )
    named = {"right": "the missing item found among four", "auc": "a real item above another (AUC)"}
    for key, metric in named.items():
        score = report["scores"][key]
        results.add(key, metric, score["mean"], interval=(score["low"], score["high"]))
    results.save()


def main() -> None:
    """Keep what there is, and name it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=Path.cwd(), help="where kedro was run")
    options = parser.parse_args()
    bootstrap_project(options.project)
    kept = []
    with KedroSession.create(options.project) as session:
        catalog: Any = session.load_context().catalog
        if catalog.exists("retrieval_scores"):
            keep_evaluation(catalog.load("retrieval_scores"), catalog.load("label_scores"))
            kept.append("evaluate")
        if catalog.exists("network_scores"):
            keep_network(catalog.load("network_scores"), catalog.load("distil_report"))
            kept.append("network")
        if catalog.exists("style_report"):
            report = catalog.load("style_report")
            if report["ratings"]["outfits"]:
                keep_style(report)
                kept.append("style")
            if report["outfits"]:
                keep_pairs(report)
                kept.append("pairs")
    print(f"kept: {', '.join(kept) or 'nothing, since none of the three was run'}")


if __name__ == "__main__":
    main()
