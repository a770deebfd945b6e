"""What the figures are made of: the house's style, and tables of stored results."""
