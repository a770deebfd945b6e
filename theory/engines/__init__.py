"""The kinds of evidence: each takes a case and returns a verdict."""
