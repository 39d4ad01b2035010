"""The ``review`` pipeline."""

from lookbook.pipelines.review.pipeline import create_pipeline

__all__ = ["create_pipeline"]
