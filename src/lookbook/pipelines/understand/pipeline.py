"""Wires understand: labelled messages to a network, its scores and its card."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.understand import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``understand`` pipeline; a run of everything leaves it out.

    ``existing_fold_networks`` and ``fold_networks`` are the same files, before the run and after.
    """
    given = ["labelled_messages", "vocabulary"]
    params = ["params:schema", "params:understand"]
    return Pipeline(
        [
            Node(
                nodes.read_messages,
                inputs="message_files",
                outputs=["labelled_messages", "messages_quarantine"],
                name="read_messages",
            ),
            Node(
                nodes.fit_network,
                inputs=[*given, *params],
                outputs="message_network",
                name="fit_network",
            ),
            Node(
                nodes.fit_folds,
                inputs=[*given, "existing_fold_networks", *params],
                outputs="fold_networks",
                name="fit_folds",
            ),
            Node(
                nodes.score_writers,
                inputs=[
                    "labelled_messages", "messages_quarantine", "fold_networks", "vocabulary",
                    *params,
                ],
                outputs=["message_scores", "understand_report"],
                name="score_writers",
            ),
            Node(
                nodes.write_card,
                inputs=["labelled_messages", "understand_report", "params:understand"],
                outputs="message_network_card",
                name="write_card",
            ),
        ],
        tags="understand",
        namespace="understand",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
