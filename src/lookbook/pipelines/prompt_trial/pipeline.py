"""Wires prompt_trial: prompts and captioners to one table."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.prompt_trial import nodes

ENGINES = ["captioner", "trial_captioners", "trial_questions"]


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``prompt_trial`` pipeline, which a run of everything leaves out.

    It reads the captions that ``label`` keeps, as ``label`` reads its own, so that none is paid
    for twice.
    """
    return Pipeline(
        [
            Node(
                nodes.choose_photos,
                inputs=["selection", "params:prompt_trial"],
                outputs="trial_photos",
                name="choose_photos",
            ),
            Node(
                nodes.compose_prompts,
                inputs=["system_prompt", "caption_prompt", "trial_prompts", "params:schema"],
                outputs="trial_questions",
                name="compose_prompts",
            ),
            Node(
                nodes.caption_trials,
                inputs=[
                    "trial_photos", "existing_caption_shards", "existing_trial_shards",
                    "photo_files",
                    *ENGINES, "params:label",
                ],
                outputs="trial_shards",
                name="caption_trials",
            ),
            Node(
                nodes.collect_trials,
                inputs=["trial_photos", "existing_caption_shards", "trial_shards", *ENGINES],
                outputs="trial_captions",
                name="collect_trials",
            ),
            Node(
                nodes.score_trials,
                inputs=["trial_captions", "params:schema", "params:evaluate"],
                outputs="trial_scores",
                name="score_trials",
            ),
            Node(
                nodes.plot_trials,
                inputs="trial_scores",
                outputs="trial_plot",
                name="plot_trials",
            ),
        ],
        tags="prompt_trial",
        namespace="prompt_trial",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
