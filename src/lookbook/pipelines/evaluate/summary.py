"""What ``evaluate`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.evaluation.score_tables import label_table, rating_tables, retrieval_tables


def tell_unseen(report: dict[str, Any]) -> list[str]:
    """Count the photos that taught nothing; advise where there are none."""
    told = (
        f"{report['taught']:,} of {report['items']:,} photos taught the network and are not "
        f"scored; of the other {report['unseen']:,} by {report['senders']:,} senders "
        f"{report['asked']:,} are asked for, {report['in_words']:,} in a customer's words, among "
        f"{report['gallery']:,}."
    )
    if report["taught"] and not report["unseen"]:
        told += (
            " Figures of people never seen come from the network that 'distil' holds out: run all "
            "of it with --params=network=data/06_models/held_out_network.onnx."
        )
    elif not report["in_words"]:
        told += (
            " For customers' words name a table of them with --params=annotations=TABLE, or as "
            "'annotations' in conf/local/globals.yml."
        )
    return [told]


TABLES = {
    "label_scores": lambda scores: [label_table(scores)],
    "evaluate_report": tell_unseen,
    "retrieval_scores": retrieval_tables,
    "rating_scores": rating_tables,
}
