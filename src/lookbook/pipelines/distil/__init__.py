"""The ``distil`` pipeline."""

from lookbook.pipelines.distil.pipeline import create_pipeline

__all__ = ["create_pipeline"]
