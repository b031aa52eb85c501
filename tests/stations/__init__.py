"""Kinds of stations that only the tests have. No file of the package knows them."""
