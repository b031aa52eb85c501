"""Similarity: which programs of an assignment have stretches in common. Numbers and places, never a verdict."""
