"""The ``publish`` pipeline."""

from lookbook.pipelines.publish.pipeline import create_pipeline

__all__ = ["create_pipeline"]
