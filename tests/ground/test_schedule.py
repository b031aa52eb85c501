"""Schedules: the exact plan against all subsets, the laws of every plan, and what is told of refusals and rules."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheber.ground.schedule import (
    Antenna,
    Contact,
    OwnTime,
    Partner,
    Plan,
    Problem,
    Satellite,
    ScheduleError,
    Unmet,
    broken,
    by_priority,
    by_value,
    contacts_of,
    cost,
    nearest,
    prices,
    refusal,
    refusals,
    solve,
    worth,
)

# --- small random problems, and all their subsets ----------------------------------------------------


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A few contacts of three satellites of two partners over two antennas, with rules."""
    antennas = (Antenna("A", draw(st.sampled_from([0.0, 2.0]))), Antenna("B", 1.0))
    partners = (
        Partner("p", draw(st.sampled_from([0.0, 0.3, 0.5]))),
        Partner("q", draw(st.sampled_from([0.0, 0.25])), draw(st.sampled_from([1.0, 0.6]))),
    )
    a_day = st.integers(0, 2)
    satellites = (
        Satellite("s", "p", 1.0, draw(a_day)),
        Satellite("t", "q", 2.0, draw(a_day)),
        Satellite("u", "q", 3.0),
    )
    contact = st.tuples(
        st.sampled_from("AB"),
        st.sampled_from("stu"),
        st.integers(0, 30),
        st.integers(1, 9),
        st.integers(1, 50),
        st.booleans(),
    )
    contacts = []
    for number, (antenna, satellite, start, seconds, value, later) in enumerate(
        draw(st.lists(contact, min_size=1, max_size=9))
    ):
        at = start + (86_400 if later else 0)
        contacts.append(Contact(f"c{number}", antenna, satellite, at, at + seconds, value))
    blocks = draw(
        st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 25), st.sampled_from(["", "p", "q"])), max_size=1)
    )
    return Problem(
        antennas,
        partners,
        satellites,
        tuple(contacts),
        own_time=tuple(OwnTime(antenna, start, start + 6, partner) for antenna, start, partner in blocks),
        all_it_has=draw(st.booleans()),
    )


def fits(problem: Problem, chosen: tuple[Contact, ...]) -> bool:
    """The rules of time, each pair by itself; written anew, so that it shares nothing with the package."""
    turn = {"A": problem.antennas[0].turn_round_s, "B": problem.antennas[1].turn_round_s}
    owner = {"s": "p", "t": "q", "u": "q"}
    for one, other in itertools.combinations(chosen, 2):
        gap = max(one.start, other.start) - min(one.end, other.end)
        apart = one.end <= other.start or other.end <= one.start
        if one.satellite == other.satellite and not apart:
            return False
        if one.antenna == other.antenna and (not apart or gap < turn[one.antenna]):
            return False
    return not any(
        one.antenna == block.antenna
        and max(one.start, block.start) < min(one.end, block.end)
        and owner[one.satellite] != block.partner
        for one in chosen
        for block in problem.own_time
    )


def shortfall(problem: Problem, chosen: tuple[Contact, ...]) -> dict[str, float]:
    """What is missing of each promise: contacts, and seconds of shares."""
    owner = {"s": "p", "t": "q", "u": "q"}
    whole = sum(one.end - one.start for one in chosen)
    found = {}
    for partner in problem.partners:
        own = sum(one.end - one.start for one in chosen if owner[one.satellite] == partner.name)
        found[f"least {partner.name}"] = max(0.0, partner.least * whole - own)
        found[f"most {partner.name}"] = max(0.0, own - partner.most * whole)
    for satellite, day in itertools.product(problem.satellites[:2], {one.start // 86_400 for one in problem.contacts}):
        there = [one for one in problem.contacts if one.satellite == satellite.name and one.start // 86_400 == day]
        there = [one for one in there if fits(problem, (one,))]
        wanted = satellite.contacts_a_day
        if problem.all_it_has:
            wanted = min(wanted, most_alone(there))
        found[f"{satellite.name} {day}"] = max(0, wanted - sum(one in there for one in chosen))
    return found


def most_alone(contacts: list[Contact]) -> int:
    """The largest number of contacts of one satellite without a common moment."""
    for size in range(len(contacts), 0, -1):
        for some in itertools.combinations(contacts, size):
            if all(a.end <= b.start or b.end <= a.start for a, b in itertools.combinations(some, 2)):
                return size
    return 0


def subsets(problem: Problem) -> list[tuple[Contact, ...]]:
    """Every choice that keeps the rules of time."""
    sizes = range(len(problem.contacts) + 1)
    every = (some for size in sizes for some in itertools.combinations(problem.contacts, size))
    return [some for some in every if fits(problem, some)]


@settings(max_examples=120, deadline=None)
@given(problem=problems())
def test_the_exact_plan_is_the_best_of_all_subsets(problem: Problem) -> None:
    slack = 1e-5 * max(one.seconds for one in problem.contacts)
    good = [some for some in subsets(problem) if max(shortfall(problem, some).values()) <= slack]
    if not good:
        with pytest.raises(Unmet) as caught:
            solve(problem)
        assert caught.value.nearest.broken
        return
    plan = solve(problem)
    assert plan.value == pytest.approx(max(sum(one.value for one in some) for some in good))
    assert plan.proven
    assert plan.broken == ()
    assert plan.chosen in {tuple(sorted(some, key=lambda one: (one.start, one.name))) for some in good}


@settings(max_examples=80, deadline=None)
@given(problem=problems())
def test_the_nearest_plan_misses_least(problem: Problem) -> None:
    """A missing contact weighs 1; the time of a usual contact that a share lacks weighs 1 too."""
    usable = [one for one in problem.contacts if fits(problem, (one,))]
    usual = float(np.mean([one.seconds for one in problem.contacts]))

    def weight(some: tuple[Contact, ...]) -> float:
        missing = shortfall(problem, some)
        return sum(value / usual if name.startswith(("least", "most")) else value for name, value in missing.items())

    plan = nearest(problem)
    assert weight(plan.chosen) <= min(map(weight, subsets(problem))) + 1e-3 + 1e-5 * len(usable)
    assert fits(problem, plan.chosen)


@settings(max_examples=80, deadline=None)
@given(problem=problems())
def test_what_is_told_as_broken_is_what_is_broken(problem: Problem) -> None:
    """`broken` names a rule for a choice exactly where the rules, written anew, are not kept."""
    everything = problem.contacts
    told = broken(problem, everything)
    time = [one for one in told if one.rule in ("overlap", "turn_round", "satellite", "own_time")]
    assert bool(time) is not fits(problem, everything)
    missing = {name: value for name, value in shortfall(problem, everything).items() if value > 1e-3}
    assert sorted(one.missing for one in told if one not in time) == pytest.approx(sorted(missing.values()))


@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_greedy_plans_keep_the_rules_of_time_and_are_never_better(problem: Problem) -> None:
    free = problem.without_shares().without_minimum()
    best = solve(free).value
    for plan in (by_value(problem), by_priority(problem)):
        assert fits(problem, plan.chosen)
        assert plan.value <= best + 1e-9
        left = [one for one in problem.contacts if one not in plan.chosen]
        assert not any(fits(problem, (*plan.chosen, one)) for one in left), "a greedy plan leaves nothing that fits"


# --- what is told -------------------------------------------------------------------------------------------


def week(**changes: object) -> Problem:
    """Two satellites over one antenna at the same time, and one later."""
    contacts = (
        Contact("early", "Almaty", "Al-Farabi-2", 0.0, 600.0, 500.0, 40.0),
        Contact("rival", "Almaty", "NKSAT", 300.0, 900.0, 800.0, 60.0),
        Contact("later", "Almaty", "Al-Farabi-2", 5000.0, 5400.0, 300.0, 30.0),
    )
    whole = {
        "antennas": (Antenna("Almaty", 60.0),),
        "partners": (Partner("KazNU"), Partner("NWPU")),
        "satellites": (Satellite("Al-Farabi-2", "KazNU"), Satellite("NKSAT", "NWPU")),
        "contacts": contacts,
    }
    return Problem(**(whole | changes))  # type: ignore[arg-type]


def test_a_refusal_says_who_took_it_what_it_is_worth_and_what_is_held() -> None:
    plan = solve(week())
    assert plan.names == {"rival", "later"}
    (one,) = refusals(plan)
    assert (one.reason, one.takers, one.theirs) == ("taken", (plan.chosen[0],), 800.0)
    assert str(one.text) == (
        "early (Al-Farabi-2 over Almaty) is worth 500. In its place are rival of NKSAT over Almaty (NWPU, 800), "
        "worth 800 together. KazNU holds 40.0% of the contact time."
    )
    assert refusal(plan, "later") is None
    assert cost(plan, "early") == pytest.approx(300.0)
    assert cost(plan, "later") == 0.0


def test_a_contact_that_only_a_promise_keeps_out_says_so() -> None:
    """Who would get too large a share is not given what nobody else wants."""
    problem = week(partners=(Partner("KazNU"), Partner("NWPU", least=0.6)))
    plan = solve(problem)
    assert plan.names == {"rival", "later"}
    tight = solve(week(partners=(Partner("KazNU"), Partner("NWPU", least=0.7))))
    assert tight.names == {"rival"}
    one = refusal(tight, "later")
    assert one is not None
    assert one.reason == "promise"
    assert "NWPU gets 60.0% of the contact time and shall have at least 70.0%: 100 s are missing" in str(one.text)
    assert cost(tight, "later") is None  # no plan with it keeps the share


def test_own_time_and_closed_antennas_are_reasons() -> None:
    own = solve(week(own_time=(OwnTime("Almaty", 850.0, 1000.0, "KazNU"),)))
    assert own.names == {"early", "later"}
    assert "the antenna works for KazNU alone then" in str(refusal(own, "rival").text)  # type: ignore[union-attr]
    closed = solve(week().closing("Almaty", 5000.0, 6000.0))
    assert closed.names == {"rival"}
    assert refusal(closed, "later").reason == "closed"  # type: ignore[union-attr]
    assert cost(closed, "later") is None


def test_a_price_is_what_the_rule_costs() -> None:
    problem = week(partners=(Partner("KazNU"), Partner("NWPU", least=0.7)))
    (price,) = prices(solve(problem))
    assert price.value == pytest.approx(300.0)  # "later", which the share forbids
    assert str(price.rule) == "the share of NWPU, 70%"
    minimum = week(satellites=(Satellite("Al-Farabi-2", "KazNU", 1.0, 2), Satellite("NKSAT", "NWPU")))
    plan = solve(minimum)
    assert plan.names == {"early", "later"}
    assert [round(one.value) for one in prices(plan)] == [300]


def test_rules_that_cannot_be_met_are_named_with_what_is_missing() -> None:
    satellites = (Satellite("Al-Farabi-2", "KazNU", 1.0, 2), Satellite("NKSAT", "NWPU", 1.0, 1))
    with pytest.raises(Unmet, match=r"gets 1 contacts on day 1 and shall have at least 2: 1 are missing") as caught:
        solve(week(satellites=satellites))
    assert [(one.rule, one.who, one.missing) for one in caught.value.nearest.broken] == [("contacts", "Al-Farabi-2", 1)]
    with pytest.raises(Unmet, match=r"The required contact (early|rival)"):
        solve(week().requiring(["early", "rival"]))
    strict = week(satellites=(Satellite("Al-Farabi-2", "KazNU", 1.0, 5), Satellite("NKSAT", "NWPU")))
    assert solve(strict).broken == ()  # it gets all it has
    with pytest.raises(Unmet, match="at least 5: 3 are missing"):
        solve(replace(strict, all_it_has=False))


def test_each_broken_rule_of_time_is_told_with_its_seconds() -> None:
    problem = week(antennas=(Antenna("Almaty", 5000.0),)).closing("Almaty", 5300.0, 9000.0)
    told = {one.rule: str(one.text) for one in Plan.of(problem, ["early", "rival", "later"]).broken}
    assert told["overlap"] == "Almaty shall serve early and rival at one time: they overlap by 300 s."
    assert told["turn_round"] == (
        "Almaty has 4100 s from rival to later. It needs 5000 s to turn round: 900 s are missing."
    )
    assert told["own_time"] == "later of Al-Farabi-2 overlaps an own time of Almaty by 100 s."


def test_a_satellite_speaks_to_one_antenna_at_a_time() -> None:
    two = week(antennas=(Antenna("Almaty"), Antenna("Astana"))).adding(
        [Contact("north", "Astana", "NKSAT", 800.0, 1000.0, 50.0)]
    )
    plan = Plan.of(two, ["rival", "north"])
    assert [str(one.text) for one in plan.broken] == [
        "NKSAT shall speak to Almaty and Astana at one time: the contacts overlap by 100 s."
    ]
    assert "north" not in solve(two).names
    assert refusal(solve(two), "north").takers[0].name == "rival"  # type: ignore[union-attr]


def test_a_plan_tells_what_each_partner_holds() -> None:
    plan = solve(week())
    held = {one.partner: (one.contacts, one.seconds, one.share, one.value) for one in plan.holdings}
    assert held == {"KazNU": (1, 400.0, 0.4, 300.0), "NWPU": (1, 600.0, 0.6, 800.0)}
    assert (plan.value, plan.bound, plan.gap) == (1100.0, pytest.approx(1100.0), pytest.approx(0.0))
    assert by_value(week()).gap == math.inf


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"antennas": (Antenna("Almaty"), Antenna("Almaty"))}, "two antennas with the name 'Almaty'"),
        ({"antennas": ()}, "The contact 'early' names the antenna 'Almaty', which does not exist. There are: -"),
        ({"partners": (Partner("KazNU"),)}, "The satellite 'NKSAT' names the partner 'NWPU'"),
        ({"partners": (Partner("KazNU", 0.7), Partner("NWPU", 0.5))}, "promised 120.0% .* Take 20.0% away"),
        ({"partners": (Partner("KazNU", 0.7, 0.5), Partner("NWPU"))}, "at least 70.0% and at most 50.0%"),
        ({"antennas": (Antenna("Almaty", math.nan),)}, "turn_round_s is nan. It must be from 0 to 86400 s"),
        ({"contacts": (Contact("c", "Almaty", "NKSAT", 9.0, 5.0, 1.0),)}, "contact 'c' ends 4 s before it starts"),
        (
            {"contacts": (Contact("c", "Almaty", "NKSAT", -math.inf, 5.0, 1.0),)},
            "start is .*inf. It must be a finite number",
        ),
        ({"contacts": (Contact("c", "Almaty", "NKSAT", 1.0, 5.0, -2.0),)}, "value is -2.0. It must be 0 or more"),
        ({"own_time": (OwnTime("Almaty", 0.0, 1.0, "ESA"),)}, "names the partner 'ESA'"),
        ({"required": frozenset(["no"])}, "names the contact 'no', which does not exist"),
        ({"start": math.inf}, "start is inf"),
    ],
)
def test_a_description_that_makes_no_sense_is_told_in_words(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ScheduleError, match=words):
        week(**changes)


def test_an_unknown_contact_is_told_in_words() -> None:
    with pytest.raises(
        ScheduleError, match=r"names the contact 'x', which does not exist. There are: early, rival, later"
    ):
        Plan.of(week(), ["x"])


def test_contacts_are_made_of_passes_in_the_order_of_time() -> None:
    class Pass:
        def __init__(self, satellite: str, aos: float, los: float, elevation: float) -> None:
            self.satellite, self.aos, self.los, self.elevation_max_deg = satellite, aos, los, elevation

    passes = {"Almaty": [Pass("b", 100.0, 400.0, 90.0), Pass("a", 0.0, 30.0, 12.0), Pass("x", 0.0, 500.0, 50.0)]}
    passes["Astana"] = [Pass("a", 50.0, 250.0, 30.0)]
    made = contacts_of(passes, [Satellite("a", "p", 2.0), Satellite("b", "q", 3.0)])
    assert [(one.name, one.antenna, one.satellite, one.value) for one in made] == [
        ("c0001", "Astana", "a", 200.0),
        ("c0002", "Almaty", "b", 900.0),
    ]
    assert worth(2.0, 100.0, 45.0) == pytest.approx(150.0)


def test_nothing_to_choose_is_an_empty_plan() -> None:
    assert solve(week(contacts=())).chosen == ()
    closed = week().closing("Almaty", -1.0, 1e6)
    assert solve(closed).chosen == ()
    assert solve(closed).proven


def test_a_short_contact_within_a_long_one_does_not_hide_the_next() -> None:
    contacts = [("long", 0.0, 1000.0), ("short", 100.0, 200.0), ("next", 900.0, 1100.0)]
    problem = week(contacts=tuple(Contact(name, "Almaty", "NKSAT", *times, 1.0) for name, *times in contacts))
    told = Plan.of(problem, ["long", "short", "next"]).broken
    assert [(one.rule, one.missing) for one in told if one.rule == "overlap"] == [
        ("overlap", 900.0),
        ("overlap", 100.0),
    ]


def test_greedy_by_value_and_by_priority_begin_with_what_they_are_named_after() -> None:
    """What fits is taken in this order: here each way keeps out another contact."""
    satellites = (Satellite("Al-Farabi-2", "KazNU", 5.0), Satellite("NKSAT", "NWPU", 1.0))
    assert by_value(week(satellites=satellites)).names == {"rival", "later"}
    assert by_priority(week(satellites=satellites)).names == {"early", "later"}
