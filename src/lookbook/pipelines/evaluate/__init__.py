"""The ``evaluate`` pipeline."""

from lookbook.pipelines.evaluate.pipeline import create_pipeline

__all__ = ["create_pipeline"]
