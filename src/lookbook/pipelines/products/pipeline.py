"""Wires products: the shop's own file to a table of products."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.products import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``products`` pipeline."""
    return Pipeline(
        [
            Node(
                nodes.list_products,
                inputs=["shop_file", "params:product_properties"],
                outputs=["products", "product_photos", "product_quarantine", "products_report"],
                name="list_products",
            )
        ],
        tags=["products", "default"],
        namespace="products",
        prefix_datasets_with_namespace=False,
    )
