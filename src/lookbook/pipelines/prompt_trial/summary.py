"""What ``prompt_trial`` tells at the end of a run."""

from lookbook.evaluation.score_tables import trial_table

TABLES = {"trial_scores": lambda scores: [trial_table(scores)]}
