"""Beginnings: how the public scenes of an exercise look before a program runs, as its kind of station draws them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sheber.exercises import Exercise
from sheber.judge.program import Program
from sheber.judge.run import header
from sheber.judge.sandbox import Sandbox
from sheber.temporary import temporary_folder
from sheber.trace import NOTHING, Outcome, OutcomeKind, TraceWriter, read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["beginnings", "png"]


def beginnings(exercise: Exercise) -> Iterator[NDArray[np.uint8]]:
    """A picture (h, w, 3) RGB of each public scene, in order; none where the station has nothing to show.

    No program runs, and no box is made. Raises ExerciseError where a scene cannot be built.
    """
    with temporary_folder("beginnings") as folder:
        for place, seed in enumerate(exercise.rehearsal, start=1):
            file = Path(folder, f"{place}.trace")
            about = header(exercise, Program("nothing.py", b""), seed, Sandbox("C"), f"rehearsal {place}")
            with TraceWriter(file, about) as recorder:
                station = exercise.build(seed, recorder)
                station.close()
                recorder.end(station.step, Outcome(OutcomeKind.FINISHED, NOTHING), {})
            picture = exercise.station.portrait(read(file))
            if picture is not None:
                yield picture


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture (h, w, 3) RGB as PNG."""
    import cv2

    done, encoded = cv2.imencode(".png", picture[..., ::-1])
    assert done, "every picture of three channels can be written"
    return bytes(encoded)
