"""The ``style`` pipeline."""

from lookbook.pipelines.style.pipeline import create_pipeline

__all__ = ["create_pipeline"]
