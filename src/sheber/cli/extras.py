"""Extras: parts that are installed only where they are asked for, and the line that adds them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from sheber.cli.errors import Refused
from sheber.i18n import _

__all__ = ["need_cluster", "need_school"]

_SCHOOL: Final = (
    "alembic",
    "argon2",
    "fastapi",
    "prometheus_client",
    "python_multipart",
    "sqlalchemy",
    "uvicorn",
    "xlsxwriter",
)


def need_school(database: str = "") -> None:
    """Refuse where the parts of a school are not installed; nothing is imported."""
    _need("school", _SCHOOL)
    if database.startswith(("postgresql:", "postgres:")):
        _need("school,postgresql", ("psycopg",))


def need_cluster() -> None:
    """Refuse where Ray is not installed."""
    _need("school,cluster", ("ray",))


def _need(extra: str, modules: tuple[str, ...]) -> None:
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        text = _("This needs more packages ({missing}). Install them with: pip install 'sheberkhana[{extra}]'")
        raise Refused(text.format(missing=", ".join(missing), extra=extra))
