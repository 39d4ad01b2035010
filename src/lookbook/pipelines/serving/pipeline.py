"""The ``serving`` pipeline: from a photo or a message to items and a reply."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.serving import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``serving`` pipeline; a run of everything leaves it out."""
    words = ["params:message", "params:history", "stylist"]
    return Pipeline(
        [
            Node(
                nodes.describe_item,
                inputs=["photo", "captioner", "prompt", "search_index", "params:serving"],
                outputs="described_item",
                name="describe_item",
            ),
            Node(
                nodes.interpret_message,
                inputs=[
                    "described_item", *words, "search_index", "params:serving", "params:schema",
                    "params:today",
                ],
                outputs=["request", "starting_item", "shopping_plan"],
                name="interpret_message",
            ),
            Node(
                nodes.recommend_items,
                inputs=[
                    "request", "shopping_plan", "starting_item", "stylist", "search_index",
                    "style", "existing_learned_ranking", "params:outfits", "params:serving",
                    "params:schema",
                ],
                outputs=["recommendations", "outfits"],
                name="recommend_items",
            ),
            Node(
                nodes.find_needs,
                inputs=[
                    "request", "shopping_plan", "starting_item", "params:serving", "params:schema",
                ],
                outputs="needs",
                name="find_needs",
            ),
            Node(
                nodes.write_reply,
                inputs=[
                    "request", "shopping_plan", "described_item", "recommendations", "outfits",
                    *words, "params:schema",
                ],
                outputs="reply",
                name="write_reply",
            ),
        ],
        tags="serving",
        namespace="serving",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
