"""A town for each test that changes something, one for all that only look: copies of one that is made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from town import Town, copied, settle

from sheber.school.limiter import Limiter
from sheber.school.opening import open_school
from sheber.school.people import logins, passwords
from sheber.school.similarity import reports

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # tests/school holds the cost that a school has


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests log in, and compare programs, more often than people do."""
    monkeypatch.setattr(logins, "_limit", lambda login, address: None)
    monkeypatch.setattr(logins, "_pardon", lambda login, address: None)
    monkeypatch.setattr(passwords, "_hasher", CHEAP)
    monkeypatch.setattr(reports, "_comparing", Limiter(burst=99, per_s=1))


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """What the towns of the tests are copied from."""
    opened = open_school(tmp_path_factory.mktemp("model") / "school")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", CHEAP)
        made = settle(opened)
    opened.close()
    return made


@pytest.fixture
def town(model: Town, tmp_path: Path) -> Iterator[Town]:
    """A town of one's own."""
    found = copied(model, tmp_path / "school")
    yield found
    found.school.close()


@pytest.fixture(scope="module")
def quiet_town(model: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town that a module shares: look, and change nothing."""
    found = copied(model, tmp_path_factory.mktemp("town") / "school")
    yield found
    found.school.close()
