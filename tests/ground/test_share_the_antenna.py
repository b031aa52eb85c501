"""The exercise share-the-antenna: its scenes, and that each mistake costs what it should, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ground_conversation import conversation
from sheber.client.ground_station import GroundStation, News
from sheber.exercises import Exercise, load
from sheber.exercises.score import Score
from sheber.ground.schedule import Plan, Problem, by_value, clash, now_open, replan, solve
from sheber.i18n import Text
from sheber.trace import Trace

Play = Callable[["Desk"], None]


@cache
def exercise() -> Exercise:
    """The exercise with a smaller network."""
    return load("share-the-antenna").with_numbers({"scene.satellites": 15, "scene.hours": 24.0, "scene.asked": 6})


@cache
def problem(seed: int = 1) -> Problem:
    (spec,) = exercise().scene(seed).equipment
    found: Problem = spec.problem
    return found


@cache
def best() -> Plan:
    return solve(problem())


class Desk:
    """What a program does, with the library instead of code of its own."""

    def __init__(self, station: GroundStation) -> None:
        self.station, self.schedule = station, station.schedule

    def plan(self, plan: Plan | None = None) -> None:
        self.schedule.hold([one.name for one in (plan or best()).chosen])
        self.schedule.confirm()

    def answer(self) -> None:
        held = [problem().named(name) for name in self.schedule.held]
        for name in self.schedule.asked:
            if name not in self.schedule.held:
                because = [one.name for one in held if clash(problem(), one, problem().named(name))]
                self.schedule.refuse(name, because=because)

    def wait(self) -> News:
        (news,) = self.schedule.wait_for_news(42_000.0)
        return news

    def anew(self, news: News, give_up: float = 0.02) -> None:
        agreed = Plan.of(problem(), [*self.schedule.held, *news.lost])
        after = problem().closing(news.antenna, news.time, news.until)
        now = self.station.clock.time + self.schedule.freeze
        self.change(replan(after, agreed, now, give_up=give_up).plan)

    def change(self, plan: Plan) -> None:
        self.schedule.release([name for name in self.schedule.held if name not in plan.names])
        held = set(self.schedule.held)
        self.schedule.hold([one.name for one in plan.chosen if one.name not in held])
        self.schedule.confirm()


def judged(tmp_path: Path, play: Play, seed: int = 1) -> tuple[Score, Trace]:
    with conversation(exercise().scene(seed), tmp_path / "run.trace", exercise().limits) as talk:
        play(Desk(talk.station))
    return exercise().score(talk.trace), talk.trace


def lost(score: Score) -> dict[str, float]:
    return {check.key: round(check.lost, 1) for check in score.checks if check.lost > 0.05}


def words(score: Score, key: str) -> str:
    (check,) = [check for check in score.checks if check.key == key]
    return check.message


def well(desk: Desk) -> None:
    """All as it should be."""
    desk.plan()
    desk.answer()
    desk.anew(desk.wait())


def test_a_program_that_does_all_earns_all(tmp_path: Path) -> None:
    score, trace = judged(tmp_path, well)
    assert lost(score) == {}
    assert score.points == pytest.approx(100.0)
    (told,) = [event.data for event in trace.events if event.kind == "network"]
    assert told["first"] == pytest.approx(told["first_best"]) == pytest.approx(best().value)
    assert told["moved"] <= 0.1 * told["kept"]


def test_a_new_plan_that_avoids_the_old_one_moves_too_many(tmp_path: Path) -> None:
    def play(desk: Desk) -> None:
        desk.plan()
        desk.answer()
        news = desk.wait()
        agreed = Plan.of(problem(), [*desk.schedule.held, *news.lost])
        soon = news.time + desk.schedule.freeze
        left = now_open(problem().closing(news.antenna, news.time, news.until), agreed, soon)
        others = tuple(one for one in left.contacts if one.start < soon or one.name not in agreed.names)
        desk.change(by_value(replace(left, contacts=others)))

    score, _trace = judged(tmp_path, play)
    assert lost(score)["moved"] == 8.0


@pytest.mark.parametrize(
    ("play", "costs", "key", "told"),
    [
        (
            lambda d: (d.plan(), d.anew(d.wait())),
            {"answers"},
            "answers",
            "Nobody answered the partners who asked for c",
        ),
        (lambda d: (d.plan(), d.answer()), {"anew", "moved", "cycle"}, "cycle", "Nothing was changed after"),
        (
            lambda d: (d.plan(), d.answer(), (n := d.wait()), d.station.clock.wait(2000.0), d.anew(n)),
            {"cycle"},
            "cycle",
            "The last change came 2000 s after the failure. You get full points up to 300 s",
        ),
        (
            lambda d: (d.plan(), d.answer(), d.schedule.hold(["c0001", "c0002", "c0003", "c0004"]), d.anew(d.wait())),
            {"clashes", "lapsed"},
            "clashes",
            "holds were refused",
        ),
        (
            lambda d: (d.schedule.hold([o.name for o in best().chosen]), d.answer(), d.wait()),
            {"plan", "anew", "moved", "cycle", "lapsed", "answers"},
            "plan",
            "Nothing was held and confirmed when the antenna failed",
        ),
    ],
    ids=["no answers", "no new plan", "late", "clashes", "not confirmed"],
)
def test_each_mistake_costs_its_points(
    play: Callable[[Desk], Any], costs: set[str], key: str, told: str, tmp_path: Path
) -> None:
    score, _trace = judged(tmp_path, play)
    assert set(lost(score)) <= costs
    assert key in lost(score)
    assert told in words(score, key)


def test_a_plan_without_promises_counts_less_than_it_is_worth(tmp_path: Path) -> None:
    free = solve(problem().without_shares().without_minimum())
    score, trace = judged(tmp_path, lambda desk: desk.plan(free))
    (told,) = [event.data for event in trace.events if event.kind == "network"]
    assert told["first_kept"] < 1.0
    assert told["first"] == pytest.approx(free.value * told["first_kept"])
    assert f"{told['first_kept']:.1%} stay because of the promises" in words(score, "plan")


def test_who_does_nothing_has_nothing(tmp_path: Path) -> None:
    score, _trace = judged(tmp_path, lambda desk: None)
    assert score.points == 0.0


def test_scenes_differ_and_hide_the_failure(tmp_path: Path) -> None:
    first, second = (exercise().scene(seed) for seed in (1, 2))
    assert first.equipment != second.equipment
    for scene in (first, second):
        (spec,) = scene.equipment
        (outage,) = spec.outages
        assert 8 * 3600 <= outage.start <= 10 * 3600
        assert len(spec.asked) == 6
        assert not [name for name in spec.asked if spec.problem.place[name] in spec.problem.barred]
        assert all(one.start >= 3600.0 for one in spec.problem.contacts)
    with conversation(first, tmp_path / "run.trace") as talk:
        assert str(first.equipment[0].outages[0].start) not in str(talk.controller.given())


@pytest.mark.parametrize("seed", [901, 7])
def test_the_promises_can_be_kept_and_bind(seed: int) -> None:
    """With all satellites: there is a proven plan, and a share has a price."""
    (spec,) = load("share-the-antenna").scene(seed).equipment
    plan = solve(spec.problem)
    assert plan.proven
    assert plan.kept == 1.0 or plan.kept > 1.0 - 1e-6
    assert 2000 < len(spec.problem.contacts) < 3000
    assert solve(spec.problem.without_shares()).value > plan.value


def test_every_sentence_of_the_record_is_a_text(tmp_path: Path) -> None:
    """What the desk refuses is recorded as a text, so that each reader has it in his language."""
    _score, trace = judged(tmp_path, lambda desk: desk.schedule.hold([f"c{n:04d}" for n in range(1, 200)]))
    refused = [event.data for event in trace.events if event.kind == "contact" and event.data["state"] == "refused"]
    assert refused
    assert all(isinstance(one["why"], Text) for one in refused)
