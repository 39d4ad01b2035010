"""The schema of an item, its values, and parsing a model's answers."""
