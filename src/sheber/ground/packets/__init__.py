"""Packets: from the frames of a satellite to its parameters, and what of them is an alarm."""
