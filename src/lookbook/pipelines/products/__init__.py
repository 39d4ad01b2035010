"""The ``products`` pipeline."""

from lookbook.pipelines.products.pipeline import create_pipeline

__all__ = ["create_pipeline"]
