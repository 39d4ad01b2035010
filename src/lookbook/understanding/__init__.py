"""From a customer's message to a request: what is asked for, of which garment, for whom."""
