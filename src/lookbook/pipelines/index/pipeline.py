"""Wires index: the catalogue to LanceDB tables."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.index import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Creates the ``index`` pipeline.

    ``indexed_items`` and ``search_index`` are the same tables, before the run and after it.
    """
    return Pipeline(
        [
            Node(
                nodes.embed_items,
                inputs=[
                    "full_catalogue", "indexed_items", "embedders", "params:index",
                    "params:fields",
                ],
                outputs=["search_index", "index_report"],
                name="embed_items",
            ),
        ],
        tags=["index", "default"],
        namespace="index",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
