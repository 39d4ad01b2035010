"""Wires balance: the manifest to the photos that are captioned."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.balance import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``balance`` pipeline."""
    return Pipeline(
        [
            Node(
                nodes.drop_kids,
                inputs=["manifest", "params:balance"],
                outputs="adults",
                name="drop_kids",
            ),
            Node(
                nodes.merge_labels,
                inputs=["adults", "params:balance"],
                outputs="merged_labels",
                name="merge_labels",
            ),
            Node(
                nodes.cap_groups_of_photos,
                inputs=["merged_labels", "params:balance"],
                outputs="selection",
                name="cap_groups",
            ),
            Node(
                nodes.list_left_out,
                inputs=["manifest", "merged_labels", "selection", "params:balance"],
                outputs="left_out_photos",
                name="list_left_out",
            ),
            Node(
                nodes.count_groups,
                inputs=["merged_labels", "selection"],
                outputs="group_counts",
                name="count_groups",
            ),
            Node(
                nodes.report_balance,
                inputs=["manifest", "group_counts"],
                outputs="balance_report",
                name="report_balance",
            ),
            Node(
                nodes.plot_balance,
                inputs="group_counts",
                outputs="balance_plot",
                name="plot_balance",
            ),
        ],
        tags=["balance", "default"],
        namespace="balance",
        prefix_datasets_with_namespace=False,
    )
