"""The ``prompt_trial`` pipeline."""

from lookbook.pipelines.prompt_trial.pipeline import create_pipeline

__all__ = ["create_pipeline"]
