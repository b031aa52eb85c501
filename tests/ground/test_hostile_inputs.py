"""What strangers hand to the ground station's library: told in words, in a bounded time, nothing believed.

Each case here was tried as an attacker would: lengths that lie, nesting without end, numbers that no field has,
documents that mean to read other files. Anything but a `GroundError` (or an ordinary answer) is a failure.
"""

from __future__ import annotations

import contextlib
import json
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheber.ground import elements, recordings
from sheber.ground.elements.tle import checksum
from sheber.ground.errors import GroundError
from sheber.ground.mount import DISH, Mount, TrackTable
from sheber.ground.packets import space_packets
from sheber.ground.packets.telemetry import Dictionary
from sheber.ground.protocols import CLOSED, Radio, radio_server, rotator_server
from sheber.ground.site import Skyline

DOCUMENT = (Path(__file__).parent / "nksat.xml").read_text("utf-8")
DEEP = "[" * 200_000 + "]" * 200_000
SAMPLES = np.arange(16, dtype="<f4").tobytes()


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """No input of a few megabytes may hold the reader for long."""
    start = time.process_time()
    yield
    assert time.process_time() - start < 10.0


def told(what: Callable[[], object], words: str) -> None:
    with pytest.raises(GroundError, match=words) as caught:
        what()
    assert len(str(caught.value)) < 1000


# --- recordings -----------------------------------------------------------------------------------


def wav(path: Path, form: bytes, body: bytes, size: int | None = None) -> Path:
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(body) if size is None else size) + body
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks)
    return path


@pytest.mark.parametrize("length", [0, 2, 14])
def test_a_wav_whose_description_is_cut_short(length: int, tmp_path: Path) -> None:
    form = struct.pack("<HHIIHH", 1, 1, 48000, 96000, 2, 16)[:length]
    told(lambda: recordings.read(wav(tmp_path / "a.wav", form, bytes(64))), f"has {length} bytes, and 16")


def test_a_wav_of_numbers_that_do_not_fit(tmp_path: Path) -> None:
    form = struct.pack("<HHIIHH", 3, 1, 48000, 384000, 8, 64)
    body = struct.pack("<dd", 0.0, 1e300)
    told(lambda: recordings.read(wav(tmp_path / "a.wav", form, body)), "no numbers, the first of them at 0.000 s")
    wide = struct.pack("<HHIIHH", 3, 2, 48000, 384000, 8, 32)
    loud = np.array([3e38, -3e38, -3e38, 3e38, 1, 2, 3, 4], "<f4").tobytes()
    assert len(recordings.read(wav(tmp_path / "b.wav", wide, loud)).samples) == 4


@given(st.binary(max_size=400))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_after_riff(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt " + rest)
    with contextlib.suppress(GroundError):
        recordings.read(path)


def sigmf(folder: Path, meta: object) -> Path:
    path = folder / "a.sigmf-meta"
    path.write_text(meta if isinstance(meta, str) else json.dumps(meta))
    (folder / "a.sigmf-data").write_bytes(SAMPLES)
    return path


ABOUT = {"core:datatype": "cf32_le", "core:sample_rate": 48000.0, "core:version": "1.2.0"}
LAW = {"frequency_hz": 4e8, "start": 0.0, "step_s": 1.0, "range_m": [1.0, 2.0], "range_rate_m_s": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        (f'{{"global": {json.dumps(ABOUT)}, "captures": [], "annotations": [{{"a": {DEEP}}}]}}', "recursion"),
        (f'{{"x": {DEEP}, "global": {json.dumps(ABOUT)}, "captures": [], "annotations": []}}', "recursion"),
        ({"global": ABOUT | {"ground:place": {"latitude_deg": 5000, "longitude_deg": 0}}}, "latitude_deg"),
        ({"global": ABOUT | {"ground:doppler": LAW | {"step_s": 1e-308}}}, "step_s"),
        ({"global": ABOUT | {"ground:doppler": LAW | {"range_m": [1, -1e308]}}}, "range_m"),
        ({"global": ABOUT, "captures": [{"core:sample_start": 0, "core:frequency": -1e300}]}, "core:frequency"),
        (
            {"global": ABOUT, "captures": [{"core:sample_start": 0, "core:datetime": "2026-11-29T25:00:00Z"}]},
            "datetime",
        ),
    ],
)
def test_a_description_that_no_recording_has(meta: Any, words: str, tmp_path: Path) -> None:
    if isinstance(meta, dict):
        meta = {"captures": [], "annotations": []} | meta
    told(lambda: recordings.read(sigmf(tmp_path, meta)), words)


# --- elements and skylines ------------------------------------------------------------------------

ONE = "1 25544U 98067A   26333.50000000  .00016717  00000-0  10270-3 0  900"
TWO = "2 25544  51.6400 208.9163 0006317  69.9862  25.2906 15.54225995 1000"
OMM = {
    "OBJECT_NAME": "A",
    "NORAD_CAT_ID": 1,
    "EPOCH": "2026-01-01T00:00:00",
    "INCLINATION": 51,
    "RA_OF_ASC_NODE": 1,
    "ECCENTRICITY": 0.1,
    "ARG_OF_PERICENTER": 1,
    "MEAN_ANOMALY": 1,
    "MEAN_MOTION": 15,
}


def lines(name: str = "ISS", one: str = ONE, two: str = TWO) -> str:
    summed = [line[:68].ljust(68) for line in (one, two)]
    return "\n".join([name, *(f"{line}{checksum(line)}" for line in summed)])


def test_figures_that_only_look_like_figures() -> None:
    assert elements.parse(lines())[0].norad_id == 25544
    for epoch in ("-1333.50000000", "٢٦333.50000000", "+2333.50000000", "2633٣.50000000"):
        told(lambda epoch=epoch: elements.parse(lines(one=ONE.replace("26333.50000000", epoch))), "columns 19 to 32")  # type: ignore[misc]


def test_a_name_without_end() -> None:
    assert len(elements.parse(lines("N" * 3_000_000))[0].name) <= 200
    told(lambda: elements.parse(lines("N" * 3_000_000)[:-1] + "x"), "checksum")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<ndm>" + "<segment>" * 20_000 + "<A>1</A>" + "</segment>" * 20_000 + "</ndm>", "within a segment"),
        ("<ndm>" + "<a>" * 200_000 + "</a>" * 200_000 + "</ndm>", "no elements"),
        ("[" * 300_000, "recursion"),
        ('[{"NORAD_CAT_ID": ' + "9" * 6000 + "}]", "no OMM as JSON"),
        (json.dumps([OMM | {"NORAD_CAT_ID": [1], "EPOCH": {}}]), "NORAD_CAT_ID"),
        (json.dumps([OMM | {"NORAD_CAT_ID": 1e300}]), "norad_id"),
        (json.dumps([OMM | {"EPOCH": "0001-01-01T00:00:00"}]), "epoch"),
        (json.dumps([OMM | {"MEAN_MOTION": float("nan")}]), "MEAN_MOTION"),
        ("OBJECT_NAME,NORAD_CAT_ID\n" + "A" * 200_000 + ",1", "no OMM as CSV"),
        ("OBJECT_NAME,NORAD_CAT_ID\nA,1,2,3,4", "EPOCH is missing"),
    ],
)
def test_elements_that_mean_to_break_their_reader(text: str, words: str) -> None:
    told(lambda: elements.parse(text), words)


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("utf-8", "replace")))
@settings(max_examples=300)
def test_any_text_as_elements(text: str) -> None:
    for begin in ("", "<", "[", "OBJECT_NAME,NORAD_CAT_ID\n", ONE[:20]):
        with contextlib.suppress(GroundError):
            elements.parse(begin + text)


def test_a_skyline_that_no_table_is() -> None:
    told(lambda: Skyline.from_csv("0," + "1" * 200_000), "Line 1 of the skyline cannot be read")
    told(lambda: Skyline.from_csv("0,1\n" * 20_000), "at most 3600")
    told(lambda: Skyline.from_csv("0,nan"), "elevation_deg is nan")


# --- telemetry and packets ------------------------------------------------------------------------


def with_doctype(entity: str, used: str) -> str:
    body = DOCUMENT[DOCUMENT.index("?>") + 2 :] if DOCUMENT.startswith("<?xml") else DOCUMENT
    place = body.index(' name="')
    return f"<!DOCTYPE r [<!ENTITY p {entity}>]>{body[:place]} shortDescription='{used}'{body[place:]}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("entity", ['"inner"', 'SYSTEM "file:///etc/hostname"'])
def test_a_dictionary_with_a_doctype_in_any_encoding(encoding: str, entity: str) -> None:
    """A search for the word <!DOCTYPE does not find it in UTF-16; the parser does."""
    name = encoding.partition("-le")[0]
    document = f'<?xml version="1.0" encoding="{name}"?>{with_doctype(entity, "")}'
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    told(lambda: Dictionary(mark + document.encode(encoding)), "DOCTYPE")


def test_a_dictionary_of_nothing_but_depth_or_of_an_unknown_encoding() -> None:
    told(lambda: Dictionary("<a>" * 100_000), "no telemetry dictionary")
    told(lambda: Dictionary('<?xml version="1.0" encoding="klingon"?><a/>'), "no telemetry dictionary")


def test_many_small_packets_take_time_by_their_number_only() -> None:
    one = space_packets.Packet(1, 2, b"x").encoded()
    packets, rest = space_packets.split(one * 100_000 + one[:5])
    assert len(packets) == 100_000
    assert rest == one[:5]


# --- mounts and their protocols -------------------------------------------------------------------


def mount() -> Mount:
    return Mount(DISH, start_s=0.0, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    "place", [(np.nan, 10), (np.inf, 10), (1e308, 10), (10, 91), (10, -np.inf), ("5", 5), (None, 5)]
)
def test_places_that_no_mount_reaches(place: Any) -> None:
    one = mount()
    before = one.true_deg
    told(lambda: one.point(*place), "azimuth|elevation")
    one.step()
    assert one.true_deg == pytest.approx(before, abs=0.1)


@pytest.mark.parametrize(
    "columns",
    [
        ([0, 1], [0, np.nan], [5, 5]),
        ([0, 0], [0, 1], [5, 5]),
        ([np.inf, 1], [0, 1], [5, 5]),
        ([], [], []),
        ([0, 1, 2], [0, 1], [0, 1]),
        ([[0, 1]], [[1, 2]], [[5, 5]]),
        ([0, 1], [0, 359], [5, 5]),
        ([0, 1], [0, 1e308], [5, 5]),
    ],
)
def test_tables_that_no_mount_follows(columns: Any) -> None:
    one = mount()
    told(lambda: one.follow(TrackTable.of(*columns)), "track table|Row|azimuth")


@given(st.lists(st.binary(max_size=80), max_size=30))
@settings(max_examples=200)
def test_any_bytes_to_the_daemons(pieces: list[bytes]) -> None:
    one = mount()
    for server in (rotator_server(one), radio_server(Radio())):
        for piece in pieces:
            server.receive_data(piece + b"\n")
            answer: object = b""
            while isinstance(answer, bytes):
                answer = server.next_answer()
            if answer is CLOSED:
                break
    azimuth, elevation = one.true_deg
    assert np.isfinite([azimuth, elevation]).all()
