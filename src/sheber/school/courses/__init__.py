"""Courses: who is in them, which exercises they ask, with which dates and numbers."""
