"""Wires export: the catalogue to shops' systems."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.export import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``export`` pipeline."""
    return Pipeline(
        [
            Node(
                nodes.export_shopify,
                inputs=["full_catalogue", "item_products", "params:schema", "params:export"],
                outputs="shopify_products",
                name="export_shopify",
            ),
            Node(
                nodes.export_merchant,
                inputs=["full_catalogue", "item_products", "params:schema", "params:export"],
                outputs="merchant_feed",
                name="export_merchant",
            ),
            Node(
                nodes.list_changes,
                inputs=[
                    "shop_file",
                    "full_catalogue",
                    "provenance",
                    "params:schema",
                    "params:product_properties",
                    "params:export",
                ],
                outputs="changes",
                name="list_changes",
            ),
            Node(
                nodes.write_shop_file,
                inputs=[
                    "shop_file",
                    "products",
                    "changes",
                    "params:product_properties",
                    "params:export",
                ],
                outputs="shop_export",
                name="write_shop_file",
            ),
            Node(
                nodes.report_export,
                inputs=["shopify_products", "merchant_feed", "changes"],
                outputs="export_report",
                name="report_export",
            ),
        ],
        tags="export",
        namespace="export",
        prefix_datasets_with_namespace=False,
    )
