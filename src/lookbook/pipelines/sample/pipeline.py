"""Wires sample: draws the photos that come with Lookbook."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.sample import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``sample`` pipeline."""
    return Pipeline(
        [
            Node(
                nodes.draw_sample,
                inputs="params:sample",
                outputs=["sample_photos", "sample_table", "sample_products"],
                name="draw_sample",
            ),
        ],
        tags="sample",
        namespace="sample",
        prefix_datasets_with_namespace=False,
    )
