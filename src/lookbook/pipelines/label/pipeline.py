"""Wires label: chosen photos to one caption each."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.label import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``label`` pipeline.

    ``existing_caption_shards`` and ``caption_shards`` are the same files: what was there before
    the run, and what is there after it. What ``prompt_trial`` has captioned counts too.
    """
    known = ["limited_selection", "existing_caption_shards", "existing_trial_shards"]
    made = ["limited_selection", "caption_shards", "existing_trial_shards", "captioner_fingerprint"]
    return Pipeline(
        [
            Node(
                nodes.compose_prompt,
                inputs=["system_prompt", "caption_prompt", "params:schema", "params:label"],
                outputs="prompt",
                name="compose_prompt",
            ),
            Node(
                nodes.limit_selection,
                inputs=["selection", "params:label"],
                outputs="limited_selection",
                name="limit_selection",
            ),
            Node(
                nodes.plan_captions,
                inputs=[*known, "captioner", "prompt"],
                outputs=["caption_plan", "captioner_fingerprint"],
                name="plan_captions",
            ),
            Node(
                nodes.caption_photos,
                inputs=["caption_plan", "photo_files", "captioner", "prompt", "params:label"],
                outputs="caption_shards",
                name="caption_photos",
            ),
            Node(
                nodes.collect_captions,
                inputs=made,
                outputs="captions",
                name="collect_captions",
            ),
            Node(
                nodes.collect_probabilities,
                inputs=[*made, "params:schema"],
                outputs="probabilities",
                name="collect_probabilities",
            ),
            Node(
                nodes.count_captions,
                inputs=made,
                outputs="caption_counts",
                name="count_captions",
            ),
            Node(
                nodes.report_captions,
                inputs=["caption_counts", "caption_plan", "captioner_fingerprint"],
                outputs="label_report",
                name="report_captions",
            ),
        ],
        tags=["label", "default"],
        namespace="label",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
