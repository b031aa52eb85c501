"""Extras: parts that are installed only where they are asked for, and the line that adds them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from sheber.cli.errors import Refused
from sheber.i18n import _

__all__ = [
    "GROUND_LINE",
    "missing_for_ground",
    "missing_for_school",
    "need_cluster",
    "need_ground",
    "need_school",
    "school_line",
]

_SCHOOL: Final = (
    "alembic",
    "argon2",
    "fastapi",
    "markdown_it",
    "prometheus_client",
    "python_multipart",
    "sqlalchemy",
    "uvicorn",
    "xlsxwriter",
)


_POSTGRESQL: Final = ("psycopg",)


_GROUND: Final = ("scipy", "sgp4", "space_packet_parser")


GROUND_LINE: Final = "pip install 'sheberkhana[ground]'"


def need_ground() -> None:
    """Refuse where the parts of the ground station are not installed; nothing is imported."""
    if missing := missing_for_ground():
        raise _lacks(missing, GROUND_LINE)


def missing_for_ground() -> list[str]:
    """The modules of the ground station that are not there."""
    return _missing(_GROUND)


def need_school(database: str = "") -> None:
    """Refuse where the parts of a school are not installed; nothing is imported."""
    missing = missing_for_school(database)
    if missing:
        raise _lacks(missing, school_line(database))


def need_cluster() -> None:
    """Refuse where Ray is not installed."""
    if missing := _missing(("ray",)):
        raise _lacks(missing, "pip install 'sheberkhana[school,cluster]'")


def missing_for_school(database: str = "") -> list[str]:
    """The modules of a school that are not there."""
    return _missing(_SCHOOL + (_POSTGRESQL if _is_postgresql(database) else ()))


def school_line(database: str = "") -> str:
    """The line that installs them."""
    return f"pip install 'sheberkhana[{'school,postgresql' if _is_postgresql(database) else 'school'}]'"


def _is_postgresql(database: str) -> bool:
    return database.startswith(("postgresql:", "postgres:"))


def _missing(modules: tuple[str, ...]) -> list[str]:
    return [name for name in modules if find_spec(name) is None]


def _lacks(missing: list[str], line: str) -> Refused:
    text = _("This needs more packages ({missing}). Install them with: {line}")
    return Refused(text.format(missing=", ".join(missing), line=line))
