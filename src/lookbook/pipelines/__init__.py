"""One package a pipeline: ``nodes`` are pure functions, ``pipeline`` wires them."""
