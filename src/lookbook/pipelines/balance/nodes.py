"""Choose the photos that are captioned: all of them, or a sample by people's labels."""

from __future__ import annotations

from typing import Any

from lookbook.evaluation.plots import plot_before_and_after
from lookbook.lazy import PlotlyFigure, pd
from lookbook.photos.sampling import BalanceParams, cap_groups, count_rows


def drop_kids(manifest: pd.DataFrame, params: BalanceParams) -> pd.DataFrame:
    """Leave out children's clothes where that is wanted; a photo without a label stays."""
    if not params.drop_kids:
        return manifest
    return manifest[~manifest["kids"].eq(True).fillna(False)].reset_index(drop=True)


def merge_labels(adults: pd.DataFrame, params: BalanceParams) -> pd.DataFrame:
    """Add ``sampling_group``, the merged human label, empty for a photo without one."""
    groups = adults["label"].map(params.group_of, na_action="ignore")
    return adults.assign(sampling_group=groups)


def cap_groups_of_photos(merged: pd.DataFrame, params: BalanceParams) -> pd.DataFrame:
    """Keep at most ``cap`` photos of each group, and every photo without a group.

    The choice depends on the seed and on which photos there are, not on the order of rows.

    Returns:
        The chosen rows, sorted by file.
    """
    return cap_groups(merged, by="sampling_group", key="file", cap=params.cap, seed=params.seed)


def list_left_out(
    manifest: pd.DataFrame, merged: pd.DataFrame, selection: pd.DataFrame, params: BalanceParams
) -> pd.DataFrame:
    """List the photos that are left out, why, and how to keep them.

    Returns:
        ``file``, ``photo_id``, ``label``, ``reason`` and ``how_to_keep``, sorted by file.
    """
    columns = ["file", "photo_id", "label"]
    kids = manifest.loc[~manifest["file"].isin(merged["file"]), columns]
    capped = merged.loc[~merged["file"].isin(selection["file"]), [*columns, "sampling_group"]]
    over = "over the cap of " + str(params.cap) + " photos of " + capped["sampling_group"]
    listed = [
        kids.assign(reason="children's clothes", how_to_keep="balance.drop_kids: false"),
        capped[columns].assign(reason=over, how_to_keep="balance.cap: null"),
    ]
    return pd.concat(listed).sort_values("file", ignore_index=True)


def count_groups(merged: pd.DataFrame, selection: pd.DataFrame) -> pd.DataFrame:
    """Count photos of each group before and after the cap.

    Returns:
        ``sampling_group`` (missing for photos without one), ``photos`` and ``selected``, the
        largest group first.
    """
    counts = count_rows(["sampling_group"], photos=merged, selected=selection)
    return counts.sort_values("photos", ascending=False, kind="stable", ignore_index=True)


def report_balance(manifest: pd.DataFrame, group_counts: pd.DataFrame) -> dict[str, Any]:
    """Count photos before and after each step, by group where there is one."""
    adults, selected = (int(group_counts[name].sum()) for name in ("photos", "selected"))
    groups = group_counts.dropna(subset="sampling_group").set_index("sampling_group")
    after = groups["selected"].sort_values(ascending=False, kind="stable")
    return {
        "photos": len(manifest),
        "kids_dropped": len(manifest) - adults,
        "capped": adults - selected,
        "selected": selected,
        "before": groups["photos"].to_dict(),
        "after": after.to_dict(),
    }


def plot_balance(group_counts: pd.DataFrame) -> PlotlyFigure:
    """Draw each group's photos before and after the cap."""
    named = group_counts.fillna({"sampling_group": "no label"}).set_index("sampling_group")
    title = "Photos by group, before and after the cap"
    return plot_before_and_after(named["photos"], named["selected"], title)
