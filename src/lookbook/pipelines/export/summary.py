"""What ``export`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "export_report"
PLACES = {
    "Google": "google_feed",
    "Shopify": "shopify_products",
    "Meta": "meta_catalogue",
    "OpenAI": "openai_feed",
    "JSON-LD": "json_ld",
    "changes": "changes",
    "your file": "shop_export",
}
NEXT = "upload the feeds to the shops"
# Fields that are named beside a feed.
_MAX_FIELDS = 3


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return the products, those that some feed accepts, and what each feed rejects."""
    feeds = report["feeds"]
    described = "; ".join(_describe(name, counts) for name, counts in feeds.items())
    most = max(counts["accepted"] for counts in feeds.values())
    rejected = sum(counts["rejected"] for counts in feeds.values())
    sentence = f"entries left out of feeds, with what helps: {rejected:,}"
    return StageSummary(
        report["products"], most,
        f"{described}; {report['changes']:,} cells of your own file filled", "products exported",
        set_aside={"feed_rejections": sentence} if rejected else {},
    )  # fmt: skip


def _describe(name: str, counts: dict[str, Any]) -> str:
    text = f"{name} accepts {counts['accepted']:,}"
    if not counts["rejected"]:
        return text
    fields = list(counts["fields"].items())[:_MAX_FIELDS]
    named = ", ".join(f"{count:,} for {field}" for field, count in fields)
    return f"{text} and rejects {counts['rejected']:,} ({named})"
