"""A town for each test that changes something, one for all that only look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from town import Town, settle

from sheber.school.opening import School, open_school
from sheber.school.people import logins


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests log in more often than people do."""
    monkeypatch.setattr(logins, "_limit", lambda login, address: None)
    monkeypatch.setattr(logins, "_pardon", lambda login, address: None)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A town of one's own."""
    opened: School = open_school(tmp_path / "school")
    yield settle(opened)
    opened.close()


@pytest.fixture(scope="module")
def quiet_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town that a module shares: look, and change nothing."""
    opened = open_school(tmp_path_factory.mktemp("town") / "school")
    yield settle(opened)
    opened.close()
