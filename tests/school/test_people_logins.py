"""Passwords, log-ins, one-time links and tokens: what is kept is only hashes, and nothing tells who has an account."""

from __future__ import annotations

import threading
import time as stopwatch
from typing import Any

import pytest
from argon2 import PasswordHasher
from making import a_course, a_person, counted
from sqlalchemy import inspect, select, text

from sheber.school import clock, database
from sheber.school.audit import AuditEntry
from sheber.school.errors import NotAllowed, NotFound, Refused, TooMany
from sheber.school.limiter import Limiter
from sheber.school.opening import School
from sheber.school.people import accounts, invitations, logins, passwords, tokens
from sheber.school.people.models import ApiToken, Invitation, Login, Person
from sheber.school.people.policy import Actor

GOOD = "жарық таң 7"
HOME = "10.0.0.1"


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries of one test do not count in another."""
    monkeypatch.setattr(logins, "_account_here", Limiter(8, 1 / 15))
    monkeypatch.setattr(logins, "_account", Limiter(40, 1 / 10))
    monkeypatch.setattr(logins, "_address", Limiter(600, 5.0))


def known(school: School, login: str, password: str = GOOD, rank: str = "student", **more: object) -> Actor:
    return a_person(school, login, rank, password=passwords.hash_password(password), **more)


def logged_in(school: School, login: str, password: str = GOOD, address: str = HOME) -> logins.LoggedIn:
    with school.writing() as session:
        return logins.log_in(session, login, password, address=address)


def everything(school: School) -> str:
    """All that stands in the database, as text."""
    with school.engine.connect() as connection:
        tables = inspect(school.engine).get_table_names()
        return repr([connection.execute(text(f"SELECT * FROM {name}")).all() for name in tables])


# --- passwords ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "has 0 characters"),
        ("short7", "has 6 characters"),
        ("a" * 201, "has 201 characters"),
        ("aygul.kim", "is the login"),
        ("AYGUL.KIM", "is the login"),
        ("mik.lugya", "is the login"),
        ("Password", "Many people use"),
        ("12345678", "Many people use"),
        ("пароль123", "Many people use"),
        ("abababab", "Many people use"),
    ],
)
def test_weak_passwords_are_refused_in_words(password: str, why: str) -> None:
    with pytest.raises(Refused, match=why) as caught:
        passwords.check_new(password, "aygul.kim")
    assert caught.value.where == "password"


@pytest.mark.parametrize(
    "password", [GOOD, "我的密码很长很好", "correct horse", "a" * 3 + "bcdefgh", "\ud800 half a sign"]
)
def test_good_passwords_in_any_script_are_taken(password: str) -> None:
    passwords.check_new(password, "aygul.kim")
    assert passwords.verify(passwords.hash_password(password), password)


def test_a_hash_is_argon2id_salted_and_holds_for_each_way_to_type_a_letter() -> None:
    first, second = passwords.hash_password("й" + GOOD), passwords.hash_password("й" + GOOD)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert passwords.verify(first, "и\N{COMBINING BREVE}" + GOOD)
    assert not passwords.verify(first, GOOD)


@pytest.mark.parametrize("stored", ["", "not a hash", "$argon2id$v=19$broken"])
def test_no_password_fits_what_is_no_hash(stored: str) -> None:
    assert not passwords.verify(stored, "")
    assert not passwords.verify(stored, "\0nobody, and no password either")


def test_the_hash_of_nobody_costs_what_today_s_hashes_cost() -> None:
    assert not passwords.outdated(passwords._NOBODY)
    assert not passwords.verify("", "\0nobody, and no password either")


def test_an_old_hash_is_made_anew_at_the_next_log_in(school: School) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(passwords._normal(GOOD))
    actor = a_person(school, "aygul", password=old)
    logged_in(school, "aygul")
    with school.reading() as session:
        stored = session.get_one(Person, actor.id).password
    assert stored != old
    assert not passwords.outdated(stored)
    assert passwords.verify(stored, GOOD)


# --- log-ins -----------------------------------------------------------------------------------------


def test_a_log_in_is_remembered_until_log_out(any_school: School) -> None:
    actor = known(any_school, "aygul", language="kk")
    found = logged_in(any_school, " AyGul ")
    assert found.actor == actor
    assert logins.known(any_school, found.token) == actor
    with any_school.writing() as session:
        assert logins.who(session, found.token) == actor
        logins.log_out(session, found.token)
    assert logins.known(any_school, found.token) is None
    assert logins.known(any_school, "") is None
    assert logins.known(any_school, "\ud800") is None


def test_only_hashes_of_tokens_and_passwords_are_stored(school: School) -> None:
    root = known(school, "root", rank="administrator")
    session_token = logged_in(school, "root").token
    guest = a_person(school, "guest")
    with school.writing() as session:
        link = invitations.invite(session, root, guest.id)
        script = tokens.make_token(session, root, "backup", 30)
    stored = everything(school)
    for secret in (session_token, link, script, script.removeprefix(tokens.PREFIX), GOOD):
        assert secret not in stored
        assert len(secret) > 7


def test_a_browser_is_forgotten_after_a_while(school: School, time: Any) -> None:
    known(school, "aygul")
    token = logged_in(school, "aygul").token
    time.forward(hours=11)
    assert logins.known(school, token)  # and it was seen
    time.forward(hours=11)
    assert logins.known(school, token)
    time.forward(hours=12, seconds=1)
    assert logins.known(school, token) is None


def test_a_browser_is_forgotten_after_two_weeks_in_any_case(school: School, time: Any) -> None:
    known(school, "aygul")
    token = logged_in(school, "aygul").token
    for _hours in range(14 * 24 - 1):
        time.forward(hours=1)
        assert logins.known(school, token)
    time.forward(hours=1)
    assert logins.known(school, token) is None


def test_a_clock_that_jumps_and_comes_back_logs_nobody_out(school: School, time: Any) -> None:
    known(school, "aygul")
    token = logged_in(school, "aygul").token
    time.forward(days=20)
    assert logins.known(school, token) is None
    with school.writing() as session:
        assert logins.forget_expired(session) == 0
    time.forward(days=-20)
    assert logins.known(school, token)
    time.forward(days=-1)
    assert logins.known(school, token)


def test_log_ins_that_expired_long_ago_are_deleted(school: School, time: Any) -> None:
    known(school, "aygul")
    logged_in(school, "aygul")
    time.forward(days=45)
    with school.writing() as session:
        assert logins.forget_expired(session) == 1
        assert session.scalars(select(Login)).all() == []


def test_to_ask_who_it_is_seldom_writes(school: School, time: Any) -> None:
    known(school, "aygul")
    token = logged_in(school, "aygul").token
    with school.reading() as session:
        before = session.scalars(select(Login.seen)).one()
    time.forward(minutes=9)
    logins.known(school, token)
    with school.reading() as session:
        assert session.scalars(select(Login.seen)).one() == before
    time.forward(minutes=2)
    logins.known(school, token)
    with school.reading() as session:
        assert session.scalars(select(Login.seen)).one() > before


def test_every_refusal_looks_alike(any_school: School) -> None:
    school = any_school
    known(school, "aygul")
    a_person(school, "invited")
    told = set()
    for login, password in (
        ("aygul", "wrong"),
        ("nobody", GOOD),
        ("invited", GOOD),
        ("invited", ""),
        ("", ""),
        ("a\0", "\0"),
        ("\ud800", "\ud800"),
    ):
        with pytest.raises(Refused) as caught:
            logged_in(school, login, password)
        told.add((str(caught.value), caught.value.where))
    assert len(told) == 1


def test_an_account_that_does_not_exist_takes_as_long(school: School) -> None:
    known(school, "aygul")
    a_person(school, "invited")

    def seconds(login: str, address: str) -> float:
        started = stopwatch.thread_time()  # of the processor: other processes do not count
        with pytest.raises(Refused):
            logged_in(school, login, "wrong password", address)
        return stopwatch.thread_time() - started

    seconds("aygul", "warm")
    found = {login: min(seconds(login, f"{login} {n}") for n in range(7)) for login in ("aygul", "nobody", "invited")}
    assert max(found.values()) < 1.35 * min(found.values()), found


def test_each_try_costs_exactly_one_hash(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    known(school, "aygul")
    tried: list[str] = []

    class Hasher:
        def verify(self, stored: str, password: str) -> bool:
            tried.append(stored)
            return real.verify(stored, password)

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    real = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Hasher())
    for login, password in (("aygul", "wrong"), ("nobody", "wrong"), ("aygul", "x" * 5000)):
        with pytest.raises(Refused):
            logged_in(school, login, password)
    assert len(tried) == 3
    assert tried[1] == passwords._NOBODY


def test_a_closed_account_is_told_only_to_its_owner(school: School) -> None:
    known(school, "aygul", disabled=True)
    with pytest.raises(Refused, match="was closed"):
        logged_in(school, "aygul")
    with pytest.raises(Refused, match="wrong"):
        logged_in(school, "aygul", "wrong password")


def test_a_browser_of_a_closed_account_is_nobody_s(school: School) -> None:
    actor = known(school, "aygul")
    token = logged_in(school, "aygul").token
    with school.writing() as session:
        session.get_one(Person, actor.id).disabled = True
    assert logins.known(school, token) is None


def test_nobody_waits_for_the_database_while_a_hash_is_computed(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(school, "aygul")
    computed = []
    real = passwords.verify

    def slow(stored: str, password: str) -> bool:
        other = threading.Thread(target=a_person, args=(school, "other"))
        other.start()
        other.join(5)
        computed.append(other.is_alive())
        return real(stored, password)

    monkeypatch.setattr(logins.passwords, "verify", slow)
    logged_in(school, "aygul")
    assert computed == [False]


# --- how many tries ----------------------------------------------------------------------------------


def test_an_account_is_not_guessed_from_one_address(school: School) -> None:
    known(school, "aygul")
    for _try in range(8):
        with pytest.raises(Refused):
            logged_in(school, "aygul", "wrong password")
    with pytest.raises(TooMany) as caught:
        logged_in(school, "aygul")
    assert 0 < caught.value.wait_s <= 15
    assert "Please wait 1" in str(caught.value)
    assert logged_in(school, "aygul", address="10.0.0.2").token  # its owner is not locked out


def test_an_account_is_not_guessed_from_many_addresses(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "verify", lambda *_: False)
    for place in range(40):
        with pytest.raises(Refused):
            logged_in(school, "aygul", address=f"10.0.1.{place}")
    with pytest.raises(TooMany):
        logged_in(school, "aygul", address="10.0.1.40")


def test_a_class_behind_one_address_is_not_punished(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "verify", lambda *_: True)
    people = [a_person(school, f"student{n}") for n in range(120)]
    assert [logged_in(school, f"student{n}").actor for n in range(120)] == people
    for _again in range(10):  # whoever logs in rightly is not counted
        assert logged_in(school, "student1").actor == people[1]


def test_one_address_cannot_try_all_accounts(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "verify", lambda *_: False)
    monkeypatch.setattr(logins, "_address", Limiter(600, 0.01))
    for n in range(600):
        with pytest.raises(Refused):
            logged_in(school, f"student{n}")
    with pytest.raises(TooMany):
        logged_in(school, "student600")


def test_tries_come_back_with_time_and_memory_is_bounded() -> None:
    now = [0.0]
    limiter = Limiter(2, 0.5, lambda: now[0])
    limiter.take("a")
    limiter.take("a")
    with pytest.raises(TooMany) as caught:
        limiter.take("a")
    assert caught.value.wait_s == pytest.approx(2.0)
    limiter.take("b")
    now[0] = 2.0
    limiter.take("a")
    with pytest.raises(TooMany):
        limiter.take("a")
    limiter.give_back("a")
    limiter.take("a")
    with pytest.raises(TooMany):
        limiter.take("a")
    for number in range(50_000):
        limiter.take(number)
    assert len(limiter._buckets) <= 20_000
    with pytest.raises(TooMany):
        limiter.take("a")  # an empty bucket is not forgotten for the sake of fresh ones


def test_nobody_has_more_tries_than_at_first() -> None:
    limiter = Limiter(2, 0.0001)
    for _times in range(5):
        limiter.give_back("a")
    limiter.take("a")
    limiter.take("a")
    with pytest.raises(TooMany):
        limiter.take("a")


# --- another password --------------------------------------------------------------------------------


def test_a_changed_password_ends_the_other_browsers(school: School) -> None:
    actor = known(school, "aygul")
    here, there = logged_in(school, "aygul").token, logged_in(school, "aygul").token
    with school.writing() as session:
        logins.change_password(session, actor, GOOD, "another good one", token=here)
    assert logins.known(school, here)
    assert logins.known(school, there) is None
    assert logged_in(school, "aygul", "another good one")


def test_a_password_is_not_changed_without_the_old_one(school: School) -> None:
    actor = known(school, "aygul")
    with pytest.raises(Refused, match="The old password is wrong") as caught, school.writing() as session:
        logins.change_password(session, actor, "wrong password", "another good one")
    assert caught.value.where == "old"
    with pytest.raises(Refused, match="has 3 characters"), school.writing() as session:
        logins.change_password(session, actor, GOOD, "abc")
    assert logged_in(school, "aygul")


# --- one-time links ----------------------------------------------------------------------------------


def test_a_link_gives_a_password_once(any_school: School, time: Any) -> None:
    root, guest = a_person(any_school, "root", "administrator"), a_person(any_school, "guest")
    with any_school.writing() as session:
        link = invitations.invite(session, root, guest.id)
    with any_school.reading() as session:
        assert invitations.invited(session, link) == "guest"
    with pytest.raises(Refused, match="has 3 characters"), any_school.writing() as session:
        invitations.accept(session, link, "abc")
    with any_school.writing() as session:
        assert invitations.accept(session, link, GOOD) == guest
    with pytest.raises(NotFound, match="was used"), any_school.writing() as session:
        invitations.accept(session, link, "another good one")
    assert logged_in(any_school, "guest").actor == guest


def test_two_who_use_one_link_at_the_same_moment_do_not_both_get_in(any_school: School) -> None:
    root, guest = a_person(any_school, "root", "administrator"), a_person(any_school, "guest")
    with any_school.writing() as session:
        link = invitations.invite(session, root, guest.id)
    ended: list[str] = []

    def accept(password: str) -> None:
        try:
            with any_school.writing() as session:
                invitations.accept(session, link, password)
            ended.append(password)
        except NotFound:
            ended.append("")

    threads = [threading.Thread(target=accept, args=(f"good password {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = filter(None, ended)
    assert len(ended) == 4
    assert logged_in(any_school, "guest", won)


def test_a_link_is_used_once_also_where_both_found_it_unused(
    any_school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, guest = a_person(any_school, "root", "administrator"), a_person(any_school, "guest")
    with any_school.writing() as session:
        link = invitations.invite(session, root, guest.id)
    with any_school.writing() as session:
        invitations.accept(session, link, GOOD)
    monkeypatch.setattr(invitations, "_person", lambda session, _token: session.get_one(Person, guest.id))
    with pytest.raises(NotFound), any_school.writing() as session:
        invitations.accept(session, link, "another good one")
    assert logged_in(any_school, "guest")


def test_a_link_ends_with_time_with_a_newer_one_and_with_the_account(school: School, time: Any) -> None:
    root, guest = a_person(school, "root", "administrator"), a_person(school, "guest")
    with school.writing() as session:
        first = invitations.invite(session, root, guest.id)
    time.forward(minutes=1)
    with school.writing() as session:
        second = invitations.invite(session, root, guest.id)
    with pytest.raises(NotFound), school.reading() as session:
        invitations.invited(session, first)
    time.forward(days=14, seconds=1)
    with pytest.raises(NotFound), school.writing() as session:
        invitations.accept(session, second, GOOD)
    with school.writing() as session:
        third = invitations.invite(session, root, guest.id)
        accounts.change_person(session, root, guest.id, disabled=True)
    with pytest.raises(NotFound), school.writing() as session:
        invitations.accept(session, third, GOOD)
    with pytest.raises(Refused, match="is closed"), school.writing() as session:
        invitations.invite(session, root, guest.id)


def test_a_teacher_invites_only_students_of_their_own_who_have_no_password(school: School) -> None:
    teacher, other = a_person(school, "teacher", "teacher"), a_person(school, "other", "teacher")
    new, old, far = a_person(school, "new"), known(school, "old"), a_person(school, "far")
    colleague = a_person(school, "colleague", "teacher")
    a_course(school, teacher=teacher, students=(new, old, colleague))
    a_course(school, teacher=other, students=(far,))
    with school.writing() as session:
        assert invitations.invite(session, teacher, new.id)
    for student in (far, other):
        with pytest.raises(NotFound), school.writing() as session:
            invitations.invite(session, teacher, student.id)
    for student in (old, colleague):
        with pytest.raises(NotAllowed), school.writing() as session:
            invitations.invite(session, teacher, student.id)
    with pytest.raises(NotFound), school.writing() as session:
        invitations.invite(session, new, old.id)


def test_a_course_is_invited_with_a_fixed_number_of_queries(any_school: School) -> None:
    teacher, old = a_person(any_school, "teacher", "teacher"), known(any_school, "old")
    few = a_course(any_school, teacher=teacher, students=(a_person(any_school, "s0"), old))
    many = a_course(any_school, teacher=teacher, students=tuple(a_person(any_school, f"m{n}") for n in range(40)))
    with any_school.writing() as session, counted(any_school) as first:
        found = invitations.invite_course(session, teacher, few)
    with any_school.writing() as session, counted(any_school) as second:
        assert len({one.token for one in invitations.invite_course(session, teacher, many)}) == 40
    assert [one.login for one in found] == ["s0"]
    assert len(first) == len(second)
    with any_school.writing() as session:
        invitations.accept(session, found[0].token, GOOD)
    assert logged_in(any_school, "s0")


def test_the_first_administrator_exists_only_in_an_empty_school(school: School, time: Any) -> None:
    with school.writing() as session:
        first = invitations.first_administrator(session)
    time.forward(minutes=1)
    with school.writing() as session:  # started again before the link was used
        second = invitations.first_administrator(session)
    assert first
    assert second
    with pytest.raises(NotFound), school.writing() as session:
        invitations.accept(session, first, GOOD)
    with school.writing() as session:
        assert invitations.accept(session, second, GOOD).administrator
    with school.writing() as session:
        assert invitations.first_administrator(session) is None


def test_a_school_with_people_gets_no_administrator(school: School) -> None:
    a_person(school, "aygul")
    with school.writing() as session:
        assert invitations.first_administrator(session) is None
        assert session.scalars(select(Invitation)).all() == []


# --- tokens ------------------------------------------------------------------------------------------


def test_a_token_works_until_it_expires_or_is_revoked(any_school: School, time: Any) -> None:
    actor = a_person(any_school, "aygul")
    with any_school.writing() as session:
        token = tokens.make_token(session, actor, "  my   laptop ", 7)
    assert token.startswith("sheber_")
    assert tokens.known_by_token(any_school, token) == actor
    with any_school.reading() as session:
        assert tokens.who_by_token(session, token) == actor
        assert tokens.who_by_token(session, token + "x") is None
        (line,) = tokens.list_tokens(session, actor)
    assert (line.name, line.used, line.expired) == ("my laptop", time(), False)
    time.forward(days=7)
    assert tokens.known_by_token(any_school, token) is None
    with any_school.writing() as session:
        assert tokens.list_tokens(session, actor)[0].expired
        second = tokens.make_token(session, actor, "other", 1)
        tokens.revoke(session, actor, tokens.list_tokens(session, actor)[0].id)
    assert tokens.known_by_token(any_school, second) is None


def test_nobody_revokes_the_token_of_another(school: School) -> None:
    actor, other = a_person(school, "aygul"), a_person(school, "other")
    root = a_person(school, "root", "administrator")
    with school.writing() as session:
        token = tokens.make_token(session, actor, "mine", 7)
        token_id = session.scalars(select(ApiToken.id)).one()
    with pytest.raises(NotFound), school.writing() as session:
        tokens.revoke(session, other, token_id)
    assert tokens.known_by_token(school, token)
    with school.writing() as session:
        tokens.revoke(session, root, token_id)
    assert tokens.known_by_token(school, token) is None
    with school.reading() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["token.made", "token.revoked"]


@pytest.mark.parametrize(
    ("name", "days", "where"), [("", 7, "name"), ("x" * 81, 7, "name"), ("a", 0, "days"), ("a", 367, "days")]
)
def test_a_token_without_name_or_end_is_refused(school: School, name: str, days: int, where: str) -> None:
    actor = a_person(school, "aygul")
    with pytest.raises(Refused) as caught, school.writing() as session:
        tokens.make_token(session, actor, name, days)
    assert caught.value.where == where


def test_tokens_are_bounded_and_end_with_the_account(school: School) -> None:
    actor, root = a_person(school, "aygul"), a_person(school, "root", "administrator")
    with school.writing() as session:
        made = [tokens.make_token(session, actor, f"t{n}", 7) for n in range(20)]
    with pytest.raises(Refused, match="You have 20 tokens"), school.writing() as session:
        tokens.make_token(session, actor, "one more", 7)
    with school.writing() as session:
        accounts.change_person(session, root, actor.id, disabled=True)
    assert tokens.known_by_token(school, made[0]) is None


def test_nobody_waits_for_a_hash(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of log-ins must not keep a class from saving what it writes."""
    known(school, "dana")
    computing, go_on = threading.Event(), threading.Event()

    def slow(stored: str, password: str) -> bool:
        computing.set()
        return go_on.wait(20)

    monkeypatch.setattr(passwords, "verify", slow)
    thread = threading.Thread(target=logged_in, args=(school, "dana"))
    thread.start()
    assert computing.wait(10)
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    with school.writing() as session:  # a writer that finds the turn free
        session.add(Person(login="aigul", name="Aigul", created=clock.now()))
    go_on.set()
    thread.join(20)
    with school.reading() as session:
        assert session.scalars(select(Login)).one()


def test_a_new_password_ends_tokens(school: School) -> None:
    """Who had got into the account may have made one, to stay there."""
    dana = known(school, "dana")
    for how in ("old password", "link"):
        with school.writing() as session:
            token = tokens.make_token(session, dana, "laptop", 30)
        if how == "link":
            root = a_person(school, "root", "administrator")
            with school.writing() as session:
                link = invitations.invite(session, root, dana.id)
            with school.writing() as session:
                invitations.accept(session, link, "another dawn 8")
        else:
            with school.writing() as session:
                logins.change_password(session, dana, GOOD, "a new dawn 9")
        with school.reading() as session:
            assert tokens.who_by_token(session, token) is None, how
            assert session.scalars(select(AuditEntry).where(AuditEntry.action == "token.revoked")).first()
