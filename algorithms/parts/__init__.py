"""What methods are made of: randomness, messages, letters, and the loops that they share."""
