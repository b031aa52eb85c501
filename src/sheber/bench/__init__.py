"""Bench: the ladder of gates, each a ratio of two things measured in one run."""
