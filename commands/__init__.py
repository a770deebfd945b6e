"""The commands, each parsed and called by a file of its own."""
