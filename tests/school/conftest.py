"""A school for each test, in a folder of its own; on both databases where a test asks for `any_school`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postgresql import fresh_database
from sheber.school import clock
from sheber.school.limiter import Limiter
from sheber.school.opening import School, open_school
from sheber.school.similarity import reports


@pytest.fixture(autouse=True)
def _fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each school numbers its people anew: what one of them has tried is not the next one's."""
    monkeypatch.setattr(reports, "_comparing", Limiter(burst=3, per_s=1 / 60))


class Clock:
    """The school's time, moved by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        """Let time pass; a negative span is a clock that was set back."""
        self.moment += timedelta(**span)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The first of September, until a test moves it."""
    moved = Clock()
    monkeypatch.setattr(clock, "_clock", moved)
    return moved


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    """A new school on SQLite."""
    opened = open_school(tmp_path / "school")
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_school(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    """A new school, on each database."""
    url = fresh_database() if request.param == "postgresql" else ""
    opened = open_school(tmp_path / "school", url)
    yield opened
    opened.close()
