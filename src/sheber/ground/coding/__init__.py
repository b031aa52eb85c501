"""Coding: between the bits of a demodulator and the frames of a satellite, both ways."""
