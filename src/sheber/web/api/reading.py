"""Reading: an OpenAPI description as the documentation page shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Field", "Operation", "operations"]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body or an answer."""

    name: str
    kind: str
    about: str
    needed: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One route."""

    id: str
    method: str
    path: str
    subject: str
    title: str
    about: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    body_kind: str  # media type; "": no body
    answer: tuple[Field, ...]
    answer_kind: str  # media type
    answer_is: str  # "a list", "a page of people"


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every route of a description, in its order."""
    for path, item in document["paths"].items():
        for method, told in item.items():
            yield _operation(document, path, method, told)


def _operation(document: Mapping[str, Any], path: str, method: str, told: Mapping[str, Any]) -> Operation:
    body_kind, body = _content(document, told.get("requestBody", {}))
    good = next(told["responses"][status] for status in ("200", "201") if status in told["responses"])
    answer_kind, answer = _content(document, good)
    parameters = tuple(
        Field(one["name"], _kind(document, one["schema"]), _about(one), one["required"])
        for one in told.get("parameters", [])
        if one["in"] == "query"
    )
    return Operation(
        told["operationId"],
        method.upper(),
        path,
        told["tags"][-1],
        told["summary"],
        told.get("description", ""),
        parameters,
        _fields(document, body),
        body_kind,
        _fields(document, answer),
        answer_kind,
        _kind(document, answer) if answer else good.get("description", ""),
    )


def _content(document: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Media type and schema of a body."""
    for kind, content in told.get("content", {}).items():
        return kind, content.get("schema", {})
    return "", {}


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of an object, or of the objects of a list."""
    found = _followed(document, schema)
    if found.get("type") == "array":
        found = _followed(document, found["items"])
    needed = found.get("required", [])
    properties: Mapping[str, Any] = found.get("properties", {})
    return tuple(Field(name, _kind(document, one), _about(one), name in needed) for name, one in properties.items())


def _followed(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The kind of a value, in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(document, one) for one in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema['items'])}" if "items" in schema else "list"
    return str(schema.get("format") or schema.get("type") or "any")


def _about(one: Mapping[str, Any]) -> str:
    return str(one.get("description") or one.get("schema", {}).get("description", ""))
