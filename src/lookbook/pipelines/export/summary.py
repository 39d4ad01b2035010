"""What ``export`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "export_report"
PLACES = {
    "Shopify": "shopify_products",
    "Google": "merchant_feed",
    "changes": "changes",
    "your file": "shop_export",
}
NEXT = "import the files in your shop's administration"


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Return what was exported, and which attributes are empty."""
    empty = ", ".join(f"{count:,} without {name}" for name, count in report["empty"].items())
    return (
        report["products"],
        report["offers"],
        (
            f"products and offers; {empty or 'none lacks any'}; "
            f"{report['changes']:,} cells of your own file"
        ),
    )
