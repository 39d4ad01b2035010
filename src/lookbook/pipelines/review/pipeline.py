"""Wires review: a catalogue to the order in which looking at it pays."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.review import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``review`` pipeline, which ``kedro review`` runs before it opens its page."""
    return Pipeline(
        [
            Node(
                nodes.find_label_errors,
                inputs=[
                    "full_catalogue", "parsed_labels", "item_probabilities", "manifest",
                    "near_duplicates", "provenance", "disagreements", "image_embedding_shards",
                    "existing_caption_shards", "existing_trial_shards", "captioner_fingerprint",
                    "embedders", "process_pool", "params:schema", "params:review",
                ],
                outputs="review_queue",
                name="find_label_errors",
            ),
            Node(
                nodes.report_review,
                inputs=["review_queue", "applied_corrections", "params:schema"],
                outputs="review_report",
                name="report_review",
            ),
        ],
        tags="review",
        namespace="review",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
