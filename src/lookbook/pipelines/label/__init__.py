"""The ``label`` pipeline."""

from lookbook.pipelines.label.pipeline import create_pipeline

__all__ = ["create_pipeline"]
