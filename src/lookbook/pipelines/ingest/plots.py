"""Draws a first look at the photos."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from lookbook.lazy import MatplotlibFigure, PlotlyFigure, pd
from lookbook.photos.folder import read_photo
from lookbook.photos.photo import decode
from lookbook.pipelines.ingest.params import IngestParams

# Pixels of a photo on the contact sheet, and of its place.
_THUMBNAIL, _CELL = 160, 170


def plot_labels(label_counts: pd.DataFrame) -> PlotlyFigure:
    """Draw how many photos each label has, adults' and children's apart."""
    import plotly.express as px

    shown = label_counts.assign(
        label=label_counts["label"].fillna("no label"), kids=_wearers(label_counts)
    )
    figure = px.bar(
        shown, y="label", x="photos", color="kids", orientation="h", title="Photos by label"
    )
    return figure.update_layout(yaxis={"categoryorder": "total ascending"}, legend_title=None)


def plot_kids_share(label_counts: pd.DataFrame) -> PlotlyFigure:
    """Draw the share of children's clothes."""
    import plotly.express as px

    counts = label_counts.assign(wearer=_wearers(label_counts)).groupby("wearer")["photos"].sum()
    return px.pie(
        counts.reset_index(), names="wearer", values="photos", hole=0.5, title="Children's clothes"
    )


def _wearers(label_counts: pd.DataFrame) -> pd.Series:
    return label_counts["kids"].map({True: "kids", False: "adults"}).fillna("not known")


def plot_sizes(size_counts: pd.DataFrame) -> PlotlyFigure:
    """Draw the photos' sizes in pixels."""
    import plotly.express as px

    return px.scatter(
        size_counts, x="width", y="height", size="photos", title="Photo sizes in pixels",
        size_max=40,
    )  # fmt: skip


def plot_contact_sheet(
    manifest: pd.DataFrame, files: Mapping[str, Callable[[], bytes]], params: IngestParams
) -> MatplotlibFigure:
    """Draw a row of photos for each label, chosen by seed."""
    from matplotlib.figure import Figure
    from PIL import Image

    columns = params.contact_sheet_columns
    groups = list(_sample_by_label(manifest, columns, params.seed))
    # One picture: a subplot for each photo takes seconds.
    sheet = Image.new("RGB", (_CELL * columns, _CELL * len(groups)), "white")
    for row, (_, names) in enumerate(groups):
        for column, name in enumerate(names):
            photo = decode(read_photo(files, name), params.max_pixels, at_least=2 * _THUMBNAIL)
            photo.thumbnail((_THUMBNAIL, _THUMBNAIL), reducing_gap=2)
            margins = ((_CELL - photo.width) // 2, (_CELL - photo.height) // 2)
            sheet.paste(photo, (column * _CELL + margins[0], row * _CELL + margins[1]))
    width = 1.3 * columns + 1.5
    figure = Figure(figsize=(width, 1.3 * len(groups)), dpi=_CELL / 1.3)
    axes = figure.add_axes((1.5 / width, 0, 1 - 1.5 / width, 1))
    axes.axis("off")
    axes.imshow(sheet)
    for row, (label, _) in enumerate(groups):
        axes.text(-10, (row + 0.5) * _CELL, label, ha="right", va="center")
    return figure


def _sample_by_label(
    manifest: pd.DataFrame, size: int, seed: int
) -> Iterator[tuple[str, list[str]]]:
    for label, group in manifest.groupby(manifest["label"].fillna("no label")):
        chosen = group.sort_values("file").sample(min(size, len(group)), random_state=seed)
        yield str(label), chosen["file"].tolist()
