"""The API tried by its own description: whatever is sent, no fault of ours, and answers as described."""

from __future__ import annotations

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
from town import Town

from sheber.school.people import tokens
from sheber.web.app import create_app

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 8  # of each route and kind


@schemathesis.serializer("application/zip")
def zipped(_context: object, value: object) -> bytes:
    """An upload: bytes, whatever they are."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.mark.long
@pytest.mark.parametrize("who", ["student", "teacher", "admin"])
def test_whatever_is_sent_there_is_no_fault_of_ours(town: Town, who: str) -> None:
    work_of(town)
    app = create_app(town.school)
    with town.school.writing() as session:
        key = tokens.make_token(session, getattr(town, who), "schema", 30)
    headers = {"Authorization": f"Bearer {key}"}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/events"):
            continue  # a stream, which has tests of its own
        tried += 1
        for mode in schemathesis.GenerationMode:
            attempt(operation, mode, headers)
    assert tried > 60


def attempt(operation: schemathesis.APIOperation, mode: schemathesis.GenerationMode, headers: dict[str, str]) -> None:
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
        case.headers.update(headers)
        case.call_and_validate(checks=CHECKS)

    sent()
