"""The ``index`` pipeline."""

from lookbook.pipelines.index.pipeline import create_pipeline

__all__ = ["create_pipeline"]
