"""Lookbook: from a folder of clothing photos to a labelled, searchable catalogue."""

__version__ = "0.1.0"
