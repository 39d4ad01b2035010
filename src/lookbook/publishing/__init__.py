"""The catalogue for others: a data set with its card and metadata, and tables for shops."""
