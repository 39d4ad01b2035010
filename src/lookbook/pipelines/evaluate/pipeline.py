"""Wires evaluate: how good the labels are, and how good each way of searching."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.evaluate import label_nodes, outfit_nodes, retrieval_nodes

SEARCH = ["search_index", "params:schema"]


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``evaluate`` pipeline, which a run of everything leaves out.

    ``label_scores_of_runs`` are all versions of ``label_scores``.
    """
    return Pipeline(
        [
            Node(
                label_nodes.judge_captions,
                inputs=[
                    "captions", "captioner", "embedders", "params:schema", "params:evaluate",
                ],
                outputs="judged_captions",
                name="judge_captions",
            ),
            Node(
                label_nodes.score_labels,
                inputs=[
                    "judged_captions", "corrections", "captioner_fingerprint", "params:schema",
                    "params:evaluate",
                ],
                outputs="label_scores",
                name="score_labels",
            ),
            Node(
                label_nodes.rank_runs,
                inputs=["label_scores_of_runs", "label_scores"],
                outputs="leaderboard",
                name="rank_runs",
            ),
            Node(
                label_nodes.count_confusions,
                inputs=["judged_captions", "params:evaluate"],
                outputs="label_confusion",
                name="count_confusions",
            ),
            Node(
                label_nodes.plot_label_confusion,
                inputs="label_confusion",
                outputs="label_confusion_plot",
                name="plot_label_confusion",
            ),
            Node(
                label_nodes.plot_worst_cases,
                inputs=["judged_captions", "photo_files", "params:schema", "params:evaluate"],
                outputs="worst_cases",
                name="plot_worst_cases",
            ),
            Node(
                retrieval_nodes.read_annotations,
                inputs=["annotations_table", "manifest", "params:schema", "params:distil"],
                outputs="annotations",
                name="read_annotations",
            ),
            Node(
                retrieval_nodes.choose_items,
                inputs=[
                    "full_catalogue", "captions", "annotations", "near_duplicates", "captioner",
                    "embedders", "params:schema", "params:evaluate",
                ],
                outputs=["asked_items", "evaluate_report"],
                name="choose_items",
            ),
            Node(
                retrieval_nodes.find_by_words,
                inputs=[
                    "asked_items", "stylist", "style", "params:outfits", *SEARCH,
                    "params:serving", "params:evaluate",
                ],
                outputs="items_by_words",
                name="find_by_words",
            ),
            Node(
                retrieval_nodes.find_similar_items,
                inputs=["asked_items", *SEARCH, "params:evaluate"],
                outputs="similar_items",
                name="find_similar_items",
            ),
            Node(
                retrieval_nodes.find_known_items,
                inputs=["asked_items", "search_index", "params:evaluate"],
                outputs="known_items",
                name="find_known_items",
            ),
            Node(
                retrieval_nodes.find_complementary_items,
                inputs=[
                    "asked_items", "annotations", "stylist", "style", "params:outfits",
                    *SEARCH, "params:serving", "params:evaluate",
                ],
                outputs="complementary_items",
                name="find_complementary_items",
            ),
            Node(
                outfit_nodes.find_outfits,
                inputs=[
                    "asked_items", "annotations", "stylist", "style", "params:outfits",
                    *SEARCH, "params:serving", "params:evaluate",
                ],
                outputs="outfit_answers",
                name="find_outfits",
            ),
            Node(
                retrieval_nodes.score_retrieval,
                inputs=[
                    "items_by_words", "similar_items", "known_items", "complementary_items",
                    "outfit_answers", "evaluate_report", "params:evaluate",
                ],
                outputs="retrieval_scores",
                name="score_retrieval",
            ),
            Node(
                outfit_nodes.score_ratings,
                inputs=[
                    "outfit_ratings_table", "rating_keys_of_runs", "manifest",
                    "params:compatibility", "params:evaluate",
                ],
                outputs="rating_scores",
                name="score_ratings",
            ),
            Node(
                retrieval_nodes.plot_retrieval,
                inputs="retrieval_scores",
                outputs="retrieval_plot",
                name="plot_retrieval",
            ),
        ],
        tags="evaluate",
        namespace="evaluate",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
