"""Wires photo_trial: one photo to a prompt and its answer."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.photo_trial import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``photo_trial`` pipeline, which a run of everything leaves out."""
    return Pipeline(
        [
            Node(
                nodes.compose_photo_prompt,
                inputs=[
                    "system_prompt", "caption_prompt", "trial_prompts", "params:schema",
                    "params:photo_trial.prompt",
                ],
                outputs="photo_prompt",
                name="compose_photo_prompt",
            ),
            Node(
                nodes.caption_photo,
                inputs=["photo", "captioner", "photo_prompt"],
                outputs="photo_trial_report",
                name="caption_photo",
            ),
        ],
        tags="photo_trial",
        namespace="photo_trial",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
