"""The receiver: what is sent arrives late, shifted and as strong as the link says; blocks have no seam."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ground_conversation import START, conversation, ground_scene
from ground_scenes import al_farabi
from sheber import StationError
from sheber.ground.chains import decode, satellite
from sheber.ground.coding.ax25 import Address, Frame
from sheber.ground.equipment import OrbitsSpec, ReceiverSpec
from sheber.ground.link import Link, StatedNoise, Transmitter, Yagi
from sheber.ground.orbit import look
from sheber.ground.passes import find_passes
from sheber.ground.reception import Burst, Emitter, Tone
from sheber.ground.recordings import Recording
from sheber.ground.scene import Satellite, Scene
from sheber.ground.site import Site
from sheber.station import Limits

FARABI = satellite("Al-Farabi-2")
DATA = [Frame(Address("CQ"), Address("UN1GWA"), bytes([number]) * 40).encoded() for number in range(4)]
LINK = Link(Transmitter(1.0, 0.0, 436.5e6), Yagi(14.0), StatedNoise(400.0))


def overhead() -> Scene:
    """A scene that starts 10 s before the highest point of a good pass, with four frames, one each 2 s."""
    site = Site("Almaty", 43.2220, 76.9210, 850.0)
    elements = al_farabi()
    best = max(find_passes(elements, site, START, START + 86_400.0), key=lambda one: one.elevation_max_deg)
    emitter = Emitter(
        "AL-FARABI-2",
        FARABI.downlinks[0],
        LINK,
        tuple(Burst(2.0 * n + 0.5, data) for n, data in enumerate(DATA)),
        700.0,
    )
    satellites = (Satellite("AL-FARABI-2", elements, elements),)
    return ground_scene(OrbitsSpec(), ReceiverSpec((emitter,)), satellites=satellites, start=best.tca - 10.0)


SCENE = overhead()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.trace"


def test_frames_arrive_when_and_where_they_should(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        blocks = [talk.station.receiver.read(seconds) for seconds in (0.7, 3.3, 2.0, 4.0)]
        iq = np.concatenate([block.samples for block in blocks])
        assert [block.start for block in blocks] == pytest.approx([0.0, 0.7, 4.0, 6.0])
        assert blocks[1].time[-1] == pytest.approx(4.0, abs=1e-4)
    frames = decode(Recording(iq, 48000.0), FARABI)
    assert [frame.data for frame in frames] == DATA
    flags = 23 * 8 / 4800.0  # before the frame's own
    told = [event.data for event in talk.trace.events if event.kind == "transmission"]
    assert [one["data"] for one in told] == [data.hex() for data in DATA]
    assert all(one["read"] == 1.0 for one in told)
    for frame, one in zip(frames, told, strict=True):
        assert frame.time_s - flags == pytest.approx(one["start"], abs=3e-4)
    seen = look(SCENE.satellites[0].true, SCENE.site, SCENE.start + np.array([0.5]))
    assert told[0]["start"] - 0.5 == pytest.approx(seen.range[0] / 299_792_458.0, abs=1e-6)


def test_the_signal_is_as_strong_and_as_far_off_as_physics_say(path: Path) -> None:
    """The same numbers as the link's own, from the samples alone."""
    from sheber.ground.link import carrier_at

    with conversation(SCENE, path) as talk:
        block = talk.station.receiver.read(1.0)
    at = 0.55  # within the first frame
    seen = look(SCENE.satellites[0].true, SCENE.site, SCENE.start + np.array([at]))
    heard = block.samples[int(at * 48000) : int((at + 0.05) * 48000)]
    quiet = block.samples[: int(0.4 * 48000)]
    noise = np.mean(np.abs(quiet) ** 2)
    cn0 = 10 * np.log10((np.mean(np.abs(heard) ** 2) - noise) / noise * 48000.0)
    assert cn0 == pytest.approx(carrier_at(LINK, seen.elevation, seen.range).cn0_dbhz[0], abs=0.3)
    lines = np.abs(np.fft.fft(heard**2)) ** 2  # MSK squared: two lines, half a baud to each side of twice the carrier
    half = round(2400.0 * 0.05)
    both = np.roll(lines, half) + np.roll(lines, -half)
    carrier = np.fft.fftfreq(len(heard), 1 / 48000.0)[both.argmax()] / 2.0
    assert carrier == pytest.approx(-436.5e6 * seen.range_rate[0] / 299_792_458.0 + 700.0, abs=15.0)


def test_what_is_not_read_is_lost_and_on_the_record(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        talk.station.receiver.read(1.0)
        talk.station.clock.wait(5.0)
        talk.station.receiver.read(2.0)
    read = [event.data["read"] for event in talk.trace.events if event.kind == "transmission"]
    assert read == [1.0, 0.0, 0.0, 1.0]


def test_half_a_transmission_counts_half(path: Path) -> None:
    """The first one lasts from 0.502 to 0.645 s."""
    with conversation(SCENE, path) as talk:
        talk.station.receiver.read(0.6)
        talk.station.clock.wait(1.0)
    told, *later = (event.data for event in talk.trace.events if event.kind == "transmission")
    assert told["read"] == pytest.approx((0.6 - told["start"]) / (told["end"] - told["start"]), abs=1e-3)
    assert 0.5 < told["read"] < 0.9
    assert later, "what is sent after the program has gone was not heard either"
    assert all(one["read"] == 0.0 for one in later)


def test_tuning_moves_the_signal(path: Path) -> None:
    tone = Tone(436.51e6, 60.0, 0.0, 10.0)
    scene = replace(SCENE, equipment=(OrbitsSpec(), ReceiverSpec(tones=(tone,))))
    with conversation(scene, path) as talk:
        receiver = talk.station.receiver
        for tuned, wanted in ((436.5e6, 10_000.0), (436.515e6, -5_000.0)):
            receiver.tune(tuned)
            samples = receiver.read(0.5).samples
            top = np.fft.fftfreq(len(samples), 1 / 48000.0)[np.argmax(np.abs(np.fft.fft(samples)))]
            assert top == pytest.approx(wanted, abs=3.0)
        receiver.tune(436.6e6)
        assert np.abs(receiver.read(0.5).samples).mean() < 0.04  # outside the band: noise alone
    spectra = talk.trace.samples["receiver_spectrum"]
    bins = [int(row.argmax()) for row in spectra if row.any()]
    assert bins[2] == 64 + round(10_000.0 / 375.0)
    assert bins[6] == 64 - round(5_000.0 / 375.0)


def test_gain_and_full_scale(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        receiver = talk.station.receiver
        quiet = receiver.read(0.3)
        assert np.std(quiet.samples.real) == pytest.approx(0.02, rel=0.02)
        assert quiet.clipped == 0
        receiver.gain(40.0)
        loud = receiver.read(0.1)
        assert loud.clipped > 1000
        assert np.abs(loud.samples.real).max() <= 1.0
        with pytest.raises(StationError, match="from -40 to 40 dB"):
            receiver.gain(41.0)
        with pytest.raises(StationError, match="430000000 to 440000000 Hz"):
            receiver.tune(145e6)
        with pytest.raises(StationError, match="blocks of up to 20 s"):
            receiver.read(21.0)


def test_a_pass_takes_little_time(path: Path) -> None:
    """Sixty seconds of a pass: a tenth of what a whole one may take with everything else."""
    import time

    with conversation(SCENE, path, Limits(simulated_s=600.0)) as talk:
        talk.station.receiver.read(0.1)
        before = time.process_time()
        for _block in range(6):
            talk.station.receiver.read(10.0)
        assert time.process_time() - before < 2.0
