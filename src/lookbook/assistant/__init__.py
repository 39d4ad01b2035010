"""One customer's turn: describe, plan, find, reply; and the page on which it happens."""
