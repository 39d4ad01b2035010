"""Wires train: human-labelled photos to a released network with its scores."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.train import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Creates the ``train`` pipeline."""
    return Pipeline(
        [
            Node(
                nodes.select_training_photos,
                inputs=["manifest", "params:train"],
                outputs="training_photos",
                name="select_training_photos",
            ),
            Node(
                nodes.extract_activations,
                inputs=["training_photos", "photo_files", "backbone", "params:train"],
                outputs=["training_set", "activations"],
                name="extract_activations",
            ),
            Node(
                nodes.cross_validate,
                inputs=["training_set", "activations", "backbone", "params:train"],
                outputs="cross_validated_predictions",
                name="cross_validate",
            ),
            Node(
                nodes.score_predictions,
                inputs=["cross_validated_predictions", "params:train", "params:balance"],
                outputs=["network_scores", "network_confusion"],
                name="score_predictions",
            ),
            Node(
                nodes.plot_network_confusion,
                inputs="network_confusion",
                outputs="network_confusion_plot",
                name="plot_network_confusion",
            ),
            Node(
                nodes.fit_network,
                inputs=["training_set", "activations", "backbone", "params:train"],
                outputs="network_head",
                name="fit_network",
            ),
            Node(
                nodes.export_network,
                inputs=["network_head", "training_set", "backbone", "params:train"],
                outputs="garment_network",
                name="export_network",
            ),
            Node(
                nodes.write_model_card,
                inputs=["network_scores", "training_set", "params:train"],
                outputs="model_card",
                name="write_model_card",
            ),
        ],
        tags="train",
        namespace="train",
        prefix_datasets_with_namespace=False,
    )
