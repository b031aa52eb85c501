"""Reply: what a command gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command gives back: plain values, and the bytes of an image or of samples where there are any."""

    values: Mapping[str, Any] = field(default_factory=dict)
    binary: bytes = b""
