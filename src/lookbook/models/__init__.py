"""The released garment network and its model card."""
