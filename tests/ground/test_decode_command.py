"""`sheber decode`: frames as text, JSON and KISS; recordings that cannot be decoded are told in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sheber.cli import main
from sheber.cli.errors import DONE, WRONG_USE
from sheber.ground.chains import satellite, synthesise
from sheber.ground.coding.ax25 import Address, Frame
from sheber.ground.recordings import write_sigmf, write_wav

DATA = Frame(Address("CQ"), Address("UN1GWA", 1), b"Salem, alem! \xc0").encoded()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two frames as SigMF and as IQ in WAV."""
    monkeypatch.chdir(tmp_path)
    (downlink,) = satellite("Al-Farabi-2").downlinks
    recording = synthesise(
        [(0.1, DATA), (0.6, DATA)], downlink, seconds=1.0, cn0_dbhz=60.0, rng=np.random.default_rng(1)
    )
    write_sigmf(tmp_path / "pass", recording)
    write_wav(tmp_path / "iq.wav", recording.samples * np.float32(0.3), 48000.0)
    return tmp_path


def test_frames_as_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "pass.sigmf-meta", "--satellite", "Al-Farabi-2"]) == DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(f" s, {len(DATA)} bytes")
    assert lines[1] == "  UN1GWA-1 > CQ"
    assert lines[2].startswith("  0000  86 a2 40 40")
    assert lines[3].endswith("  Salem, alem! .")
    assert lines[-1] == "2 frames of Al-Farabi-2 in 1.0 s of IQ"


def test_frames_as_json_and_kiss(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["decode", "iq.wav", "--satellite", "43805", "--iq", "--json", "--kiss", "frames.kiss"]
    assert main(command) == DONE
    found = json.loads(capsys.readouterr().out)
    assert [bytes.fromhex(one["hex"]) for one in found] == [DATA, DATA]
    assert found[0]["time_s"] == pytest.approx(0.14, abs=0.02)
    stuffed = DATA.replace(b"\xc0", b"\xdb\xdc")
    assert (folder / "frames.kiss").read_bytes() == (b"\xc0\x00" + stuffed + b"\xc0") * 2


def test_nothing_heard_says_what_was_listened_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", "pass.sigmf-data", "--satellite", "UPMSat-2"]) == DONE
    out = capsys.readouterr().out
    assert "0 frames of UPMSat-2" in out
    assert "FSK 1200 Bd, AX.25" in out


def test_what_cannot_be_decoded_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "letter.wav").write_text("Dear station,")
    for command, words in (
        (["letter.wav", "--satellite", "AO-27"], "is text, not a recording"),
        (["none.wav", "--satellite", "AO-27"], "cannot be read"),
        (["iq.wav", "--satellite", "Sputnik"], "There is no satellite 'Sputnik'"),
        (["iq.wav", "--satellite", "Al-Farabi-2", "--iq", "--kiss", "none/x"], "cannot be written"),
    ):
        assert main(["decode", *command]) == WRONG_USE
        assert words in capsys.readouterr().err
