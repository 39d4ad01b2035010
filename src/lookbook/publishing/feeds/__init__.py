"""Feeds: products as shops' platforms take them, checked against the platforms' rules."""
