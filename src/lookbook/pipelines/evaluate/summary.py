"""What ``evaluate`` tells at the end of a run."""

from lookbook.evaluation.score_tables import label_table, retrieval_tables

TABLES = {
    "label_scores": lambda scores: [label_table(scores)],
    "retrieval_scores": retrieval_tables,
}
