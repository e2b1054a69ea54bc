"""The customer's pages: from the red button to the receipt."""
