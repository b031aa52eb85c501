"""Arguments of the commands of the ground station's library."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sheber.i18n import _

__all__ = ["COMMANDS"]

Maker = Callable[..., argparse.ArgumentParser]


def _decode(commands: Any, command: Maker) -> None:
    added = command(
        commands,
        "decode",
        "ground.decode",
        _("Decode a recording: print the frames of a satellite in a WAV or SigMF file."),
        "  sheber decode pass.wav --satellite Al-Farabi-2\n"
        "  sheber decode pass.wav --satellite 43805 --json\n"
        "  sheber decode iq.wav --satellite Al-Farabi-2 --iq --kiss frames.kiss # stereo: left is I, right is Q",
    )
    added.add_argument("file", type=Path, metavar="FILE", help=_("WAV, or one of a pair of SigMF files"))
    added.add_argument(
        "--satellite", required=True, metavar="NAME", help=_("name or NORAD number; a wrong one lists them")
    )
    added.add_argument("--iq", action="store_true", help=_("the WAV is IQ: left is I, right is Q"))
    added.add_argument("--json", action="store_true", help=_("print JSON: time_s, hex and mended of each frame"))
    added.add_argument("--kiss", type=Path, metavar="FILE", help=_("write the frames as KISS too, for other programs"))


COMMANDS: Final[tuple[Callable[[object, Maker], None], ...]] = (_decode,)
"""What adds each command: (commands, maker) -> None, as in `school_arguments`."""
