"""Wires style: a table of outfits to what goes with what."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.style import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``style`` pipeline; a run of everything leaves it out."""
    given = ["worn_outfits", "params:style", "params:schema"]
    return Pipeline(
        [
            Node(
                nodes.read_outfits,
                inputs=["outfits_table", "params:style", "params:schema"],
                outputs=["worn_outfits", "outfits_quarantine"],
                name="read_outfits",
            ),
            Node(nodes.score_folds, inputs=given, outputs="style_answers", name="score_folds"),
            Node(nodes.learn_style, inputs=given, outputs="style_model", name="learn_style"),
            Node(
                nodes.report_style,
                inputs=["worn_outfits", "outfits_quarantine", "style_answers", "params:style"],
                outputs="style_report",
                name="report_style",
            ),
            Node(
                nodes.write_style_card,
                inputs=["style_report", "params:style"],
                outputs="style_card",
                name="write_style_card",
            ),
            Node(nodes.plot_style, inputs="style_model", outputs="style_plot", name="plot_style"),
        ],
        tags="style",
        namespace="style",
        prefix_datasets_with_namespace=False,
    )
