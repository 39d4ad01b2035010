"""Wires clean: captions to the full and the balanced catalogue."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.clean import nodes
from lookbook.products import provenance
from lookbook.products.pooling import pool_photos


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``clean`` pipeline."""
    return Pipeline(
        [
            Node(
                nodes.parse_captions,
                inputs=["captions", "params:schema", "process_pool"],
                outputs=["parsed_labels", "rejected_captions", "reading_counts"],
                name="parse_captions",
            ),
            Node(
                nodes.map_vocabulary,
                inputs=["parsed_labels", "params:schema", "process_pool"],
                outputs=["mapped_labels", "vocabulary_mapping"],
                name="map_vocabulary",
            ),
            Node(
                nodes.strip_titles,
                inputs=["mapped_labels", "params:schema", "process_pool"],
                outputs="captioned_photos",
                name="strip_titles",
            ),
            Node(
                pool_photos,
                inputs=["captioned_photos", "probabilities", "manifest", "params:schema"],
                outputs=["captioned_items", "item_probabilities"],
                name="pool_photos",
            ),
            Node(
                nodes.map_facts,
                inputs=["captioned_items", "products", "params:schema", "params:clean"],
                outputs="shop_facts",
                name="map_facts",
            ),
            Node(
                provenance.apply_facts,
                inputs=["captioned_items", "shop_facts", "params:schema", "process_pool"],
                outputs="items_with_facts",
                name="apply_facts",
            ),
            Node(
                provenance.list_disagreements,
                inputs=["captioned_items", "shop_facts", "item_probabilities", "params:schema"],
                outputs="disagreements",
                name="list_disagreements",
            ),
            Node(
                nodes.apply_corrections,
                inputs=["items_with_facts", "corrections", "params:schema"],
                outputs=["full_catalogue", "applied_corrections"],
                name="apply_corrections",
            ),
            Node(
                provenance.trace_values,
                inputs=[
                    "full_catalogue", "shop_facts", "applied_corrections", "item_probabilities",
                    "params:schema",
                ],
                outputs="provenance",
                name="trace_values",
            ),
            Node(
                provenance.join_products,
                inputs=["full_catalogue", "products", "manifest"],
                outputs="item_products",
                name="join_products",
            ),
            Node(
                nodes.balance_catalogue,
                inputs=["full_catalogue", "params:clean"],
                outputs="catalogue",
                name="balance_catalogue",
            ),
            Node(
                nodes.count_items,
                inputs=["full_catalogue", "catalogue", "params:clean"],
                outputs="item_counts",
                name="count_items",
            ),
            Node(
                nodes.report_clean,
                inputs=[
                    "reading_counts", "vocabulary_mapping", "shop_facts", "disagreements",
                    "applied_corrections", "item_counts", "captioner_fingerprint", "params:clean",
                ],
                outputs="clean_report",
                name="report_clean",
            ),
            Node(
                nodes.describe_columns,
                inputs=["full_catalogue", "params:schema"],
                outputs="column_profile",
                name="describe_columns",
            ),
            Node(
                nodes.plot_balanced_catalogue,
                inputs=["item_counts", "params:clean"],
                outputs="balanced_catalogue_plot",
                name="plot_balanced_catalogue",
            ),
            Node(
                nodes.plot_categories,
                inputs=["item_counts", "params:clean"],
                outputs="category_plot",
                name="plot_categories",
            ),
            Node(
                nodes.plot_types,
                inputs=["item_counts", "params:clean"],
                outputs="type_plot",
                name="plot_types",
            ),
            Node(
                nodes.plot_category_by_type,
                inputs=["item_counts", "params:clean"],
                outputs="category_by_type_plot",
                name="plot_category_by_type",
            ),
        ],
        tags=["clean", "default"],
        namespace="clean",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
