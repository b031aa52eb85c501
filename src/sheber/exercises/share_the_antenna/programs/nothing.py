"""A program that connects and does nothing."""

from sheber import connect

connect(exercise="share-the-antenna")
