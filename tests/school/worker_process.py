"""A worker as a process of its own, for tests that kill it: `python worker_process.py FOLDER DATABASE PLACES`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from sheber.judge import best_sandbox
from sheber.school.opening import open_school
from sheber.school.queue import exercises
from sheber.school.queue.local import LocalExecutor
from sheber.school.queue.worker import JudgingWorker


def main(folder: str, database: str, places: str) -> None:
    """Judge the thermostat exercise, whatever the assignment names."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from school.making import keep_warm

    logging.basicConfig(level=logging.INFO)
    exercises.exercise_of = lambda _school, _job: keep_warm()
    school = open_school(Path(folder), database, migrate=False)
    print("ready", flush=True)
    JudgingWorker(school, LocalExecutor(best_sandbox(), int(places))).run()
    school.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
