"""The API tried by its own description: whatever is sent, no fault of ours, and answers as described."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from judged import work_of
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Receive, Scope, Send
from town import Town, copied

from sheber.school.people import tokens
from sheber.web.app import create_app

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 8  # of each route and kind


@schemathesis.serializer("application/zip")
def zipped(_context: object, value: object) -> bytes:
    """An upload: bytes, whatever they are."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.mark.long
def test_whatever_is_sent_there_is_no_fault_of_ours(model: Town, tmp_path: Path) -> None:
    """The same requests as student, teacher and administrator, each in a town of their own."""
    towns = {who: copied(model, tmp_path / who) for who in ("student", "teacher", "admin")}
    asked = {f"Bearer {settled(town, who)}": create_app(town.school) for who, town in towns.items()}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", by_token(asked))
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/events"):
            continue  # a stream, which has tests of its own
        tried += 1
        for mode in schemathesis.GenerationMode:
            attempt(operation, mode, list(asked))
    assert tried > 60
    for town in towns.values():
        town.school.close()


def settled(town: Town, who: str) -> str:
    """Somebody's token, in a town with work."""
    work_of(town)
    with town.school.writing() as session:
        return tokens.make_token(session, getattr(town, who), "schema", 30)


def by_token(apps: Mapping[str, ASGIApp]) -> ASGIApp:
    """One application that asks the one of who asks."""
    first = next(iter(apps.values()))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        await apps.get(headers.get(b"authorization", b"").decode("latin-1"), first)(scope, receive, send)

    return app


def attempt(operation: schemathesis.APIOperation, mode: schemathesis.GenerationMode, asked: list[str]) -> None:
    """Requests of one kind to one route: such as it describes, or such as it does not."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: schemathesis.Case) -> None:
        for key in asked:
            case.headers["Authorization"] = key
            case.call_and_validate(checks=CHECKS)

    sent()
