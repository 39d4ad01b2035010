"""Wires explore: the catalogue's pictures to a map."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.explore import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``explore`` pipeline, whose map ``make explore`` opens."""
    return Pipeline(
        [
            Node(
                nodes.map_catalogue,
                inputs=[
                    "full_catalogue", "image_embedding_shards", "photo_files", "embedders", "pool",
                    "params:schema", "params:explore",
                ],
                outputs="catalogue_map",
                name="map_catalogue",
            ),
            Node(
                nodes.draw_map,
                inputs=["catalogue_map", "params:explore"],
                outputs="catalogue_map_sheet",
                name="draw_map",
            ),
        ],
        tags="explore",
        namespace="explore",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
