"""The ``train`` pipeline."""

from lookbook.pipelines.train.pipeline import create_pipeline

__all__ = ["create_pipeline"]
