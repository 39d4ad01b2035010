"""What ``export`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "export_report"
PLACES = {
    "Google": "google_feed",
    "Shopify": "shopify_products",
    "Meta": "meta_catalogue",
    "OpenAI": "openai_feed",
    "JSON-LD": "json_ld",
    "left out": "feed_rejections",
    "changes": "changes",
    "your file": "shop_export",
}
NEXT = "look up in feed_rejections.csv what is left out and what helps; upload the feeds"
# Fields that are named beside a feed.
_MAX_FIELDS = 3


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Return the products, those that some feed takes, and what each feed refuses."""
    feeds = report["feeds"]
    described = "; ".join(_describe(name, counts) for name, counts in feeds.items())
    most = max(counts["accepted"] for counts in feeds.values())
    return report["products"], most, f"{described}; {report['changes']:,} cells of your own file"


def _describe(name: str, counts: dict[str, Any]) -> str:
    text = f"{name} takes {counts['accepted']:,}"
    if not counts["rejected"]:
        return text
    fields = list(counts["fields"].items())[:_MAX_FIELDS]
    named = ", ".join(f"{count:,} for {field}" for field, count in fields)
    return f"{text} and refuses {counts['rejected']:,} ({named})"
