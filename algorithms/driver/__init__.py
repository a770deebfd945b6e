"""The contract of a method, how methods are found, and what runs them."""
