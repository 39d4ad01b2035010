"""Chooses which photos are worth captioning: adults' clothes, few groups, none too large."""

from __future__ import annotations

from typing import Any

from lookbook.evaluation.plots import plot_before_and_after
from lookbook.lazy import PlotlyFigure, pd
from lookbook.photos.sampling import BalanceParams, cap_groups


def drop_kids(manifest: pd.DataFrame) -> pd.DataFrame:
    """Leaves out children's clothes; a photo without human labels stays."""
    return manifest[~manifest["kids"].eq(True).fillna(False)].reset_index(drop=True)


def merge_labels(adults: pd.DataFrame, params: BalanceParams) -> pd.DataFrame:
    """Adds ``sampling_group``, the merged human label, empty for a photo without one."""
    groups = adults["label"].map(params.group_of, na_action="ignore")
    return adults.assign(sampling_group=groups)


def cap_groups_of_photos(merged: pd.DataFrame, params: BalanceParams) -> pd.DataFrame:
    """Keeps at most ``cap`` photos of each group, and every photo without a group.

    The choice depends on the seed and on which photos there are, not on the order of rows.

    Returns:
        The chosen rows, sorted by file.
    """
    return cap_groups(merged, by="sampling_group", key="file", cap=params.cap, seed=params.seed)


def report_balance(
    manifest: pd.DataFrame,
    adults: pd.DataFrame,
    merged: pd.DataFrame,
    selection: pd.DataFrame,
) -> dict[str, Any]:
    """Counts photos before and after each step, by group where there is one."""
    return {
        "photos": len(manifest),
        "kids_dropped": len(manifest) - len(adults),
        "capped": len(merged) - len(selection),
        "selected": len(selection),
        "before": merged["sampling_group"].value_counts().to_dict(),
        "after": selection["sampling_group"].value_counts().to_dict(),
    }


def plot_balance(merged: pd.DataFrame, selection: pd.DataFrame) -> PlotlyFigure:
    """Draws each group's photos before and after the cap."""
    return plot_before_and_after(
        merged["sampling_group"].fillna("no label"),
        selection["sampling_group"].fillna("no label"),
        "Photos by group, before and after the cap",
    )
