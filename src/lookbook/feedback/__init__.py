"""What customers do with answers: its log, and what is learned from it."""
