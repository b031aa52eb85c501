"""The page of the disk: what is kept by which rule, how full the quota is, and when the last backup was made."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from town import Town

from sheber.school import clock, notices
from sheber.school.errors import Refused
from sheber.school.operating.backups import back_up
from sheber.school.operating.restoring import restore
from sheber.school.operating.retention import GB, Rule, clean


def disk(town: Town) -> str:
    return str(town.browser(town.admin).get("/school/disk").text)


def test_the_rule_of_the_server_and_its_quota_are_told(town: Town) -> None:
    assert "The server has not cleaned yet." in disk(town)
    clean(town.school, Rule(practice_days=21, graded_days=365))
    page = disk(town)
    assert "<dd>21 days</dd>" in page
    assert "<dd>365 days</dd>" in page
    assert "no quota: as much as the disk has" in page
    clean(town.school, Rule(quota_bytes=40 * GB))
    assert "0 B of 40 GB" in disk(town)


def test_the_last_backup_is_told_and_a_restored_school_has_none(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No backup was made of this school." in disk(town)
    made = back_up(town.school, tmp_path / "1.tar", traces=False)
    page = disk(town)
    assert f"{made.size / 1e6:.3g} MB" in page or f"{made.size / 1e3:.3g} kB" in page
    assert "not in it: keep the file secret of the school&#39;s folder elsewhere" in page
    assert "long ago" not in page
    with pytest.raises(Refused, match="there already"):
        back_up(town.school, tmp_path / "1.tar")
    later = clock.now() + timedelta(days=8)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        assert "long ago" in disk(town)
    restore(tmp_path / "1.tar", tmp_path / "drill")
    assert notices.last_backup(tmp_path / "drill") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at": "yesterday"}', '{"at": 3}', '{"at": "2026-11-29T10:00:00"}'])
def test_a_notice_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    for name in ("last-backup.json", "keeping.json"):
        (tmp_path / name).write_text(text)
    assert notices.last_backup(tmp_path) is None
    assert notices.rule_in_force(tmp_path) is None


def test_a_folder_that_cannot_be_written_stops_no_backup(tmp_path: Path) -> None:
    notices.backup_made(tmp_path / "gone", 1, traces=True, secret=False)
    assert notices.last_backup(tmp_path / "gone") is None
