"""The ``explore`` pipeline."""

from lookbook.pipelines.explore.pipeline import create_pipeline

__all__ = ["create_pipeline"]
