"""The closed set of commands: what a client sends passes, anything else is a protocol error and nothing worse."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheber.desk import name_of
from sheber.robot import commands as c
from sheber.station import ProtocolError

EXAMPLES: dict[str, dict[str, Any]] = {
    "connect": {"protocol": 1, "client": "python 3.11"},
    "move_joints": {"q": [0.0] * 6, "speed": 1.0, "acceleration": None, "blend": 0.0, "wait": True},
    "move_to": {"pose": [0.4, 0, 0.3, 0, 1, 0, 0], "configuration": "left up flip", "blend": 0.02},
    "move_linear": {"pose": [0.4, 0, 0.3, 0, 1, 0, 0], "wait": False},
    "move_circular": {"via": [0.4, 0, 0.3, 0, 1, 0, 0], "to": [0.5, 0, 0.3, 0, 1, 0, 0]},
    "wait_motion": {},
    "stop": {},
    "override": {"factor": 0.3},
    "state": {},
    "wait": {"seconds": 0.5},
    "wait_for": {"name": "part_present", "value": True, "timeout": 10.0},
    "output": {"name": "belt", "value": True},
    "gripper_open": {"width": 0.05},
    "gripper_close": {"force": 20.0},
    "zero_wrench": {},
    "move_linear_until": {"pose": [0.4, 0.0, 0.2, 0.0, 1.0, 0.0, 0.0], "until": [{"on": "force", "force": 5.0}]},
    "comply": {"force": {"z": 10.0}},
    "comply_end": {},
    "set_tool": {"pose": [0.01, -0.02, 0.18, 1.0, 0.0, 0.0, 0.0]},
    "suction_on": {"timeout": 1.0, "wait": True},
    "suction_off": {"wait": False},
    "dispenser_on": {"flow": 3e-7, "wait": True},
    "changer_lock": {"timeout": 1.0},
    "changer_unlock": {},
    "positioner_move": {"q": [0.5, -1.2], "speed": 0.4, "wait": False},
    "positioner_stop": {},
    "positioner_wait": {},
    "positioner_state": {},
    "dispenser_off": {"wait": False},
    "forward": {"q": [0.0] * 6},
    "inverse": {"pose": [0.4, 0, 0.3, 0, 1, 0, 0]},
    "capture": {"camera": "overhead"},
    "note": {"text": "third box"},
    "show": {"jpeg": "/9j/4AAQ", "title": "mask"},
    "slept": {"seconds": 0.1},
}


def encoded(do: str, **changes: Any) -> bytes:
    return json.dumps({"do": do, "line": 12, **EXAMPLES.get(do, {}), **changes}).encode()


def test_every_command_has_an_example_and_decodes_to_its_kind() -> None:
    kinds = {name_of(kind): kind for kind in c.COMMANDS}
    assert set(EXAMPLES) == set(kinds)
    for do, kind in kinds.items():
        command = c.decoder.decode(encoded(do))
        assert type(command) is kind
        assert command.line == 12


@pytest.mark.parametrize(
    ("do", "changes"),
    [
        ("wait", {"seconds": -1.0}),
        ("wait", {"seconds": 1e9}),
        ("wait", {"seconds": "1"}),
        ("wait", {"seconds": True}),
        ("wait", {"surprise": 1}),
        ("wait", {"line": -1}),
        ("wait", {"line": 1.5}),
        ("override", {"factor": 0.0}),
        ("override", {"factor": 1.01}),
        ("move_joints", {"q": []}),
        ("move_joints", {"q": [0.0] * 17}),
        ("move_joints", {"speed": 0.0}),
        ("move_joints", {"blend": -0.1}),
        ("move_linear", {"pose": [0.0] * 6}),
        ("move_linear", {"wait": 1}),
        ("connect", {"protocol": 2}),
        ("note", {"text": "x" * 201}),
        ("show", {"jpeg": "not base64!"}),
        ("move_linear_until", {"until": []}),
        ("move_linear_until", {"until": [{"on": "force", "force": -1.0}]}),
        ("move_linear_until", {"until": [{"on": "smell"}]}),
        ("comply", {"force": {"z": "10"}}),
        ("comply", {"speed": 0.0}),
        ("score", {"points": 100}),
    ],
)
def test_what_no_client_sends_is_refused(do: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="not a command"):
        c.decoder.decode(encoded(do, **changes))


def test_a_refusal_says_what_arrived_and_what_is_allowed() -> None:
    with pytest.raises(ProtocolError) as caught:
        c.decoder.decode(b'{"do": "score"}')
    assert '"score"' in str(caught.value) or "'score'" in str(caught.value)
    assert "move_linear" in str(caught.value)


def test_not_a_number_cannot_arrive() -> None:
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        with pytest.raises(ProtocolError):
            c.decoder.decode(f'{{"do": "wait", "seconds": {number}}}'.encode())


def test_too_long_a_request_is_refused_before_it_is_read() -> None:
    with pytest.raises(ProtocolError, match="up to 65536 bytes"):
        c.decoder.decode(b" " * 65_537)


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_command_or_a_protocol_error(data: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        c.decoder.decode(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(EXAMPLES)), st.data())
@settings(max_examples=400, deadline=None)
def test_any_value_in_any_field_is_a_command_or_a_protocol_error(do: str, data: st.DataObject) -> None:
    fields = ["line", *EXAMPLES[do]]
    changed = data.draw(st.sampled_from(fields))
    try:
        command = c.decoder.decode(encoded(do, **{changed: data.draw(json_values)}))
    except ProtocolError:
        return
    assert type(command) in c.COMMANDS
