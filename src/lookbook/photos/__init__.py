"""Photos and their folders, tables and identity."""
