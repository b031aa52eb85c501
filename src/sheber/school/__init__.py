"""School: people, courses, submissions, the queue, the gradebook. The only place with SQLAlchemy.

What is judged stays what it is on one's own machine: the same `run`, `score`, `report`. One folder a feature, each with
its tables (`models.py`) and the functions that work on them. A function takes a session and plain values, checks what
the person may do, and either changes everything it was asked for or raises a `SchoolError` in words. Pages and API show
what these functions give; they compute nothing.
"""
