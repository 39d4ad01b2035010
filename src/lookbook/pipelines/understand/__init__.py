"""The ``understand`` pipeline: labelled messages to the network that reads customers' messages."""

from lookbook.pipelines.understand.pipeline import create_pipeline

__all__ = ["create_pipeline"]
