"""The ``sample`` pipeline."""

from lookbook.pipelines.sample.pipeline import create_pipeline

__all__ = ["create_pipeline"]
