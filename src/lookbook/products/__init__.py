"""A shop's products: their data, their photos, and the items that they become."""
