"""Bench of the ground station: orbits against published states, finders, schedules and receivers against theory."""
