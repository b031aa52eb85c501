"""The description of the API: complete, the same as the committed copy, and readable without a script."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from town import Town

from sheber.web.api.description import document, written
from sheber.web.app import create_app

COPY = Path(__file__).parents[2] / "docs/openapi.json"


def described(town: Town) -> dict[str, Any]:
    return document(create_app(town.school))


def test_the_committed_copy_is_what_is_served(quiet_town: Town) -> None:
    """Made anew by `make openapi`."""
    served = quiet_town.browser().get("/api/openapi.json")
    assert served.headers["content-type"] == "application/json"
    assert served.text == written(create_app(quiet_town.school))
    assert COPY.read_text(encoding="utf-8") == served.text


def test_every_route_says_what_it_does_and_what_may_be_refused(quiet_town: Town) -> None:
    found = described(quiet_town)
    seen = set()
    for path, item in found["paths"].items():
        for method, told in item.items():
            assert told["summary"], path
            assert told["description"].endswith("."), path
            assert told["operationId"] not in seen
            seen.add(told["operationId"])
            assert {"400", "401", "403", "404", "409", "413", "422", "429", "503"} <= told["responses"].keys(), path
            assert told["security"] == [{"token": []}, {"session": []}], (method, path)
            for parameter in told.get("parameters", []):
                assert parameter["in"] in ("path", "query")


def test_every_form_and_answer_says_what_it_is_and_forms_take_nothing_else(quiet_town: Town) -> None:
    schemas = described(quiet_town)["components"]["schemas"]
    for name, schema in schemas.items():
        if name in ("HTTPValidationError", "ValidationError"):
            pytest.fail("the framework's own form of errors is not ours")
        assert schema.get("description"), name
        forbidden = schema.get("additionalProperties") is False
        assert forbidden == name.endswith(("Form", "Change", "Reply", "People", "Ramp", "Settings")), name


def test_a_refusal_is_said_once(quiet_town: Town) -> None:
    found = described(quiet_town)
    refused = found["components"]["responses"]["Refused429"]
    assert refused["headers"]["Retry-After"]
    reference = found["paths"]["/api/v1/me"]["get"]["responses"]["429"]
    assert reference == {"$ref": "#/components/responses/Refused429"}


def test_the_page_shows_every_route_without_a_script_or_another_host(quiet_town: Town) -> None:
    text = quiet_town.browser().get("/api").text
    for path, item in described(quiet_town)["paths"].items():
        for method, told in item.items():
            assert f"{method.upper()} {path}" in text
            assert f'id="{told["operationId"]}"' in text
    assert not re.search(r"(?:src|href)=\"https?:", text.replace("http://testserver", ""))
    assert all("src=" in attributes for attributes in re.findall(r"<script([^>]*)>", text))


def test_the_description_tells_nothing_of_the_school(quiet_town: Town) -> None:
    text = json.dumps(described(quiet_town), ensure_ascii=False)
    assert "күз 2026" not in text
    assert str(quiet_town.school.folder) not in text
