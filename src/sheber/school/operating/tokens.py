"""Tokens: the key with which a monitor on another machine reads the measures."""

from __future__ import annotations

import hmac

from sheber.school.opening import School
from sheber.untrusted import write_whole

__all__ = ["METRICS", "is_metrics_token", "keep_metrics_token"]

METRICS = "metrics-token"  # file in the folder of the school


def keep_metrics_token(school: School) -> None:
    """Put the token into its file, which only its owner can read: Prometheus takes it from there."""
    file = school.folder / METRICS
    write_whole(file, f"{_token(school)}\n".encode())
    file.chmod(0o600)


def is_metrics_token(school: School, token: str) -> bool:
    """Whether this is the token; takes as long for every wrong one."""
    return hmac.compare_digest(token.encode("utf-8", "replace"), _token(school).encode())


def _token(school: School) -> str:
    return school.secret.derived("metrics").hex()
