"""What a shop sells, read from the file that its own system exports."""
