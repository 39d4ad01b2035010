"""The ``sheets`` pipeline."""

from lookbook.pipelines.sheets.pipeline import create_pipeline

__all__ = ["create_pipeline"]
