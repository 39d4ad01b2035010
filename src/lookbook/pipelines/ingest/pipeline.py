"""Wires ingest: photos and ``images.csv`` to a manifest, a quarantine and a first look."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.ingest import fetch_nodes, nodes, plots


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``ingest`` pipeline.

    ``existing_inspections`` and ``inspections`` are the same files, before the run and after it; so
    are ``existing_photo_fetches`` and ``photo_fetches``.
    """
    return Pipeline(
        [
            Node(
                nodes.drop_product_rows,
                inputs=["photo_table", "products_report"],
                outputs="photo_rows",
                name="drop_product_rows",
            ),
            Node(nodes.check_rows, inputs="photo_rows", outputs="checked_rows", name="check_rows"),
            Node(
                fetch_nodes.name_images,
                inputs=["photo_files", "checked_rows", "product_photos"],
                outputs="named_images",
                name="name_images",
            ),
            Node(
                fetch_nodes.fetch_photos,
                inputs=[
                    "named_images",
                    "existing_photo_fetches",
                    "fetcher",
                    "pool",
                    "params:fetch",
                    "params:ingest",
                ],
                outputs="photo_fetches",
                name="fetch_photos",
            ),
            Node(
                fetch_nodes.collect_fetches,
                inputs=["named_images", "photo_fetches"],
                outputs="fetched_photos",
                name="collect_fetches",
            ),
            Node(
                fetch_nodes.select_files,
                inputs=["photo_files", "named_images", "fetched_photos"],
                outputs="selected_files",
                name="select_files",
            ),
            Node(
                nodes.inspect_photos,
                inputs=["selected_files", "existing_inspections", "pool", "params:ingest"],
                outputs="inspections",
                name="inspect_photos",
            ),
            Node(
                nodes.collect_inspections,
                inputs=["selected_files", "inspections", "params:ingest"],
                outputs="inspected_photos",
                name="collect_inspections",
            ),
            Node(
                nodes.match_photos,
                inputs=[
                    "inspected_photos", "checked_rows", "products", "product_photos",
                    "fetched_photos",
                ],
                outputs=["manifest", "quarantine"],
                name="match_photos",
            ),
            Node(
                nodes.report_ingest,
                inputs=["inspected_photos", "checked_rows", "manifest", "quarantine"],
                outputs="ingest_report",
                name="report_ingest",
            ),
            Node(
                nodes.count_photos,
                inputs="manifest",
                outputs=["label_counts", "size_counts"],
                name="count_photos",
            ),
            Node(plots.plot_labels, "label_counts", "label_plot", name="plot_labels"),
            Node(plots.plot_kids_share, "label_counts", "kids_plot", name="plot_kids_share"),
            Node(plots.plot_sizes, "size_counts", "size_plot", name="plot_sizes"),
            Node(
                plots.plot_contact_sheet,
                inputs=["manifest", "photo_files", "params:ingest"],
                outputs="contact_sheet",
                name="plot_contact_sheet",
            ),
        ],
        tags=["ingest", "default"],
        namespace="ingest",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
