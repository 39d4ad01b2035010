"""What ``products`` reports at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "products_report"
PLACES = {"products": "products", "cells": "product_quarantine"}
NEXT = "kedro run"


def summarise(report: dict[str, Any]) -> tuple[int, int, str] | None:
    """Return rows in, products out, and what their cells say; ``None`` without any product."""
    if not report["products"]:
        return None
    reasons = [f"{count:,} × {reason}" for reason, count in report["quarantined"].items()]
    cells = f"; cells not used: {', '.join(reasons)}" if reasons else ""
    described = f"{report['variants']:,} variants, {report['photos']:,} photos"
    return report["rows"], report["products"], f"{described}{cells}"
