"""The ``clean`` pipeline."""

from lookbook.pipelines.clean.pipeline import create_pipeline

__all__ = ["create_pipeline"]
