"""The ``photo_trial`` pipeline."""

from lookbook.pipelines.photo_trial.pipeline import create_pipeline

__all__ = ["create_pipeline"]
