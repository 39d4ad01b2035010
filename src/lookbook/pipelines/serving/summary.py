"""What ``serving`` tells at the end of a run."""

TABLES = {"reply": lambda reply: [reply]}
