"""Wires sheets: the index to outfits that people rate blindly."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.sheets import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``sheets`` pipeline, which a run of everything leaves out."""
    return Pipeline(
        [
            Node(
                nodes.propose_outfits,
                inputs=[
                    "search_index", "captioner", "embedders", "stylist", "style",
                    "params:outfits", "params:schema", "params:serving", "params:sheets",
                ],
                outputs=["rating_form", "rating_key", "sheets_report"],
                name="propose_outfits",
            ),
            Node(
                nodes.draw_sheets,
                inputs=["rating_form", "photo_files", "params:sheets"],
                outputs="rating_sheets",
                name="draw_sheets",
            ),
        ],
        tags="sheets",
        namespace="sheets",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
