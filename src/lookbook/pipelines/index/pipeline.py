"""Wires index: the catalogue and its photos to LanceDB tables."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.index import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``index`` pipeline.

    ``indexed_items`` and ``search_index`` are the same tables, before the run and after it, as
    are the files of ``existing_image_embedding_shards`` and ``image_embedding_shards``.
    """
    return Pipeline(
        [
            Node(
                nodes.embed_images,
                inputs=[
                    "full_catalogue", "photo_files", "existing_image_embedding_shards",
                    "embedders", "pool", "params:index",
                ],
                outputs="image_embedding_shards",
                name="embed_images",
            ),
            Node(
                nodes.find_near_duplicates,
                inputs=[
                    "full_catalogue", "manifest", "image_embedding_shards", "applied_corrections",
                    "embedders", "params:index",
                ],
                outputs="near_duplicates",
                name="find_near_duplicates",
            ),
            Node(
                nodes.draw_near_duplicates,
                inputs=["near_duplicates", "photo_files"],
                outputs="near_duplicate_sheet",
                name="draw_near_duplicates",
            ),
            Node(
                nodes.embed_items,
                inputs=[
                    "full_catalogue", "item_probabilities", "image_embedding_shards",
                    "near_duplicates", "item_products", "provenance", "indexed_items", "embedders",
                    "pool",
                    "params:index", "params:schema",
                ],
                outputs=["search_index", "index_report"],
                name="embed_items",
            ),
        ],
        tags=["index", "default"],
        namespace="index",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
