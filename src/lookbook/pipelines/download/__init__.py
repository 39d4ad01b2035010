"""The ``download`` pipeline."""

from lookbook.pipelines.download.pipeline import create_pipeline

__all__ = ["create_pipeline"]
