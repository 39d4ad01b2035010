"""What people decide, as the nodes of the pipelines see it."""

from __future__ import annotations

from lookbook.attributes.corrections import COLUMNS
from lookbook.lazy import pd

NOTHING_APPLIED = pd.DataFrame(columns=["line", *COLUMNS, "outcome"], dtype=object)


def decisions(*told: tuple[str, str, str]) -> pd.DataFrame:
    """Lays out decisions as they are loaded: photo, field and value of each, a second apart."""
    rows = [
        {
            "line": line,
            "photo_id": photo_id,
            "attribute": attribute,
            "old_value": "",
            "new_value": value,
            "reviewer": "ann",
            "timestamp": f"2026-01-31T12:00:{line:02d}+00:00",
            "problem": "",
        }
        for line, (photo_id, attribute, value) in enumerate(told, start=2)
    ]
    return pd.DataFrame(rows, columns=["line", *COLUMNS, "problem"], dtype=object)


def applied(*told: tuple[str, str, str, str]) -> pd.DataFrame:
    """Lays out decisions as ``clean`` has applied them: photo, field, value and outcome."""
    table = decisions(*(one[:3] for one in told)).drop(columns="problem")
    return table.assign(outcome=[one[3] for one in told])
