"""A trace that is read while it is written: nothing lost, nothing twice, whatever the pieces."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import moving_boxes
from sheber.trace import Trace, TraceError, read
from sheber.trace.following import Following


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("following") / "run.trace"
    moving_boxes.write(path, seconds=2.0)
    return path


def pieces(raw: bytes, path: Path, cuts: list[int]) -> tuple[list[Trace], Following]:
    """The file written in pieces that end at these bytes, and what was followed of it."""
    following, found = Following(path), []
    with path.open("wb", buffering=0) as file:
        for begin, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
            file.write(raw[begin:end])
            while (piece := following.news()) is not None:
                found.append(piece)
    return found, following


@pytest.mark.parametrize("step", [7, 1000, 100_000])
def test_pieces_together_are_the_whole(whole: Path, tmp_path: Path, step: int) -> None:
    raw, trace = whole.read_bytes(), read(whole)
    found, following = pieces(raw, tmp_path / "live.trace", list(range(step, len(raw), step)))
    assert following.ended
    assert np.concatenate([piece.time for piece in found]).tolist() == trace.time.tolist()
    assert [event for piece in found for event in piece.events] == trace.events
    assert [one for piece in found for one in piece.captures] == trace.captures
    assert [one for piece in found for one in piece.printed] == trace.printed
    assert all(piece.bodies == trace.bodies and piece.channels == trace.channels for piece in found if len(piece.time))
    following.close()
    following.close()


def test_what_the_station_declares_is_read_once(whole: Path, tmp_path: Path) -> None:
    raw = whole.read_bytes()
    found, following = pieces(raw, tmp_path / "live.trace", list(range(1000, len(raw), 1000)))
    assert len({id(piece.declared) for piece in found if piece.bodies}) == 1
    assert found[-1].taught == read(whole).taught
    following.close()


def test_who_is_behind_is_told_so(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sheber.trace.following.LARGEST_PIECE", whole.stat().st_size - 1)
    following = Following(whole)
    assert following.news() is not None
    assert following.behind
    following.news()
    assert not following.behind
    following.close()


def test_what_another_run_declares_is_read(whole: Path) -> None:
    raw = whole.read_bytes()[:-200]  # without the checksum
    known = Trace(raw).declared
    name = known.bodies[-1].encode()
    other = Trace(raw.replace(b'"%s"' % name, b'"%s"' % name[::-1].upper()), known)
    assert other.bodies[-1] == name[::-1].upper().decode()
    assert Trace(raw, known).declared is known


def test_a_file_that_is_not_there_yet_is_waited_for(whole: Path, tmp_path: Path) -> None:
    following = Following(tmp_path / "later.trace")
    assert following.news() is None
    (tmp_path / "later.trace").write_bytes(whole.read_bytes())
    assert following.news() is not None


def test_a_file_that_is_moved_is_followed_on(whole: Path, tmp_path: Path) -> None:
    raw = whole.read_bytes()
    first, second = tmp_path / "running.trace", tmp_path / "kept.trace"
    following = Following(first)
    with first.open("wb", buffering=0) as file:
        file.write(raw[: len(raw) // 2])
        assert following.news() is not None
        os.replace(first, second)
        file.write(raw[len(raw) // 2 :])
    following.follow(second)
    assert following.news() is not None
    assert (following.ended, following.begun) == (True, 1)


def test_a_run_that_begins_again_is_followed_from_its_beginning(whole: Path, tmp_path: Path) -> None:
    raw, path = whole.read_bytes(), tmp_path / "run.trace"
    following = Following(path)
    path.write_bytes(raw[: len(raw) // 2])
    assert following.news() is not None
    path.unlink()
    path.write_bytes(raw)
    assert following.news() is None  # notices that its file has gone
    piece = following.news()
    assert piece is not None
    assert piece.time.tolist() == read(path).time.tolist()
    assert following.begun == 2


def test_a_try_under_another_name_is_followed_from_its_beginning(whole: Path, tmp_path: Path) -> None:
    raw = whole.read_bytes()
    one, two = tmp_path / "1-1.trace", tmp_path / "1-2.trace"
    one.write_bytes(raw[: len(raw) // 3])
    following = Following(one)
    following.news()
    following.follow(two)  # not there yet
    assert following.begun == 1
    two.write_bytes(raw)
    following.follow(two)
    piece = following.news()
    assert piece is not None
    assert len(piece.time) == len(read(two).time)


@pytest.mark.parametrize("raw", [b"x" * 100, b"sheber-trace 99\n" + b"x" * 100])
def test_what_is_no_trace_is_told(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "no.trace"
    path.write_bytes(raw)
    with pytest.raises(TraceError):
        Following(path).news()


def test_a_record_of_absurd_length_is_told(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.trace"
    path.write_bytes(whole.read_bytes()[:16] + b"\xff\xff\xff\x7fS")
    with pytest.raises(TraceError, match="too long"):
        Following(path).news()


def test_a_link_is_not_followed(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "link.trace").symlink_to(whole)
    assert Following(tmp_path / "link.trace").news() is None
