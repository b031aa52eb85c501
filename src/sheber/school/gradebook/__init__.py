"""Gradebook: what counts, who changed it and why, statistics, regrades, exports."""
