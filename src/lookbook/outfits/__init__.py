"""Outfits: slots, what goes with what, and building outfits."""
