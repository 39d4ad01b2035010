"""Wires download: photos from elsewhere to a folder."""

from kedro.pipeline import Node, Pipeline

from lookbook.pipelines.download import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Create the ``download`` pipeline, which a run of everything leaves out."""
    return Pipeline(
        [
            Node(
                nodes.report_download,
                inputs="remote_photos",
                outputs="download_report",
                name="report_download",
            ),
        ],
        tags="download",
        namespace="download",
        prefix_datasets_with_namespace=False,
    )
