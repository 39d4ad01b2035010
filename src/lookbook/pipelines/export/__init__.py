"""The ``export`` pipeline."""

from lookbook.pipelines.export.pipeline import create_pipeline

__all__ = ["create_pipeline"]
