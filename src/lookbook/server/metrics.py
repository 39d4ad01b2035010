"""Prometheus metrics; they hold nothing that a customer wrote or showed."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()

REQUESTS = Counter("lookbook_requests", "Requests answered", ["endpoint", "status"])
SECONDS = Histogram(
    "lookbook_request_duration_seconds",
    "Time from a request's first byte to its answer's last",
    ["endpoint"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
OPEN = Gauge("lookbook_answers_in_progress", "Answers that are worked on or wait for their turn")
REFUSED = Counter("lookbook_requests_refused", "Requests turned away", ["reason"])
FAILURES = Counter(
    "lookbook_answer_failures", "Answers that failed for a reason that no customer caused"
)
RELOADS = Counter("lookbook_index_reloads", "New versions of the index loaded", ["outcome"])
