"""The schedule as equipment: a program holds, confirms, refuses, and makes a new plan when an antenna fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground_conversation import conversation, ground_scene
from sheber import NotGiven, StationError
from sheber.diagrams import Bars
from sheber.ground.equipment import Outage, ScheduleSpec
from sheber.ground.equipment.schedule import Schedule
from sheber.ground.kind import GROUND
from sheber.ground.schedule import Antenna, Contact, Partner, Problem, Satellite
from sheber.trace import Trace

NETWORK = Problem(
    (Antenna("Almaty"), Antenna("Astana")),
    (Partner("KazNU", 0.3), Partner("NWPU")),
    (Satellite("A", "KazNU", 1.0, 1), Satellite("N", "NWPU", 2.0, 1)),
    (
        Contact("c1", "Almaty", "A", 3600.0, 4200.0, 600.0, 50.0),
        Contact("c2", "Almaty", "N", 3900.0, 4500.0, 1000.0, 70.0),
        Contact("c3", "Astana", "A", 9000.0, 9600.0, 500.0, 40.0),
        Contact("c4", "Almaty", "A", 9300.0, 9900.0, 550.0, 45.0),
        Contact("c5", "Almaty", "N", 20000.0, 20600.0, 900.0, 60.0),
        Contact("c6", "Astana", "N", 20100.0, 20700.0, 880.0, 58.0),
    ),
)
SPEC = ScheduleSpec(NETWORK, (Outage("Almaty", 8000.0, 30000.0),), ("c1", "c3"), 1800.0)
SCENE = ground_scene(SPEC, step_s=1.0, idle_steps=300)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.trace"


def network(trace: Trace) -> dict[str, object]:
    """What the plans were worth."""
    (event,) = [event for event in trace.events if event.kind == "network"]
    return event.data


def test_a_program_plans_answers_and_plans_anew(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        desk = talk.station.schedule
        assert repr(desk) == "Schedule(6 contacts, 2 antennas, 2 partners)"
        assert desk.contacts["c2"].seconds == 600.0
        assert desk.partners["KazNU"].least == 0.3
        assert desk.hold(["c2", "c4", "c5"]) == {}
        assert desk.confirm() == 3
        desk.refuse("c1", because=["c2"])
        desk.refuse("c3", because=["c4"])
        (news,) = desk.wait_for_news(60000.0)
        assert (news.kind, news.antenna, news.lost) == ("outage", "Almaty", ("c4", "c5"))
        assert talk.station.clock.time == pytest.approx(8000.0)
        assert desk.held == ["c2"]
        assert desk.hold(["c3", "c6"]) == {}
        assert desk.confirm(["c3", "c6"]) == 2
    told = network(talk.trace)
    assert (told["first"], told["first_best"]) == (2450.0, pytest.approx(2450.0))
    assert (told["final"], told["final_best"], told["left"]) == (2380.0, pytest.approx(2380.0), 0.0)
    assert (told["kept"], told["moved"], told["added"], told["answered"]) == (0, 0, 2, 2)
    assert (told["changed_at"], told["refused_holds"], told["lapsed"]) == (8000.0, 0, 0)
    states = [event.data["state"] for event in talk.trace.events if event.kind == "contact"]
    assert states == ["held"] * 3 + ["confirmed"] * 3 + ["lost"] * 2 + ["held"] * 2 + ["confirmed"] * 2
    assert talk.trace["schedule_contacts"][-1] == 3
    assert (talk.trace["schedule_outages"][0], talk.trace["schedule_outages"][-1]) == (0, 1)


def test_the_timetable_of_the_run_is_on_the_record_and_drawn(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        desk = talk.station.schedule
        desk.hold(["c2", "c4", "c5"])
        desk.confirm()
        desk.refuse("c1", because=["c2"])
        desk.wait_for_news(60000.0)
    (event,) = talk.trace.events_of("timetable")
    kept = [row for row in event.data["bookings"] if not row[5]]
    assert kept == [["Almaty", "N", 3900.0, 4500.0, NETWORK.partner_of["N"], False]]
    assert sorted(row[2] for row in event.data["bookings"] if row[5]) == [3600.0, 9300.0, 20000.0]  # c1, c4, c5
    (table,) = GROUND.diagrams(talk.trace)
    assert isinstance(table, Bars)
    bars = {(bar.start, bar.end): bar for lane in table.lanes for bar in lane.bars}
    assert bars[8000.0, 30000.0].owner == "out of work"
    assert bars[9300.0, 9900.0].refused
    assert not bars[3900.0, 4500.0].refused


def test_who_leaves_early_keeps_what_the_failure_leaves(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        talk.station.schedule.hold(["c2", "c3", "c5"])
        talk.station.schedule.confirm(["c2", "c3"])
    told = network(talk.trace)
    assert told["first"] == 1500.0  # c5 lapsed before the antenna failed
    assert told["final"] == 1500.0
    assert (told["lapsed"], told["unanswered"]) == (1, ["c1"])


def test_a_clash_is_refused_with_who_has_it(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        desk = talk.station.schedule
        refused = desk.hold(["c2", "c1"])
        assert list(refused) == ["c1"]
        assert desk.hold(["c5", "c5", "c3"]) == {}
        assert desk.held == ["c2", "c5", "c3"]
        desk.release(["c5", "c3"])  # c3 was asked for: given, and taken back
        assert "c1 is taken by c2 of N over Almaty (NWPU), worth 1000; it is worth 600" in refused["c1"]
        offer = desk.ask("c1")
        assert not offer.free
        assert "c1 is taken by c2" in offer.why
        desk.release(["c2"])
        assert desk.ask("c1").free
        assert desk.held == []
    told = network(talk.trace)
    assert told["refused_holds"] == 1
    assert told["unanswered"] == ["c1", "c3"]


@pytest.mark.parametrize(
    ("name", "because", "words"),
    [
        ("c4", ["c2"], "Nobody asked for c4. These contacts are asked for: c1, c3"),
        ("c1", ["c4"], "c4 is not held, so it is no reason to refuse c1"),
        ("c3", ["c2"], "c2 does not exclude c3"),
        ("c1", [], "c1 is excluded by c2. Name one of these"),
        ("c3", [], "Nothing that is held excludes c3, and to hold it breaks no share"),
    ],
)
def test_a_reason_that_is_none_is_told(name: str, because: list[str], words: str, path: Path) -> None:
    with conversation(SCENE, path) as talk:
        talk.station.schedule.hold(["c2"])
        with pytest.raises(StationError, match=words):
            talk.station.schedule.refuse(name, because=because)
    assert network(talk.trace)["answered"] == 0


def test_an_answer_has_its_time_and_what_is_held_needs_none(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        desk = talk.station.schedule
        desk.hold(["c1"])
        with pytest.raises(StationError, match="c1 is held, so it cannot be refused"):
            desk.refuse("c1", because=["c1"])
        desk.confirm()
        assert desk.wait_for_news(1900.0) == []
        with pytest.raises(StationError, match="had to be answered until 1800 s"):
            desk.refuse("c3", because=[])
    assert network(talk.trace)["unanswered"] == ["c3"]


def test_names_that_are_none_are_told(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        desk = talk.station.schedule
        with pytest.raises(NotGiven, match="no contact 'c9'"):
            desk.hold(["c9"])
        with pytest.raises(TypeError, match="contacts must be names of contacts"):
            desk.hold("c1")
        with pytest.raises(TypeError, match="You gave int"):
            desk.release([3])  # type: ignore[list-item]
        with pytest.raises(StationError, match="c1 is neither held nor confirmed"):
            desk.release(["c1"])
        with pytest.raises(StationError, match="c1 is neither held nor confirmed"):
            desk.confirm(["c1"])


def test_the_failure_to_come_is_told_to_nobody(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        assert "8000" not in str(talk.controller.given())


def test_broken_promises_make_a_plan_count_less(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        talk.station.schedule.hold(["c2", "c5"])
        talk.station.schedule.confirm()
    told = network(talk.trace)
    assert told["first_kept"] == 0.0  # KazNU has nothing
    assert told["first"] == 0.0


def test_a_promised_contact_that_is_not_given_takes_its_part_off(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        talk.station.schedule.hold(["c3"])
        talk.station.schedule.confirm()
    told = network(talk.trace)
    assert told["first_kept"] == 0.5  # N was promised one contact, and A has one
    assert told["first"] == 250.0


def test_a_flood_of_holds_ends_in_words_and_in_time(path: Path) -> None:
    """Whoever holds one contact again and again fills neither the record nor the judge's time."""
    with conversation(SCENE, path) as talk:
        desk = talk.station.schedule
        for _round in range(40):
            talk.session.call("hold_contacts", contacts=["c2"] * 500)
        with pytest.raises(StationError, match="at most 20000 holds in one run"):
            desk.hold(["c2"])
    told = network(talk.trace)
    assert (told["refused_holds"], told["holds"]) == (19_999, 20_000)


def test_a_list_with_a_wrong_name_changes_nothing(path: Path) -> None:
    """Else a late change could hide behind the error."""
    with conversation(SCENE, path) as talk:
        schedule = talk.station.schedule
        schedule.hold(["c1", "c5"])
        talk.station.clock.wait(100.0)
        with pytest.raises(StationError, match="neither held nor confirmed"):
            schedule.release(["c1", "c3"])
        assert [one.state.value for one in talk.controller.part(Schedule).book.requests] == ["held", "held"]
        with pytest.raises(NotGiven, match="no contact 'nothing' here"):
            schedule.hold(["c3", "nothing"])
        assert len(talk.controller.part(Schedule).book.requests) == 2


def test_a_hold_that_lapses_was_no_answer(path: Path) -> None:
    with conversation(SCENE, path) as talk:
        talk.station.schedule.hold(["c1"])
        talk.station.clock.wait(1000.0)
    told = network(talk.trace)
    assert told["lapsed"] == 1
    assert "c1" in told["unanswered"]
