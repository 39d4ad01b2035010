"""Wires export: the catalogue to platforms, and into the shop's own file."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.export import nodes

# The node of each feed, and what it writes.
_FEEDS = {
    "google": (nodes.export_google, "google_feed"),
    "shopify": (nodes.export_shopify, "shopify_products"),
    "meta": (nodes.export_meta, "meta_catalogue"),
    "openai": (nodes.export_openai, "openai_feed"),
    "json_ld": (nodes.export_json_ld, "json_ld"),
}


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``export`` pipeline."""
    return Pipeline(
        [
            Node(
                nodes.gather_products,
                inputs=[
                    "full_catalogue",
                    "products",
                    "manifest",
                    "product_photos",
                    "provenance",
                    "params:schema",
                    "params:export",
                ],
                outputs="feed_products",
                name="gather_products",
            ),
            *(
                Node(
                    export,
                    inputs=["feed_products", "params:export"],
                    outputs=[dataset, f"{feed}_rejections"],
                    name=f"export_{feed}",
                )
                for feed, (export, dataset) in _FEEDS.items()
            ),
            Node(
                nodes.collect_rejections,
                inputs=[f"{feed}_rejections" for feed in _FEEDS],
                outputs="feed_rejections",
                name="collect_rejections",
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
                inputs=["feed_products", "feed_rejections", "changes"],
                outputs="export_report",
                name="report_export",
            ),
        ],
        tags="export",
        namespace="export",
        prefix_datasets_with_namespace=False,
    )
