"""Submissions: what their owner, the staff and nobody else sees; and that hidden scenes stay hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from town import HOSTILE, Town, settle

import moving_boxes
from sheber.exercises import Exercise
from sheber.exercises.score import GROUPS, Check, Score
from sheber.i18n import message
from sheber.judge.forms import stored_outcome, stored_score
from sheber.school import clock
from sheber.school.courses import assignments
from sheber.school.courses.models import Assignment
from sheber.school.gradebook import overrides
from sheber.school.opening import open_school
from sheber.school.queue import claiming
from sheber.school.queue.claiming import Found
from sheber.school.submissions import comments, requests
from sheber.school.submissions.models import Submission
from sheber.trace import Outcome, OutcomeKind
from sheber.web import moments

PLACED = message("web_tests.placed", "The part is placed {how}")
ENDED = message("web_tests.ended", "{why}")
SEED_WORDS = re.compile(r"\b\d{40,}\b")
PRINTED = "printed-by-the-program-7391"


@dataclass
class Judged:
    """A town with a graded and a practice submission, judged."""

    town: Town
    graded: int
    practice: int


def judge_all(town: Town, points: float = 80.0, like: Score | None = None) -> None:
    """What a worker would do, without a run: every job gets the same score and a trace of moving boxes."""
    traces = town.school.traces
    with town.school.writing() as session:
        jobs = claiming.claim(session, "tester", 20)
    for job in jobs:
        name = f"2026-09/{job.submission_id}-{job.place}.trace"
        (traces / name).parent.mkdir(exist_ok=True)
        trace = moving_boxes.write(traces / name, seconds=1.0, hostile=PRINTED)
        score = like or Score(
            (Check(PLACED(how=HOSTILE), "quality", min(points, 60.0) * 0.6, 60.0, measured=4.25, wanted=1.0),)
        )
        outcome = Outcome(OutcomeKind.PROGRAM_ERROR, ENDED(why=f"{PRINTED} {HOSTILE}"), 3)
        found = Found(
            points=score.points,
            outcome=stored_outcome(outcome),
            score=stored_score(score),
            trace_sha256=trace.sha256,
            trace=name,
            trace_bytes=1,
            level="A",
            processor="x86",
            versions={},
            seconds=2.0,
            exercise_sha256="e" * 64,
        )
        with town.school.writing() as session:
            assert claiming.finish(session, "tester", job.job_id, found)


@pytest.fixture(scope="module", autouse=True)
def boxes() -> Iterator[None]:
    """The traces of these tests show boxes: the exercise lends their shapes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Exercise, "mesh", lambda _self, name: moving_boxes.Exercise().mesh(name))
        patch.setattr(Exercise, "texture", lambda _self, name: moving_boxes.Exercise().texture(name))
        yield


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    opened = open_school(tmp_path_factory.mktemp("judged") / "school")
    town = settle(opened, name=f"Айгүл {HOSTILE[:30]}".replace("\u202e", ""))
    browser = town.browser(town.student)
    path = f"/assignments/{town.assignment}"
    source = f"print('my own line')  # {HOSTILE}\n"
    graded = int(browser.fill(f"{path}/submit", source=source).headers["location"].split("/")[-1])
    practice = browser.put_json(f"/api/v1{path}/submissions", "POST", source=source, kind="practice", seed="77").json()[
        "id"
    ]
    judge_all(town)
    yield Judged(town, graded, practice)
    opened.close()


def test_the_owner_gets_points_measures_and_words(judged: Judged) -> None:
    page = judged.town.browser(judged.town.student).get(f"/submissions/{judged.graded}").text
    assert "/ 100" in page
    assert "The part is placed" in page
    assert "4.25" in page
    assert "0.7 × mean" in page
    assert "print(&#39;my own line&#39;)" in page  # their own program, escaped


def test_the_overview_of_an_attempt_sums_to_what_is_lost_and_hides_nothing(town: Town) -> None:
    browser = town.browser(town.student)
    path = browser.fill(f"/assignments/{town.assignment}/submit", source="print(1)").headers["location"]
    told = PLACED(how="crooked")
    places = [Check(PLACED(how=f"on {n}"), "quality", 5.0, 10.0, 2.0, 1.0, told=told, key=f"{n}") for n in range(6)]
    rest = [
        Check(PLACED(how="quickly"), "cycle", 0.0, 15.0, told=told),
        Check(PLACED(how="safely"), "safety", 15.0, 15.0),
        Check(PLACED(how="well"), "procedure", 7.5, 10.0, told=told, follows=True),
    ]
    judge_all(town, like=Score((*rest, *places)))
    page = browser.get(path).text
    overview = page[page.index("Losses over all scenes") : page.index('id="scenes-title"')]
    names = re.findall(r"<h3>(?:The part is placed )?(.*?)</h3>", overview)
    assert names == [*(f"on {n}" for n in range(6)), "quickly", "well", "Earned, but not counted"]
    lost = [float(one) for one in re.findall(r"−([\d.]+)</p>", overview)]
    assert sum(lost) == pytest.approx(100 - 41.25)
    assert "4 more losses</summary>" in overview
    assert overview.count("lost only because of what stands above") == 1
    assert overview.index("lost only because") > overview.index("on 5")
    assert "A program must work every time" in page
    scene = page[page.index('id="scene-1"') : page.index('id="scene-2"')]
    assert sum(float(one) for one in re.findall(r"−([\d.]+)</p>", scene)) == pytest.approx(100 - 41.25)
    assert "count 50 % here, because you have 30 of 60 points for quality" in scene
    assert scene.index("lost only because") > scene.index("on 0")


def test_lateness_is_an_entry_of_its_own_among_the_losses(town: Town) -> None:
    with town.school.writing() as session:
        session.get_one(Assignment, town.assignment).late_percent = 10.0
    browser = town.browser(town.student)
    path = browser.fill(f"/assignments/{town.assignment}/submit", source="print(1)").headers["location"]
    with town.school.writing() as session:
        session.query(Submission).one().late_days = 2
    rest = [Check(PLACED(how=name), name, most, most) for name, most in GROUPS.items() if name != "quality"]
    judge_all(town, like=Score((*rest, Check(PLACED(how="askew"), "quality", 60 - 1 / 3, 60.0, 2.0, 1.0))))
    page = browser.get(path).text
    overview = page[page.index("Losses over all scenes") : page.index('id="scenes-title"')]
    lost = [float(one) for one in re.findall(r"−([\d.]+)</p>", overview)]
    with town.school.reading() as session:
        points = session.query(Submission).one().points
    assert round(sum(lost), 2) == round(100 - points, 2) > 20
    assert re.findall(r"<h3>(.*?)</h3>", overview)[0] == "It came after the deadline"
    assert "2 days had begun" in overview
    assert f"These losses are the {100 - points:.2f} points that are missing of 100." in overview


def test_an_attempt_in_which_nothing_was_done_has_an_overview_too(town: Town) -> None:
    """There is no cause to tell: every loss only follows, also the first one and those that are folded away."""
    browser = town.browser(town.student)
    path = browser.fill(f"/assignments/{town.assignment}/submit", source="print(1)").headers["location"]
    told = PLACED(how="nowhere")
    every = [Check(PLACED(how=f"on {n}"), "quality", 0.0, 10.0, told=told, key=f"{n}", follows=True) for n in range(6)]
    judge_all(town, like=Score(tuple(every)))
    page = browser.get(path)
    assert page.status_code == 200
    overview = page.text[page.text.index("Losses over all scenes") : page.text.index('id="scenes-title"')]
    assert overview.count('<p class="loss-points">') == 6
    assert "1 more loss</summary>" in overview


def test_of_a_hidden_scene_nothing_else_reaches_a_student(judged: Judged) -> None:
    """Every page and piece of a graded submission: no seed, hash, trace, replay, printed text or words of an error."""
    town = judged.town
    browser = town.browser(town.student)
    with town.school.reading() as session:
        from sheber.school.submissions.models import SceneResult

        rows = session.query(SceneResult).filter_by(submission_id=judged.graded).all()
        secrets = [part for row in rows for part in (row.seed, row.trace_sha256, row.trace)]
    texts = [browser.get(f"/submissions/{judged.graded}{end}") for end in ("", "/part")]
    texts += [browser.get(f"/assignments/{town.assignment}/attempts"), browser.get(f"/assignments/{town.assignment}")]
    for answer in texts:
        assert answer.status_code == 200
        assert PRINTED not in answer.text
        assert not SEED_WORDS.search(answer.text)
        assert not [secret for secret in secrets if secret in answer.text]
    for end in ("/scenes/1", "/scenes/1/report", "/scenes/2/report", "/live", "/live/scene.glb"):
        assert browser.get(f"/submissions/{judged.graded}{end}").status_code == 404, end


def test_the_staff_may_open_the_report_and_still_sees_no_seed(judged: Judged) -> None:
    browser = judged.town.browser(judged.town.teacher)
    assert PRINTED in browser.get(f"/submissions/{judged.graded}/scenes/1/report").text
    assert not SEED_WORDS.search(browser.get(f"/submissions/{judged.graded}").text)


def test_a_practice_result_is_shown_whole_in_a_sandbox(judged: Judged) -> None:
    browser = judged.town.browser(judged.town.student)
    page = browser.get(f"/submissions/{judged.practice}/scenes/1").text
    assert 'sandbox="allow-scripts"' in page
    report = browser.get(f"/submissions/{judged.practice}/scenes/1/report")
    policy = report.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self'; sandbox allow-scripts")
    assert "script-src 'sha256-" in policy
    assert "allow-same-origin" not in policy
    assert report.headers["x-frame-options"] == "SAMEORIGIN"
    assert PRINTED in report.text
    assert '<code class="seed">77</code>' in browser.get(f"/submissions/{judged.practice}").text


def test_a_practice_scene_can_be_run_again_from_the_history(judged: Judged) -> None:
    browser = judged.town.browser(judged.town.student)
    path = f"/assignments/{judged.town.assignment}"
    history = browser.get(f"{path}/attempts").text
    assert f'href="{path}?scene=77"' in history
    assert history.count("?scene=") == 1  # the scenes that count have no such link
    assert 'maxlength="78" value="77"' in browser.get(f"{path}?scene=77").text
    assert browser.get(f"{path}?scene=7x").status_code == 422


def test_a_scene_of_several_is_a_part_and_passes_nobody(judged: Judged) -> None:
    teacher = judged.town.browser(judged.town.teacher)
    for end in ("", "/report"):
        page = teacher.get(f"/submissions/{judged.graded}/scenes/1{end}").text
        assert "It counts together with the other scenes." in page
        assert "Not passed" not in page
        assert "Passed" not in page
    assert "counts together" not in teacher.get(f"/submissions/{judged.practice}/scenes/1/report").text


def test_student_text_is_escaped_wherever_it_stands(judged: Judged) -> None:
    for who in (judged.town.student, judged.town.teacher):
        browser = judged.town.browser(who)
        for path in (f"/submissions/{judged.graded}", f"/submissions/{judged.practice}", "/"):
            assert "<script>window.hacked" not in browser.get(path).text


PARTS = ("", "/part", "/program.py", "/scenes/1", "/scenes/1/report", "/live", "/live/scene.glb")


@pytest.mark.parametrize("which", ["graded", "practice"])
@pytest.mark.parametrize("who", ["classmate", "stranger", "outsider"])
def test_nobody_else_learns_that_a_submission_exists(judged: Judged, which: str, who: str) -> None:
    browser = judged.town.browser(getattr(judged.town, who))
    number = getattr(judged, which)
    for end in PARTS:
        missing = browser.get(f"/submissions/{number + 1000}{end}")
        found = browser.get(f"/submissions/{number}{end}")
        assert (found.status_code, missing.status_code) == (404, 404), end
    for end, form in (("/cancel", {}), ("/request", {"reason": "x"}), ("/share", {"shared": "yes"})):
        assert browser.fill(f"/submissions/{number}{end}", **form).status_code == 404, end
    assert browser.get(f"/compare?older={number}&newer={number}").status_code == 404


def test_the_staff_neither_shares_nor_asks_in_a_students_name(judged: Judged) -> None:
    browser = judged.town.browser(judged.town.teacher)
    assert browser.get(f"/submissions/{judged.practice}").status_code == 200
    assert browser.fill(f"/submissions/{judged.practice}/share", shared="yes").status_code == 404
    assert browser.fill(f"/submissions/{judged.graded}/request", reason="x").status_code == 404


def test_without_a_log_in_everything_leads_to_the_form(judged: Judged) -> None:
    browser = judged.town.browser()
    for end in PARTS:
        answer = browser.get(f"/submissions/{judged.practice}{end}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/log-in")


def test_the_program_comes_back_as_a_file_and_never_as_a_page(judged: Judged) -> None:
    answer = judged.town.browser(judged.town.student).get(f"/submissions/{judged.graded}/program.py")
    assert answer.content.startswith(b"print('my own line')")
    assert answer.headers["content-disposition"] == 'attachment; filename="program.py"'
    assert answer.headers["content-type"].startswith("text/x-python")


def test_a_shared_practice_result_shows_the_run_and_not_the_program(judged: Judged) -> None:
    town = judged.town
    owner, reader = town.browser(town.student), town.browser(town.classmate)
    owner.fill(f"/submissions/{judged.practice}/share", shared="yes")
    try:
        page = reader.get(f"/submissions/{judged.practice}")
        report = reader.get(f"/submissions/{judged.practice}/scenes/1/report")
        assert (page.status_code, report.status_code) == (200, 200)
        for answer in (page, report):
            assert "my own line" not in answer.text
            assert "cell.crane.move" not in answer.text  # the source that the trace carries
        assert PRINTED in report.text
        assert reader.get(f"/submissions/{judged.practice}/program.py").status_code == 404
        assert town.browser(town.stranger).get(f"/submissions/{judged.practice}").status_code == 404
    finally:
        owner.fill(f"/submissions/{judged.practice}/share")
    assert reader.get(f"/submissions/{judged.practice}").status_code == 404


def test_what_counts_cannot_be_shared(judged: Judged) -> None:
    browser = judged.town.browser(judged.town.student)
    assert browser.fill(f"/submissions/{judged.graded}/share", shared="yes").status_code == 422


def test_another_look_is_asked_for_once(town: Town) -> None:
    browser = town.browser(town.student)
    path = browser.fill(f"/assignments/{town.assignment}/submit", source="print(1)").headers["location"]
    assert browser.fill(f"{path}/request", reason="early").status_code == 422  # not judged yet
    judge_all(town)
    assert browser.fill(f"{path}/request", reason="   ").status_code == 422
    assert browser.fill(f"{path}/request", reason=HOSTILE).status_code == 303
    page = browser.get(path).text
    assert "Asked, not answered yet" in page
    assert "<script>window" not in page
    assert browser.fill(f"{path}/request", reason="again").status_code == 422


def test_points_given_by_hand_are_told_with_their_reason_wherever_the_student_reads_points(town: Town) -> None:
    browser = town.browser(town.student)
    path = f"/assignments/{town.assignment}"
    attempt = browser.fill(f"{path}/submit", source="print(1)").headers["location"]
    judge_all(town, 40.0)
    with town.school.writing() as session:
        overrides.override(session, town.teacher, town.assignment, town.student.id, 90.0, f"Shown in class. {HOSTILE}")
    for page in (f"/courses/{town.course}", path, f"{path}/attempts", attempt):
        text = browser.get(page).text
        assert "Shown in class. &lt;script&gt;" in text, page
        assert "90" in text, page
        assert "by hand" in text, page
    for page in (f"{path}/attempts", attempt):
        assert "Points given by hand</h2>" in browser.get(page).text
        assert "Болат Ахметов" in browser.get(page).text
    assert "Shown in class." in town.browser(town.teacher).get(attempt).text
    other = town.browser(town.classmate)
    other.fill(f"{path}/submit", source="print(2)")
    for page in (f"/courses/{town.course}", path, f"{path}/attempts"):
        assert "Shown in class." not in other.get(page).text
    with town.school.writing() as session:
        overrides.withdraw_override(session, town.teacher, town.assignment, town.student.id, "A mistake of mine.")
    assert "Points given by hand were taken back" in browser.get(attempt).text
    assert "Points given by hand" not in browser.get(f"/courses/{town.course}").text


def test_a_quiet_mark_tells_of_news_until_they_were_read(town: Town) -> None:
    browser = town.browser(town.student)
    exercise = f"/assignments/{town.assignment}"
    attempt = browser.fill(f"{exercise}/submit", source="print(1)").headers["location"]
    judge_all(town, 40.0)
    everywhere = ("/", f"/courses/{town.course}", exercise, f"{exercise}/attempts", "/account")
    assert not [page for page in everywhere if "news-mark" in browser.get(page).text]
    with town.school.writing() as session:
        comments.comment(session, town.teacher, int(attempt.split("/")[-1]), f"Read this. {HOSTILE}", place=1)
    assert [page for page in everywhere if "1 news</a>" in browser.get(page).text] == list(everywhere)
    for page in ("/", f"/courses/{town.course}"):
        assert 'class="badge accent" href="/news"' in browser.get(page).text
    assert ">new</span>" in browser.get(f"{exercise}/attempts").text
    assert "news-mark" not in town.browser(town.classmate).get("/").text
    assert "news-mark" not in town.browser(town.teacher).get("/").text
    told = browser.get("/news").text
    assert "Read this. &lt;script&gt;" in told
    assert re.search(rf'href="{attempt}#comment-\d+">A comment on your work</a> <span class="badge accent">new', told)
    assert "news-mark" not in browser.get("/").text  # the list was read
    assert ">new</span>" not in browser.get("/news").text
    with town.school.writing() as session:
        overrides.override(session, town.teacher, town.assignment, town.student.id, 90.0, "Shown in class.")
        comments.comment(session, town.teacher, int(attempt.split("/")[-1]), "One more.")
    assert "2 news</a>" in browser.get("/").text
    assert "1 news</a>" in browser.get(f"{exercise}/attempts").text  # it shows the points, and not the comment
    assert "news-mark" not in browser.get(attempt).text
    assert "news-mark" not in browser.get("/").text


def test_a_comment_on_a_moment_leads_there_where_the_scene_may_be_seen(town: Town) -> None:
    browser = town.browser(town.student)
    path = browser.fill(f"/assignments/{town.assignment}/submit", source="print(1)").headers["location"]
    judge_all(town)
    with town.school.writing() as session:
        comments.comment(session, town.teacher, int(path.split("/")[-1]), "Look here.", place=1, time_s=0.7)
    link = f'<a href="{path}/scenes/1?at=0.700">Scene 1, 0.70 s</a>'
    assert link in town.browser(town.teacher).get(path).text
    hidden = browser.get(path).text
    assert "Look here." in hidden
    assert f"{path}/scenes/1" not in hidden
    assert "The scenes that count stay hidden" in hidden
    with town.school.writing() as session:
        assignments.release_scene(session, town.teacher, town.assignment, 1)
    opened = browser.get(path).text
    assert link in opened
    assert "2 scenes stay hidden" in opened
    assert f'src="{path}/scenes/1/report#t=0.700"' in browser.get(f"{path}/scenes/1?at=0.700").text
    assert 'report" sandbox' in browser.get(f"{path}/scenes/1").text
    assert browser.get(f"{path}/scenes/1?at=nan").status_code == 422
    for place in (2, 3):
        with town.school.writing() as session:
            assignments.release_scene(session, town.teacher, town.assignment, place)
    assert "hidden:" not in browser.get(path).text


def test_a_scene_is_printed_with_all_that_was_lost(judged: Judged) -> None:
    page = judged.town.browser(judged.town.student).get(f"/submissions/{judged.practice}/scenes/1").text
    printed = page.split('<section class="card print-only">')[1].split("</section>")[0]
    assert "−24" in printed
    assert "The part is placed &lt;script&gt;" in printed
    assert '<th scope="rowgroup">Quality</th>' in printed


def test_question_and_answer_have_names_and_moments(town: Town) -> None:
    browser = town.browser(town.student)
    path = browser.fill(f"/assignments/{town.assignment}/submit", source="print(1)").headers["location"]
    judge_all(town)
    browser.fill(f"{path}/request", reason="It was right.")
    with town.school.writing() as session:
        asked = requests.requests_of(session, town.teacher, int(path.split("/")[-1]))[0]
        requests.answer(session, town.teacher, asked.id, True, "You are right.")
    page = browser.get(path).text
    question, answer = page.split("It was right.")[0], page.split("It was right.")[1].split("You are right.")[0]
    assert "Айгүл" in question.rsplit('class="comment"', 1)[1]
    assert "Болат Ахметов</bdi> · <time" in answer


def test_a_request_that_was_declined_is_said_where_one_may_ask_once_more(town: Town) -> None:
    browser, first = town.browser(town.student), "Something was judged wrongly?"
    path = browser.fill(f"/assignments/{town.assignment}/submit", source="print(1)").headers["location"]
    judge_all(town)
    for n in range(requests.MOST_ASKED):
        page = browser.get(path).text
        assert (first in page) == (n == 0)
        assert ("Your request was declined. Do you know something" in page) == (n > 0)
        assert ("You can ask about this attempt" in page) == (n > 0)
        browser.fill(f"{path}/request", reason="It was right.")
        assert "once more" not in browser.get(path).text
        with town.school.writing() as session:
            asked = requests.requests_of(session, town.teacher, int(path.split("/")[-1]))[-1]
            requests.answer(session, town.teacher, asked.id, False, "The part lay beside its place.")
    assert "You have asked about this attempt 5 times. Please talk to your teacher." in (last := browser.get(path).text)
    assert f'action="{path}/request"' not in last


def test_the_last_practice_run_is_found_again(town: Town) -> None:
    browser = town.browser(town.student)
    path = f"/assignments/{town.assignment}"
    assert "Your last practice run" not in browser.get(path).text
    made = browser.put_json(f"/api/v1{path}/submissions", "POST", source="print(1)", kind="practice").json()["id"]
    judge_all(town)
    page = browser.get(path).text
    assert f'<a href="/submissions/{made}">Your last practice run: 36 points</a>' in page
    assert 'attempts#practice-title">all practice runs' in page
    assert "Your last practice run" not in town.browser(town.classmate).get(path).text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (89.9 * 3600, "in 3 days"),
        (47.9 * 3600, "in 47 hours"),
        (3599, "in 59 minutes"),
        (59, "in 59 seconds"),
        (-86400 * 2.6, "3 days ago"),
    ],
)
def test_a_deadline_is_never_told_later_than_it_is(monkeypatch: pytest.MonkeyPatch, seconds: float, words: str) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "_clock", lambda: now)
    assert moments.away(now + timedelta(seconds=seconds)) == words


def test_history_shows_what_changed(town: Town) -> None:
    browser = town.browser(town.student)
    path = f"/assignments/{town.assignment}"
    for source, points in ((f"a = 1\n# {HOSTILE}\n", 40.0), ("a = 2\nb = 3\n", 90.0)):
        browser.fill(f"{path}/submit", source=source)
        judge_all(town, points)
    page = browser.get(f"{path}/attempts").text
    link = re.search(r"/compare\?older=(\d+)&amp;newer=(\d+)", page)
    assert link
    change = browser.get(f"/compare?older={link[1]}&newer={link[2]}").text
    assert 'class="removed"><span class="sr">removed:</span>-a = 1' in change
    assert 'class="added"><span class="sr">added:</span>+a = 2' in change
    assert "<script>window" not in change
    assert "Attempt 1 → Attempt 2" in change
    assert re.search(r"[\d.]+ → [\d.]+ points \(\+", change)
    assert f'href="{path}/attempts">Attempts</a>' in change
    assert "<polyline" in page
    lost = change[change.index('id="checks-title"') :]
    assert re.search(r'data-title="Attempt 1">−[\d.]+ of [\d.]+</td><td class="num" data-title="Attempt 2">', lost)
    assert "Show what changed" not in page, "two can be compared by their link"
    browser.fill(f"{path}/submit", source="a = 3\n")
    judge_all(town, 90.0)
    page = browser.get(f"{path}/attempts").text
    assert page.count("<option") == 6
    assert re.search(rf'name="older"><option value="\d+">Attempt 3.*<option value="{link[1]}" selected>Attempt 1', page)


def test_a_submission_that_waits_shows_its_place_and_can_be_cancelled(town: Town) -> None:
    browser = town.browser(town.student)
    path = browser.fill(f"/assignments/{town.assignment}/submit", source="print(1)").headers["location"]
    page = browser.get(path).text
    assert "0 of 3 scenes judged" in page
    assert "No machine judges at this moment" in page
    assert f'data-events="/api/v1{path}/events"' in page
    assert browser.fill(f"{path}/cancel").status_code == 303
    assert "This submission was cancelled." in browser.get(path).text
    assert browser.fill(f"{path}/cancel").status_code == 422


def test_the_number_of_queries_of_the_pages_does_not_grow(town: Town) -> None:
    from sqlalchemy import event

    browser = town.browser(town.student)
    counts: dict[str, list[int]] = {}
    statements = [0]

    def note(*_all: object) -> None:
        statements[0] += 1

    grow(town, browser)  # a page without a date does not ask for the school's time zone
    event.listen(town.school.engine, "before_cursor_execute", note)
    paths = (
        "/",
        f"/courses/{town.course}",
        f"/assignments/{town.assignment}",
        f"/assignments/{town.assignment}/attempts",
    )
    for _round in range(2):
        for path in paths:
            statements[0] = 0
            assert browser.get(path).status_code == 200
            counts.setdefault(path, []).append(statements[0])
        grow(town, browser)
    event.remove(town.school.engine, "before_cursor_execute", note)
    assert all(first == second for first, second in counts.values()), counts


def grow(town: Town, browser: object) -> None:
    """More of everything that the pages list."""
    from sheber.school.courses import assignments, courses

    for n in range(3):
        with town.school.writing() as session:
            course = courses.make_course(session, town.teacher, f"More {n}")
            code = courses.new_join_code(session, town.teacher, course)
            assignments.add_assignment(session, town.teacher, town.course, "palletising")
        with town.school.writing() as session:
            courses.join(session, town.student, code)
        browser.fill(f"/assignments/{town.assignment}/submit", source=f"print({n})")  # type: ignore[attr-defined]
        judge_all(town)
