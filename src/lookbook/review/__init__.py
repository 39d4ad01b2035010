"""People look at what is doubtful and decide: in which order, and the page on which they do."""
