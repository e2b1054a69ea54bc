"""What the product reaches of what this very machine can do at the same moment."""
