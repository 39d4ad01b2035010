"""Wires distil: photos and what a teacher says of them to a released network with its scores."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.distil import nodes

# What the folds' networks said of photos that they never saw, and how it is read.
SEEN = ["calibrated_predictions", "training_set", "heads"]


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``distil`` pipeline.

    ``existing_activations`` and ``activations``, and ``existing_fits`` and ``fits``, are the same
    files: what was there before the run, and what is there after it.
    """
    return Pipeline(
        [
            Node(
                nodes.read_teacher,
                inputs=[
                    "teacher_table", "manifest", "corrections", "params:schema", "params:distil",
                ],
                outputs=["taught_photos", "teacher_quarantine"],
                name="read_teacher",
            ),
            Node(
                nodes.make_folds,
                inputs=[
                    "taught_photos", "teacher_quarantine", "near_duplicates_of_runs",
                    "params:schema",
                    "params:distil",
                ],
                outputs=["training_set", "untaught_heads", "distil_report"],
                name="make_folds",
            ),
            Node(
                nodes.extract_activations,
                inputs=[
                    "training_set", "photo_files", "existing_activations", "backbone",
                    "params:distil",
                ],
                outputs="activations",
                name="extract_activations",
            ),
            Node(
                nodes.fit_networks,
                inputs=[
                    "training_set", "untaught_heads", "activations", "existing_fits", "backbone",
                    "params:distil",
                ],
                outputs="fits",
                name="fit_networks",
            ),
            Node(
                nodes.predict_folds,
                inputs=["training_set", "untaught_heads", "fits", "backbone", "params:distil"],
                outputs="predictions",
                name="predict_folds",
            ),
            Node(
                nodes.calibrate_heads,
                inputs=["predictions", "training_set", "untaught_heads", "params:distil"],
                outputs=["heads", "temperatures", "calibrated_predictions"],
                name="calibrate_heads",
            ),
            Node(
                nodes.embed_descriptions,
                inputs=["training_set", "embedders"],
                outputs="description_vectors",
                name="embed_descriptions",
            ),
            Node(
                nodes.align_networks,
                inputs=[
                    "training_set", "untaught_heads", "temperatures", "description_vectors",
                    "embedders", "fits", "backbone", "params:distil",
                ],
                outputs=["word_ranks", "aligned_layers"],
                name="align_networks",
            ),
            Node(
                nodes.score_network,
                inputs=[*SEEN, "word_ranks", "params:distil", "params:balance"],
                outputs=["network_scores", "network_confusions"],
                name="score_network",
            ),
            Node(
                nodes.caption_unseen,
                inputs=[*SEEN, "params:schema"],
                outputs="unseen_captions",
                name="caption_unseen",
            ),
            Node(
                nodes.export_networks,
                inputs=[
                    "predictions", "training_set", "heads", "temperatures", "aligned_layers",
                    "fits", "photo_files", "backbone", "params:distil",
                ],
                outputs=[
                    "garment_network", "garment_network_texts", "held_out_network",
                    "held_out_network_texts",
                ],
                name="export_networks",
            ),
            Node(
                nodes.compare_with_teacher,
                inputs=[
                    *SEEN, "teacher_table", "garment_network", "photo_files", "params:schema",
                    "params:distil",
                ],
                outputs="agreement_report",
                name="compare_with_teacher",
            ),
            Node(
                nodes.write_model_card,
                inputs=[
                    "network_scores", "distil_report", "agreement_report", "network_confusions",
                    "unseen_captions", "params:schema", "params:distil",
                ],
                outputs="model_card",
                name="write_model_card",
            ),
            Node(
                nodes.plot_network_scores,
                inputs="network_scores",
                outputs="network_scores_plot",
                name="plot_network_scores",
            ),
            Node(
                nodes.draw_confusions,
                inputs=["network_confusions", *SEEN, "photo_files"],
                outputs="confusion_sheet",
                name="draw_confusions",
            ),
            Node(
                nodes.draw_captions,
                inputs=["unseen_captions", "photo_files", "params:schema", "params:distil"],
                outputs="caption_sheet",
                name="draw_captions",
            ),
        ],
        tags="distil",
        namespace="distil",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
