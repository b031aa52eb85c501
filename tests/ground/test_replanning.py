"""Re-planning and reservations: what moves after a fault, and the life of a request with several who want it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheber.ground.schedule import (
    Antenna,
    Book,
    Contact,
    Partner,
    Plan,
    Problem,
    Request,
    Satellite,
    ScheduleError,
    State,
    broken,
    now_open,
    replan,
    solve,
)
from sheber.ground.schedule.reservations import NEXT


@st.composite
def busy_days(draw: st.DrawFn) -> Problem:
    """Up to eleven contacts of four satellites over two antennas."""
    antennas = (Antenna("A", 1.0), Antenna("B", 2.0))
    partners = (Partner("p", draw(st.sampled_from([0.0, 0.2]))), Partner("q"))
    satellites = tuple(Satellite(name, "pq"[number % 2]) for number, name in enumerate("stuv"))
    one = st.tuples(
        st.sampled_from("AB"), st.sampled_from("stuv"), st.integers(0, 40), st.integers(2, 9), st.integers(1, 30)
    )
    contacts = [
        Contact(f"c{number}", antenna, satellite, start, start + seconds, value)
        for number, (antenna, satellite, start, seconds, value) in enumerate(
            draw(st.lists(one, min_size=4, max_size=11))
        )
    ]
    return Problem(antennas, partners, satellites, tuple(contacts))


@settings(max_examples=80, deadline=None)
@given(problem=busy_days(), now=st.integers(0, 20), give_up=st.sampled_from([0.0, 0.1, 0.3]))
def test_a_new_plan_is_worth_enough_and_moves_as_little_as_any(problem: Problem, now: int, give_up: float) -> None:
    """Against all subsets: what has begun stays, the value is enough, and no choice keeps more."""
    agreed = solve(problem)
    after = problem.closing("A", now + 5.0, now + 15.0)
    change = replan(after, agreed, now, give_up=give_up)
    left = now_open(after, agreed, now)
    good = [some for some in _subsets(left) if not broken(left, some)]
    if not good:
        assert change.plan.broken or any(one.rule == "least" for one in broken(left, change.plan.chosen))
        return
    best = max(sum(one.value for one in some) for some in good)
    assert change.best == pytest.approx(best)
    assert change.plan.value >= (1 - give_up) * best - 1e-6
    begun = {one.name for one in agreed.chosen if one.start < now and not _barred(after, one)}
    assert {one.name for one in change.plan.chosen if one.start < now} == begun
    enough = [some for some in good if sum(one.value for one in some) >= (1 - give_up) * best - 1e-9]
    most_kept = max(sum(one.name in agreed.names and one.start >= now for one in some) for some in enough)
    assert len(change.kept) == most_kept
    later = {one.name for one in agreed.chosen if one.start >= now}
    assert {one.name for one in (*change.kept, *change.moved, *change.lost)} == later
    assert all(_barred(after, one) for one in change.lost)


def _subsets(problem: Problem) -> list[tuple[Contact, ...]]:
    sizes = range(len(problem.contacts) + 1)
    return [some for size in sizes for some in itertools.combinations(problem.contacts, size)]


def _barred(problem: Problem, contact: Contact) -> bool:
    return problem.place[contact.name] in problem.barred


def three() -> Problem:
    """Two antennas; the second is free while the first is busy."""
    contacts = (
        Contact("one", "Almaty", "Al-Farabi-2", 0.0, 600.0, 600.0),
        Contact("two", "Almaty", "NKSAT", 5000.0, 5600.0, 900.0),
        Contact("spare", "Astana", "NKSAT", 5100.0, 5700.0, 850.0),
        Contact("three", "Almaty", "Al-Farabi-2", 9000.0, 9600.0, 700.0),
        Contact("four", "Astana", "Al-Farabi-2", 5650.0, 6200.0, 400.0),
    )
    antennas, partners = (Antenna("Almaty"), Antenna("Astana")), (Partner("KazNU"), Partner("NWPU"))
    return Problem(antennas, partners, (Satellite("Al-Farabi-2", "KazNU"), Satellite("NKSAT", "NWPU")), contacts)


def test_after_a_fault_what_is_lost_moved_and_added_is_told() -> None:
    agreed = solve(three())
    assert agreed.names == {"one", "two", "four", "three"}
    change = replan(three().closing("Almaty", 4000.0, 7000.0), agreed, 300.0, give_up=0.0)
    assert change.plan.names == {"one", "spare", "three"}
    assert [one.name for one in change.lost] == ["two"]
    assert [one.name for one in change.added] == ["spare"]
    assert [one.name for one in change.kept] == ["three"]
    assert [one.name for one in change.moved] == ["four"]
    assert (change.part_moved, change.part_of_best) == (0.5, pytest.approx(1.0))
    gentle = replan(three().closing("Almaty", 4000.0, 7000.0), agreed, 300.0, give_up=0.3)
    assert gentle.plan.names == {"one", "four", "three"}
    assert (gentle.part_moved, gentle.plan.value) == (0.0, 1700.0)


def test_an_emergency_happens_and_the_rest_moves_for_it() -> None:
    agreed = solve(three())
    urgent = three().adding([Contact("urgent", "Almaty", "NKSAT", 8900.0, 9300.0, 1.0)]).requiring(["urgent"])
    change = replan(urgent, agreed, 300.0)
    assert change.plan.names == {"one", "two", "four", "urgent"}
    assert [one.name for one in change.moved] == ["three"]
    assert change.plan.broken == ()


def test_promises_that_a_fault_breaks_are_told_and_the_rest_is_planned() -> None:
    kept = three().closing("Almaty", 0.0, 1.0)
    strict = Problem(
        kept.antennas,
        kept.partners,
        (Satellite("Al-Farabi-2", "KazNU", 1.0, 2), Satellite("NKSAT", "NWPU", 1.0, 1)),
        three().contacts,
        all_it_has=False,
    )
    agreed = solve(strict)
    change = replan(strict.closing("Astana", 0.0, 2e4).closing("Almaty", 4000.0, 2e4), agreed, 700.0)
    assert change.plan.names == {"one"}
    assert [str(one.text) for one in change.plan.broken] == [
        "Al-Farabi-2 gets 1 contacts on day 1 and shall have at least 2: 1 are missing.",
        "NKSAT gets 0 contacts on day 1 and shall have at least 1: 1 are missing.",
    ]


@pytest.mark.parametrize("part", [-0.1, 1.5, float("nan")])
def test_a_part_that_is_none_is_refused(part: float) -> None:
    with pytest.raises(ScheduleError, match="must be from 0 to 1"):
        replan(three(), solve(three()), 0.0, give_up=part)


# --- reservations -----------------------------------------------------------------------------------------


def test_a_request_is_held_confirmed_and_given_back() -> None:
    book = Book(three())
    offer = book.ask("two", "NWPU", 0.0)
    assert offer.free
    held = book.hold("two", "NWPU", 10.0, offer.version)
    assert (held.state, held.until) == (State.HELD, 610.0)
    assert book.confirm(held.number, 500.0).state is State.CONFIRMED
    assert book.plan().names == {"two"}
    assert book.release(held.number, 4000.0).state is State.RELEASED
    assert book.booked == ()
    assert [one.state.value for one in book.log] == ["held", "confirmed", "released"]


def test_of_two_the_first_wins_and_the_other_is_told_who_has_it() -> None:
    """Both asked while it was free; the second learns what happened since."""
    problem = three().adding([Contact("clash", "Almaty", "Al-Farabi-2", 5200.0, 5900.0, 100.0)])
    book = Book(problem)
    mine, theirs = book.ask("clash", "KazNU", 0.0), book.ask("two", "NWPU", 0.0)
    assert mine.free
    assert theirs.free
    assert book.hold("two", "NWPU", 1.0, theirs.version).state is State.HELD
    refused = book.hold("clash", "KazNU", 1.0, mine.version)
    assert refused.state is State.REFUSED
    assert str(refused.why) == (
        "clash was free when you asked, at version 0 of the book. Since then: clash is taken by two of NKSAT over "
        "Almaty (NWPU), worth 900; it is worth 100. KazNU holds 0.0% of the contact time."
    )
    assert book.booked == (problem.named("two"),)


def test_a_hold_that_is_not_confirmed_lapses() -> None:
    book = Book(three(), hold_s=60.0)
    held = book.hold("two", "NWPU", 0.0)
    assert not book.ask("two", "NWPU", 59.0).free
    assert book.ask("two", "NWPU", 60.0).free
    assert book.requests[0].state is State.LAPSED
    with pytest.raises(ScheduleError, match=r"Request 1 is lapsed: it cannot confirm\. From there it can: nothing"):
        book.confirm(held.number, 61.0)


@pytest.mark.parametrize(
    ("contact", "partner", "now", "words"),
    [
        ("two", "KazNU", 0.0, "NKSAT belongs to NWPU; KazNU cannot hold contacts of it"),
        ("two", "NWPU", 4200.0, "two starts in 800 s. It can be changed until 900 s before its start"),
        ("three", "KazNU", 0.0, "three cannot be had: nobody may use Almaty then"),
    ],
)
def test_what_cannot_be_held_is_told_in_words(contact: str, partner: str, now: float, words: str) -> None:
    book = Book(three().closing("Almaty", 9100.0, 9200.0))
    offer = book.ask(contact, partner, now)
    assert not offer.free
    assert words in str(offer.why)
    assert book.hold(contact, partner, now).state is State.REFUSED
    assert book.booked == ()


def test_the_common_plan_is_kept_free_until_its_time() -> None:
    problem = three().adding([Contact("clash", "Almaty", "Al-Farabi-2", 5200.0, 5900.0, 100.0)])
    book = Book(problem, plan=Plan.of(problem, ["two"]), plan_until=1000.0)
    assert "kept free for two of NKSAT over Almaty (NWPU), worth 900" in str(book.hold("clash", "KazNU", 0.0).why)
    assert book.hold("clash", "KazNU", 1000.0).state is State.HELD


def test_a_fault_takes_what_was_held_and_says_so() -> None:
    book = Book(three().adding([Contact("spoilt", "Almaty", "NKSAT", 5900.0, 6100.0, 5.0)]))
    kept, lost = book.hold("one", "KazNU", -2000.0), book.hold("two", "NWPU", -2000.0)
    book.confirm(lost.number, -1999.0)
    book.confirm(kept.number, -1999.0)
    hit = book.fail("Almaty", 4800.0, 6000.0)
    assert [(one.contact.name, one.state) for one in hit] == [("two", State.LOST)]
    assert book.booked == (three().named("one"),)
    assert "nobody may use Almaty" in str(book.ask("spoilt", "NWPU", 4800.0).why)


def test_confirmed_contacts_are_not_given_back_at_the_last_moment() -> None:
    book = Book(three())
    held = book.hold("two", "NWPU", 0.0)
    book.confirm(held.number, 1.0)
    with pytest.raises(ScheduleError, match="two starts in 899 s"):
        book.release(held.number, 4101.0)
    assert book.requests[0].state is State.CONFIRMED


def test_time_does_not_go_back_and_requests_that_are_none_are_told() -> None:
    book = Book(three())
    book.advance(10.0)
    with pytest.raises(ScheduleError, match=r"is at 10\.0 s. It cannot go back to 9\.0 s"):
        book.advance(9.0)
    with pytest.raises(ScheduleError, match=r"no request 3\. There are 0"):
        book.confirm(3, 10.0)


acts = st.lists(
    st.tuples(
        st.sampled_from(["hold", "confirm", "release", "fail", "wait"]),
        st.integers(0, 10),
        st.sampled_from("pq"),
        st.integers(0, 40),
    ),
    max_size=40,
)


@settings(max_examples=120, deadline=None)
@given(problem=busy_days(), acts=acts)
def test_whatever_is_asked_the_book_keeps_the_rules_of_time(
    problem: Problem, acts: list[tuple[str, int, str, int]]
) -> None:
    """Any sequence of requests: nothing overlaps, every step is one of the table, and what is booked is booked."""
    book, now = Book(problem, hold_s=50.0, freeze_s=1.0), -500.0
    for act, number, partner, seconds in acts:
        now += seconds
        try:
            if act == "hold":
                book.hold(f"c{number % len(problem.contacts)}", partner, now)
            elif act == "fail":
                book.fail("AB"[number % 2], now, now + 30.0)
            elif act == "wait":
                book.advance(now)
            else:
                getattr(book, act)(number, now)
        except ScheduleError:
            pass
        timely = [one for one in broken(book.problem, book.booked) if one.rule not in ("least", "most", "contacts")]
        assert timely == []
        assert {one.contact.name for one in book.requests if one.state in (State.HELD, State.CONFIRMED)} == {
            one.name for one in book.booked
        }
    _follows_the_table(book.log)


def _follows_the_table(log: list[Request]) -> None:
    last: dict[int, State] = {}
    for one in log:
        before = last.get(one.number)
        if before is None:
            assert one.state in (State.HELD, State.REFUSED)
        else:
            assert one.state in {after for (state, _act), after in NEXT.items() if state is before}
        last[one.number] = one.state


# --- the solver's own output ------------------------------------------------------------------------------


def test_what_the_solver_prints_by_itself_is_taken_out() -> None:
    """Lines of C and of Python that go to the standard output: those of HiGHS vanish, others come."""
    program = (
        "import ctypes, os, sys\n"
        "from sheber.ground.schedule.quiet import without_lines\n"
        "c = ctypes.CDLL(None)\n"
        "print('before')\n"
        "with without_lines(b'Highs'):\n"
        "    c.printf(b'HighsMipSolverData::noise\\n')\n"
        "    print('within')\n"
        "    os.write(1, b'HighsMore\\n')\n"
        "print('after')\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["before", "within", "after"]
    closed = subprocess.run(
        [sys.executable, "-P", "-c", "import os\nos.close(1)\n" + program.replace("print(", "str(")],
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Error" not in closed.stderr


def test_what_was_required_and_is_lost_or_over_stops_no_new_plan() -> None:
    problem = three().requiring(["one", "two"])
    change = replan(problem.closing("Almaty", 300.0, 700.0), solve(problem), 350.0)
    assert change.plan.names == {"two", "four", "three"}
    assert [one.rule for one in change.plan.broken] == ["required"]
    assert change.lost == ()  # it had begun: who was there knows
