"""Names: what a program can say to the client library, for the editor: names, signatures, docstrings, kinds.

Read from the library itself, so that the editor never offers what does not exist. Only our own code is looked at; no
line of a student's program comes near this module.
"""

from __future__ import annotations

import ast
import inspect
import json
import keyword
import re
import textwrap
from functools import cache
from importlib import import_module
from typing import Any, Final

import sheber
from sheber.client.connection import CLIENTS
from sheber.client.station import Station
from sheber.geometry import Pose

__all__ = ["kinds", "names"]

_PLAIN: Final = ("sheber.client.station", "Station")  # the client of a station without a client of its own
_OPEN: Final = frozenset({"Named", "Inputs", "Outputs"})  # kinds whose members the scene names
_OF_DICT: Final = ("get", "items", "keys", "values")


@cache
def kinds(station: str) -> tuple[type, ...]:
    """The kinds of things that a program at this station holds: what the client of the station publishes."""
    module = import_module(CLIENTS.get(station, _PLAIN)[0])
    found = (getattr(module, name) for name in module.__all__)
    own = [one for one in found if inspect.isclass(one) and one is not Station]
    return (*own, Station, Pose)


@cache
def names(station: str) -> str:
    """Everything that a program at a station of this name can say, as JSON."""
    known = kinds(station)
    held: dict[str, Any] = {one.__name__: {"members": _members(one, known)} for one in known}
    held["Named"] = {"members": {name: {"sort": "method", "sign": "()", "doc": ""} for name in _OF_DICT}, "open": True}
    offered = {name: _public(name) for name in sheber.__all__}
    offered["connect"]["gives"] = CLIENTS.get(station, _PLAIN)[1]  # its annotation knows no stations
    content = {"names": offered, "kinds": held, "keywords": [*keyword.kwlist, *(one.__name__ for one in _BUILT_IN)]}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


_BUILT_IN: Final = (abs, enumerate, float, int, len, list, max, min, print, range, round, sorted, str, sum, zip)


def _public(name: str) -> dict[str, Any]:
    """A name of `from sheber import ...`."""
    value = getattr(sheber, name)
    if inspect.isclass(value):
        error = issubclass(value, Exception)
        about = {"sort": "class", "doc": _doc(value), "sign": "" if error else _sign(value)}
        return about | ({} if error else {"gives": value.__name__})
    if callable(value):
        return {"sort": "function", "doc": _doc(value), "sign": _sign(value), "gives": ""}
    return {"sort": "constant", "doc": "", "sign": ""}


def _members(kind: type, known: tuple[type, ...]) -> dict[str, dict[str, Any]]:
    """Methods, properties and fields of a kind, by name."""
    found: dict[str, dict[str, Any]] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("sheber."):
            found |= _fields(base, known)
            for name, value in vars(base).items():
                if not name.startswith("_") and (about := _member(value, known)):
                    found[name] = about
    return dict(sorted(found.items()))


def _member(value: Any, known: tuple[type, ...]) -> dict[str, Any] | None:
    if isinstance(value, property):
        return {"sort": "property", "doc": _doc(value), "sign": "", **_kind(_returned(value.fget), known)}
    plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
    if inspect.isfunction(plain):
        return {"sort": "method", "doc": _doc(plain), "sign": _sign(plain), **_kind(_returned(plain), known)}
    return None


def _fields(kind: type, known: tuple[type, ...]) -> dict[str, dict[str, Any]]:
    """Fields with their annotation and the comment beside them: of a dataclass, or set when the object is made."""
    lines = textwrap.dedent(inspect.getsource(kind)).splitlines()
    found = {}
    for node in ast.walk(ast.parse("\n".join(lines))):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(node, ast.AnnAssign | ast.Assign) or not (name := _set(target, kind)):
            continue
        comment = re.search(r"#\s*(.*)$", lines[node.lineno - 1])
        about = {"sort": "property", "doc": comment[1] if comment else "", "sign": ""}
        found[name] = about | _kind(_said(node), known)
    return found


def _said(node: ast.AnnAssign | ast.Assign) -> str:
    """The kind that a field is said to have: its annotation, or what it is made with."""
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.annotation)
    return ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""


def _set(target: ast.expr | None, kind: type) -> str:
    """The public name that is set: `self.name`, or a field of a dataclass."""
    if isinstance(target, ast.Attribute):
        own = isinstance(target.value, ast.Name) and target.value.id == "self"
        return target.attr if own and not target.attr.startswith("_") else ""
    plain = isinstance(target, ast.Name) and target.id in getattr(kind, "__dataclass_fields__", {})
    return target.id if plain and isinstance(target, ast.Name) else ""


def _kind(annotation: str, kinds: tuple[type, ...]) -> dict[str, str]:
    """Which of our kinds an annotation names, and that of an item."""
    known = {one.__name__ for one in kinds}
    outer, _, inner = annotation.partition("[")
    if outer in _OPEN:
        item = inner.rstrip("]")
        return {"gives": "Named"} | ({"item": item} if item in known else {})
    return {"gives": outer} if outer in known else {}


def _returned(function: Any) -> str:
    return str(getattr(function, "__annotations__", {}).get("return", ""))


def _sign(function: Any) -> str:
    """The parameters as a reader wants them: without types and without self."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return "()"
    shown = [_parameter(one) for one in parameters if one.name not in ("self", "cls")]
    return f"({', '.join(one for one in shown if one)})"


def _parameter(one: inspect.Parameter) -> str:
    if one.default is inspect.Parameter.empty:
        return {"VAR_POSITIONAL": f"*{one.name}", "VAR_KEYWORD": f"**{one.name}"}.get(one.kind.name, one.name)
    return f"{one.name}={one.default!r}"


def _doc(value: Any) -> str:
    return inspect.getdoc(value) or ""
