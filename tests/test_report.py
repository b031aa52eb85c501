"""The report's words: score, reasons, moments, plots; pages that no student's text can break."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import ground_pass
import moving_boxes
from sheber.exercises.score import GROUPS, Check, Score, final
from sheber.i18n import Message, Text, message
from sheber.judge.report import overview, report, words
from sheber.judge.report.common import common, weighed
from sheber.judge.report.curves import POINTS, plots
from sheber.judge.report.moments import cycles, failures, moments, printed_lines, running_lines
from sheber.judge.report.text import grade_table, said, table
from sheber.robot.io import signal_channels
from sheber.trace import Channel, EventKind, Header, Outcome, OutcomeKind, Printed, Trace, TraceWriter, read

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / "src/sheber/judge/report/bundle"
EXERCISE = moving_boxes.Exercise()
NEVER = message("report_test.never", "The program never connected.")
PLAIN = message("report_test.plain", "{words}")
AT_LINE = message("report_test.at_line", "Line {line}: {what}")
STOPPED = message("report_test.stopped", "Emergency stop: {reason}.")
OWN = message("run.program_error", "{said}")


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return moving_boxes.write(tmp_path_factory.mktemp("report") / "run.trace")


@pytest.fixture(scope="module")
def page(trace: Trace) -> str:
    return report(EXERCISE, trace, moving_boxes.score())


class Elements(HTMLParser):
    """Every element with its attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.text += data


def test_the_page_says_the_score_and_every_lost_point(page: str) -> None:
    text = re.sub(r"\s+", " ", Elements(page).text)
    assert text.index("73.1") < text.index("No collision")
    for check in moving_boxes.score().checks:
        assert check.name in text
        assert check.message in text
    assert "Emergency stop: the load hit the post (hello)" in text
    assert "Cycle time, safety and procedure count 85.5 % here" in text
    assert "See it at 4.00 s" in text
    assert "−9 No collision" in text


def test_the_same_run_gives_the_same_page(trace: Trace, page: str) -> None:
    assert report(EXERCISE, trace, moving_boxes.score()) == page


def test_the_page_asks_nobody_for_anything(page: str) -> None:
    elements = Elements(page).found
    outside = [
        value
        for tag, attributes in elements
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action", "data") and not (value or "").startswith(("data:", "#"))
    ]
    assert outside == []
    policy = next(a["content"] for tag, a in elements if a.get("http-equiv") == "Content-Security-Policy") or ""
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_policy_names_the_hash_of_our_script_and_style(page: str) -> None:
    for tag in ("style", 'script type="module"'):
        content = re.findall(f"<{tag}>(.*?)</{tag.split()[0]}>", page, re.DOTALL)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"sha256-{digest}" in page.split("</head>")[0].replace("&#39;", "'")


def test_nothing_that_a_student_writes_becomes_markup(tmp_path: Path, page: str) -> None:
    hostile = report(
        EXERCISE,
        moving_boxes.write(tmp_path / "run.trace", hostile=moving_boxes.HOSTILE),
        moving_boxes.score(message=moving_boxes.HOSTILE),
    )
    calm, wild = Elements(page), Elements(hostile)
    assert [tag for tag, _ in wild.found] == [tag for tag, _ in calm.found]
    assert not any(name.startswith("on") for _, attributes in wild.found for name in attributes)
    assert "<img src=x" not in hostile
    assert "{{ 7 * 7 }}" in wild.text
    for sign in ("\x1b", "\u202e"):
        assert sign not in hostile
    run = re.search(r'<script type="application/json" id="run">(.*?)</script>', hostile, re.DOTALL)
    assert run is not None
    assert any("<img src=x" in moment["text"] for moment in json.loads(run[1])["moments"])


def test_a_run_without_anything_has_a_page(tmp_path: Path) -> None:
    """The program never connected: no samples, no pictures, nothing printed."""
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        writer.end(0, Outcome(OutcomeKind.PROGRAM_ERROR, NEVER(), connected=False))
    nothing = Score(tuple(Check(c.name, c.group, 0, c.maximum) for c in moving_boxes.score().checks))
    text = Elements(report(EXERCISE, read(tmp_path / "run.trace"), nothing)).text
    assert "The program never connected." in text
    assert "You need 60 more points to reach 60." in text


def test_a_run_that_lost_its_numbers_has_a_page(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("x", sandbox="C")) as writer:
        row = np.zeros((), writer.begin(moving_boxes.CHANNELS, ["load"], moving_boxes.VISUALS, step_s=0.002))
        for n in range(9):
            row["joints"], row["tcp"] = np.inf, np.nan
            writer.bodies(10 * n, np.array([0], np.uint16), np.full((1, 7), np.nan, np.float32))
            writer.sample(10 * n, row)
    html = report(EXERCISE, read(tmp_path / "run.trace"), moving_boxes.score())
    run = re.search(r'<script type="application/json" id="run">(.*?)</script>', html, re.DOTALL)
    assert run is not None
    assert "NaN" not in run[1]
    assert "The recording stops at 0.16 s. The file is incomplete. Only the recorded part is judged." in html
    assert "could not be judged" not in Elements(html).text
    assert "sandbox level C: for practice only" in html


def test_many_camera_pictures_are_made_smaller(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        for n in range(60):
            writer.capture(n, "overhead", rng.integers(0, 90, (240, 320, 3), dtype=np.uint8))
    trace = read(tmp_path / "run.trace")
    pages = report(EXERCISE, trace, moving_boxes.score())
    pictures = [a["src"] or "" for tag, a in Elements(pages).found if tag == "img" and a.get("data-at")]
    assert len(pictures) == 60
    assert sum(map(len, pictures)) < 0.45 * sum(len(capture.jpeg) for capture in trace.captures)


def test_a_full_score_says_so(trace: Trace) -> None:
    full = Score(tuple(Check(c.name, c.group, c.maximum, c.maximum) for c in moving_boxes.score().checks))
    assert full.points == 100
    text = Elements(report(EXERCISE, trace, full)).text
    assert "You lost no points." in text
    assert "You earned all points." in text


def test_an_unknown_language_is_refused(trace: Trace) -> None:
    with pytest.raises(ValueError, match="unknown language 'tlh'"):
        report(EXERCISE, trace, moving_boxes.score(), language="tlh")


def test_the_costliest_loss_comes_first_and_the_greatest_gain_is_named() -> None:
    """Quality lifts the other groups too, so less lost there may bring more."""
    score = moving_boxes.score()
    assert [loss.name for loss in words.losses(score)] == [
        "No collision", "Load at the dock", "Cycle time", "Earned, but not counted",
    ]  # fmt: skip
    assert words.advice(score) == (
        "Biggest possible gain: Load at the dock (up to 12.4 points). Of these, 8.7 are its own. "
        "The other 3.7 come because cycle time, safety and procedure then count more."
    )


def test_what_ended_the_run_comes_before_what_follows_from_it() -> None:
    """A run that was cut off has no duration: that is a consequence, and the advice is the cause."""
    score = Score(tuple(Check(c.name, c.group, 0, c.maximum) for c in moving_boxes.score().checks))
    stop = Outcome(OutcomeKind.EMERGENCY_STOP, PLAIN(words="the load hit the post at 6.5 deg"), line=5)
    measured = Score(tuple(replace(c, points=0) for c in moving_boxes.score().checks))
    finished = Outcome(OutcomeKind.FINISHED)
    assert words.losses(measured, finished)[2].checks[0].group == "cycle"
    assert words.losses(measured, stop)[-1].checks[0].group == "cycle"
    assert words.losses(score, finished)[-1].checks[0].group == "cycle"  # of a job that was not done
    slow = Score(tuple(replace(c, points=0 if c.group == "cycle" else c.maximum - 1) for c in score.checks))
    assert words.advice(Score(slow.checks), finished).startswith("Biggest possible gain: Load at the dock")
    quick = Score(tuple(replace(c, measured=1.0) for c in slow.checks))
    assert words.advice(quick, finished).startswith("Biggest possible gain: Cycle time (up to")
    assert words.advice(score, stop).startswith(
        "Biggest possible gain: avoid the emergency stop. The run ended in line 5"
    )
    never = Outcome(OutcomeKind.PROGRAM_ERROR, NEVER(), connected=False)
    assert "call connect()" in words.advice(score, never)
    broken = Outcome(OutcomeKind.PROGRAM_ERROR, OWN(said="Line 3: invalid syntax"), line=3, connected=False)
    assert "fix the error that ended the program. The run ended in line 3, so" in words.advice(score, broken)
    assert "Load at the dock (up to" in words.advice(score, Outcome(OutcomeKind.FINISHED))


@pytest.mark.parametrize(
    ("reason", "line", "text"),
    [
        (
            PLAIN(words="the arm is 6.1 deg behind"),
            6,
            "Emergency stop: the arm is 6.1 deg behind. It happened in line 6.",
        ),
        (AT_LINE(line=5, what="the post was hit"), 5, "Emergency stop: Line 5: the post was hit"),
        (PLAIN(words=AT_LINE(line=5, what="hit")), 5, "Emergency stop: Line 5: hit"),
        (AT_LINE(line=12, what="asked for"), 1, "Emergency stop: Line 12: asked for. It happened in line 1."),
        (STOPPED(reason=PLAIN(words="150 N.")), 3, "Emergency stop: 150 N. It happened in line 3."),
        (OWN(said="Line 7: NameError"), 7, "Emergency stop: Line 7: NameError"),
        (PLAIN(words="the post was hit"), 0, "Emergency stop: the post was hit"),
    ],
)
def test_an_ending_names_its_line_once(reason: Text, line: int, text: str) -> None:
    assert words.ending(Outcome(OutcomeKind.EMERGENCY_STOP, reason, line)) == text


@pytest.mark.parametrize("between", ["\n    ", " · "])
def test_the_ending_stands_first_and_its_code_on_a_line_of_its_own(tmp_path: Path, between: str) -> None:
    reason = f"Line 5: NameError: no <i>crane</i>{between}cell.crane.move(n) # <b>not bold</b>{between}Is it spelt so?"
    raw = moving_boxes.write(tmp_path / "run.trace").header.source
    with TraceWriter(tmp_path / "stop.trace", Header("x", source=raw)) as writer:
        writer.begin([Channel("tcp", "f8", (7,), "m")], [], [], step_s=0.002)
        writer.end(5, Outcome(OutcomeKind.PROGRAM_ERROR, OWN(said=reason), 5))
    stopped = read(tmp_path / "stop.trace")
    html = report(EXERCISE, stopped, moving_boxes.score())
    assert "<code>cell.crane.move(n) # &lt;b&gt;not bold&lt;/b&gt;</code>" in html
    assert '<p class="why">Is it spelt so?</p>' in html
    text = " ".join(Elements(html).text.split())
    assert "NameError: no <i>crane</i> See it at" in text
    assert text.index("The program ended with an error") < text.index("Passed.")
    assert text.index("Biggest possible gain: fix the error") < text.index("No collision")
    lines = printed(table(EXERCISE, stopped, moving_boxes.score())).splitlines()
    assert lines[2].startswith("The program ended with an error: Line 5: NameError")
    assert lines[3].strip() == "cell.crane.move(n) # <b>not bold</b>"
    assert "fix the error that ended the program. The run ended in line 5," in " ".join(" ".join(lines).split())


def test_a_recording_that_breaks_off_is_nobodys_fault(tmp_path: Path, trace: Trace) -> None:
    raw = trace._raw
    (tmp_path / "cut.trace").write_bytes(raw[: len(raw) // 2])
    cut = read(tmp_path / "cut.trace")
    for text in (
        Elements(report(EXERCISE, cut, moving_boxes.score())).text.split("Licences")[0],
        printed(table(EXERCISE, cut, moving_boxes.score())),
    ):
        flowing = " ".join(text.split())
        assert f"The recording stops at {cut.duration:.2f} s. The file is incomplete." in flowing
        assert "could not be judged" not in flowing
        assert "Biggest possible gain: Load at the dock" in flowing


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "mm", "–"),
        (4.2, "mm", "4.2 mm"),
        (123.4, "N", "123 N"),
        (0.0, "", "0"),
        (-0.0, "deg", "0°"),
        (2.345, "deg", "2.35°"),
        (17.81, "s", "17.81 s"),
        (17.8, "s", "17.8 s"),
        (120.0, "s", "120 s"),
    ],
)
def test_quantities_are_short(value: float | None, unit: str, text: str) -> None:
    assert words.quantity(value, unit) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (87.43, "87.43"),
        (60.0, "60"),
        (59.97, "59.97"),
        (59.997, "59.99"),
        (0.04, "0.04"),
        (0.0, "0"),
        (100.0, "100"),
        (4.96, "4.96"),
        (8.2, "8.2"),
    ],
)
def test_points_are_short_and_never_more_than_there_are(value: float, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.03, "0.03"), (0.34, "0.34"), (8.333, "8.34"), (15.0, "15"), (8.3, "8.3"), (0.099, "0.1")]
)
def test_what_is_missing_is_never_less_than_it_is(value: float, text: str) -> None:
    assert words.lacking(value) == text


def quality(points: float) -> Score:
    """A score that is all quality."""
    return Score((Check(PLAIN(words="Done"), "quality", points, 60.0, told=PLAIN(words="some is missing")),))


@pytest.mark.parametrize(
    ("points", "shown", "verdict"), [(59.97, "59.97", "You need 0.03 more points"), (60.0, "60", "Passed")]
)
def test_what_is_shown_and_what_passes_agree(trace: Trace, points: float, shown: str, verdict: str) -> None:
    text = printed(table(EXERCISE, trace, quality(points)))
    assert text.rstrip().splitlines()[-1].startswith(f"{shown} / 100")
    assert verdict in text
    html = report(EXERCISE, trace, quality(points))
    assert f"{shown} of 100 points" in html
    assert ("points passed" in html) == (points >= 60)


def test_a_score_just_below_all_is_not_all(trace: Trace) -> None:
    checks = [replace(one, points=one.maximum) for one in moving_boxes.score().checks]
    checks[0] = replace(checks[0], points=checks[0].maximum - 0.03)
    text = printed(table(EXERCISE, trace, Score(tuple(checks))))
    assert "99.95 / 100" in text
    assert "Everything was done as asked" not in text


SHARE = st.floats(0.0, 1.0)


@given(st.lists(st.tuples(st.sampled_from(sorted(GROUPS)), SHARE, st.booleans()), max_size=12))
def test_a_list_of_losses_sums_to_what_is_lost(drawn: list[tuple[str, float, bool]]) -> None:
    """What each loss shows, added up by a reader, is what is missing of the score."""
    counts = {group: sum(1 for one in drawn if one[0] == group) or 1 for group in GROUPS}
    checks = []
    for n, (group, share, follows) in enumerate(drawn):
        most = round(GROUPS[group] / counts[group], 2)
        told = PLAIN(words=f"reason {n}")
        check = Check(PLAIN(words=f"check {n}"), group, share * most, most, 1.0, told=told, key=str(n), follows=follows)
        checks.append(check)
    score = Score(tuple(checks))
    missing = round(sum(check.maximum for check in checks) - score.points, 2)
    for kind in (OutcomeKind.FINISHED, OutcomeKind.EMERGENCY_STOP):
        outcome = Outcome(kind)
        shown = [float(words.lacking(loss.lost)) for loss in words.losses(score, outcome)]
        assert sum(shown) == pytest.approx(missing, abs=0.02)


@given(st.lists(st.lists(SHARE, min_size=7, max_size=7), min_size=1, max_size=9))
def test_losses_over_all_scenes_sum_to_what_the_final_score_lacks(drawn: list[list[float]]) -> None:
    """To the hundredth, as they are shown; the 0.3 for the worst scene are in them."""
    groups = (("quality", 20.0), ("quality", 33.3), ("quality", 6.7), ("cycle", 15.0), ("safety", 15.0))
    groups += (("procedure", 3.33), ("procedure", 6.67))
    scenes = []
    for shares in drawn:
        checks = [
            Check(PLAIN(words=f"check {n}"), group, share * most, most, 1.0, told=PLAIN(words="why"), key=str(n))
            for n, ((group, most), share) in enumerate(zip(groups, shares, strict=True))
        ]
        scenes.append((Score(tuple(checks)), Outcome(OutcomeKind.FINISHED)))
    shown = [round(100 * float(words.lacking(one.lost))) for one in common(scenes)]
    assert sum(shown) == 10_000 - round(100 * final([score for score, _outcome in scenes]))
    assert all(shown)


def test_a_loss_counts_as_its_scene_does() -> None:
    """Three scenes: 0.7 / 3 of each, and 0.3 more of the worst; of two equal ones 0.15 each."""
    ended = Outcome(OutcomeKind.FINISHED)

    def scene(lost: float, name: str) -> tuple[Score, Outcome]:
        rest = [Check(PLAIN(words=group), group, most, most) for group, most in GROUPS.items() if group != "safety"]
        return Score((*rest, Check(PLAIN(words=name), "safety", 15.0 - lost, 15.0, told=PLAIN(words="why")))), ended

    found = common([scene(3.0, "a"), scene(10.0, "b"), scene(0.0, "c")])
    assert [(one.name, one.lost, one.scenes) for one in found] == [
        ("b", 5.33, "lost in 1 of 3 scenes"),
        ("a", 0.7, "lost in 1 of 3 scenes"),
    ]
    told = "These losses are the 6.03 points that are missing of 100. "
    assert weighed([97.0, 90.0, 100.0], 100 - 93.97) == (
        told + "A loss in the worst scene counts 53.3 %, in another scene 23.3 %."
    )
    found = common([scene(0.01, "a"), scene(10.0, "b"), scene(0.0, "c")])
    assert [(one.name, one.lost) for one in found] == [("b", 5.34)], "the largest remainder; no loss of nothing"
    found = common([scene(10.0, "a"), scene(10.0, "b"), scene(0.0, "c"), scene(0.0, "d")])
    assert [(one.name, one.lost) for one in found] == [("a", 3.25), ("b", 3.25)]
    told = "These losses are the 6.5 points that are missing of 100. "
    how = "A loss in one of the 2 worst scenes counts 32.5 %, in another scene 17.5 %."
    assert weighed([90.0, 90.0, 100.0, 100.0], 6.5) == told + how
    told = "These losses are the 10 points that are missing of 100. "
    assert weighed([90.0] * 3, 10.0) == told + "All scenes have the same points, so each counts 33.3 %."
    assert common([scene(0.0, "a")] * 2) == []


def test_over_all_scenes_the_cause_stands_before_its_effects_however_rare_it_is() -> None:
    stopped = Score(
        (
            Check(PLAIN(words="Line"), "quality", 0.0, 20.0, follows=True),
            Check(PLAIN(words="Pose"), "quality", 38.0, 40.0, 1.0, told=PLAIN(words="off")),
            Check(PLAIN(words="Cycle time"), "cycle", 0.0, 15.0),
            Check(PLAIN(words="Emergency stop"), "safety", 4.8, 15.0, told=PLAIN(words="hit")),
        )
    )
    well = Score(tuple(replace(one, points=one.maximum) for one in stopped.checks))
    ended, stop = Outcome(OutcomeKind.FINISHED), Outcome(OutcomeKind.EMERGENCY_STOP)
    found = common([(well, ended), (stopped, stop), (well, ended)])
    assert [(one.name, one.follows) for one in found] == [
        ("Emergency stop", False),
        ("Pose", False),
        ("Line", True),
        ("Cycle time", True),
        ("Earned, but not counted", True),
    ]
    assert found[0].scenes == "lost in 1 of 3 scenes"
    slow = Score(
        tuple(replace(one, points=one.points / 2, measured=9.0) for one in well.checks if one.group == "cycle")
    )
    both = {one.name: one.follows for one in common([(stopped, stop), (slow, ended)])}
    assert not both["Cycle time"], "in one scene it is a cause of its own"


def test_what_was_earned_and_does_not_count_is_told_with_its_numbers() -> None:
    score = Score(
        (
            Check(PLAIN(words="Job"), "quality", 30.0, 60.0, told=PLAIN(words="half")),
            Check(PLAIN(words="Safe"), "safety", 15.0, 15.0),
            Check(PLAIN(words="Way"), "procedure", 7.0, 10.0, told=PLAIN(words="crooked")),
        )
    )
    *_others, last = words.losses(score)
    assert (last.name, last.lost, last.time) == ("Earned, but not counted", 11.0, None)
    assert last.message == (
        "Cycle time, safety and procedure count 50 % here, because you have 30 of 60 points for quality: "
        "11 of the 22 points earned there. The better the job is done, the more they count."
    )
    assert words.split(words.losses(score))[1] == [last]
    assert words.rule(Score(score.checks[:1])) == "", "nothing was earned there"


PLACE = message("test.place", "Place {number}")
EMPTY = message("test.empty", "Nothing stands here.")
EMPTY_PLACE = message("test.empty_place", "Nothing stands on place {number}.")


def places(count: int, told: Message) -> list[Check]:
    """Places on which nothing stands."""
    values = [{} if told is EMPTY else {"number": n} for n in range(1, count + 1)]
    return [
        Check(PLACE(number=n), "quality", 0.0, 5.0, None, 2.0, "mm", told=told(**value), key=f"place {n}")
        for n, value in enumerate(values, 1)
    ]


def test_checks_that_lost_all_for_the_same_reason_are_told_as_one() -> None:
    other = moving_boxes.score().checks[0]
    alike, alone = words.losses(Score((*places(11, EMPTY), other)))
    assert (alike.name, alike.lost, alike.message) == ("Place 1 and 10 more", 55.0, "Nothing stands here.")
    assert alone.name == other.name
    (alike,) = words.losses(Score(tuple(places(3, EMPTY_PLACE))))
    assert alike.message == "Nothing stands on place 1. The others were lost in the same way."
    assert [loss.name for loss in words.losses(Score(tuple(places(2, EMPTY))))] == ["Place 1", "Place 2"]
    assert "Place 1 and 10 more (up to" in words.advice(Score(tuple(places(11, EMPTY))))


def test_a_measured_loss_is_told_alone() -> None:
    near = [replace(check, measured=3.0, points=4.0) for check in places(4, EMPTY_PLACE)]
    assert len(words.losses(Score(tuple(near)))) == 4


def test_checks_with_the_very_same_words_are_told_as_one() -> None:
    """A pose that the tool passed loses position and angle for one reason."""
    passed = places(2, EMPTY)
    both = [replace(passed[0], measured=5.6, time=2.9), replace(passed[1], time=2.9)]
    (loss,) = words.losses(Score(tuple(both)))
    assert (loss.name, loss.message, loss.time) == ("Place 1, Place 2", "Nothing stands here.", 2.9)
    assert len(words.losses(Score((both[0], replace(both[1], time=3.5))))) == 2, "at another moment"


def test_what_follows_stands_below_its_cause_however_much_it_costs() -> None:
    cause, other = places(2, EMPTY_PLACE)
    effects = [replace(other, key=f"effect {n}", measured=0.0, maximum=20.0, follows=True) for n in range(3)]
    lost = words.losses(Score((*effects, cause)))
    assert [(loss.name, loss.lost) for loss in lost] == [("Place 1", 5.0), ("Place 2 and 2 more", 60.0)]
    assert words.advice(Score((*effects, cause))).startswith("Biggest possible gain: Place 1 (up to")


def test_an_emergency_stop_stands_first_and_what_follows_below_a_line_of_words(trace: Trace, tmp_path: Path) -> None:
    cause, other = places(2, EMPTY_PLACE)
    effects = [replace(other, key=f"effect {n}", maximum=20.0, follows=True) for n in range(3)]
    stop = Check(PLAIN(words="Emergency stop"), "safety", 0.0, 4.0, 1.0, 0.0, told=PLAIN(words="Hit the post."))
    score = Score((*effects, cause, stop))
    outcome = Outcome(OutcomeKind.EMERGENCY_STOP, PLAIN(words="hit the post"))
    lost = words.losses(score, outcome)
    assert [loss.name for loss in lost] == ["Emergency stop", "Place 1", "Place 2 and 2 more"]
    assert [loss.name for loss in words.losses(score)] == ["Place 1", "Emergency stop", "Place 2 and 2 more"]
    told, between = words.order(*words.split(lost, outcome))
    assert told == "What went wrong comes first. The biggest losses are at the top."
    assert between == "These points were lost only because of what stands above:"
    assert words.order([lost[0]], []) == ("", "")
    assert words.order([], [lost[2]])[1].startswith("These points were lost because the job was not done")
    shown = printed(table(EXERCISE, trace, score))
    assert 0 < shown.index(told) < shown.index("Place 1.") < shown.index(between) < shown.index("Place 2 and 2 more")
    marked = report(EXERCISE, trace, score)
    assert 0 < marked.index(told) < marked.index("<h3>Place 1</h3>") < marked.index(between)
    assert marked.index(between) < marked.index("<h3>Place 2 and 2 more</h3>")


def test_one_point_is_one_point() -> None:
    left = Check(PLAIN(words="Place"), "quality", 59.0, 60.0, told=PLAIN(words="Crooked."))
    rest = [Check(PLAIN(words="Rest"), "cycle", 40.0, 40.0)]
    near = Score((replace(left, points=59.4), *rest))
    assert words.plural("1") == 1 != words.plural("0.5") == words.plural("1.5") == 2
    assert "gain 1 point." in words.verdict(near)
    assert "(up to 1 point)." in words.advice(near)
    almost = Score((Check(PLAIN(words="Place"), "quality", 59.0, 100.0),))
    assert words.verdict(almost) == "Not passed yet. You need 1 more point to reach 60."
    assert words.verdict(near, part=True).startswith("1 point is missing in this scene. ")
    few = Score((replace(left, points=52.85), *rest))
    lost = words.lacking(100.0 - few.points)
    assert f"gain {lost} points" in words.verdict(few)
    assert f"(up to {lost} points)" in words.advice(few), "a list and its advice say the same number"


def test_a_program_that_never_connected_is_told_the_cause_and_no_zeros(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "never.trace", Header("x")) as writer:
        writer.begin([Channel("tcp", "f8", (7,), "m")], [], [], step_s=0.002)
        writer.end(5, Outcome(OutcomeKind.PROGRAM_ERROR, NEVER(), connected=False))
    lines = printed(table(EXERCISE, read(tmp_path / "never.trace"), Score(tuple(places(12, EMPTY))))).splitlines()
    assert lines[2].startswith("The program ended with an error: The program never connected.")
    assert not any("Place" in line or "0 / 5" in line for line in lines)
    assert any("call connect()" in line for line in lines)
    assert lines[-1].startswith("0 / 100")
    assert len(lines) < 10


def test_minus_signs_are_minus_signs() -> None:
    assert words.quantity(-3.5, "mm") == "−3.5 mm"
    assert words.typeset("x -1.2, y +3.0 mm, box-3 on 2026-11-25, 3-4") == "x −1.2, y +3.0 mm, box-3 on 2026-11-25, 3-4"
    told = PLAIN(words="it lies at x -19.4 mm")
    lost = words.losses(Score((Check(PLAIN(words="Place"), "quality", 1.0, 60.0, told=told),)))
    assert lost[0].message == "it lies at x −19.4 mm"


def test_moments_are_words_with_units_and_flags(trace: Trace) -> None:
    told = [(moment.time, moment.text, moment.grave) for moment in moments(trace)]
    assert told == [
        (1.0, "note: hello", False),
        (2.0, "gripped: hook, load", False),
        (4.0, "contact: load, post, 21.5 N", True),
        (6.0, "let go: hook, load", False),
    ]


def test_crowds_of_events_get_no_marks_unless_grave(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        writer.begin([], [], step_s=0.002, events=moving_boxes.EVENTS)
        for n in range(200):
            writer.event(n, "blink", {})
            writer.event(n, "contact", {"a": "upper_arm", "b": "post", "force_N": 3.0, "meant": n % 2 == 0})
    told = moments(read(tmp_path / "run.trace"))
    assert len(told) == 100
    assert told[0].text == "contact: upper arm, post, 3.0 N"


def test_cycles_begin_at_the_action_that_comes_again(tmp_path: Path) -> None:
    kinds = {
        "step": EventKind("step", action=True, quiet=True),
        "take": EventKind("take", action=True),
        "note": EventKind("note"),
    }
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        writer.begin([], [], [], step_s=0.002, events=kinds)
        for n in range(4):
            writer.event(500 * n + 100, "take", {})
            writer.event(500 * n + 200, "step", {})
            writer.event(500 * n + 300, "note", {})
    made = read(tmp_path / "run.trace")
    assert cycles(made) == pytest.approx([0.0, 0.2, 1.2, 2.2, 3.2])
    made.event_kinds.pop("take")  # type: ignore[attr-defined]
    assert cycles(made) == pytest.approx([0.0, 0.4, 1.4, 2.4, 3.4])


def test_a_run_without_cycles_is_one(trace: Trace) -> None:
    assert cycles(trace) == [0.0]


@pytest.mark.parametrize(
    ("ended", "lost", "opening"),
    [
        (OutcomeKind.EMERGENCY_STOP, ["quality"], 4.0),  # what ended the run, here the contact
        (OutcomeKind.FINISHED, ["cycle", "procedure", "quality"], 6.0),
        (OutcomeKind.FINISHED, ["cycle", "procedure"], 9.0),
        (OutcomeKind.FINISHED, [], 0.0),
    ],
)
def test_the_page_opens_where_most_can_be_seen(
    trace: Trace, monkeypatch: pytest.MonkeyPatch, ended: OutcomeKind, lost: list[str], opening: float
) -> None:
    times = {"cycle": 10.0, "procedure": 9.0, "quality": 6.0}
    checks = [Check(PLAIN(words=group), group, 0.0, 10.0, 1.0, time=times[group], key=group) for group in lost]
    monkeypatch.setattr(trace, "outcome", Outcome(ended), raising=False)
    html = report(EXERCISE, trace, Score((*checks, Check(PLAIN(words="all"), "quality", 20.0, 20.0))))
    (block,) = re.findall(r'<script type="application/json" id="run">(.*?)</script>', html)
    assert json.loads(block)["opening"] == pytest.approx(opening)


def test_printed_lines_carry_the_time_that_stands_before_them() -> None:
    pieces = [Printed("stdout", "[ 12.34 s] he"), Printed("stderr", "oh\n"), Printed("stdout", "llo\nplain\x1b[31m\n")]
    lines = [(line.stream, line.text, line.time) for line in printed_lines(pieces)]
    assert lines == [
        ("stdout", "hello", 12.34),
        ("stdout", "plain\N{REPLACEMENT CHARACTER}[31m", None),
        ("stderr", "oh", None),
    ]


def test_running_lines_are_changes(trace: Trace) -> None:
    assert running_lines(trace) == [(0.0, 3), (1.02, 4), (2.02, 5)]


def test_plots_come_in_the_order_of_the_channels(trace: Trace) -> None:
    found = plots(trace)
    assert [(plot.title, plot.unit, len(plot.labels)) for plot in found] == [
        ("Joints", "°", 6),
        ("Speed", "mm/s", 2),
        ("Force", "N", 4),
        ("Tank (kPa)", "kPa", 1),
    ]
    joints = found[0].words()
    packed = np.frombuffer(base64.b64decode(joints["curves"][0]), "<i2")
    shown = (packed.astype(float) + 32767) * joints["step"] + joints["low"]
    np.testing.assert_allclose(shown, np.degrees(trace["joints"][:, 0]), atol=0.01)
    crane = np.array([moving_boxes.crane_pose(t)[:2] for t in (2.98, 3.02)])
    speed = np.linalg.norm(crane[1] - crane[0]) / 0.04 * 1e3
    assert found[1].curves[0][150] == pytest.approx(speed, rel=1e-6)


def test_a_long_run_keeps_its_peaks(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        row = np.zeros((), writer.begin([Channel("force", "f4", (), "N")], [], step_s=0.002))
        for n in range(4 * POINTS):
            row["force"] = {5001: 80.0, 9002: -70.0}.get(n, 0.0)
            writer.sample(10 * n, row)
    (plot,) = plots(read(tmp_path / "run.trace"))
    assert plot.curves.shape[1] == POINTS
    assert (plot.curves.max(), plot.curves.min()) == (80.0, -70.0)


# --- stations that nobody thought of -------------------------------------------------------------------


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return ground_pass.write(tmp_path_factory.mktemp("ground") / "run.trace")


def test_another_station_brings_its_own_plots(flown: Trace) -> None:
    antenna, snr, battery = plots(flown)
    assert (antenna.title, antenna.unit) == ("Antenna", "°")
    assert antenna.labels == ("azimuth", "elevation", "azimuth of the satellite", "elevation of the satellite")
    assert antenna.curves[3].max() == pytest.approx(np.degrees(1.2), abs=0.1)
    assert (snr.title, snr.unit, snr.labels) == ("Signal to noise", "dB", ("",))
    assert (battery.title, battery.unit) == ("Battery", "Wh")
    assert battery.curves[0][0] == 60.0


def test_another_station_brings_its_own_words(flown: Trace) -> None:
    assert [(moment.text, moment.grave, moment.line) for moment in moments(flown)] == [
        ("slew: azimuth to 12°", False, 4),
        ("signal acquired: 8.2 dB at 21°", False, 5),
        ("signal lost: 2.5 dB", True, 0),
    ]


def test_a_station_without_bodies_has_no_stage(flown: Trace, page: str) -> None:
    html = report(ground_pass.Exercise(), flown, ground_pass.score())
    elements = Elements(html)
    ids = [attributes.get("id") for _, attributes in elements.found]
    assert not {"canvas", "labels", "inset", "show-path", "show-frames", "view-reset"} & {*ids}
    assert {"transport", "plots", "panel-events", "captures", "caption"} <= {*ids}
    assert '<script type="text/plain" id="glb"></script>' in html
    assert "signal lost: 2.5 dB" in elements.text
    assert "canvas" in [attributes.get("id") for _, attributes in Elements(page).found]


@pytest.mark.parametrize(
    ("says", "text"),
    [
        ("{force_N.__class__}", "hit: {force_N.__class__}"),  # no value of that name: it stays as it stands
        ("{nobody}", "hit: wall, 5 N"),
        ("{force_N:>999999999}", "hit: {force_N:>999999999}"),
        ("{what} {{x}}", "hit: wall {x}"),
        ("\x1b[2J{what}", "hit: \N{REPLACEMENT CHARACTER}[2Jwall"),
        ("", "hit"),
    ],
)
def test_the_words_of_a_stranger_are_filled_in_safely(tmp_path: Path, says: str, text: str) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        writer.begin([], [], step_s=0.1, events={"hit": EventKind("hit", says)})
        writer.event(1, "hit", {"what": "wall", "force_N": 5, "line": "no line"})
    (moment,) = moments(read(tmp_path / "run.trace"))
    assert moment.text == text
    assert moment.line == 0


def test_many_events_of_a_kind_get_small_marks_and_grave_ones_do_not(tmp_path: Path) -> None:
    kinds = {"move": EventKind("move"), "fault": EventKind("fault", grave=True)}
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        writer.begin([], [], step_s=0.1, events=kinds)
        for n in range(40):
            for kind in ("move", "fault", *(["stop"] if n == 3 else [])):
                writer.event(n, kind, {})
    found = {moment.text: moment.often for moment in moments(read(tmp_path / "run.trace"))}
    assert found == {"move": True, "fault": False, "stop": False}


CHANNEL_PLOTS = [
    (Channel("a", "f8", (3,), "m", "Place", "mm", ("x", "y")), [("Place", "mm", ("x", "y"), 1000.0)]),
    (Channel("a", "f8", (3,), "m", "Place"), [("Place", "m", ("1", "2", "3"), 1.0)]),
    (Channel("a", "f8", (3,), "m"), [("A (mm)", "mm", ("1", "2", "3"), 1000.0)]),
    (Channel("a", "f8", (2,), "N", "Force", "", ("x", "y"), "length"), [("Force", "N", ("x", "y", "all"), 1.0)]),
    (Channel("a", "f8", (6,), "N, Nm", "Force", "N", ("x",), "length"), [("Force", "N", ("x", "all"), 1.0)]),
    (Channel("a", "f8", (2,), "m, N", "Tool", "mm, N", ("width", "force")), [
        ("Tool: width", "mm", ("",), 1000.0), ("Tool: force", "N", ("",), 1.0)]),
    (Channel("a", "f8", (2,), "kPa, "), [("A (kPa)", "kPa", ("",), 1.0)]),
    (Channel("a", "f8", (), "furlong", "Way", "m"), [("Way", "furlong", ("",), 1.0)]),
    (Channel("a", "f8", (), "rad/s", "Turn", "deg/s"), [("Turn", "°/s", ("",), 180.0 / np.pi)]),
    (Channel("a", "f8", (3,), "m", "Speed", "mm/s", ("true",), "speed"), [("Speed", "mm/s", ("true",), None)]),
    (Channel("a", "f8", (7,), "m, wxyz"), []),
    (Channel("a", "f8", (2,), "m", "Place", plot="none"), []),
    (Channel("a", "u4", (), "bits", "Inputs"), []),
]  # fmt: skip


@pytest.mark.parametrize(("channel", "wanted"), CHANNEL_PLOTS, ids=lambda value: str(value)[:60])
def test_a_channel_says_how_it_is_plotted(
    tmp_path: Path, channel: Channel, wanted: list[tuple[str, str, tuple[str, ...], float | None]]
) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        row = np.zeros((), writer.begin([channel], [], step_s=0.1))
        for n in range(3):
            row["a"] = n if channel.plot == "speed" else 1
            writer.sample(n, row)
    found = plots(read(tmp_path / "run.trace"))
    assert [(plot.title, plot.unit, plot.labels) for plot in found] == [one[:3] for one in wanted]
    for plot, (*_, first) in zip(found, wanted, strict=True):
        assert plot.curves[0][0] == pytest.approx(np.sqrt(3) * 1e4 if first is None else first)


def test_channels_with_a_title_share_a_plot_for_each_unit_and_the_titles_are_told_apart(tmp_path: Path) -> None:
    channels = [
        *signal_channels("input", (("flow", "V"),)),
        *signal_channels("output", (("x", "m"), ("tilt", "rad"), ("y", "m"))),
    ]
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        row = np.zeros((), writer.begin(channels, [], step_s=0.1))
        for n in range(2):
            writer.sample(n, row)
    found = [(plot.title, plot.unit, plot.labels) for plot in plots(read(tmp_path / "run.trace"))]
    assert found == [
        ("Analog inputs", "V", ("flow",)),
        ("Analog outputs (m)", "m", ("x", "y")),
        ("Analog outputs (rad)", "rad", ("tilt",)),
    ]


def test_what_failed_in_the_equipment_is_named_before_the_losses_but_only_to_who_may_know(tmp_path: Path) -> None:
    events = {"fault": EventKind("fault", "{text}", untold=True), "fault_end": EventKind("fault ended", quiet=True)}
    with TraceWriter(tmp_path / "run.trace", Header("moving-boxes")) as writer:
        row = np.zeros((), writer.begin(moving_boxes.CHANNELS, [], step_s=0.1, events=events))
        row["tcp"] = row["tcp_target"] = [0.0, 0.0, 0.1, 1.0, 0.0, 0.0, 0.0]
        for n in range(5):
            writer.sample(n, row)
            if n == 2:
                writer.event(n, "fault", {"text": "The hook is <bent>."})
        writer.end(4, Outcome(OutcomeKind.FINISHED))
    failed = read(tmp_path / "run.trace")
    assert failures(failed) == [(0.2, "The hook is <bent>.")]
    page = Elements(report(EXERCISE, failed, moving_boxes.score()))
    words = " ".join(page.text.split())
    assert "This failed in the equipment. Your program was not told. 0.20 s The hook is <bent>." in words
    hidden = Elements(report(EXERCISE, failed, moving_boxes.score(), shown="points")).text
    assert "This failed" not in hidden
    assert "bent" not in hidden
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(table(EXERCISE, failed, moving_boxes.score()))
    told = console.export_text()
    assert told.index("0.20 s  The hook is <bent>.") < told.index(moving_boxes.score().checks[0].name)


# --- readers who may not know the scene ----------------------------------------------------------------


SEED = 0xC0FFEE << 200


@pytest.fixture(scope="module")
def points_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("points")
    made = moving_boxes.write(folder / "run.trace", hostile="SECRET-WORD", seed=SEED, hit="hard")
    return report(EXERCISE, made, moving_boxes.score(), shown="points")


def test_the_points_come_with_values_and_words(points_page: str) -> None:
    text = " ".join(Elements(points_page).text.split())
    for check in moving_boxes.score().checks:
        assert check.name in text
        assert check.message in text
    for shown in (
        "73.1",
        "21.5 N",
        "4.2 mm",
        "0.5 mm",
        "Emergency stop",
        "in line 5",
        "Biggest possible gain",
        "practice",
    ):
        assert shown in text


def test_the_points_tell_nothing_of_the_scene(points_page: str, page: str) -> None:
    text = points_page.split("</style>")[1].replace("<bdi>SECRET-WORD</bdi>", "", 1)  # the name of the program's file
    for secret in (
        str(SEED),
        f"{SEED:x}",
        "SECRET-WORD",  # printed, noted, shown, and in the program
        "gripped",
        "overhead",  # a camera
        "dock\"",  # a taught frame
        "crane",
        "simulated time",
        "Trace, SHA-256",
        "Wedge (c) us",
        "base64",
        "data-time",
        "<script",
        "<canvas",
        "<img",
        "See it",
        "data-tab=\"Program\"",
    ):  # fmt: skip
        assert secret not in text, secret
        assert secret in page or secret in ("SECRET-WORD", str(SEED), f"{SEED:x}"), f"{secret} would never be there"
    assert not re.search(r"[A-Za-z0-9+/]{80}", text)  # no block of anything
    assert "script-src" not in points_page
    for digits in range(20, len(str(SEED))):
        assert str(SEED)[:digits] not in points_page


def test_a_reader_who_is_not_known_is_shown_nothing(trace: Trace) -> None:
    with pytest.raises(ValueError, match="everything or points, not 'Points'"):
        report(EXERCISE, trace, moving_boxes.score(), shown="Points")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="everything or points"):
        overview(EXERCISE, moving_boxes.grade(), {}, shown="")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "words_shown"),
    [
        (
            Outcome(OutcomeKind.PROGRAM_ERROR, OWN(said="Line 3: part_1 at 0.31, 0.22"), 3),
            "with an error. It happened in line 3.",
        ),
        (
            Outcome(OutcomeKind.RESOURCE_LIMIT, OWN(said="part_1 at 0.31, 0.22"), 3),
            "a limit of the run. It happened in line 3.",
        ),
        (Outcome(OutcomeKind.PROTOCOL_ERROR, PLAIN(words="part_1 at 0.31, 0.22")), "an invalid request"),
        (Outcome(OutcomeKind.PROGRAM_ERROR, PLAIN(words=PLAIN(words="part_1 at 0.31, 0.22"))), "with an error"),
        (Outcome(OutcomeKind.PROGRAM_ERROR, OWN(said="Line 3: invalid syntax"), 3, connected=False), "invalid syntax"),
        (Outcome(OutcomeKind.RESOURCE_LIMIT, AT_LINE(line=9, what=60.0)), "a limit of the run: Line 9: 60.0"),
        (
            Outcome(OutcomeKind.EMERGENCY_STOP, PLAIN(words="82 N at the post"), 5),
            "82 N at the post. It happened in line 5.",
        ),
    ],
)
def test_a_program_that_saw_the_scene_tells_nothing_by_its_error(
    tmp_path: Path, outcome: Outcome, words_shown: str
) -> None:
    made = ground_pass.write(tmp_path / "run.trace", seconds=1.0, outcome=outcome)
    scene = moving_boxes.Scene("graded 1", SEED, outcome, ground_pass.score())
    grade = moving_boxes.Grade(60.0, "A", [scene, replace(scene, scene="graded 2")])
    for html in (
        report(ground_pass.Exercise(), made, ground_pass.score(), shown="points"),
        overview(ground_pass.Exercise(), grade, {}, shown="points"),
    ):
        assert words_shown in Elements(html).text
        assert "0.31" not in html
        assert str(SEED) not in html


def test_the_page_over_graded_scenes_has_neither_seeds_nor_links() -> None:
    grade = moving_boxes.grade()
    scenes = [replace(scene, scene=f"graded {n}", seed=None) for n, scene in enumerate(grade.scenes, 1)]
    unseen = moving_boxes.Grade(grade.final, "A", scenes)
    for html in (overview(EXERCISE, unseen, {}, shown="points"), overview(EXERCISE, grade, {}, shown="points")):
        elements = Elements(html)
        assert not any(tag == "a" for tag, _ in elements.found)
        assert "seed" not in elements.text
        assert "101" not in elements.text
    telling = replace(scenes[0], scene="practice 5", seed=5)  # a name that gives the seed away
    text = Elements(overview(EXERCISE, moving_boxes.Grade(1.0, "A", [telling]), {}, shown="points")).text
    assert "scene 1" in text
    assert "practice" not in text


def test_a_seed_of_256_bits_reaches_no_number_of_the_scripts(tmp_path: Path) -> None:
    html = report(EXERCISE, moving_boxes.write(tmp_path / "run.trace", seed=SEED), moving_boxes.score())
    text = Elements(html).text
    assert f"seed {str(SEED)[:4]}…{str(SEED)[-4:]}" in text  # in the head
    assert str(SEED) in text  # among the origin
    run = re.search(r'<script type="application/json" id="run">(.*?)</script>', html, re.DOTALL)
    assert run is not None
    assert str(SEED) not in run[1]


# --- terminals and grades -------------------------------------------------------------------------------


def printed(renderable: object, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 100, 160])
def test_the_table_explains_itself(trace: Trace, width: int) -> None:
    text = printed(table(EXERCISE, trace, moving_boxes.score()), width)
    flowing = " ".join(text.split())
    assert "51.3 / 60" in flowing
    assert "−9 No collision. at 4.0 s" in flowing
    assert "hit the post with 21.5 N" in flowing or width < 100
    assert text.rstrip().splitlines()[-1].startswith("73.1 / 100")
    assert max(map(len, text.splitlines())) <= width


def test_a_check_name_that_wraps_stays_below_its_group(trace: Trace) -> None:
    checks = [Check(PLAIN(words="A check with a name of many words"), "quality", 60.0, 60.0)]
    lines = printed(table(EXERCISE, trace, Score(tuple(checks))), 60).splitlines()
    start = next(n for n, line in enumerate(lines) if "A check" in line)
    assert lines[start].startswith("  A check")
    assert lines[start + 1].startswith("  ")
    assert lines[start + 1].strip()


def test_the_table_prints_a_students_words_as_they_are(trace: Trace) -> None:
    text = printed(table(EXERCISE, trace, moving_boxes.score(message="[red]x[/red] \x1b[2J")))
    assert "[red]x[/red] \N{REPLACEMENT CHARACTER}[2J" in text


def test_the_grade_shows_every_scene_and_how_the_final_score_is_made() -> None:
    text = " ".join(printed(grade_table(EXERCISE, moving_boxes.grade()), 140).split())
    assert "rehearsal 1 101 100 60 15 15 10" in text
    assert "0.7 × mean 86.55 + 0.3 × worst 73.1" in text
    html = overview(EXERCISE, moving_boxes.grade(), {"rehearsal 1": "scene-1.html"})
    elements = Elements(html)
    assert [a["href"] for tag, a in elements.found if tag == "a"] == ["scene-1.html"]
    assert "script-src" not in html
    assert not any(tag == "script" for tag, _ in elements.found)
    assert words.number(moving_boxes.grade().final) in elements.text
    assert "lost in 1 of 2 scenes" in elements.text


def test_how_runs_ended_stands_below_the_scenes_each_once() -> None:
    """A long sentence in the table's last column would be eight lines high."""
    scenes = moving_boxes.grade().scenes
    grade = moving_boxes.Grade(70.0, "A", [*scenes, replace(scenes[1], scene="rehearsal 3")])
    lines = [line.rstrip() for line in printed(grade_table(EXERCISE, grade), 140).splitlines()]
    row = next(n for n, line in enumerate(lines) if line.startswith("rehearsal 2 "))
    assert lines[row].endswith(words.outcome_title(scenes[1].outcome))
    assert lines[row + 1].strip().startswith("−9 No collision")
    below = lines.index("rehearsal 2, rehearsal 3")
    assert lines[below + 1].startswith("  Emergency stop: the load hit the post (")
    assert len([line for line in lines if words.outcome_title(scenes[1].outcome) + ":" in line]) == 1


@pytest.mark.parametrize("width", [50, 60, 80, 100])
def test_the_grade_has_whole_headings_in_a_narrow_terminal(width: int) -> None:
    text = printed(grade_table(EXERCISE, moving_boxes.grade()), width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert " ".join(text.splitlines()[2].split()).startswith("Scene Seed Points")
    assert ("Safety" in text) is (width == 100)


def test_a_terminal_shows_the_last_printed_lines_without_what_steers_it(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        for n in range(30):
            writer.printed("stdout", f"[  1.50 s] number {n} \x1b[2J [red]\n")
        writer.printed("stderr", "Line 5: ZeroDivisionError: division by zero\n    1 / 0\n")
        writer.printed("stderr", "x" * 5000)
        writer.end(
            5, Outcome(OutcomeKind.PROGRAM_ERROR, OWN(said="Line 5: ZeroDivisionError: division by zero · 1 / 0"), 5)
        )
    shown = said(read(tmp_path / "run.trace"), "scene-3.html, Printed")
    lines = printed(shown, 300).splitlines()
    assert lines[0] == "Your program printed"
    assert lines[1] == "  … 11 earlier lines; all lines are in scene-3.html, Printed"
    assert lines[2] == "  1.50 s  number 11 \N{REPLACEMENT CHARACTER}[2J [red]"
    assert "".join(lines[21:]).count("x") == 1000, "as long as a whole job sheet, and no longer"
    assert not any("ZeroDivisionError" in line for line in lines)  # the run's end says it


def test_a_terminal_shows_a_hint_that_was_not_printed(tmp_path: Path) -> None:
    """In the box the client prints its hints to the standard error; a program in an IDE prints to its own console."""
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        for _ in range(2):
            writer.event(5, "hint", {"text": AT_LINE(line=7, what="time.sleep passes no simulated time")})
    assert (
        printed(said(read(tmp_path / "run.trace"), "")).strip() == "Hint: Line 7: time.sleep passes no simulated time"
    )
    with TraceWriter(tmp_path / "box.trace", Header("x")) as writer:
        writer.event(5, "hint", {"text": AT_LINE(line=7, what="time.sleep")})
        writer.printed("stderr", "Hint: time.sleep in line 7\n")
    assert printed(said(read(tmp_path / "box.trace"), "")).count("time.sleep") == 1


def test_a_program_that_printed_nothing_gets_no_heading(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.trace", Header("x")) as writer:
        writer.end(5, Outcome(OutcomeKind.FINISHED))
    assert said(read(tmp_path / "run.trace"), "") is None


def test_the_same_error_of_all_scenes_is_said_once() -> None:
    never = Outcome(OutcomeKind.PROGRAM_ERROR, NEVER(), connected=False)
    nothing = Score(tuple(Check(c.name, c.group, 0, c.maximum) for c in moving_boxes.score().checks))
    scenes = [moving_boxes.Scene(f"rehearsal {n}", 100 + n, never, nothing) for n in (1, 2, 3)]
    grade = moving_boxes.Grade(0.0, "A", scenes)
    for text in (printed(grade_table(EXERCISE, grade), 140), Elements(overview(EXERCISE, grade, {})).text):
        assert text.count("The program never connected.") == 1
        assert "In every scene: The program ended with an error" in text
        assert "Not passed" in text
        assert "−15" not in text  # a duration that is missing costs nothing by itself
        assert "worst</small>" not in text


def test_the_page_over_all_scenes_shows_seeds_and_who_passed() -> None:
    text = " ".join(Elements(overview(EXERCISE, moving_boxes.grade(), {})).text.split())
    assert "Passed. 0.7 × mean 86.55 + 0.3 × worst 73.1" in text
    assert "rehearsal 1 seed 101 100 Passed" in text
    assert "rehearsal 2 seed 102 worst 73.1 Passed" in text


# --- the bundle -----------------------------------------------------------------------------------------


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_bundle_is_what_its_manifest_says() -> None:
    manifest = json.loads((BUNDLE / "manifest.json").read_text())
    assert {path.name for path in BUNDLE.iterdir()} == {*manifest["files"], "manifest.json"}
    for name, digest in manifest["files"].items():
        assert sha256(BUNDLE / name) == digest, f"{name} was changed by hand; run `make frontend`"


def test_the_bundle_was_built_from_these_sources() -> None:
    manifest = json.loads((BUNDLE / "manifest.json").read_text())
    frontend = ROOT / "frontend"
    sources = {f"src/{path.name}" for path in (frontend / "src").iterdir() if path.is_file()} | {
        "build.mjs",
        "package.json",
        "package-lock.json",
    }
    assert sources == set(manifest["sources"])
    for name, digest in manifest["sources"].items():
        assert sha256(frontend / name) == digest, f"frontend/{name} is newer than the bundle; run `make frontend`"


def test_the_licences_of_the_bundle_travel_with_the_page(page: str) -> None:
    manifest = json.loads((BUNDLE / "manifest.json").read_text())
    locked = json.loads((ROOT / "frontend/package-lock.json").read_text())["packages"]
    text = Elements(page).text
    for name, version in manifest["packages"].items():
        assert locked[f"node_modules/{name}"]["version"] == version
        assert f"{name} {version} (MIT)" in text
    assert text.count("Permission is hereby granted, free of charge") == len(manifest["packages"])
    assert "Wedge (c) us" in text


def test_no_script_of_the_bundle_can_end_its_element() -> None:
    code = (BUNDLE / "report.js").read_text()
    assert "</script" not in code.lower()
    assert "<!--" not in code
    assert "\r" not in code
    assert "</style" not in (BUNDLE / "report.css").read_text().lower()
