"""Searching the catalogue: by meaning, by words, or both."""
