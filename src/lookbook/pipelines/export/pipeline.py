"""Wires export: the catalogue to shops' systems."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.export import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``export`` pipeline."""
    return Pipeline(
        [
            Node(
                nodes.export_shopify,
                inputs=["full_catalogue", "params:schema", "params:export"],
                outputs="shopify_products",
                name="export_shopify",
            ),
            Node(
                nodes.export_merchant,
                inputs=["full_catalogue", "params:schema", "params:export"],
                outputs="merchant_feed",
                name="export_merchant",
            ),
            Node(
                nodes.report_export,
                inputs=["shopify_products", "merchant_feed"],
                outputs="export_report",
                name="report_export",
            ),
        ],
        tags="export",
        namespace="export",
        prefix_datasets_with_namespace=False,
    )
