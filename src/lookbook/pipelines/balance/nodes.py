"""Chooses which photos are worth captioning: adults' clothes, few categories, none too large."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, model_validator

from lookbook.annotations import PlotlyFigure, pd
from lookbook.plots import plot_before_and_after
from lookbook.sampling import cap_groups


class BalanceParams(BaseModel):
    """How photos are chosen.

    Attributes:
        categories: Human labels by the category they are merged into.
        other: The category of every label that is named nowhere.
        cap: The most photos of a category.
        seed: Chooses among them.
    """

    categories: dict[str, list[str]]
    other: str
    cap: int = Field(gt=0)
    seed: int

    @model_validator(mode="after")
    def _each_label_once(self) -> BalanceParams:
        labels = [label for merged in self.categories.values() for label in merged]
        repeated = sorted({label for label in labels if labels.count(label) > 1})
        if repeated:
            raise ValueError(f"labels merged into more than one category: {', '.join(repeated)}")
        return self

    def category(self, label: str) -> str:
        """Gives the category that a human label is merged into."""
        merged = (name for name, labels in self.categories.items() if label in labels)
        return next(merged, self.other)


def drop_kids(manifest: pd.DataFrame) -> pd.DataFrame:
    """Leaves out children's clothes; a photo without human labels stays."""
    return manifest[~manifest["kids"].eq(True).fillna(False)].reset_index(drop=True)


def merge_labels(adults: pd.DataFrame, params: BalanceParams) -> pd.DataFrame:
    """Adds ``category``, the merged human label, empty for a photo without one."""
    return adults.assign(category=adults["label"].map(params.category, na_action="ignore"))


def cap_categories(merged: pd.DataFrame, params: BalanceParams) -> pd.DataFrame:
    """Keeps at most ``cap`` photos of each category, and every photo without a category.

    The choice depends on the seed and on which photos there are, not on the order of rows.

    Returns:
        The chosen rows, sorted by file.
    """
    return cap_groups(merged, by="category", key="file", cap=params.cap, seed=params.seed)


def report_balance(
    manifest: pd.DataFrame,
    adults: pd.DataFrame,
    merged: pd.DataFrame,
    selection: pd.DataFrame,
) -> dict[str, Any]:
    """Counts photos before and after each step, by category where there is one."""
    return {
        "photos": len(manifest),
        "kids_dropped": len(manifest) - len(adults),
        "capped": len(merged) - len(selection),
        "selected": len(selection),
        "before": merged["category"].value_counts().to_dict(),
        "after": selection["category"].value_counts().to_dict(),
    }


def plot_balance(merged: pd.DataFrame, selection: pd.DataFrame) -> PlotlyFigure:
    """Draws each category's photos before and after the cap."""
    return plot_before_and_after(
        merged["category"].fillna("no label"),
        selection["category"].fillna("no label"),
        "Photos by category, before and after the cap",
    )
