"""The ``learn`` pipeline."""

from lookbook.pipelines.learn.pipeline import create_pipeline

__all__ = ["create_pipeline"]
