"""The ``ingest`` pipeline."""

from lookbook.pipelines.ingest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
