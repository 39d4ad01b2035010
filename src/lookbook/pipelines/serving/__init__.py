"""The ``serving`` pipeline."""

from lookbook.pipelines.serving.pipeline import create_pipeline

__all__ = ["create_pipeline"]
