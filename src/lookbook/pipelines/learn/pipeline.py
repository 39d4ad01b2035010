"""Wires learning: from the feedback log to search weights and pair preferences."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.learn import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``learn`` pipeline, which a run of everything leaves out."""
    return Pipeline(
        [
            Node(
                nodes.learn_ranking,
                inputs=["feedback_log", "existing_learned_ranking", "params:learn"],
                outputs=["learned_ranking", "learning_report"],
                name="learn_ranking",
            ),
            Node(
                nodes.plot_learning,
                inputs="learning_report",
                outputs="learning_plot",
                name="plot_learning",
            ),
        ],
        tags="learn",
        namespace="learn",
        prefix_datasets_with_namespace=False,
    )
