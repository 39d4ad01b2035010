"""Wires publish: the catalogue to a data set, and to the hub."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.publish import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``publish`` pipeline.

    ``existing_published_files``, ``published_photos`` and ``published_files`` are one folder:
    before the run, with the photos, and with all the rest. ``label_scores_of_runs`` are all
    versions of what ``evaluate`` measured, and none where it was not run.
    """
    return Pipeline(
        [
            Node(
                nodes.plan_publication,
                inputs=[
                    "full_catalogue", "manifest", "near_duplicates", "applied_corrections",
                    "params:schema", "params:publish",
                ],
                outputs="published_rows",
                name="plan_publication",
            ),
            Node(
                nodes.encode_photos,
                inputs=[
                    "published_rows", "photo_files", "existing_published_files", "pool",
                    "params:publish",
                ],
                outputs="published_photos",
                name="encode_photos",
            ),
            Node(
                nodes.describe_publication,
                inputs=[
                    "published_rows", "published_photos", "catalogue", "applied_corrections",
                    "label_scores_of_runs", "captioner_fingerprint", "params:schema",
                    "params:publish",
                ],
                outputs=["published_files", "publish_report"],
                name="describe_publication",
            ),
            Node(
                nodes.push_publication,
                inputs=["publish_report", "params:publish"],
                outputs="pushed_repository",
                name="push_publication",
            ),
        ],
        tags="publish",
        namespace="publish",
        prefix_datasets_with_namespace=False,
    )  # fmt: skip
