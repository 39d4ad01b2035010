"""Wires style: tables of worn and of rated outfits to a style model."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.style import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``style`` pipeline; a run of everything leaves it out."""
    index = ["manifest", "indexed_items"]
    return Pipeline(
        [
            Node(
                nodes.read_outfits,
                inputs=["outfits_table", "params:style", "params:schema"],
                outputs=["worn_outfits", "outfits_quarantine"],
                name="read_outfits",
            ),
            Node(
                nodes.score_folds,
                inputs=["worn_outfits", "params:style", "params:schema"],
                outputs="style_answers",
                name="score_folds",
            ),
            Node(
                nodes.learn_pairs,
                inputs=["worn_outfits", "style", "params:style", "params:schema"],
                outputs="worn_style",
                name="learn_pairs",
            ),
            Node(
                nodes.learn_children,
                inputs=["worn_style", *index, "params:children"],
                outputs="style_pairs",
                name="learn_children",
            ),
            Node(
                nodes.read_ratings,
                inputs=["outfit_ratings_table", "worn_outfits", *index, "params:compatibility"],
                outputs=["rated_outfits", "ratings_quarantine"],
                name="read_ratings",
            ),
            Node(
                nodes.measure_ratings,
                inputs=[
                    "rated_outfits", "style_pairs", *index, "params:outfits", "params:schema",
                ],
                outputs="rated_features",
                name="measure_ratings",
            ),
            Node(
                nodes.predict_ratings,
                inputs=["rated_features", "params:compatibility"],
                outputs="predicted_ratings",
                name="predict_ratings",
            ),
            Node(
                nodes.learn_compatibility,
                inputs=[
                    "style_pairs", "rated_features", "predicted_ratings", "params:compatibility",
                ],
                outputs="style_model",
                name="learn_compatibility",
            ),
            Node(
                nodes.report_style,
                inputs=[
                    "worn_outfits", "outfits_quarantine", "style_answers", "ratings_quarantine",
                    "rated_features", "predicted_ratings", "style_model", "params:style",
                ],
                outputs="style_report",
                name="report_style",
            ),
            Node(
                nodes.write_style_card,
                inputs=["style_report", "style_model", "params:style"],
                outputs="style_card",
                name="write_style_card",
            ),
            Node(nodes.plot_style, inputs="style_model", outputs="style_plot", name="plot_style"),
        ],
        tags="style",
        namespace="style",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
