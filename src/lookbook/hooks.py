"""Kedro hooks of this project."""

from __future__ import annotations


class SummaryHooks:
    """Prints what a run has done."""
