"""Commands of the ground station's library: they print what it computes."""
