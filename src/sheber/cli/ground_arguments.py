"""Arguments of the commands of the ground station's library."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

__all__ = ["COMMANDS"]

Maker = Callable[..., argparse.ArgumentParser]

COMMANDS: Final[tuple[Callable[[object, Maker], None], ...]] = ()
"""What adds each command: (commands, maker) -> None, as in `school_arguments`."""
