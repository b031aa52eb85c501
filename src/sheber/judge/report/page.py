"""Page: one self-contained HTML file with the score, every lost point and a 3D replay.

Theory of operation. The words are written into the page here, so that a reader without scripts or without 3D
still has the score and the reasons. The scripts of `bundle/` (built from `frontend/`) add the replay, the plots
and the jumps. Everything that a student or a station may have written (printed text, notes, titles, names of files,
the program) passes through the template's escaping or lies in a JSON block whose `<` are written as escapes.
A policy in the page's head forbids every request and every script but ours. What a reader may see at all is decided
in `seen.py`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from sheber.exercises.score import GROUPS, PASS, Check, Score
from sheber.i18n import LANGUAGES, _, written
from sheber.i18n import language as in_language
from sheber.judge.report import common as common_losses
from sheber.judge.report import words
from sheber.judge.report.curves import Plot, path, plots
from sheber.judge.report.diagrams import drawn
from sheber.judge.report.labels import grade_labels, keys, page_labels, script_labels
from sheber.judge.report.moments import (
    cycles,
    failures,
    last_trouble,
    moments,
    printed_lines,
    running_lines,
    visible,
)
from sheber.judge.report.seen import Seen, Shown, seen, seen_ending, seen_scene
from sheber.trace import Outcome, OutcomeKind, Trace

if TYPE_CHECKING:
    from jinja2 import Environment
    from numpy.typing import NDArray

    from sheber.diagrams import Diagram
    from sheber.station import Mesh

__all__ = ["Graded", "GradedRun", "Judged", "overview", "report"]

_HERE: Final = Path(__file__).parent
CAPTURE_BYTES: Final = 800_000  # of camera pictures in a page, before they are made smaller
_TELLING: Final = (("quality", "safety"), ("procedure",))  # groups whose losses can be seen in a picture, best first
FIRST: Final = 6  # losses in sight; the others are folded away
_SOURCE_LINES: Final = 2000  # of a program in a page
_LINE_LENGTH: Final = 400


class Judged(Protocol):
    """What the report needs of an exercise."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    def diagrams(self, trace: Trace, /) -> Sequence[Diagram]: ...
    def mesh(self, name: str, /) -> Mesh: ...
    def texture(self, name: str, /) -> NDArray[np.uint8]: ...


class GradedRun(Protocol):
    """One judged scene of a grade."""

    @property
    def scene(self) -> str: ...
    @property
    def seed(self) -> int | None: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def score(self) -> Score: ...


class Graded(Protocol):
    """A program's grade over several scenes."""

    @property
    def final(self) -> float: ...
    @property
    def level(self) -> str: ...
    @property
    def scenes(self) -> Sequence[GradedRun]: ...


def report(
    exercise: Judged,
    trace: Trace,
    score: Score,
    *,
    language: str = "en",
    overview: str = "",
    shown: Shown = "everything",
    part: bool = False,
) -> str:
    """The report of one run: a whole HTML page.

    overview: where the page over all scenes lies, if there is one. shown: "points" for a reader who may not know the
    scene: points, measured and wanted values and words, and nothing of what was recorded (`seen.py`).
    part: the scene counts together with others, and by itself passes nobody.
    Raises ValueError for a language that texts are not written in, and for an unknown `shown`.
    """
    with in_language(language):
        what = seen(trace, score, shown)
        script = "report" if what.recording else ""
        content = _content(exercise, what, part)
        style = _style_of_diagrams() if content["recorded"] and content["recorded"]["diagrams"] else ""
        return _rendered("page.html.j2", script, language, style, **content, overview=overview)


def _style_of_diagrams() -> str:
    from sheber.diagrams import STYLE  # a run without diagrams never pays for them

    return STYLE


def overview(
    exercise: Judged,
    grade: Graded,
    pages: Mapping[str, str],
    *,
    language: str = "en",
    shown: Shown = "everything",
) -> str:
    """The final score over all scenes: a whole HTML page.

    pages: where the page of each scene lies, by the scene's name; a scene without one has no link. shown: as in
    `report`.
    """
    with in_language(language):
        return _rendered("overview.html.j2", "", language, "", **_grade_content(exercise, grade, pages, shown))


def _rendered(template: str, script: str, language: str, style: str, **content: Any) -> str:
    """The page of a template; `style`: what it needs beside the style sheet of all pages."""
    style = _asset("report.css") + style
    code = _asset(f"{script}.js") if script else ""
    policy = f"default-src 'none'; style-src {_digest(style)}; img-src data:; base-uri 'none'; form-action 'none'" + (
        f"; script-src {_digest(code)}" if code else ""
    )
    page = _templates().get_template(template)
    spoken = language if language in written() else LANGUAGES[0]  # so that it is read aloud in the right language
    return page.render(language=spoken, policy=policy, style=style, code=code, s=page_labels(), **content)


@cache
def _asset(name: str) -> str:
    return (_HERE / "bundle" / name).read_text("utf-8")


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["seconds"] = words.seconds
    made.filters["see_it"] = lambda time: _("See it at {time}").format(time=words.seconds(time))
    return made


# --- one run --------------------------------------------------------------------------------------------


def _content(exercise: Judged, what: Seen, part: bool) -> dict[str, Any]:
    """Everything that the page of one run says. `recorded` is None where nothing of the recording may be seen."""
    score, outcome, trace = what.score, what.outcome, what.recording
    lost = words.losses(score, outcome)
    causes, effects = words.split(lost, outcome)
    told, between = words.order(causes, effects)
    return {
        "title": f"{words.number(score.points)} · {exercise.title}",
        "exercise": exercise.title,
        "scene": visible(words.scene(what.header, trace.duration if trace else None)),
        "points": words.number(score.points),
        "enough": score.passed,
        "verdict": words.verdict(score, part=part),
        "ending": _ending(what),
        "failures": failures(trace) if trace else [],
        "groups": _groups(score),
        "losses": [_loss(loss) for loss in lost],
        "order": told,
        "between": between,
        "causes": len(causes),
        "gains": [_row(check) for check in score.checks if check.maximum and check.lost < 0.01],
        "first": FIRST,
        "more": words.more(len(lost) - FIRST),
        "advice": words.advice(score, outcome),
        "cut_off": outcome.kind is not OutcomeKind.FINISHED and (trace is None or trace.whole),
        "origin": [(name, visible(value)) for name, value in _origin(what)],
        "licences": [*(trace.notices if trace else ()), _asset("LICENSES.txt")],
        "recorded": _recorded(exercise, trace, lost) if trace else None,
    }


def _ending(what: Seen) -> list[tuple[str, bool]]:
    """How the run ended, where it did not end well: lines of words, and whether they are code."""
    if what.recording:
        return [(visible(text), code) for text, code in words.ending_parts(what.recording)]
    text = words.ending(what.outcome)
    return [(visible(text), False)] if text else []


def _origin(what: Seen) -> list[tuple[str, str]]:
    trace = what.recording
    if trace is None:
        return words.origin(what.header, what.outcome)
    return words.origin(what.header, what.outcome, trace.whole) + words.recording(trace)


def _recorded(exercise: Judged, trace: Trace, lost: Sequence[words.Loss]) -> dict[str, Any]:
    """What the page shows of the recording."""
    from sheber.judge.report.glb import replay

    stage, curves = has_stage(trace), plots(trace)
    return {
        "stage": stage,
        "plots": bool(curves),
        "end_time": last_trouble(trace),
        "duration": trace.duration,
        "program": visible(trace.header.program),
        "source": [visible(line)[:_LINE_LENGTH] for line in trace.header.source.splitlines()[:_SOURCE_LINES]],
        "printed": printed_lines(trace.printed),
        "moments": moments(trace),
        "diagrams": drawn(exercise, trace),
        "captures": _captures(trace),
        "pictures": [
            {
                "time": picture.step * trace.step_s,
                "title": visible(picture.title)[:_LINE_LENGTH],
                "jpeg": base64.b64encode(picture.jpeg).decode(),
            }
            for picture in trace.pictures
        ],
        "keys": keys(),
        "run": _run(trace, lost, curves),
        "glb": base64.b64encode(replay(trace, exercise.mesh, exercise.texture)).decode() if stage else "",
    }


def has_stage(trace: Trace) -> bool:
    """Whether there is anything to draw in 3D: a station may be one of numbers alone."""
    return bool(trace.visuals or trace.taught) or path(trace) is not None


def _captures(trace: Trace) -> list[dict[str, Any]]:
    """The camera's pictures; smaller ones where there are many, so that the page can still be sent."""
    captures = [capture for capture in trace.captures if capture.jpeg]
    shrink = sum(len(capture.jpeg) for capture in captures) > CAPTURE_BYTES
    return [
        {
            "time": capture.step * trace.step_s,
            "title": visible(capture.camera),
            "width": capture.width,
            "height": capture.height,
            "jpeg": base64.b64encode(_smaller(capture.jpeg) if shrink else capture.jpeg).decode(),
        }
        for capture in captures
    ]


def _smaller(jpeg: bytes) -> bytes:
    """The same picture at half its width and height."""
    import cv2

    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_REDUCED_COLOR_2)
    if picture is None:
        return jpeg
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1])


def _loss(loss: words.Loss) -> dict[str, Any]:
    return {
        "name": visible(loss.name),
        "lost": words.lacking(loss.lost),
        "message": visible(loss.message),  # may hold words of the program
        "time": loss.time,
    }


def _groups(score: Score) -> list[dict[str, Any]]:
    """Groups with their checks, and where each lies in the bar of a thousand units."""
    groups: list[dict[str, Any]] = []
    x, gap = 0.0, 6.0
    unit = (1000.0 - gap * (len(GROUPS) - 1)) / sum(GROUPS.values())
    for name, whole in GROUPS.items():
        earned, maximum = score.group(name)
        factor = 1.0 if name == "quality" else score.factor
        counted = words.counted(score, name)
        note = "" if factor >= 1.0 or not earned else f"{words.number(earned)} × {factor:.2f} = {words.number(counted)}"
        groups.append(
            {
                "title": words.group_title(name),
                "counted": words.number(counted),
                "maximum": words.number(maximum),
                "note": note,
                "x": round(x, 2),
                "room": round(whole * unit, 2),
                "full": round(whole * unit * counted / maximum, 2) if maximum else 0,
                "checks": [_row(check) for check in score.checks if check.group == name],
            }
        )
        x += whole * unit + gap
    return groups


def _row(check: Check) -> dict[str, Any]:
    return {
        "name": visible(check.name),
        "points": words.number(check.points),
        "maximum": words.number(check.maximum),
        "measured": words.quantity(check.measured, check.unit),
        "wanted": words.quantity(check.wanted, check.unit),
        "time": check.time,
        "lost": check.lost >= 0.01,
    }


def _run(trace: Trace, lost: Sequence[words.Loss], curves: Sequence[Plot]) -> str:
    """What the scripts need, as JSON that can stand inside a page."""
    content = {
        "duration": trace.duration,
        "sample": float(np.median(np.diff(trace.time))) if len(trace.time) > 1 else 0.02,
        "losses": [
            {"time": loss.time, "text": f"−{words.lacking(loss.lost)} {visible(loss.name)}", "index": index}
            for index, loss in enumerate(lost)
            if loss.time is not None
        ],
        "moments": [asdict(moment) for moment in moments(trace)],
        "opening": _opening(trace, lost),
        "cycles": cycles(trace),
        "lines": running_lines(trace),
        "source": [visible(line)[:120] for line in trace.header.source.splitlines()[:_SOURCE_LINES]],
        "taught": [{"name": visible(name), "pose": pose.to_list()} for name, pose in trace.taught.items()],
        "path": path(trace),
        "plots": [plot.words() for plot in curves],
        "words": script_labels(),
    }
    return _inert(json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False))


def _opening(trace: Trace, lost: Sequence[words.Loss]) -> float:
    """The moment that is shown first [s]: what ended the run, the first loss to be seen, or the first cycle."""
    if trace.outcome.kind is not OutcomeKind.FINISHED:
        return last_trouble(trace)
    for groups in _TELLING:
        for loss in lost:
            if loss.time is not None and loss.checks and loss.checks[0].group in groups:
                return loss.time
    return cycles(trace)[:2][-1]


def _inert(text: str) -> str:
    """JSON that cannot end its script block, whatever a student wrote into it."""
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


# --- all scenes of a grade ------------------------------------------------------------------------------


def _grade_content(exercise: Judged, grade: Graded, pages: Mapping[str, str], shown: Shown) -> dict[str, Any]:
    """Everything that the page over all scenes says."""
    points = [scene.score.points for scene in grade.scenes]
    mean, worst = sum(points) / len(points), min(points)
    alike = words.ending_of_all([seen_ending(scene.outcome, shown) for scene in grade.scenes])
    rows = [_scene_row(scene, number, shown) for number, scene in enumerate(grade.scenes, 1)]
    for row, scene in zip(rows, grade.scenes, strict=True):
        row["page"] = pages.get(scene.scene, "")
        row["worst"] = scene.score.points == worst < max(points)
        row["ending"] = "" if alike else row["ending"]
    lost = [] if alike else _common(grade.scenes)
    return {
        "title": f"{words.number(grade.final)} · {exercise.title}",
        "exercise": exercise.title,
        "final": words.number(grade.final),
        "enough": grade.final >= PASS,
        "passed": words.passed(grade.final),
        "level": grade.level,
        "alike": visible(alike),
        "scenes": rows,
        "common": lost,
        "weighed": common_losses.weighed(points, 100.0 - grade.final),
        "first": common_losses.FIRST,
        "more": words.more(len(lost) - common_losses.FIRST),
        "g": grade_labels(len(points), mean, worst),
    }


def _scene_row(scene: GradedRun, number: int, shown: Shown) -> dict[str, Any]:
    """One scene of the table; `number` names it where its own name may not be seen."""
    name, seed = seen_scene(scene.scene, scene.seed, shown)
    return {
        "name": visible(name) or _("scene {number}").format(number=number),
        "seed": "" if seed is None else words.seed(seed),
        "points": words.number(scene.score.points),
        "passed": words.passed(scene.score.points),
        "width": round(10.0 * scene.score.points, 1),
        "groups": [(words.group_title(group), words.number(words.counted(scene.score, group))) for group in GROUPS],
        "ending": visible(words.ending(seen_ending(scene.outcome, shown))),
        "lost": visible(words.costliest(scene.score, scene.outcome)),
    }


def _common(scenes: Sequence[GradedRun]) -> list[dict[str, Any]]:
    """What points were lost for over all scenes, and whether it only follows from what stands before it."""
    return [
        {"name": visible(one.name), "lost": words.lacking(one.lost), "scenes": one.scenes, "follows": one.follows}
        for one in common_losses.common([(scene.score, scene.outcome) for scene in scenes])
    ]
