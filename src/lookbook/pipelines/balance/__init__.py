"""The ``balance`` pipeline."""

from lookbook.pipelines.balance.pipeline import create_pipeline

__all__ = ["create_pipeline"]
